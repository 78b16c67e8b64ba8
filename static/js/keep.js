/* Nothing typed is lost: a <form data-keep="name"> is kept on this machine until the server has answered well.
   After an expired login, a crash or a closed page it is offered back, to the same person on the same page only; files are
   left out. The server says “done” by a cookie (branches/keeping.py); a script that sends a form itself calls
   window.house.kept(form). Before anything is filled in the form gets the event keep:fill with the values as its detail,
   for scripts that must make rows first. */
"use strict";

(function () {
  var user = document.body.dataset.user || "";
  var posted = document.body.hasAttribute("data-posted");
  var FORGET_AFTER = 14 * 24 * 3600 * 1000;
  var PREFIX = "kept:";

  function read(key) {
    try { return JSON.parse(localStorage.getItem(key)); } catch (e) { return null; }
  }
  function write(key, entry) {
    try {
      if (entry) { localStorage.setItem(key, JSON.stringify(entry)); } else { localStorage.removeItem(key); }
      return true;
    } catch (e) { return false; /* full or forbidden: the page itself still holds what was typed */ }
  }
  function keys() {
    try { return Object.keys(localStorage).filter(function (key) { return key.indexOf(PREFIX) === 0; }); } catch (e) { return []; }
  }

  /* What the server has taken well, and what nobody came back for. */
  document.cookie.split("; ").forEach(function (part) {
    var found = part.match(/^kept-([a-z0-9]+)=/);
    if (!found) { return; }
    keys().forEach(function (key) {
      var entry = read(key);
      if (entry && entry.id === found[1]) { write(key, entry.older || null); }
    });
    document.cookie = "kept-" + found[1] + "=; path=/; max-age=0; samesite=lax";
  });
  keys().forEach(function (key) {
    var entry = read(key);
    if (!entry || !entry.at || Date.now() - entry.at > FORGET_AFTER) { write(key, null); }
  });

  /* On the login page: say that what was typed on the page one comes from is still here. */
  var waiting = document.querySelector("[data-kept-for]");
  if (waiting) {
    var path = waiting.dataset.keptFor.split(/[?#]/)[0];
    waiting.hidden = !keys().some(function (key) { return key.split(":").slice(2, -1).join(":") === path; });
  }
  if (!user) { return; }

  function keepable(field) {
    return field.name && !/^(file|password|submit|button|image|reset)$/.test(field.type) && field.name !== "csrfmiddlewaretoken" && field.name !== "kept";
  }
  function fields(form) { return Array.from(form.elements).filter(keepable); }

  /* [name, value, is it hidden] of everything that would be sent now; or, `given`, as the server gave it. */
  function values(form, given) {
    var found = [];
    fields(form).forEach(function (field) {
      var hidden = field.type === "hidden" ? 1 : 0;
      if (/^(checkbox|radio)$/.test(field.type)) {
        if (given ? field.defaultChecked : field.checked) { found.push([field.name, field.value, hidden]); }
      } else if (field.options) {
        var all = Array.from(field.options);
        var chosen = all.filter(function (option) { return given ? option.defaultSelected : option.selected; });
        if (given && !chosen.length && !field.multiple) { chosen = all.slice(0, 1); }
        chosen.forEach(function (option) { found.push([field.name, option.value, hidden]); });
      } else {
        found.push([field.name, given ? field.defaultValue : field.value, hidden]);
      }
    });
    return found;
  }

  function said(list) {
    return list.filter(function (each) { return !each[2] && each[1] !== ""; })
      .map(function (each) { return each[0] + "=" + each[1]; }).sort().join("\n");
  }

  function fill(form, list) {
    form.dispatchEvent(new CustomEvent("keep:fill", { detail: list }));
    var given = {};
    list.forEach(function (each) { (given[each[0]] = given[each[0]] || []).push(each[1]); });
    fields(form).forEach(function (field) {
      var mine = given[field.name];
      if (/^(checkbox|radio)$/.test(field.type)) { field.checked = Boolean(mine) && mine.indexOf(field.value) >= 0; }
      else if (field.multiple && field.options) {
        Array.from(field.options).forEach(function (option) { option.selected = Boolean(mine) && mine.indexOf(option.value) >= 0; });
      } else if (mine) { field.value = mine.length > 1 ? mine.shift() : mine[0]; }
    });
    fields(form).forEach(function (field) {
      if (field.type !== "hidden") { field.dispatchEvent(new Event("change", { bubbles: true })); }
    });
  }

  function moment(at) {
    return new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", month: "long", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false }).format(new Date(at));
  }

  function button(text, kind, act) {
    var made = document.createElement("button");
    made.type = "button";
    made.className = "btn btn-sm " + kind;
    made.textContent = text;
    made.addEventListener("click", act);
    return made;
  }

  function watch(form) {
    var key = [PREFIX.slice(0, -1), user, location.pathname, form.dataset.keep].join(":");
    var offered = null;
    var timer = null;

    function store(more) {
      clearTimeout(timer);
      timer = null;
      var entry = Object.assign({ at: Date.now(), values: values(form) }, more);
      if (offered) { entry.older = { at: offered.at, values: offered.values }; }
      write(key, entry);
    }
    function forget() {
      clearTimeout(timer);
      timer = null;
      write(key, offered);
    }

    function offer(entry) {
      offered = { at: entry.at, values: entry.values, older: entry.older };
      var note = document.createElement("div");
      note.className = "note note-warning keep-offer";
      note.setAttribute("role", "status");
      var words = document.createElement("span");
      words.textContent = "找回了上次没有提交的内容（" + moment(entry.at) + "填写）。恢复后请核对，再按保存。";
      var acts = document.createElement("span");
      acts.className = "keep-acts";
      function done() {
        note.remove();
        offered = null;
        if (entry.older && said(entry.older.values) !== said(values(form))) { offer(entry.older); }
      }
      acts.appendChild(button("恢复", "btn-primary", function () {
        done();
        fill(form, entry.values);
        store();
        (fields(form).find(function (field) { return field.type !== "hidden"; }) || form).focus();
        window.house.toast("已恢复到页面上，还没有保存；核对后请按保存。", "info");
      }));
      acts.appendChild(button("不要了", "btn-outline-secondary", function () {
        done();
        if (said(values(form)) === fresh) { forget(); } else { store(); }
      }));
      note.appendChild(words);
      note.appendChild(acts);
      form.parentNode.insertBefore(note, form);
    }

    var fresh = said(values(form, true));
    var left = read(key);
    if (posted) {
      /* The server's answer to what was just sent: what it shows again is what was typed, and still unsaved. */
      if (left) { store(); }
    } else if (left && left.values && said(left.values) === fresh) {
      /* The server has it already. */
      write(key, left.older || null);
      if (left.older && said(left.older.values) !== fresh) { offer(left.older); }
    } else if (left && left.values && said(left.values) !== said(values(form))) {
      offer(left);
    }

    function later() { clearTimeout(timer); timer = setTimeout(store, 300); }
    form.addEventListener("input", later);
    form.addEventListener("change", later);
    window.addEventListener("pagehide", function () { if (timer) { store(); } });
    document.addEventListener("visibilitychange", function () { if (timer && document.hidden) { store(); } });

    /* Sent with a mark of its own, by which the next page knows that this and nothing else was taken. */
    form.addEventListener("submit", function (event) {
      if (event.defaultPrevented || form.method !== "post") { return; }
      var id = Math.random().toString(36).slice(2, 12) + Date.now().toString(36);
      var mark = form.querySelector("input[name=kept]");
      if (!mark) {
        mark = document.createElement("input");
        mark.type = "hidden";
        mark.name = "kept";
        form.appendChild(mark);
      }
      mark.value = id;
      if (read(key) || said(values(form)) !== fresh) { store({ id: id }); }
    });
    form.addEventListener("keep:done", function () { fresh = said(values(form)); forget(); });
    document.addEventListener("htmx:afterRequest", function (event) {
      if (event.detail.elt === form && event.detail.successful) { fresh = said(values(form)); forget(); }
    });
  }

  window.house.kept = function (form) { form.dispatchEvent(new CustomEvent("keep:done")); };
  document.querySelectorAll("form[data-keep]").forEach(watch);
  document.addEventListener("htmx:load", function (event) {
    var root = event.detail.elt;
    if (root === document.body) { return; }
    if (root.matches("form[data-keep]")) { watch(root); }
    root.querySelectorAll("form[data-keep]").forEach(watch);
  });
})();
