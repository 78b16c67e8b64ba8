/* The outline of the standards editor: rows open in place, move by mouse, keys and buttons; every act is the server's,
   one after the other, and the page shows what the server answered. Saving what is typed: editor-save.js. */
"use strict";

(function () {
  var root = document.getElementById("editor");
  if (!root || !root.hasAttribute("data-draft")) { return; }
  var speaker = document.getElementById("outline-says");
  var base = root.dataset.edit;
  var chain = Promise.resolve();
  var busy = 0;
  var undone = null;

  var saver = window.editorSave({
    user: root.dataset.user,
    onSaved: function (form, data) { apply(data); if (data.row) { replaceRow(form.dataset.unit, data.row); } },
    onConflict: showConflict,
    onRefused: function (form, text) { window.house.toast(text, "error"); }
  });

  /* Finding one's way */
  function nodeOf(element) { return element.closest(".node"); }
  function byKey(pk) { return document.getElementById("n" + pk); }
  function opener(node) { return node.querySelector(":scope > .node-row > .node-open"); }
  function formBox(node) { return node.querySelector(":scope > .node-form"); }
  function listOf(pk) { return root.querySelector('[data-children="' + (pk || "") + '"]'); }
  function parentOf(node) { return node.parentElement.closest(".node"); }
  function depth(element) { var n = 0; for (var up = element.closest(".node"); up; up = parentOf(up)) { n += 1; } return n; }
  function height(node) { return 1 + Math.max.apply(null, [0].concat(Array.from(node.querySelectorAll(".node")).map(function (e) { return depth(e) - depth(node); }))); }
  function openers() { return Array.from(root.querySelectorAll("a.node-open")); }
  function name(node) { return node.querySelector(".node-code").textContent + " " + node.querySelector(".node-title").textContent; }
  function say(text) { speaker.textContent = ""; setTimeout(function () { speaker.textContent = text; }, 50); }
  function parsed(html) { var box = document.createElement("template"); box.innerHTML = html.trim(); return box.content.firstElementChild; }

  /* What every answer of the server changes beside the row itself */
  function apply(data) {
    root.dataset.revision = data.revision;
    var bar = document.getElementById("outline-bar");
    var open = bar.querySelector("details") && bar.querySelector("details").open;
    bar.innerHTML = data.bar;
    if (open && bar.querySelector("details")) { bar.querySelector("details").open = true; }
    Object.keys(data.sums).forEach(function (pk) {
      var place = byKey(pk) && byKey(pk).querySelector(":scope > .node-row > [data-sum]");
      if (!place) { return; }
      place.textContent = data.sums[pk][0] ? "合计" + data.sums[pk][0] : "";
      place.classList.toggle("node-off", data.sums[pk][1]);
    });
    root.querySelectorAll(".node-row").forEach(function (row) { mark(row, data.marks[nodeOf(row).dataset.pk] || ""); });
    root.querySelector(".outline-none").hidden = Boolean(root.querySelector(".node"));
  }
  function mark(row, text) {
    var place = row.querySelector("[data-mark]");
    var shown = place.querySelector(".node-what");
    if ((shown ? shown.textContent : "") === text) { return; }
    row.classList.toggle("node-wrong", Boolean(text));
    place.innerHTML = text ? '<i class="bi bi-exclamation-triangle" aria-hidden="true"></i><span class="visually-hidden">有问题：</span><span class="node-what"></span>' : "";
    if (text) { place.querySelector(".node-what").textContent = text; }
  }
  function replaceRow(pk, html) {
    var node = byKey(pk);
    if (!node || !html) { return; }
    var focused = document.activeElement === opener(node);
    node.replaceChild(parsed(html), node.querySelector(":scope > .node-row"));
    dress(node);
    if (focused) { opener(node).focus(); }
  }
  function dress(node) {
    opener(node).setAttribute("aria-expanded", String(Boolean(formBox(node))));
    node.querySelectorAll(":scope > .node-form > [data-level]").forEach(function (part) { part.dataset.level = depth(node); });
  }

  /* Opening and closing: only the opened row has a form */
  function open(node, focus) {
    var others = Array.from(root.querySelectorAll(".node-form")).map(nodeOf).filter(function (other) { return other !== node; });
    return Promise.all(others.map(function (other) { return close(other); })).then(function () {
      return fetch(opener(node).href, { headers: { "X-Requested-With": "fetch" }, credentials: "same-origin" });
    }).then(function (answer) {
      return answer.text().then(function (html) {
        if (!answer.ok || answer.redirected) { window.house.toast(answer.status === 404 ? "这一项刚被他人删除，已换上最新的大纲。" : window.house.failure(answer.status, html), "error"); refresh(); return; }
        var box = formBox(node) || node.insertBefore(document.createElement("div"), node.querySelector(":scope > ol"));
        box.className = "node-form";
        box.innerHTML = html;
        dress(node);
        var form = box.querySelector("form[data-unit]");
        node.querySelector(".node-code").textContent = form.elements.code.value;
        node.querySelector(".node-title").textContent = form.elements.title.value;
        saver.opened(form);
        if (focus) { var field = form.elements[focus === true ? "title" : focus]; field.focus(); if (field.select) { field.select(); } }
      });
    }, function () { window.house.toast(window.house.failure(0), "error"); });
  }
  /* Resolves to false when something typed could not be saved: then it stays open. */
  function close(node) {
    var form = formBox(node) && formBox(node).querySelector("form[data-unit]");
    if (!form) { return Promise.resolve(!formBox(node)); }
    return saver.save(form).then(function (done) {
      if (!done) { return false; }
      formBox(node).remove();
      dress(node);
      return true;
    });
  }
  /* On a telephone a focused field would call up the keyboard over what was just opened. */
  function toggle(node) {
    if (!formBox(node)) { return open(node, !window.matchMedia("(hover: none)").matches); }
    return close(node).then(function (done) { if (done) { opener(node).focus(); } });
  }

  function showConflict(form, html) {
    var box = form.parentElement;
    var unit = form.dataset.unit;
    box.innerHTML = html;
    var panel = box.querySelector("form");
    box.querySelector("h2").focus();
    say("两个人同时改了这一项，请逐栏选择。");
    panel.addEventListener("submit", function (event) {
      event.preventDefault();
      send(panel.action, new URLSearchParams(new FormData(panel))).then(function (answer) {
        if (answer.status === 409) { showConflict(panel, answer.text); return; }
        if (!answer.ok) { window.house.toast(window.house.failure(answer.status, answer.text), "error"); return; }
        saver.forget(unit);
        if (unit === "head") { location.reload(); return; }
        var data = JSON.parse(answer.text);
        apply(data);
        replaceRow(unit, data.row);
        saver.announce("已保存 " + data.at);
        say("已按所选保存。");
        open(byKey(unit), true);
      });
    });
    panel.dataset.unit = unit;
  }

  /* Acts, one after the other */
  function send(url, data) {
    return fetch(url, { method: "POST", body: new URLSearchParams(data), credentials: "same-origin", headers: { "X-CSRFToken": saver.token(), "X-Requested-With": "fetch" } }).then(
      function (answer) { return answer.text().then(function (text) { return { ok: answer.ok, status: answer.status, text: text }; }); },
      function () { return { ok: false, status: 0, text: "" }; }
    );
  }
  function act(url, data, done) {
    busy += 1;
    root.setAttribute("aria-busy", "true");
    chain = chain.then(function () {
      var forms = Array.from(root.querySelectorAll(".node-form form.crit-form"));
      return Promise.all(forms.map(saver.save));
    }).then(function () {
      var given = typeof data === "function" ? data() : data;
      return given && send(url, given);
    }).then(function (answer) {
      if (!answer) { return null; }
      if (!answer.ok) {
        window.house.toast(window.house.failure(answer.status, answer.text), "error");
        return refresh();
      }
      var found = JSON.parse(answer.text);
      done(found);
      apply(found);
      say(found.message);
    }).finally(function () {
      busy -= 1;
      if (!busy) { root.removeAttribute("aria-busy"); }
    });
    return chain;
  }
  /* What was moved stands on the page before the server has it: leaving now would take it back. */
  window.addEventListener("beforeunload", function (event) {
    if (busy) { event.preventDefault(); event.returnValue = ""; }
  });
  /* Somebody else was here: the outline as it stands now; what is being typed is on the shelf and comes back. */
  function refresh() {
    var at = document.activeElement && nodeOf(document.activeElement);
    var opened = Array.from(root.querySelectorAll(".node-form")).map(function (box) { return nodeOf(box).dataset.pk; });
    return fetch(base, { credentials: "same-origin" }).then(function (answer) { return answer.text(); }).then(function (html) {
      var page = new DOMParser().parseFromString(html, "text/html");
      var fresh = page.getElementById("editor");
      if (!fresh || !fresh.hasAttribute("data-draft")) { busy = 0; location.reload(); return; }
      root.querySelector(".outline").replaceWith(document.adoptNode(fresh.querySelector(".outline")));
      document.getElementById("outline-bar").innerHTML = fresh.querySelector("#outline-bar").innerHTML;
      root.dataset.revision = fresh.dataset.revision;
      start();
      opened.forEach(function (pk) { if (byKey(pk)) { open(byKey(pk)); } });
      if (at && byKey(at.dataset.pk)) { opener(byKey(at.dataset.pk)).focus(); }
    }, function () { /* the sentence of the failed act stands already */ });
  }

  function place(node, data) {
    var list = listOf(data.parent);
    var had = document.activeElement && node.contains(document.activeElement) ? document.activeElement : null;
    node.remove();
    list.insertBefore(node, list.children[data.position] || null);
    if (data.parent) { replaceRow(data.parent, data.parent_row); }
    [node].concat(Array.from(node.querySelectorAll(".node"))).forEach(dress);
    if (had) { had.focus(); }
    node.scrollIntoView({ block: "nearest" });
  }
  function insert(data, focus) {
    var node = parsed(data.html);
    var list = listOf(data.parent);
    list.insertBefore(node, list.children[data.position] || null);
    if (data.parent) { replaceRow(data.parent, data.parent_row); }
    [node].concat(Array.from(node.querySelectorAll(".node"))).forEach(dress);
    if (focus === "form") { open(node, true); } else { opener(node).focus(); }
  }
  /* Judged when its turn comes: by then the presses before it have moved the row. */
  function shift(node, to) {
    act(base + node.dataset.pk + "/move/", function () {
      var edge = { up: !node.previousElementSibling, down: !node.nextElementSibling, in: !node.previousElementSibling, out: !parentOf(node) }[to];
      if (!edge) { return { to: to }; }
      say({ up: "已经在最前", down: "已经在最后", in: "前面没有可以归入的指标", out: "已经在最上一级" }[to]);
      return null;
    }, function (data) { place(node, data); });
  }
  function add(data) { act(root.dataset.add, data, function (found) { insert(found, "form"); }); }
  function duplicate(node) { act(base + node.dataset.pk + "/duplicate/", {}, function (found) { insert(found); }); }
  function remove(node) {
    var form = node.querySelector(".node-form form[data-unit]");
    var rows = openers();
    var own = rows.indexOf(opener(node));
    var next = rows.slice(own + 1).find(function (row) { return !node.contains(row); }) || rows[own - 1];
    act(base + node.dataset.pk + "/delete/", function () { return { revision: root.dataset.revision }; }, function (data) {
      if (form) { saver.drop(form); saver.forget(form.dataset.unit); }
      node.remove();
      (next || root.querySelector("[data-act=add-top]")).focus();
      offer(data);
    });
  }
  /* A note with the way back; Ctrl+Z on a row does the same. */
  function offer(data) {
    var note = document.createElement("div");
    note.className = "note note-info";
    var words = document.createElement("span");
    words.textContent = data.message;
    var back = document.createElement("button");
    back.type = "button";
    back.className = "btn btn-sm btn-outline-secondary";
    back.textContent = "撤销";
    note.append(words, back);
    document.getElementById("toasts").appendChild(note);
    var timer = setTimeout(function () { note.remove(); }, 20000);
    undone = function () {
      undone = null;
      clearTimeout(timer);
      note.remove();
      act(root.dataset.restore, { undo: data.undo }, function (found) { insert(found); });
    };
    back.addEventListener("click", function () { if (undone) { undone(); } });
  }

  /* Keys, buttons */
  root.addEventListener("click", function (event) {
    var link = event.target.closest("a.node-open");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) { event.preventDefault(); toggle(nodeOf(link)); return; }
    var goto = event.target.closest("[data-goto]");
    if (goto && byKey(goto.dataset.goto)) { event.preventDefault(); opener(byKey(goto.dataset.goto)).focus(); byKey(goto.dataset.goto).scrollIntoView({ block: "center" }); return; }
  });
  root.addEventListener("submit", function (event) {
    var button = event.submitter;
    if (!button || event.target.matches("[data-unit]")) { return; }
    if (!button.dataset.act && button.name !== "to") { return; }
    event.preventDefault();
    var node = nodeOf(button);
    if (button.name === "to") { shift(node, button.value); }
    else if (button.dataset.act === "add-top") { add({}); }
    else if (button.dataset.act === "add") { add({ after: node.dataset.pk }); }
    else if (button.dataset.act === "add-below") { add({ parent: node.dataset.pk }); }
    else if (button.dataset.act === "duplicate") { duplicate(node); }
    else if (button.dataset.act === "delete") { remove(node); }
  });
  root.addEventListener("keydown", function (event) {
    var node = nodeOf(event.target);
    if (!node) { return; }
    if (event.key === "Escape" && formBox(node) && formBox(node).contains(event.target)) { event.preventDefault(); toggle(node); return; }
    if (event.ctrlKey && event.key === "Enter") { event.preventDefault(); add({ after: node.dataset.pk }); return; }
    if (!event.target.matches("a.node-open")) { return; }
    var alt = { ArrowUp: "up", ArrowDown: "down", ArrowRight: "in", ArrowLeft: "out" }[event.key];
    var rows = openers();
    var at = rows.indexOf(event.target);
    if (event.altKey && alt) { event.preventDefault(); shift(node, alt); }
    else if (!event.altKey && event.key === "ArrowUp") { event.preventDefault(); if (rows[at - 1]) { rows[at - 1].focus(); } }
    else if (!event.altKey && event.key === "ArrowDown") { event.preventDefault(); if (rows[at + 1]) { rows[at + 1].focus(); } }
    else if (event.key === "Insert") { event.preventDefault(); add({ after: node.dataset.pk }); }
    else if (event.key === "Delete") { event.preventDefault(); remove(node); }
    else if (event.ctrlKey && event.key.toLowerCase() === "d") { event.preventDefault(); duplicate(node); }
    else if (event.ctrlKey && event.key.toLowerCase() === "z" && undone) { event.preventDefault(); undone(); }
  });

  /* Dragging: lists become sortable when a handle is touched, so that a long outline opens fast */
  root.addEventListener("pointerdown", function (event) {
    if (!window.Sortable || !event.target.closest(".node-handle")) { return; }
    root.querySelectorAll("[data-children]").forEach(function (list) { if (!window.Sortable.get(list)) { sortable(list); } });
  }, true);
  function sortable(list) {
    window.Sortable.create(list, {
      group: "outline", handle: ".node-handle", draggable: ".node", animation: 120, ghostClass: "node-ghost",
      fallbackOnBody: true, swapThreshold: 0.6, emptyInsertThreshold: 8,
      onStart: function () { root.classList.add("dragging"); },
      onMove: function (event) { return depth(event.to) + height(event.dragged) <= 3; },
      onEnd: function (event) {
        root.classList.remove("dragging");
        if (event.from === event.to && event.oldDraggableIndex === event.newDraggableIndex) { return; }
        var node = event.item;
        act(base + node.dataset.pk + "/move/", function () {
          return { parent: event.to.dataset.children, position: event.newDraggableIndex, revision: root.dataset.revision };
        }, function (data) { place(node, data); });
      }
    });
  }

  window.editorFields(root, saver.changed);

  function start() { openers().forEach(function (link) { link.setAttribute("aria-expanded", "false"); }); }
  start();
  document.querySelectorAll("form[data-unit=head]").forEach(saver.opened);
  saver.left().forEach(function (unit) { if (unit !== "head" && byKey(unit)) { open(byKey(unit)); } });
})();
