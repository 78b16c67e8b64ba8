/* The ranked list: dragging and the buttons move the same rows; without this script the buttons go through the server. */
"use strict";

(function () {
  var form = document.getElementById("ranking");
  if (!form) { return; }
  var ranked = form.querySelector("[data-ranked]");
  var limit = parseInt(form.dataset.limit, 10);
  var announce = document.querySelector("[data-announce]");
  var dirty = form.querySelector("[data-changed]").textContent !== "";
  form.querySelectorAll(".rank-handle").forEach(function (handle) { handle.hidden = false; });

  function items() { return Array.prototype.slice.call(ranked.children); }

  function changed(words) {
    var all = items();
    dirty = true;
    form.querySelector("[data-number]").textContent = all.length;
    form.querySelector("[data-changed]").textContent = all.length > limit ? "最多" + limit + "个，请移出" + (all.length - limit) + "个" : "有改动未保存";
    all.forEach(function (item, place) { item.classList.toggle("over-limit", place >= limit); });
    document.querySelectorAll("form[data-needs-saved] button").forEach(function (button) { button.disabled = true; });
    announce.textContent = words;
  }

  form.addEventListener("click", function (event) {
    var button = event.target.closest("[data-move]");
    if (!button) { return; }
    var item = button.closest(".rank-item");
    var move = button.dataset.move;
    if (move === "in" || move === "out") { return; }  // the server draws the row of the other side
    event.preventDefault();
    if (move === "up" && item.previousElementSibling) { ranked.insertBefore(item, item.previousElementSibling); }
    if (move === "down" && item.nextElementSibling) { ranked.insertBefore(item.nextElementSibling, item); }
    button.focus();
    changed(item.dataset.name + "现在第" + (items().indexOf(item) + 1) + "名");
  });
  form.addEventListener("input", function () { dirty = true; form.querySelector("[data-changed]").textContent = "有改动未保存"; });

  if (window.Sortable) {
    window.Sortable.create(ranked, {
      handle: ".rank-handle", animation: 150, ghostClass: "rank-ghost",
      onEnd: function (event) {
        if (event.oldIndex !== event.newIndex) { changed(event.item.dataset.name + "现在第" + (event.newIndex + 1) + "名"); }
      }
    });
  }

  form.addEventListener("submit", function () { dirty = false; });
  window.addEventListener("beforeunload", function (event) {
    if (dirty) { event.preventDefault(); event.returnValue = ""; }
  });
})();
