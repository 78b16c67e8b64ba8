/* The pane beside the check desk: a file of the criterion opens next to it, on a telephone over the whole page.
   window.pane: open(row, index), close(), isOpen(), step(by), row(). Without a script the links lead to the viewer. */
"use strict";

window.pane = (function () {
  var pane = document.getElementById("evidence-pane");
  if (!pane) { return null; }
  var title = pane.querySelector("[data-pane-title]");
  var body = pane.querySelector("[data-pane-body]");
  var steps = Array.from(pane.querySelectorAll("[data-pane-step]"));
  var row = null;
  var place = 0;
  var back = null;     // where the focus was
  var asked = 0;       // the latest request: an older answer that comes late is dropped

  function files() { return row ? Array.from(row.querySelectorAll("a[data-show]")) : []; }
  function isOpen() { return !pane.hidden; }
  function isSheet() { return window.matchMedia("(max-width: 991.98px)").matches; }

  function name() { return row.dataset.code + " " + row.dataset.title; }

  function mark() {
    document.querySelectorAll("a[data-show][aria-current]").forEach(function (link) { link.removeAttribute("aria-current"); });
    document.querySelectorAll(".desk-row.in-pane").forEach(function (each) { each.classList.remove("in-pane"); });
    if (!isOpen()) { return; }
    row.classList.add("in-pane");
    var link = files()[place];
    if (link) { link.setAttribute("aria-current", "true"); }
  }

  function show() {
    var found = files();
    var number = ++asked;
    mark();
    steps.forEach(function (button) { button.disabled = found.length < 2; });
    if (!found.length) {
      title.textContent = name();
      body.textContent = "这一项没有引用佐证。";
      return;
    }
    title.textContent = name() + " · 第" + (place + 1) + "份，共" + found.length + "份";
    body.setAttribute("aria-busy", "true");
    fetch(found[place].href, { headers: { "X-Requested-With": "fetch" }, credentials: "same-origin" })
      .then(function (answer) {
        return answer.text().then(function (text) {
          if (!answer.ok) { throw new Error(window.house.failure(answer.status, text)); }
          return text;
        });
      }, function () { throw new Error(window.house.failure(0)); })
      .then(function (text) { if (number === asked) { body.innerHTML = text; } })
      .catch(function (error) { if (number === asked) { body.textContent = error.message; } })
      .then(function () { if (number === asked) { body.removeAttribute("aria-busy"); } });
  }

  function open(wanted, index) {
    if (!isOpen()) { back = document.activeElement; }
    row = wanted;
    place = index || 0;
    pane.hidden = false;
    document.body.classList.add("pane-open");
    if (isSheet()) { pane.setAttribute("role", "dialog"); pane.setAttribute("aria-modal", "true"); }
    show();
    pane.focus({ preventScroll: true });
    if (!isSheet()) { row.scrollIntoView({ block: "nearest" }); }
  }

  function close() {
    pane.hidden = true;
    document.body.classList.remove("pane-open");
    pane.removeAttribute("role");
    pane.removeAttribute("aria-modal");
    body.textContent = "";
    asked += 1;
    mark();
    var to = back && document.contains(back) && back !== document.body ? back : row;
    if (to) { to.focus({ preventScroll: true }); to.scrollIntoView({ block: "nearest" }); }
  }

  function step(by) {
    var found = files();
    if (found.length < 2) { return; }
    place = (place + by + found.length) % found.length;
    show();
  }

  document.addEventListener("click", function (event) {
    var link = event.target.closest("a[data-show]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) { return; }
    event.preventDefault();
    back = link;
    row = link.closest("[data-criterion]");
    open(row, files().indexOf(link));
    back = link;
  });
  pane.querySelector("[data-pane-close]").addEventListener("click", close);
  steps.forEach(function (button) {
    button.addEventListener("click", function () { step(Number(button.dataset.paneStep)); });
  });
  pane.addEventListener("keydown", function (event) {
    if (event.target.tagName === "VIDEO" || event.ctrlKey || event.altKey || event.metaKey) { return; }
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      event.preventDefault();
      step(event.key === "ArrowRight" ? 1 : -1);
    } else if (event.key === "Tab" && isSheet()) {
      keepWithin(event);
    }
  });

  /* Over the whole page the focus stays in the sheet. */
  function keepWithin(event) {
    var stops = Array.from(pane.querySelectorAll("a[href], button:not([disabled]), video, iframe"));
    var edge = event.shiftKey ? stops[0] : stops[stops.length - 1];
    if (document.activeElement === edge || document.activeElement === pane && event.shiftKey) {
      event.preventDefault();
      stops[event.shiftKey ? stops.length - 1 : 0].focus();
    }
  }

  /* Beside the desk the pane follows from row to row. */
  document.addEventListener("focusin", function (event) {
    var entered = event.target.closest("[data-criterion]");
    if (!entered || !isOpen() || isSheet() || entered === row) { return; }
    row = entered;
    place = 0;
    back = event.target;
    show();
  });

  return { open: open, close: close, isOpen: isOpen, step: step, row: function () { return row; } };
})();
