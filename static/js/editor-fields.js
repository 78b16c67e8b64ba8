/* The form of one criterion: only the fields of its kind are in sight (by CSS on data-kind), its rules are rows.
   window.editorFields(root, changed): changed(form) is told where a row went. */
"use strict";

window.editorFields = function (root, changed) {
  document.addEventListener("change", function (event) {
    if (event.target.name === "kind" && event.target.form.matches(".crit-form")) { event.target.form.dataset.kind = event.target.value; }
  });
  root.addEventListener("editor:filled", function (event) { if (event.target.elements.kind) { event.target.dataset.kind = event.target.elements.kind.value; } });
  root.addEventListener("editor:rows", function (event) {
    event.detail.forEach(function (field) { var found = field.match(/^rules-(\d+)-label$/); if (found) { addRule(event.target, parseInt(found[1], 10)); } });
  });
  function addRule(form, number) {
    var list = form.querySelector("[data-rules]");
    if (list.querySelector('[data-rule="rules-' + number + '"]')) { return null; }
    list.insertAdjacentHTML("beforeend", form.querySelector("[data-empty-rule]").innerHTML.replace(/__n__/g, number));
    return list.lastElementChild;
  }
  root.addEventListener("click", function (event) {
    var form = event.target.closest("form.crit-form");
    if (!form) { return; }
    if (event.target.closest("[data-add-rule]")) {
      var numbers = Array.from(form.querySelectorAll("[data-rule]")).map(function (row) { return parseInt(row.dataset.rule.slice(6), 10); });
      addRule(form, Math.max.apply(null, [-1].concat(numbers)) + 1).querySelector("input[type=text]").focus();
    }
    var drop = event.target.closest("[data-drop-rule]");
    if (drop) {
      drop.closest("[data-rule]").remove();
      form.querySelector("[data-add-rule]").focus();
      changed(form);
    }
  });
};
