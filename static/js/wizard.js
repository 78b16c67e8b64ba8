/* Rows of the set-up: add, remove, move up and down, and the running total of the weights. The page's own buttons and
   number fields do the same without this script. */
"use strict";

(function () {
  var form = document.getElementById("wizard-form");
  if (!form) { return; }
  var changed = form.dataset.unsaved === "yes";

  function shown(table) {
    return Array.from(table.querySelectorAll("[data-rows] > [data-row]")).filter(function (row) { return !row.hidden; });
  }

  function number(table) {
    shown(table).forEach(function (row, index) {
      row.querySelector("[data-number]").textContent = index + 1;
      row.querySelector(".row-order").value = index + 1;
    });
    total();
  }

  function button(text, name, act) {
    var made = document.createElement("button");
    made.type = "button";
    made.className = "btn btn-sm btn-outline-secondary";
    made.setAttribute("data-" + name, "");
    made.textContent = text;
    made.addEventListener("click", act);
    return made;
  }

  function move(table, row, step) {
    var rows = shown(table), other = rows[rows.indexOf(row) + step];
    if (!other) { return; }
    if (step < 0) { other.before(row); } else { other.after(row); }
    changed = true;
    number(table);
    row.querySelector(step < 0 ? "[data-up]" : "[data-down]").focus();
  }

  function equip(table, row) {
    var tools = row.querySelector(".wizard-row-tools"), box = row.querySelector(".wizard-delete");
    Array.from(tools.children).forEach(function (part) { part.hidden = true; });
    tools.append(
      button("上移", "up", function () { move(table, row, -1); }),
      button("下移", "down", function () { move(table, row, 1); }),
      button("删除", "remove", function () {
        box.querySelector("input[type=checkbox]").checked = true;
        row.hidden = true;
        changed = true;
        number(table);
        table.querySelector("[data-more]").focus();
      })
    );
    if (box.querySelector("input[type=checkbox]").checked) { row.hidden = true; }
  }

  function more(table) {
    var count = form.querySelector("[name=" + table.dataset.table + "-TOTAL_FORMS]");
    var holder = document.createElement("div");
    holder.innerHTML = table.querySelector("template[data-empty]").innerHTML.replace(/__prefix__/g, count.value);
    var row = holder.firstElementChild;
    count.value = parseInt(count.value, 10) + 1;
    table.querySelector("[data-rows]").appendChild(row);
    equip(table, row);
    number(table);
    row.querySelector(".wizard-grid input:not([type=hidden]), .wizard-grid select").focus();
  }

  function total() {
    var place = form.querySelector("[data-total]");
    if (!place) { return; }
    var sum = 0;
    form.querySelectorAll("[data-table=components] .weight").forEach(function (field) {
      if (!field.closest("[data-row]").hidden) { sum += Math.round(parseFloat(field.value || "0") * 100) || 0; }
    });
    place.querySelector("strong").textContent = String(sum / 100);
    place.querySelector("[data-total-note]").textContent = sum === 10000 ? "，正好" : "，应为100%";
    place.classList.toggle("is-off", sum !== 10000);
  }

  form.querySelectorAll("[data-table]").forEach(function (table) {
    table.querySelectorAll("[data-rows] > [data-row]").forEach(function (row) { equip(table, row); });
    table.querySelector("[data-more]").addEventListener("click", function (event) {
      event.preventDefault();
      changed = true;
      more(table);
    });
    number(table);
  });
  form.addEventListener("input", function () { changed = true; total(); });
  form.addEventListener("submit", function () { changed = false; });
  window.addEventListener("beforeunload", function (event) {
    if (changed) { event.preventDefault(); event.returnValue = ""; }
  });
})();
