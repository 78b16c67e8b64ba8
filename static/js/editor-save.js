/* Saving in the standards editor. A unit is a form with data-unit (one criterion, or the head): saved 1.5 s after the
   first change and on leaving a field. What is typed is kept in localStorage until the server has answered.
   window.editorSave(options) → { save(form), opened(form), forget(unit), left() }; options: user, onSaved(form, data),
   onConflict(form, html), onRefused(form, text). */
"use strict";

window.editorSave = function (options) {
  var store = "unsaved:" + options.user + ":" + location.pathname;
  var state = document.getElementById("save-state");
  var banner = document.getElementById("save-banner");
  var timers = new Map();
  var running = new Map();
  var clean = new WeakMap();
  var retry = null;

  function packed(form) {
    var data = new URLSearchParams(new FormData(form));
    data.delete("csrfmiddlewaretoken");
    return data.toString();
  }
  /* What a person can change: neither the version nor the key of a rule. */
  function content(form) {
    var data = new URLSearchParams(packed(form));
    Array.from(data.keys()).forEach(function (name) { if (/^(version|mark|rules-\d+-pk)$/.test(name)) { data.delete(name); } });
    return data.toString();
  }
  function dirty(form) { return clean.get(form) !== content(form); }

  /* The shelf of unsaved units */
  function shelf() {
    try { return JSON.parse(localStorage.getItem(store)) || {}; } catch (e) { return {}; }
  }
  function keep(all) {
    try {
      if (Object.keys(all).length) { localStorage.setItem(store, JSON.stringify(all)); } else { localStorage.removeItem(store); }
    } catch (e) { /* full or forbidden: the page itself still holds what was typed */ }
  }
  function remember(form) { var all = shelf(); all[form.dataset.unit] = packed(form); keep(all); }
  function forget(unit) { var all = shelf(); delete all[unit]; keep(all); }

  /* Words */
  function announce(text, failed) {
    if (!state) { return; }
    state.textContent = text;
    state.className = failed ? "saved saved-failed" : "saved";
  }
  function warn(text, login) {
    if (!banner) { return; }
    banner.hidden = !text;
    banner.textContent = text || "";
    if (login) {
      var link = document.createElement("a");
      link.href = "/login/";
      link.target = "_blank";
      link.rel = "noopener";
      link.textContent = login;
      banner.appendChild(link);
    }
  }
  function say(form, text, wrong) {
    var place = form.querySelector("[data-say]");
    if (!place) { return; }
    place.textContent = text;
    place.classList.toggle("unit-wrong", Boolean(wrong));
  }
  function errors(form, found) {
    var first = null;
    form.querySelectorAll("[data-error]").forEach(function (place) {
      var texts = found[place.dataset.error] || [];
      var field = form.elements[place.dataset.error];
      place.textContent = texts.join("");
      if (field && field.classList) {
        field.classList.toggle("is-invalid", texts.length > 0);
        if (texts.length) { field.setAttribute("aria-invalid", "true"); } else { field.removeAttribute("aria-invalid"); }
      }
      if (texts.length && !first) { first = place; }
    });
    if (first) { for (var up = first.closest("details"); up; up = up.parentElement.closest("details")) { up.open = true; } }
  }

  /* The token is read from the cookie: a new login in another tab changes it, and this page must go on working. */
  function token() {
    var found = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
    return found ? found[1] : window.house.csrf();
  }

  function schedule(form) {
    if (!timers.has(form)) { timers.set(form, setTimeout(function () { save(form); }, 1500)); }
  }

  /* Resolves to true once what stands in the form is saved. */
  function save(form) {
    clearTimeout(timers.get(form));
    timers.delete(form);
    if (!form.isConnected) { return Promise.resolve(false); }
    if (running.has(form)) { return running.get(form).then(function () { return save(form); }); }
    if (!dirty(form)) { settled(form); return Promise.resolve(true); }
    var sent = content(form);
    var body = packed(form);
    announce("正在保存…");
    var going = fetch(form.action, {
      method: "POST", body: body, credentials: "same-origin", keepalive: body.length < 60000,
      headers: { "X-CSRFToken": token(), "X-Requested-With": "fetch", "Content-Type": "application/x-www-form-urlencoded" }
    }).then(
      function (answer) { return answer.text().then(function (text) { return settle(form, sent, answer.status, text); }); },
      function () { return settle(form, sent, 0, ""); }
    );
    running.set(form, going);
    going.then(function () { running.delete(form); });
    return going;
  }

  /* What stands there is what is saved, perhaps after a refused attempt. */
  function settled(form) {
    forget(form.dataset.unit);
    if (!form.querySelector(".unit-wrong, .is-invalid")) { return; }
    errors(form, {});
    say(form, "没有改动");
    announce("没有改动");
  }

  function settle(form, sent, status, text) {
    if (status === 200 && text.charAt(0) === "{") { return saved(form, sent, JSON.parse(text)); }
    if (status === 400 && text.charAt(0) === "{") {
      var wrong = JSON.parse(text);
      errors(form, wrong.errors);
      say(form, (wrong.errors.__all__ || [wrong.message]).join(""), true);
      announce("有内容没有保存，请看标红处", true);
    } else if (status === 409) {
      announce("两个人同时改了，请选择", true);
      options.onConflict(form, text);
    } else if (status === 422) {
      say(form, text, true);
      announce("没有保存", true);
      options.onRefused(form, text);
    } else if (status === 401) { later(form, "登录已过期，内容已暂存在本机。", "在新窗口重新登录"); }
    else if (status === 403 || status === 404) { say(form, "没有保存：您没有编写权限，或页面已过期，请刷新页面。", true); announce("没有保存", true); }
    else { later(form, status ? "服务器暂时出错，内容已暂存在本机，稍后自动重试。" : "网络不通，内容已暂存在本机，恢复后自动重试。"); }
    return false;
  }

  function saved(form, sent, data) {
    var version = form.elements.version || form.elements.mark;
    if (version) { version.value = data.version; }
    Object.keys(data.rules || {}).forEach(function (prefix) {
      var key = form.elements[prefix + "-pk"];
      if (key) { key.value = data.rules[prefix]; }
    });
    clean.set(form, sent);
    errors(form, {});
    say(form, "已保存 " + data.at);
    announce("已保存 " + data.at);
    warn("");
    if (dirty(form)) { remember(form); schedule(form); } else { forget(form.dataset.unit); }
    options.onSaved(form, data);
    return true;
  }

  function later(form, text, login) {
    announce("未保存，稍后自动重试", true);
    warn(text, login);
    clearTimeout(retry);
    retry = setTimeout(resend, 10000);
  }
  function units() { return Array.from(document.querySelectorAll("form[data-unit]")); }
  function resend() { units().forEach(function (form) { if (dirty(form)) { save(form); } }); }

  /* A form just came onto the page: what an earlier visit could not save comes back and is sent again. */
  function opened(form) {
    clean.set(form, content(form));
    var left = shelf()[form.dataset.unit];
    if (!left) { return; }
    put(form, new URLSearchParams(left));
    say(form, "找回了上次没有存上的内容，正在保存…");
    save(form).then(function (done) { if (done && !dirty(form)) { forget(form.dataset.unit); } });
  }
  function put(form, data) {
    form.dispatchEvent(new CustomEvent("editor:rows", { bubbles: true, detail: Array.from(data.keys()) }));
    Array.from(form.elements).forEach(function (field) {
      if (!field.name || field.name === "csrfmiddlewaretoken") { return; }
      if (field.type === "checkbox" || field.type === "radio") { field.checked = data.getAll(field.name).indexOf(field.value) >= 0; }
      else if (data.has(field.name)) { field.value = data.get(field.name); }
    });
    form.dispatchEvent(new CustomEvent("editor:filled", { bubbles: true }));
  }

  function changed(event) {
    var form = event.target.closest && event.target.closest("form[data-unit]");
    if (!form || !event.target.name) { return; }
    remember(form);
    say(form, "");
    schedule(form);
  }
  document.addEventListener("input", changed);
  document.addEventListener("change", changed);
  document.addEventListener("focusout", function (event) {
    var form = event.target.closest && event.target.closest("form[data-unit]");
    if (form && timers.has(form)) { save(form); }
  });
  document.addEventListener("submit", function (event) {
    if (event.target.matches("form[data-unit]")) { event.preventDefault(); save(event.target); }
  });
  window.addEventListener("online", resend);
  document.addEventListener("visibilitychange", function () {
    if (document.hidden) { timers.forEach(function (_, form) { save(form); }); }
  });
  window.addEventListener("pagehide", function () { timers.forEach(function (_, form) { save(form); }); });

  return {
    save: save, opened: opened, forget: forget, announce: announce, token: token, changed: function (form) { remember(form); schedule(form); },
    drop: function (form) { clearTimeout(timers.get(form)); timers.delete(form); },
    left: function () { return Object.keys(shelf()); }
  };
};
