/* The 申报表: every field is saved by itself while typing, so that two people meet only where they write the same one;
   characters are counted as the server counts them. */
"use strict";

(function () {
  var form = document.getElementById("application-form");
  if (!form) { return; }
  var dirty = new Set();

  /* Code points of the trimmed text: a Chinese character, a line break and an emoji are one each, as in Python. */
  function count(place) {
    var control = place.querySelector("[data-most]");
    if (!control) { return; }
    var most = parseInt(control.dataset.most, 10);
    var length = Array.from(trimmed(control.value)).length;
    var words = place.querySelector("[data-count]");
    words.textContent = "字数 " + length + "/" + most + (length > most ? "，超出" + (length - most) + "字" : "");
    words.classList.toggle("word-over", length > most);
  }
  /* Python's strip() also takes the separators U+001C–U+001F and U+0085 and leaves the mark U+FEFF where it is. */
  function trimmed(text) {
    var blank = "[\\u001c-\\u001f\\u0085\\t-\\r \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+";
    return text.replace(new RegExp("^" + blank), "").replace(new RegExp(blank + "$"), "");
  }
  function countAll() { form.querySelectorAll("[data-field]").forEach(count); }

  var saver = window.autosave({
    root: form,
    urlOf: function () { return form.dataset.save; },
    onSaved: function (unit) {
      dirty.delete(unit);
      kept(unit);
      /* Whoever works on the form keeps what was brought in: it stands there and says so. */
      form.querySelectorAll("[data-suggested]").forEach(function (other) { kept(other); saver.save(other); });
    }
  });
  function kept(unit) { unit.removeAttribute("data-suggested"); }

  form.addEventListener("input", function (event) {
    var place = event.target.closest("[data-field]");
    if (place) { count(place); dirty.add(place); }
  });
  form.addEventListener("autosave:filled", countAll);

  /* A press first lets everything typed be saved field by field: else the two would take each other for another person,
     and without a network the page would be gone before its text is safe. */
  form.addEventListener("submit", function (event) {
    var button = event.submitter;
    var waiting = new Set(Array.from(form.querySelectorAll("[data-unit]")).filter(function (unit) {
      return !saver.idle(unit) || dirty.has(unit);
    }));
    if (!waiting.size) { return; }
    event.preventDefault();
    function settled(answer) {
      if (!waiting.has(answer.target)) { return; }
      if (answer.detail.status === 200) { waiting.delete(answer.target); }
      if (answer.detail.status !== 200 || !waiting.size) { form.removeEventListener("autosave:settled", settled); }
      if (!waiting.size) { form.requestSubmit(button); }
    }
    form.addEventListener("autosave:settled", settled);
    waiting.forEach(function (unit) { saver.save(unit); });
  });
  countAll();
})();
