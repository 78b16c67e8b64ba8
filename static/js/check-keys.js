/* The keys of the check desk: e evidence, j k criterion, u next unscored, n p application, ? the list of them.
   Letters do nothing where words are typed; a field for numbers is no such place. */
"use strict";

(function () {
  var OFF = "check-keys-off";
  var queue = document.querySelector(".desk-queue");
  var dialog = document.getElementById("keys");
  var current = null;

  function rows() { return Array.from(document.querySelectorAll("[data-criterion]")); }
  function input(row) { return row.querySelector("[data-answer] input:checked") || row.querySelector("[data-answer] input:not([disabled])"); }
  function here() {
    var row = document.activeElement && document.activeElement.closest("[data-criterion]");
    return row || (window.pane && window.pane.isOpen() && window.pane.row()) || current;
  }
  function off() {
    try { return localStorage.getItem(OFF) === "1"; } catch (e) { return false; }
  }

  function go(row) {
    if (!row) { return; }
    current = row;
    var field = input(row) || row;
    field.focus({ preventScroll: true });
    if (field.select && field.type !== "radio") { field.select(); }
    row.scrollIntoView({ block: "center" });
  }
  function move(by) {
    var all = rows();
    var place = all.indexOf(here());
    go(all[place < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, place + by))]);
  }
  function unscored() {
    var all = rows();
    var place = all.indexOf(here());
    var found = all.slice(place + 1).concat(all.slice(0, place + 1)).find(function (row) {
      return input(row) && window.answers.blank(row);
    });
    if (found) { go(found); } else { window.house.toast("都已核分。"); }
  }
  function evidence() {
    if (window.pane.isOpen()) { back(); return; }
    var row = here() || rows()[0];
    if (!row) { return; }
    if (!row.querySelector("a[data-show]")) { window.house.toast("这一项没有引用佐证。"); return; }
    window.pane.open(row, 0);
  }
  /* From the pane to the row it belongs to; the pane stays. */
  function back() { go(window.pane.row()); }

  function follow(selector, end) {
    var link = queue && queue.querySelector(selector);
    if (!link) { window.house.toast(end); return; }
    var leave = function () { window.location.href = link.href; };
    if (window.desk) { window.desk.settle(leave); } else { leave(); }
  }

  /* A digit pressed in the pane is meant for the row. */
  function digit(key) {
    var row = window.pane.row();
    var option = row.querySelector("[data-key='" + key + "']");
    back();
    if (option && !option.disabled) { option.click(); option.focus({ preventScroll: true }); return true; }
    return false;
  }

  function words(field) {
    if (!field || !field.matches) { return false; }
    if (field.matches("textarea, select, [contenteditable]")) { return true; }
    return field.matches("input:not([type=radio]):not([type=checkbox]):not([type=button])") && !field.closest("[data-answer]");
  }

  var ACTS = {
    e: evidence,
    j: function () { move(1); },
    k: function () { move(-1); },
    u: unscored,
    n: function () { follow("[data-next]", "已经是列表里的最后一个。"); },
    p: function () { follow("[data-previous]", "已经是列表里的第一个。"); },
    "?": function () { if (dialog && dialog.showModal) { dialog.showModal(); } }
  };

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.defaultPrevented) { return; }
    if (dialog && dialog.open) { return; }
    if (event.key === "Escape") {
      if (window.pane.isOpen()) { event.preventDefault(); window.pane.close(); }
      else if (words(event.target)) { var row = event.target.closest("[data-criterion]"); if (row) { row.focus(); } }
      return;
    }
    if (words(event.target)) { return; }
    if (/^[0-9]$/.test(event.key) && window.pane.isOpen() && event.target.closest("#evidence-pane")) {
      if (digit(event.key)) { event.preventDefault(); }
      return;
    }
    var key = event.key.length === 1 ? event.key.toLowerCase().replace("？", "?") : event.key;
    if (!Object.prototype.hasOwnProperty.call(ACTS, key) || (off() && key !== "?")) { return; }
    event.preventDefault();
    ACTS[key]();
  });
  document.addEventListener("focusin", function (event) {
    current = event.target.closest("[data-criterion]") || current;
  });

  document.querySelectorAll("[data-keys]").forEach(function (button) { button.addEventListener("click", ACTS["?"]); });
  var on = dialog && dialog.querySelector("[data-keys-on]");
  if (on) {
    on.checked = !off();
    on.addEventListener("change", function () {
      try { localStorage.setItem(OFF, on.checked ? "" : "1"); } catch (e) { /* kept for this page only */ }
    });
  }
})();
