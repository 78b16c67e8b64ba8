/* What goes back to the branch follows the remarks of the rows; a text changed here stays as it was changed.
   Also the days proposed for the return. window.returns.sync(row) after a row was saved. */
"use strict";

window.returns = (function () {
  var list = document.querySelector("[data-return-lines]");
  var pattern = document.querySelector("[data-return-template]");
  if (!list || !pattern) { return { sync: function () {} }; }
  var none = list.querySelector("[data-return-none]");

  function line(key) { return list.querySelector("[data-return-line='" + key + "']"); }

  function make(row) {
    var key = row.dataset.criterion;
    var box = document.createElement("div");
    box.innerHTML = pattern.innerHTML.replace(/KEY/g, key);
    var made = box.querySelector("[data-return-line]");
    var name = row.dataset.code + " " + row.dataset.title;
    made.querySelector("[data-return-name]").textContent = name;
    made.querySelector("textarea").setAttribute("aria-label", name + "：给支部的意见");
    /* In the order of the desk. */
    var keys = Array.from(document.querySelectorAll("[data-criterion]")).map(function (each) { return each.dataset.criterion; });
    var after = Array.from(list.querySelectorAll("[data-return-line]")).find(function (each) {
      return keys.indexOf(each.dataset.returnLine) > keys.indexOf(key);
    });
    none.parentNode.insertBefore(made, after || none);
    return made;
  }

  function sync(row) {
    var remark = row.querySelector("textarea").value.trim();
    var found = line(row.dataset.criterion);
    if (!found && !remark) { return; }
    found = found || make(row);
    none.hidden = true;
    if (found.dataset.edited) { return; }
    found.querySelector("textarea").value = remark;
    found.querySelector("input").checked = Boolean(remark);
  }

  list.addEventListener("input", function (event) {
    var found = event.target.closest("[data-return-line]");
    if (!found) { return; }
    found.dataset.edited = "1";
    if (event.target.tagName === "TEXTAREA") { found.querySelector("input").checked = Boolean(event.target.value.trim()); }
  });
  list.querySelectorAll("[data-tick-lines]").forEach(function (button) {
    button.addEventListener("click", function () {
      list.querySelectorAll("[data-return-line]").forEach(function (each) {
        var box = each.querySelector("input");
        box.checked = Boolean(button.dataset.tickLines) && Boolean(each.querySelector("textarea").value.trim());
        each.dataset.edited = "1";
      });
    });
  });
  document.querySelectorAll("[data-due]").forEach(function (button) {
    button.addEventListener("click", function () {
      var field = document.getElementById("id_return-due_on");
      field.value = button.dataset.due;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
  });
  return { sync: sync };
})();
