/* The ranked list: dragging, buttons and keys move the same rows from place to place and side to side, and every change
   saves itself. Without this script the buttons go through the server and nothing is lost either. */
"use strict";

(function () {
  var form = document.getElementById("ranking");
  if (!form) { return; }
  var ranked = form.querySelector("[data-ranked]");
  var candidates = form.querySelector("[data-candidates]");
  var limit = parseInt(form.dataset.limit, 10);
  var announce = document.querySelector("[data-announce]");
  var word = form.querySelector("[data-changed]");
  var theirs = form.querySelector("[data-theirs-place]");
  var confirmPlace = document.querySelector("[data-confirm-place]");
  var dirty = form.dataset.unsaved === "1";
  var sending = false;
  var change = 0;
  var timer = null;
  form.querySelectorAll(".rank-handle").forEach(function (handle) { handle.hidden = false; });

  function items() { return Array.prototype.slice.call(ranked.children); }

  function say(text, failed) {
    word.textContent = text;
    word.classList.toggle("save-failed", Boolean(failed));
  }

  /* Numbers, limits and what would be sent follow from where the rows stand. */
  function draw() {
    var all = items();
    form.querySelector("[data-number]").textContent = all.length;
    form.querySelector("[data-empty]").hidden = all.length > 0;
    form.querySelector("[data-none]").hidden = candidates.children.length > 0;
    all.forEach(function (item, place) {
      item.classList.toggle("over-limit", place >= limit);
      item.querySelector("input[name=application]").disabled = false;
    });
    Array.prototype.forEach.call(candidates.children, function (item) {
      item.classList.remove("over-limit");
      item.querySelector("input[name=application]").disabled = true;
    });
  }

  function changed(words) {
    dirty = true;
    change += 1;
    document.querySelectorAll("form[data-needs-saved] button").forEach(function (button) { button.disabled = true; });
    if (words) { draw(); announce.textContent = words; }
    var over = items().length - limit;
    clearTimeout(timer);
    if (over > 0) { say("最多" + limit + "个，请移出" + over + "个；现在的改动未保存", true); return; }
    say("有改动未保存");
    if (!theirs.firstElementChild) { timer = setTimeout(save, 1200); }
  }

  function save() {
    clearTimeout(timer);
    if (sending) { timer = setTimeout(save, 300); return; }
    var at = change;
    sending = true;
    say("正在保存…");
    fetch(form.action, {
      method: "POST", body: new FormData(form), credentials: "same-origin",
      headers: { "X-CSRFToken": window.house.csrf(), "X-Requested-With": "fetch" }
    }).then(function (answer) {
      return answer.text().then(function (text) { done(answer.status, text, at); });
    }, function () { done(0, "", at); });
  }

  function done(status, text, at) {
    sending = false;
    var data = null;
    try { data = JSON.parse(text); } catch (_) { data = null; }
    if (status === 200 && data) {
      form.querySelector("[name=version]").value = data.version;
      if (at !== change) { return; }  // changed again meanwhile: the next save is on its way
      dirty = false;
      say("已保存 " + data.at);
      confirmPlace.innerHTML = data.confirm;
    } else if (status === 409 && data) {
      theirs.innerHTML = data.theirs;
      theirs.querySelector("[data-use-mine]").dataset.version = data.version;
      say(data.text, true);
      theirs.scrollIntoView({ block: "nearest" });
    } else {
      say("未保存：" + (data && data.text || window.house.failure(status, text)), true);
    }
  }

  function place(item) { return items().indexOf(item) + 1; }

  function told(item) { return item.dataset.name + "现在第" + place(item) + "名，共" + items().length + "名"; }

  /* `focus` goes to what was pressed where it is still there, so that a key can be pressed again. */
  function move(item, how, focus) {
    var moved = item.parentNode === ranked;
    if (how === "in") {
      ranked.appendChild(item);
      moved = true;
    } else if (!moved) {
      return;
    } else if (how === "out") {
      var next = item.nextElementSibling || item.previousElementSibling;
      if (item.hasAttribute("data-gone")) { item.remove(); } else { candidates.appendChild(item); }
      changed(item.dataset.name + "已移出，还有" + items().length + "名");
      var target = item.parentNode ? item.querySelector("[data-move=in]") : next && next.querySelector("[data-move=out]");
      if (target) { target.focus(); }
      return;
    } else if (how === "up" && item.previousElementSibling) {
      ranked.insertBefore(item, item.previousElementSibling);
    } else if (how === "down" && item.nextElementSibling) {
      ranked.insertBefore(item.nextElementSibling, item);
    } else if (how === "first") {
      ranked.insertBefore(item, ranked.firstElementChild);
    } else if (how === "last") {
      ranked.appendChild(item);
    } else {
      announce.textContent = told(item);
      return;
    }
    changed(how === "in" ? item.dataset.name + "已加入，第" + place(item) + "名" : told(item));
    (how === "in" ? item.querySelector(".rank-handle") : focus).focus();
  }

  form.addEventListener("click", function (event) {
    var button = event.target.closest("[data-move]");
    if (!button) { return; }
    event.preventDefault();
    move(button.closest(".rank-item"), button.dataset.move, button);
  });
  form.addEventListener("keydown", function (event) {
    var item = event.target.closest(".rank-item");
    var onHandle = event.target.classList.contains("rank-handle");
    var how = { ArrowUp: "up", ArrowDown: "down", Home: "first", End: "last" }[event.key];
    if (!item || !how || !(event.altKey || onHandle)) { return; }
    event.preventDefault();
    if (onHandle && item.parentNode === candidates) { how = "in"; }
    move(item, how, event.target);
  });
  form.addEventListener("input", function () { changed(""); });

  theirs.addEventListener("click", function (event) {
    if (event.target.closest("[data-use-theirs]")) { dirty = false; return; }
    var mine = event.target.closest("[data-use-mine]");
    if (!mine) { return; }
    if (mine.dataset.version) { form.querySelector("[name=version]").value = mine.dataset.version; }
    theirs.textContent = "";
    save();
  });

  if (window.Sortable) {
    [ranked, candidates].forEach(function (list) {
      window.Sortable.create(list, {
        group: "rank", handle: ".rank-handle", animation: 150, ghostClass: "rank-ghost",
        forceFallback: true, fallbackTolerance: 3,
        onEnd: function (event) {
          var item = event.item;
          if (event.from === event.to && event.oldIndex === event.newIndex) { return; }
          if (item.hasAttribute("data-gone") && event.to === candidates) { item.remove(); }
          if (event.to === ranked) { changed(told(item)); }
          else if (event.from === ranked) { changed(item.dataset.name + "已移出，还有" + items().length + "名"); }
        }
      });
    });
  }

  form.addEventListener("submit", function (event) {
    event.preventDefault();
    if (items().length <= limit) { save(); }
  });
  window.addEventListener("beforeunload", function (event) {
    if (dirty || sending) { event.preventDefault(); event.returnValue = ""; }
  });
})();
