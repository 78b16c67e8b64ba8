/* The library's page: captions, dates and places save themselves; ticked files are counted; new files appear by themselves. */
"use strict";

(function () {
  var waiting = new Map();
  var timer = null;

  /* Facts. A field that could not be saved is tried again until it is; leaving the page meanwhile is warned of. */
  function save(field) {
    var group = field.closest("[data-url]");
    var said = group.querySelector("[data-saved]");
    var data = {};
    var value = field.value;
    data[field.dataset.fact] = value;
    said.textContent = "正在保存…";
    said.classList.remove("crit-error");
    waiting.set(field, true);
    var token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
    fetch(group.dataset.url, {
      method: "POST", body: new URLSearchParams(data), credentials: "same-origin",
      headers: { "X-CSRFToken": token ? token[1] : window.house.csrf(), "X-Requested-With": "fetch" }
    }).then(function (answer) { return answer.text().then(function (text) { settle(answer.status, text); }); }, function () { settle(0, ""); });

    function settle(status, text) {
      if (status === 200) {
        said.textContent = "已保存";
        if (field.value === value) { waiting.delete(field); }
        return;
      }
      said.classList.add("crit-error");
      said.textContent = "没有保存：" + (status === 401 ? "登录已过期，请在新窗口登录，会自动再存。" : window.house.failure(status, text));
      if (status === 0 || status === 401 || status >= 500) { clearTimeout(timer); timer = setTimeout(again, 10000); } else { waiting.delete(field); }
    }
  }
  function again() { waiting.forEach(function (_, field) { save(field); }); }
  window.addEventListener("online", again);
  window.addEventListener("focus", again);
  window.addEventListener("beforeunload", function (event) {
    if (waiting.size) { event.preventDefault(); event.returnValue = "还有说明没有保存"; }
  });

  document.addEventListener("change", function (event) {
    if (event.target.matches("[data-fact]")) { save(event.target); }
    if (event.target.matches("[data-all]")) {
      document.querySelectorAll(".file-tick").forEach(function (tick) { tick.checked = event.target.checked; });
    }
    if (event.target.matches("[data-all], .file-tick")) { count(); }
  });
  document.addEventListener("keydown", function (event) {
    if (event.key === "Enter" && event.target.matches("[data-fact]") && !event.isComposing) {
      event.preventDefault();
      var fields = Array.from(document.querySelectorAll("[data-fact=" + event.target.dataset.fact + "]"));
      var below = fields[fields.indexOf(event.target) + 1];
      if (below) { below.focus(); } else { event.target.blur(); }
    }
  });
  function count() {
    var number = document.querySelectorAll(".file-tick:checked").length;
    var place = document.querySelector("[data-chosen]");
    if (place) { place.textContent = number ? "已勾选" + number + "份" : "勾选后可以一起引用或删除"; }
  }

  /* What arrived is shown without leaving the page, the answers of each file stay to be read. */
  document.addEventListener("uploaded", function () {
    if (waiting.size) { return; }
    fetch(location.href, { credentials: "same-origin" }).then(function (answer) { return answer.ok ? answer.text() : ""; }, function () { return ""; }).then(function (text) {
      var page = new DOMParser().parseFromString(text, "text/html");
      if (!text) { return; }
      ["#library", ".lead-line", ".library-top", ".unfinished"].forEach(function (place) {
        var old = document.querySelector(place), fresh = page.querySelector(place);
        if (old && fresh) { old.replaceWith(document.importNode(fresh, true)); } else if (old) { old.remove(); }
      });
    });
  });
})();
