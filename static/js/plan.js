/* Rows of the plan: add one, take one away. Without this script the page's own buttons do the same. */
"use strict";

(function () {
  var form = document.getElementById("plan-form");
  if (!form) { return; }
  var rows = document.getElementById("plan-rows");
  var empty = document.getElementById("plan-empty");
  var total = form.querySelector("[name=form-TOTAL_FORMS]");

  function number() {
    var shown = Array.from(rows.querySelectorAll("[data-row]")).filter(function (row) { return !row.hidden; });
    shown.forEach(function (row, index) { row.querySelector("[data-number]").textContent = index + 1; });
  }

  function removable(row) {
    var box = row.querySelector(".plan-delete");
    var button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm btn-outline-danger plan-remove";
    button.textContent = "删除这一条";
    button.addEventListener("click", function () {
      box.querySelector("input[type=checkbox]").checked = true;
      row.hidden = true;
      number();
      document.getElementById("plan-more").focus();
    });
    box.hidden = true;
    box.after(button);
  }

  function add() {
    var holder = document.createElement("div");
    holder.innerHTML = empty.innerHTML.replace(/__prefix__/g, total.value);
    var row = holder.firstElementChild;
    total.value = parseInt(total.value, 10) + 1;
    rows.appendChild(row);
    removable(row);
    number();
    return row;
  }

  document.getElementById("plan-more").addEventListener("click", function (event) {
    event.preventDefault();
    add().querySelector("textarea").focus();
  });
  /* What was kept on this machine may have more rows than the page, and rows that were taken away. */
  form.addEventListener("keep:fill", function (event) {
    var kept = event.detail.find(function (each) { return each[0] === "form-TOTAL_FORMS"; });
    while (kept && parseInt(total.value, 10) < Math.min(parseInt(kept[1], 10), 200)) { add(); }
  });
  form.addEventListener("change", function (event) {
    if (!event.target.name.endsWith("-DELETE")) { return; }
    event.target.closest("[data-row]").hidden = event.target.checked;
    number();
  });
  rows.querySelectorAll("[data-row]").forEach(removable);
  number();
})();
