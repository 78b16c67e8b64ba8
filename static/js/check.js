/* The check desk: every score is saved as soon as it is left; Enter saves and goes on; nothing unsaved is left behind. */
"use strict";

(function () {
  var desk = document.getElementById("desk");
  if (!desk) { return; }
  var url = desk.dataset.save;
  var waiting = {};   // criterion → changed since it was last sent
  var sending = {};   // criterion → the running request

  function rowOf(element) { return element.closest("[data-criterion]"); }
  function say(row, text, failed) {
    var state = row.querySelector("[data-state]");
    state.textContent = text;
    state.classList.toggle("saved-failed", Boolean(failed));
    row.classList.toggle("score-wrong", Boolean(failed));
    window.answers.mark(row, failed ? text : "");
  }
  function put(selector, text) {
    var place = document.querySelector(selector);
    if (place) { place.textContent = text; }
  }
  function fieldsOf(row) {
    return Array.prototype.slice.call(row.querySelectorAll("input:not([type=hidden]), select, textarea"));
  }

  function show(answer, row, key) {
    if (Object.prototype.hasOwnProperty.call(answer.earned, key)) {
      row.querySelector("[data-earned]").textContent = answer.earned[key] === "" ? "" : answer.earned[key] + "分";
    }
    answer.dimensions.forEach(function (d) { put("[data-dimension='" + d.key + "']", d.points); });
    put("[data-total]", answer.total);
    put("[data-answered]", answer.answered);
    window.answers.show(answer);
    put("[data-verdict]", answer.final ? (answer.passes ? "已达线" : "未达线") : "");
  }

  function save(row) {
    var key = row.dataset.criterion;
    if (!waiting[key] || sending[key] || window.conflict.open(row)) { return sending[key] || Promise.resolve(); }
    delete waiting[key];
    var refused = false;
    var data = new FormData();
    var sent = window.conflict.values(row);
    Object.keys(sent).forEach(function (name) { data.append(name, sent[name]); });
    say(row, "正在保存…");
    var headers = { "X-CSRFToken": window.house.csrf(), "X-Requested-With": "fetch" };
    sending[key] = fetch(url, { method: "POST", body: data, headers: headers, credentials: "same-origin" })
      .then(function (answer) {
        return answer.text().then(function (text) {
          var kind = answer.headers.get("Content-Type") || "";
          if (kind.indexOf("application/json") !== 0) { throw new Error(window.house.failure(answer.status, text)); }
          return JSON.parse(text);
        });
      }, function () { throw new Error(window.house.failure(0)); })
      .then(function (answer) {
        show(answer, row, key);
        if (answer.errors[key]) {
          refused = waiting[key] = true;
          say(row, answer.errors[key], true);
          if (answer.theirs[key]) { ask(row, key, answer.theirs[key]); }
          return;
        }
        if (answer.versions[key] !== undefined) { window.conflict.version(row, answer.versions[key]); }
        say(row, "已保存 " + answer.at);
      })
      .catch(function (error) { refused = waiting[key] = true; say(row, error.message, true); })
      .then(function () {
        delete sending[key];
        overall();
        if (waiting[key] && !refused) { return save(row); }  // typed on while this was under way
      });
    overall();
    return sending[key];
  }

  /* A colleague was first: both stay visible until a person decides. */
  function ask(row, key, theirs) {
    window.conflict.ask(row, {
      theirs: theirs,
      after: row.querySelector("[data-state]"),
      mine: function () { waiting[key] = true; save(row); },
      other: function () {
        delete waiting[key];
        row.querySelector("[data-earned]").textContent = theirs.earned ? theirs.earned + "分" : "";
        say(row, "已换成对方保存的内容");
        overall();
      }
    });
  }

  function overall() {
    var unsaved = Object.keys(waiting).length;
    var state = document.querySelector("[data-all-state]");
    var text = Object.keys(sending).length ? "正在保存…" : unsaved ? unsaved + "项未保存" : "全部已保存";
    if (state.textContent !== text) { state.textContent = text; }
    state.classList.toggle("saved-failed", unsaved > 0);
  }

  function next(row) {
    var rows = Array.prototype.slice.call(document.querySelectorAll("[data-criterion]")).filter(function (each) {
      return fieldsOf(each).length;
    });
    var following = rows[rows.indexOf(row) + 1];
    if (following) {
      var field = following.querySelector("input:checked") || fieldsOf(following)[0];
      field.focus();
      if (field.select) { field.select(); }
    }
  }

  document.querySelectorAll("form[data-check]").forEach(function (form) {
    form.addEventListener("input", function (event) {
      var row = rowOf(event.target);
      if (row) { waiting[row.dataset.criterion] = true; overall(); }
    });
    form.addEventListener("change", function (event) {
      var row = rowOf(event.target);
      if (row) { save(row); }
    });
    form.addEventListener("focusout", function (event) {
      var row = rowOf(event.target);
      if (row && !row.contains(event.relatedTarget)) { save(row); }
    });
    form.addEventListener("keydown", function (event) {
      var row = rowOf(event.target);
      if (event.key !== "Enter" || event.isComposing || !row || event.target.tagName === "BUTTON") { return; }
      if (event.target.tagName === "TEXTAREA" && event.shiftKey) { return; }
      event.preventDefault();
      save(row);
      next(row);
    });
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      Array.prototype.slice.call(form.querySelectorAll("[data-criterion]")).forEach(save);
    });
  });

  /* What is still typed goes out before anything is concluded or adopted. */
  document.querySelectorAll("#conclude form, #adopt").forEach(function (form) {
    form.addEventListener("submit", function (event) {
      if (event.defaultPrevented) { return; }
      var pending = Object.keys(waiting);
      if (!pending.length && !Object.keys(sending).length) { return; }
      event.preventDefault();
      pending.forEach(function (key) { save(document.querySelector("[data-criterion='" + key + "']")); });
      Promise.all(Object.keys(sending).map(function (key) { return sending[key]; })).then(function () {
        if (Object.keys(waiting).length) {
          window.house.toast("还有核分没有保存，请先处理标红的各项。", "error");
        } else {
          form.submit();
        }
      });
    });
  });

  window.addEventListener("beforeunload", function (event) {
    if (Object.keys(waiting).length || Object.keys(sending).length) { event.preventDefault(); event.returnValue = ""; }
  });
})();
