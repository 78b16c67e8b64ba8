/* The scoring desk: an item is saved as soon as it is changed, in the order it was typed; nothing unsaved is left behind. */
"use strict";

(function () {
  var form = document.getElementById("sheet");
  if (!form || !form.dataset.save) { return; }
  var state = form.querySelector("[data-state]");
  var comment = document.getElementById("comment");
  var waiting = new Set();   // rows (or the comment) changed since they were last sent
  var refused = new Set();   // those of them the server will not take as they are: sent again once they are changed
  var timers = new Map();
  var running = null;        // one request at a time: two would race for the same sheet

  function rowOf(element) { return element.closest("[data-item]") || (element === comment ? comment : null); }
  function fieldsOf(row) { return row === comment ? [comment] : Array.from(row.querySelectorAll("input[name], textarea[name]")); }
  function urlOf(row) { return row === comment ? location.pathname : form.dataset.save.replace("/0/", "/" + row.dataset.item + "/"); }

  function say(row, text, failed) {
    var place = row !== comment && row.querySelector("[data-say]");
    if (place) {
      place.textContent = text;
      place.classList.toggle("saved-failed", Boolean(failed));
      row.classList.toggle("score-wrong", Boolean(failed));
      window.answers.mark(row, failed ? text : "");
      if (failed) { place.setAttribute("role", "alert"); } else { place.removeAttribute("role"); }
    }
    state.textContent = failed ? "有内容没有保存" : text;
    state.classList.toggle("saved-failed", Boolean(failed));
  }

  function body(row) {
    var data = new URLSearchParams();
    fieldsOf(row).forEach(function (field) {
      if ((field.type === "radio" || field.type === "checkbox") && !field.checked) { return; }
      data.append(field.name, field.value);
    });
    return data.toString();
  }

  function show(row, answer) {
    if (row !== comment) {
      row.querySelectorAll("[data-earned]").forEach(function (place) { place.textContent = answer.points || "—"; });
    }
    form.querySelector("[data-total]").textContent = answer.total;
    form.querySelector("[data-missing]").textContent = answer.missing;
    window.answers.show(answer);
  }

  /* Sends what waits, one after the other; resolves to whether everything is stored. */
  function flush() {
    if (running) { return running.then(flush); }
    var row = Array.from(waiting).find(function (each) { return !refused.has(each); });
    if (!row) { return Promise.resolve(!waiting.size); }
    waiting.delete(row);
    clearTimeout(timers.get(row));
    state.textContent = "正在保存…";
    var sent = body(row);
    running = fetch(urlOf(row), {
      method: "POST", body: sent, credentials: "same-origin", keepalive: sent.length < 60000,
      headers: { "X-CSRFToken": window.house.csrf(), "X-Requested-With": "fetch", "Content-Type": "application/x-www-form-urlencoded" }
    }).then(
      function (answer) { return answer.text().then(function (text) { return { status: answer.status, text: text }; }); },
      function () { return { status: 0, text: "" }; }
    ).then(function (answer) {
      running = null;
      if (answer.status === 409) { ask(row, JSON.parse(answer.text)); return false; }
      if (answer.status !== 200) {
        if (answer.status === 422 && !waiting.has(row)) { refused.add(row); }
        waiting.add(row);
        say(row, window.house.failure(answer.status, answer.text), true);
        return false;
      }
      var data = JSON.parse(answer.text);
      if (row !== comment) { window.conflict.version(row, data.version); }
      show(row, data);
      say(row, "已保存 " + data.saved, false);
      if (refused.size) { state.textContent = "有内容没有保存"; state.classList.add("saved-failed"); }
      return true;
    });
    return running.then(function (ok) { return ok || refused.has(row) ? flush() : false; });
  }

  /* Saved on another page or device meanwhile: both stay visible until the reviewer decides. */
  function ask(row, data) {
    waiting.add(row);
    refused.add(row);
    say(row, data.message, true);
    window.conflict.ask(row, {
      theirs: data.theirs,
      labels: ["用这里填的", "用那边存的"],
      after: row.querySelector("[data-say]"),
      mine: function () { later(row, 0); },
      other: function () {
        waiting.delete(row);
        refused.delete(row);
        show(row, data);
        say(row, "已换成那边保存的内容", false);
      }
    });
  }

  function later(row, wait) {
    waiting.add(row);
    clearTimeout(timers.get(row));
    if (row !== comment && window.conflict.open(row)) { return; }
    refused.delete(row);
    timers.set(row, setTimeout(flush, wait));
  }

  form.addEventListener("input", function (event) {
    var row = rowOf(event.target);
    if (row) { later(row, event.target.type === "radio" ? 0 : 1200); }
  });
  form.addEventListener("focusout", function (event) {
    var row = rowOf(event.target);
    if (row && waiting.has(row)) { flush(); }
  });
  window.addEventListener("online", flush);
  document.addEventListener("visibilitychange", function () { if (document.hidden) { flush(); } });

  form.addEventListener("click", function (event) {
    if (event.target.closest("[data-next-missing]")) {
      var open = Array.from(form.querySelectorAll("[data-item]")).find(function (row) {
        return window.answers.blank(row);
      });
      if (open) { event.preventDefault(); open.querySelector("[data-first]").focus(); open.scrollIntoView({ block: "center" }); }
    }
  });

  /* Enter goes on to the next input instead of handing the sheet in by accident. */
  form.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || event.isComposing) { return; }
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      form.requestSubmit(form.querySelector("[data-finish]"));
      return;
    }
    if (event.target.tagName === "INPUT") {
      event.preventDefault();
      var firsts = Array.from(form.querySelectorAll("[data-first]")).filter(function (field) { return field.type !== "radio" || field === field.closest("fieldset").querySelector("[data-first]"); });
      /* Of several lines the next one; all choices of one item are one stop. */
      var here = firsts.indexOf(event.target);
      var next = firsts[(here >= 0 ? here : firsts.map(rowOf).lastIndexOf(rowOf(event.target))) + 1];
      if (next) { next.focus(); if (next.select) { next.select(); } } else if (comment) { comment.focus(); }
    }
  });

  window.addEventListener("beforeunload", function (event) {
    if (waiting.size || running) { flush(); if (waiting.size) { event.preventDefault(); event.returnValue = ""; } }
  });
  /* Handing in sends every field anyway: nothing waits any more. */
  form.addEventListener("submit", function (event) {
    setTimeout(function () { if (!event.defaultPrevented) { timers.forEach(clearTimeout); waiting.clear(); } }, 0);
  });
})();
