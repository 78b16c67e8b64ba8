/* What every page shares: the server clock, toasts, confirmation, one submit per press, an open session while typing.
   Other scripts use window.house: toast(text, kind), post(url, data), csrf(). */
"use strict";

/* For style sheets: .js .no-js-only and html:not(.js) .js-only. */
document.documentElement.classList.add("js");

window.house = (function () {
  function csrf() {
    var field = document.querySelector("input[name=csrfmiddlewaretoken]");
    return field ? field.value : "";
  }

  /* kind: info, success, warning or error; errors stay until closed. */
  function toast(text, kind) {
    var box = document.getElementById("toasts");
    if (!box) { return; }
    var note = document.createElement("div");
    note.className = "note note-" + (kind || "info");
    var words = document.createElement("span");
    words.textContent = text;
    var close = document.createElement("button");
    close.type = "button";
    close.className = "btn-close";
    close.setAttribute("aria-label", "关闭提示");
    close.addEventListener("click", function () { note.remove(); });
    note.appendChild(words);
    note.appendChild(close);
    box.appendChild(note);
    if (kind !== "error") { setTimeout(function () { note.remove(); }, 6000); }
  }

  /* The sentence for a failed answer; the server's own words where it has some. */
  function failure(status, text) {
    if (status === 401) { return "登录已过期：请在新窗口重新登录，再回到本页保存，填写的内容还在。"; }
    if (status === 422 || status === 409 || status === 413) { return text; }
    if (status === 403) { return text.length < 200 && text.charAt(0) !== "<" ? text : "没有权限做这一步，或页面已过期；请刷新页面后再试。"; }
    if (status === 0) { return "连接不上服务器：内容仍在本页，请检查网络后再试。"; }
    return "服务器出错，这一步没有保存；请稍后再试。";
  }

  /* POST a FormData or plain object; resolves to {ok, status, text, json()}; a refusal is shown as a toast. */
  function post(url, data) {
    var body = data instanceof FormData ? data : new URLSearchParams(data);
    var headers = { "X-CSRFToken": csrf(), "X-Requested-With": "fetch" };
    return fetch(url, { method: "POST", body: body, headers: headers, credentials: "same-origin" }).then(
      function (answer) {
        return answer.text().then(function (text) {
          if (!answer.ok) { toast(failure(answer.status, text), "error"); }
          return { ok: answer.ok, status: answer.status, text: text, json: function () { return JSON.parse(text); } };
        });
      },
      function () {
        toast(failure(0), "error");
        return { ok: false, status: 0, text: failure(0), json: function () { return null; } };
      }
    );
  }

  return { csrf: csrf, toast: toast, post: post, failure: failure };
})();

(function () {
  /* The server clock: counts on from the second the page was made, never from this machine's own time. */
  var clocks = document.querySelectorAll("[data-clock]");
  if (clocks.length) {
    var start = parseInt(clocks[0].dataset.clock, 10) * 1000;
    var begun = performance.now();
    var format = new Intl.DateTimeFormat("zh-CN", {
      timeZone: "Asia/Shanghai", month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false
    });
    var tick = function () {
      var part = {};
      format.formatToParts(new Date(start + performance.now() - begun)).forEach(function (p) { part[p.type] = p.value; });
      var said = part.month + "月" + part.day + "日 " + (part.hour === "24" ? "00" : part.hour) + ":" + part.minute + ":" + part.second;
      clocks.forEach(function (clock) { clock.textContent = said; });
    };
    tick();
    setInterval(tick, 1000);
  }

  document.addEventListener("click", function (event) {
    var menu = document.querySelector(".user-menu[open]");
    if (menu && !menu.contains(event.target)) { menu.removeAttribute("open"); }
  });
  document.addEventListener("keydown", function (event) {
    var menu = document.querySelector(".user-menu[open]");
    if (menu && event.key === "Escape") { menu.removeAttribute("open"); menu.querySelector("summary").focus(); }
  });

  /* <form data-confirm="…"> or <button data-confirm="…"> asks first; a form is sent once per press. */
  document.addEventListener("submit", function (event) {
    var form = event.target;
    var button = event.submitter;
    var question = (button && button.dataset.confirm) || form.dataset.confirm;
    if (form.dataset.sending || (question && !window.confirm(question))) {
      event.preventDefault();
      return;
    }
    if (form.method === "post" && !form.hasAttribute("hx-post")) {
      setTimeout(function () { if (!event.defaultPrevented) { form.dataset.sending = "1"; } }, 0);
      setTimeout(function () { delete form.dataset.sending; }, 10000);
    }
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-sending]").forEach(function (form) { delete form.dataset.sending; });
  });

  /* A choice marked data-autosubmit sends its form; without JavaScript the form has its own button. */
  document.addEventListener("change", function (event) {
    if (event.target.matches("[data-autosubmit]")) { event.target.form.requestSubmit(); }
  });
  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-print]")) { window.print(); }
  });

  /* Somebody who types is not idle: keep the session open, at most once in five minutes. */
  var touched = Date.now();
  document.addEventListener("input", function () {
    if (document.body.classList.contains("outside") || Date.now() - touched < 5 * 60 * 1000) { return; }
    touched = Date.now();
    fetch("/readyz", { credentials: "same-origin" }).catch(function () {});
  });

  document.addEventListener("htmx:responseError", function (event) {
    window.house.toast(window.house.failure(event.detail.xhr.status, event.detail.xhr.responseText), "error");
  });
  document.addEventListener("htmx:sendError", function () {
    window.house.toast(window.house.failure(0), "error");
  });
})();
