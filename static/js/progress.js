/* The progress matrix: tick all of the page that have not submitted, count the ticks, ask with the number. */
"use strict";

(function () {
  var form = document.getElementById("bulk");
  if (!form) { return; }
  var all = form.querySelector("[data-tick-all]");
  var count = form.querySelector("[data-ticked]");
  var buttons = Array.from(form.querySelectorAll("[data-of-ticked]"));
  function boxes() { return Array.from(document.querySelectorAll("input[name=application][form=bulk]")); }

  function show() {
    var ticked = boxes().filter(function (box) { return box.checked; }).length;
    count.textContent = ticked ? "已勾选" + ticked + "个" : "";
    buttons.forEach(function (button) {
      button.disabled = !ticked;
      if (button.dataset.ofTicked) { button.dataset.confirm = button.dataset.ofTicked.replace("{n}", ticked); }
    });
    var owing = boxes().filter(function (box) { return box.hasAttribute("data-owes"); });
    all.checked = owing.length > 0 && owing.every(function (box) { return box.checked; });
  }

  all.addEventListener("change", function () {
    boxes().forEach(function (box) {
      if (box.hasAttribute("data-owes")) { box.checked = all.checked; }
    });
    show();
  });
  document.addEventListener("change", function (event) {
    if (event.target.name === "application") { show(); }
  });
  window.addEventListener("pageshow", show);
  show();
})();
