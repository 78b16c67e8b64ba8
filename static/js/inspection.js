/* Tick every branch of the page at once, and say how many are ticked. */
"use strict";

(function () {
  var form = document.getElementById("clearing");
  var all = form && form.querySelector("[data-tick-all]");
  if (!all) { return; }
  var boxes = Array.prototype.slice.call(form.querySelectorAll("input[name=application]"));

  function draw() {
    var ticked = boxes.filter(function (box) { return box.checked; }).length;
    form.querySelector("[data-ticked-number]").textContent = ticked ? ticked + "个" : "";
    all.checked = ticked > 0 && ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  }
  all.addEventListener("change", function () {
    boxes.forEach(function (box) { box.checked = all.checked; });
    draw();
  });
  form.addEventListener("change", function (event) { if (event.target.name === "application") { draw(); } });
  window.addEventListener("pageshow", draw);
  draw();
})();
