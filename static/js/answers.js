/* The inputs of templates/standards/_answer.html on every scoring page: step buttons, full points, keys. What they do is
   told to the page by the same input and change events as typing. window.answers: show(data) totals after a save,
   blank(row) whether it is still open, mark(row, message) what is wrong in it. */
"use strict";

window.answers = (function () {
  var MARKS = { "。": ".", "，": ".", "．": "." };

  function said(field) {
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
  function numberIn(field) {
    var text = field.value.trim().replace(/[０-９]/g, function (c) { return String.fromCharCode(c.charCodeAt(0) - 0xFEE0); })
      .replace(/[。，．]/g, function (c) { return MARKS[c]; });
    return text === "" ? null : Number(text);
  }

  /* One step up or down, on the grid of steps and within the limits; from blank to the least or, downwards, to the most. */
  function step(field, direction) {
    var by = Number(field.dataset.by) || 1;
    var least = Number(field.dataset.least || 0);
    var most = field.dataset.most === undefined ? Infinity : Number(field.dataset.most);
    var now = numberIn(field);
    if (now !== null && isNaN(now)) { return; }
    var next = now === null ? (direction > 0 || most === Infinity ? least : most) : now + direction * by;
    next = Math.min(most, Math.max(least, Math.round(next * 100) / 100));
    if (String(next) === field.value) { return; }
    field.value = String(next);
    said(field);
  }

  document.addEventListener("click", function (event) {
    var stepper = event.target.closest("[data-answer] [data-step]");
    var full = event.target.closest("[data-answer] [data-full]");
    if (!stepper && !full) { return; }
    var field = (stepper || full).parentElement.querySelector("input");
    if (stepper) { step(field, Number(stepper.dataset.step)); } else if (field.value !== full.dataset.full) { field.value = full.dataset.full; said(field); }
  });

  document.addEventListener("keydown", function (event) {
    var field = event.target;
    var row = field.closest && field.closest("[data-answer], [data-unit], [data-criterion], [data-item]");
    var typing = field.matches && field.matches("textarea, select, input:not([type=radio])");
    /* A digit chooses from anywhere in the row but where text is typed. */
    var answer = row && (row.matches("[data-answer]") ? row : typing ? null : row.querySelector("[data-answer]"));
    if (!answer || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) { return; }
    if (field.dataset.by && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      step(field, event.key === "ArrowUp" ? 1 : -1);
    } else if (!typing && /^[1-9]$/.test(event.key)) {
      var choice = answer.querySelector("[data-key='" + event.key + "']");
      if (choice && !choice.disabled) {
        event.preventDefault();
        choice.focus();
        if (!choice.checked) { choice.checked = true; said(choice); }
      }
    } else if (field.type === "radio" && (event.key === "Delete" || event.key === "Backspace")) {
      var chosen = answer.querySelector("input:checked");
      if (chosen) { event.preventDefault(); chosen.checked = false; said(chosen); }
    }
  });

  function each(selector, act) { Array.prototype.forEach.call(document.querySelectorAll(selector), act); }

  /* data.groups: points and stars by group; data.warnings: failed vetoes in words. */
  function show(data) {
    (data.groups || []).forEach(function (group) {
      each("[data-group='" + group.key + "']", function (place) { place.textContent = group.points; });
      each("[data-star='" + group.key + "']", function (place) {
        place.textContent = group.star;
        place.classList.toggle("star-won", Boolean(group.won));
      });
    });
    each("[data-warnings]", function (place) {
      var words = (data.warnings || []).join("；");
      if (place.textContent !== words) { place.textContent = words; }
      place.hidden = !words;
    });
  }

  /* Whether the row's answer is still open: nothing chosen, nothing typed, or a measured value missing. */
  function blank(row) {
    var fields = Array.from(row.querySelectorAll("[data-answer] input"));
    if (!fields.length) { return false; }
    if (fields[0].type === "radio") { return !fields.some(function (field) { return field.checked; }); }
    return fields.every(function (field) { return !field.value.trim(); }) ||
      fields.some(function (field) { return field.inputMode === "decimal" && !field.value.trim(); });
  }

  /* What is wrong is marked where it stands: at the line the message names, or else at every field; "" takes it away. */
  function mark(row, message) {
    var fields = Array.from(row.querySelectorAll("[data-answer] input"));
    var named = fields.filter(function (field) {
      var line = field.closest("[data-line]");
      return line && message.indexOf("“" + line.dataset.line + "”") >= 0;
    });
    fields.forEach(function (field) {
      if (message && (!named.length || named.indexOf(field) >= 0)) { field.setAttribute("aria-invalid", "true"); } else { field.removeAttribute("aria-invalid"); }
    });
  }

  return { show: show, blank: blank, mark: mark };
})();
