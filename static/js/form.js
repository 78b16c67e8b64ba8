/* The 申报表: saves while typing and counts the characters of every field as the server will count them. */
"use strict";

(function () {
  var form = document.getElementById("application-form");
  if (!form) { return; }

  function count(place) {
    var control = place.querySelector("[data-most]");
    if (!control) { return; }
    var most = parseInt(control.dataset.most, 10);
    var length = Array.from(control.value.trim()).length;
    var words = place.querySelector("[data-count]");
    words.textContent = "字数 " + length + "/" + most + (length > most ? "，超出" + (length - most) + "字" : "");
    words.classList.toggle("word-over", length > most);
  }
  function countAll() { form.querySelectorAll("[data-field]").forEach(count); }

  form.addEventListener("input", function (event) {
    var place = event.target.closest("[data-field]");
    if (place) { count(place); }
  });
  form.addEventListener("autosave:filled", countAll);
  var saver = window.autosave({ root: form, urlOf: function () { return form.dataset.save; }, onSaved: function () {} });

  /* A press while a save is on its way waits for its answer: else the two would take each other for another person. */
  form.addEventListener("submit", function (event) {
    if (saver.idle(form)) { return; }
    var button = event.submitter;
    event.preventDefault();
    form.addEventListener("autosave:settled", function (answer) {
      if (answer.detail.status === 200) { form.requestSubmit(button); }
    }, { once: true });
  });
  countAll();
})();
