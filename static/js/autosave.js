/* Saving while typing. A unit is an element with data-unit; everything named inside it is sent together.
   What is typed is kept in localStorage, for the same person and page, until the server has answered, so that no failure
   loses it: no network, an ended session, a closed lid, a crash. Where this machine has no room for it, the page says so
   and asks before it is left.
   window.autosave(options) → { save(unit), idle(unit) }: root, urlOf(unit), onSaved(unit, data). Events of the page are left alone. */
"use strict";

window.autosave = function (options) {
  var PAUSE = 1200, LONGEST = 8000, RETRY = 10000;
  var root = options.root;
  var store = "unsaved:" + root.dataset.user + ":" + location.pathname;
  var state = document.getElementById("save-state");
  var banner = document.getElementById("save-banner");
  var timers = new Map();
  var since = new Map();
  var busy = new Set();
  var again = new Set();
  var retry = null;
  var failed = false;

  function key(unit) { return unit.dataset.unit; }
  var fields = window.conflict.fields, isVersion = window.conflict.isVersion, values = window.conflict.values;
  function unitOf(name) { return Array.from(document.querySelectorAll("[data-unit]")).find(function (u) { return key(u) === name; }); }
  function put(unit, given) {
    window.conflict.put(unit, given);
    filled(unit);
  }
  function filled(unit) { unit.dispatchEvent(new CustomEvent("autosave:filled", { bubbles: true })); }

  /* The shelf of unsaved units: `held` for this page, the same in localStorage for the next one. */
  var held = {};
  var kept = true;

  function shelf() {
    try { return JSON.parse(localStorage.getItem(store)) || {}; } catch (e) { return {}; }
  }
  function keep(all) {
    try {
      if (Object.keys(all).length) { localStorage.setItem(store, JSON.stringify(all)); } else { localStorage.removeItem(store); }
      kept = true;
    } catch (e) { kept = false; }
  }
  function remember(unit) {
    held[key(unit)] = values(unit);
    keep(Object.assign(shelf(), held));
  }
  /* Another window may have put something newer on the shelf meanwhile: that stays. */
  function forget(unit, sent) {
    var all = shelf(), name = key(unit);
    delete held[name];
    if (all[name] && (!sent || alike(all[name], sent))) { delete all[name]; keep(all); }
    else if (!kept) { keep(all); }
  }
  function alike(one, other) {
    return Object.keys(Object.assign({}, one, other)).every(function (name) { return isVersion(name) || one[name] === other[name]; });
  }
  function waiting() { return Object.keys(held).length; }

  /* Words */
  function say(unit, text, wrong) {
    var place = unit.querySelector("[data-say]");
    if (place) {
      place.textContent = text;
      place.classList.toggle("crit-error", Boolean(wrong));
      if (wrong) { place.setAttribute("role", "alert"); } else { place.removeAttribute("role"); }
    }
    unit.classList.toggle("crit-wrong", Boolean(wrong));
    if (unit.querySelector("[data-answer]")) { window.answers.mark(unit, wrong ? text : ""); }
    else { unit.querySelectorAll("input[type=text]").forEach(function (f) { f.classList.toggle("is-invalid", Boolean(wrong)); }); }
  }
  function announce(text, bad) {
    if (!state) { return; }
    state.textContent = text;
    state.className = bad ? "saved saved-failed" : "saved";
  }
  function warn(text, link) {
    if (!banner) { return; }
    banner.hidden = !text;
    banner.textContent = text || "";
    if (link) {
      var a = document.createElement("a");
      a.href = "/login/";
      a.target = "_blank";
      a.rel = "noopener";
      a.textContent = link;
      banner.appendChild(a);
    }
  }
  /* Where the text is while the server does not have it. */
  function where() {
    return kept ? "内容已暂存在本机" : "本机浏览器存储已满，内容只在本页上，请不要关闭或刷新本页";
  }

  /* The token is read from the cookie: a new login in another tab changes it, and this page must go on working. */
  function token() {
    var found = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
    return found ? found[1] : window.house.csrf();
  }

  function unschedule(unit) {
    clearTimeout(timers.get(unit));
    timers.delete(unit);
    since.delete(unit);
  }
  /* After a pause in the typing; who never pauses is saved on the way. */
  function schedule(unit, wait) {
    var begun = since.get(unit) || Date.now();
    clearTimeout(timers.get(unit));
    since.set(unit, begun);
    timers.set(unit, setTimeout(function () { save(unit); }, Math.max(0, Math.min(wait, begun + LONGEST - Date.now()))));
  }

  function save(unit) {
    unschedule(unit);
    if (busy.has(unit)) { again.add(unit); return; }
    var sent = values(unit);
    busy.add(unit);
    announce("正在保存…");
    var body = new URLSearchParams(sent).toString();
    fetch(options.urlOf(unit), {
      method: "POST", body: body, credentials: "same-origin", keepalive: body.length < 60000,
      headers: {
        "X-CSRFToken": token(), "X-Requested-With": "fetch", "X-Page-Of": root.dataset.user,
        "Content-Type": "application/x-www-form-urlencoded"
      }
    }).then(
      function (answer) { return answer.text().then(function (text) { settle(unit, sent, answer.status, text); }); }
    ).catch(function () { settle(unit, sent, 0, ""); });
  }

  function settle(unit, sent, status, text) {
    busy.delete(unit);
    var data = {};
    try { data = JSON.parse(text); } catch (e) { /* a page instead of data */ }
    if (status === 200 && data.version !== undefined) { saved(unit, sent, data); }
    else if (status === 400 && data.message) { wrong(unit, data.message); }
    else if (status === 409 && (data.theirs || data.fields)) { conflict(unit, data); }
    else if (status === 409) { wrong(unit, data.message || text); warn(data.message || text); }
    else if (status === 401) { later((text.length < 200 && text.charAt(0) !== "<" ? text : "登录已过期。") + where() + "。", "在新窗口重新登录"); }
    else if (status === 403 || status === 404) { wrong(unit, "没有保存：您没有填写权限，或页面已过期，请刷新页面。"); }
    else { later(status ? "服务器暂时出错，" + where() + "，稍后自动重试。" : "网络不通，" + where() + "，恢复后自动重试。"); }
    if (again.has(unit) && status === 200) { again.delete(unit); save(unit); }
    unit.dispatchEvent(new CustomEvent("autosave:settled", { detail: { status: status } }));
  }

  /* Before the page itself sends the form: nothing more is begun, and it is told whether anything is still on its way. */
  function idle(unit) {
    unschedule(unit);
    again.delete(unit);
    return !busy.has(unit);
  }

  function saved(unit, sent, data) {
    window.conflict.version(unit, data.version);
    window.conflict.settled(unit, sent);
    if (alike(values(unit), sent)) { forget(unit, sent); } else { remember(unit); schedule(unit, 800); }
    say(unit, "已保存 " + data.at);
    warn("");
    options.onSaved(unit, data);
    if (waiting() && !busy.size) { resend(); }
    if (failed && waiting()) { announce("还有" + waiting() + "项待补存…", true); return; }
    announce((failed ? "全部补存完毕，" : "") + "已保存 " + data.at);
    failed = false;
  }

  function wrong(unit, text) {
    say(unit, text, true);
    announce("有一项没有保存，请看标红处", true);
    unit.dataset.refused = "1";
  }

  function later(text, link) {
    failed = true;
    announce("未保存，共" + Math.max(1, waiting()) + "项，稍后自动重试", true);
    warn(text, link);
    clearTimeout(retry);
    retry = setTimeout(resend, RETRY);
  }

  function resend() {
    Object.keys(held).forEach(function (name) {
      var unit = unitOf(name);
      if (unit && !busy.has(unit) && !timers.has(unit) && !unit.dataset.refused && !unit.dataset.conflict) { save(unit); }
    });
  }

  /* Somebody else saved the same item: both stay visible until a person decides. */
  function conflict(unit, data) {
    wrong(unit, data.message);
    window.conflict.ask(unit, {
      theirs: data.theirs || { version: data.version, fields: data.fields, by: "他人" },
      after: unit.querySelector(".crit-foot") || unit.querySelector("[data-say]"),
      mine: function () { done(); remember(unit); save(unit); },
      other: function () {
        filled(unit);
        done();
        forget(unit);
        say(unit, "已换成对方保存的内容");
        announce("已换成对方保存的内容");
      }
    });
    function done() { delete unit.dataset.refused; say(unit, ""); }
  }

  root.addEventListener("input", function (event) {
    var unit = event.target.closest("[data-unit]");
    if (!unit || !event.target.name || event.target.type === "file") { return; }
    delete unit.dataset.refused;
    remember(unit);
    if (!kept) { warn("本机浏览器存储已满：保存成功之前，请不要关闭或刷新本页。"); }
    if (!unit.dataset.conflict) {
      say(unit, "");
      schedule(unit, event.target.type === "radio" ? 0 : PAUSE);
    }
  });
  root.addEventListener("focusout", function (event) {
    var unit = event.target.closest("[data-unit]");
    if (unit && timers.has(unit)) { save(unit); }
  });
  window.addEventListener("online", resend);
  window.addEventListener("focus", function () { if (waiting()) { resend(); } });
  /* The lid closes, the page is left: what is typed goes out at once, and is on the shelf in any case. */
  function flush() { Array.from(timers.keys()).forEach(save); }
  document.addEventListener("visibilitychange", function () { if (document.hidden) { flush(); } else if (waiting()) { resend(); } });
  window.addEventListener("pagehide", flush);
  window.addEventListener("beforeunload", function (event) {
    if (waiting() && !kept) { event.preventDefault(); event.returnValue = ""; }
  });

  /* What an earlier visit could not save comes back and is sent again. */
  var left = shelf();
  Object.keys(left).forEach(function (name) {
    var unit = unitOf(name);
    if (!unit) { return; }
    if (alike(values(unit), left[name])) { forget(unit); return; }
    put(unit, left[name]);
    held[name] = left[name];
    failed = true;
    say(unit, "找回了上次没有存上的内容，正在保存…");
  });
  if (waiting()) { resend(); }

  return { save: save, idle: idle };
};
