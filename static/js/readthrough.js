/* Reading through before submitting: one tick under every part of the form, and only then the button. Ticks hold for the
   very content they were made for; without JavaScript the one tick above the button stands for all. */
"use strict";

(function () {
  var form = document.querySelector("[data-readthrough]");
  if (!form) { return; }
  /* Of one person: whoever logs in next in the same tab reads for themselves. */
  var store = "read:" + document.body.dataset.user + ":" + form.dataset.readthrough;
  var parts = Array.from(document.querySelectorAll("[data-part]"));
  var left = form.querySelector("[data-left]");
  var whole = form.querySelector("[name=read]");
  var button = form.querySelector("button[type=submit]");
  var read = recall();

  function recall() {
    try { return JSON.parse(sessionStorage.getItem(store)) || []; } catch (e) { return []; }
  }
  function keep() {
    try { sessionStorage.setItem(store, JSON.stringify(read)); } catch (e) { /* the page itself still knows */ }
  }

  function tick(part, number) {
    var label = document.createElement("label");
    label.className = "part-read no-print";
    var box = document.createElement("input");
    box.type = "checkbox";
    box.className = "form-check-input";
    box.checked = read.indexOf(part.id) >= 0;
    box.addEventListener("change", function () {
      read = read.filter(function (id) { return id !== part.id; });
      if (box.checked) { read.push(part.id); }
      keep();
      show();
    });
    label.appendChild(box);
    label.appendChild(document.createTextNode(" 已核对“" + part.dataset.part + "”（" + number + "/" + parts.length + "）"));
    part.appendChild(label);
  }

  function show() {
    var open = parts.filter(function (part) { return read.indexOf(part.id) < 0; });
    parts.forEach(function (part) { part.classList.toggle("part-done", open.indexOf(part) < 0); });
    left.textContent = "";
    if (open.length) {
      left.appendChild(document.createTextNode("请逐部分核对并在每部分末尾打勾，还有" + open.length + "部分："));
      open.forEach(function (part, place) {
        var link = document.createElement("a");
        link.href = "#" + part.id;
        link.textContent = part.dataset.part;
        left.appendChild(document.createTextNode(place ? "、" : ""));
        left.appendChild(link);
      });
    } else {
      left.textContent = "各部分都已核对，可以提交。";
    }
    whole.disabled = button.disabled = open.length > 0;
    if (open.length) { whole.checked = false; }
  }

  parts.forEach(function (part, place) { tick(part, place + 1); });
  show();
})();
