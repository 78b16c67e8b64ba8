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
    document.querySelectorAll(selector).forEach(function (place) { place.textContent = text; });
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
    missing(answer.missing);
  }

  /* What is still to be scored, with a link to each; to one that is not shown on the page with all of them. */
  function missing(left) {
    var box = document.querySelector("[data-missing]");
    if (!box) { return; }
    box.hidden = !left.length;
    put("[data-missing-number]", left.length);
    var jumps = box.querySelector("[data-missing-jumps]");
    var shown = left.map(function (each) {
      var link = jumps.querySelector("[data-jump='" + each.key + "']") || document.createElement("a");
      link.dataset.jump = each.key;
      link.textContent = each.code;
      link.href = document.getElementById("c" + each.key) ? "#c" + each.key : "?all=1#c" + each.key;
      return link;
    });
    jumps.textContent = "";
    shown.forEach(function (link) { jumps.appendChild(link); });
  }

  /* The branch's change has been looked at. */
  function fresh(row) {
    var flag = row.querySelector("[data-stale]");
    if (!flag) { return; }
    flag.remove();
    row.classList.remove("desk-stale");
    document.querySelectorAll("[data-stale-jump='" + row.dataset.criterion + "']").forEach(function (link) { link.remove(); });
    var list = document.querySelector("[data-stale-list]");
    if (list && !list.querySelector("a")) { list.textContent = "支部改过的各项都已重核。"; list.classList.remove("look-stale"); }
  }

  function save(row, keep) {
    var key = row.dataset.criterion;
    if (!waiting[key] || sending[key] || window.conflict.open(row)) { return sending[key] || Promise.resolve(); }
    delete waiting[key];
    var refused = false;
    var data = new FormData();
    var sent = window.conflict.values(row);
    Object.keys(sent).forEach(function (name) { data.append(name, sent[name]); });
    if (keep) { data.append("keep", key); }
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
        if (answer.saved.indexOf(key) >= 0) { fresh(row); }
        window.returns.sync(row);
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

  function next(row, same) {
    var rows = Array.prototype.slice.call(document.querySelectorAll("[data-criterion]")).filter(function (each) {
      return fieldsOf(each).length;
    });
    var following = rows[rows.indexOf(row) + (same ? 0 : 1)];
    if (following) {
      var field = following.querySelector("input:checked") || fieldsOf(following)[0];
      field.focus();
      if (field.select) { field.select(); }
    } else {
      document.getElementById("conclude").focus();
      document.getElementById("conclude").scrollIntoView();
    }
  }

  /* Whatever is typed goes out first; then `go`, unless something was refused. */
  function settle(go) {
    Object.keys(waiting).forEach(function (key) { save(document.querySelector("[data-criterion='" + key + "']")); });
    Promise.all(Object.keys(sending).map(function (key) { return sending[key]; })).then(function () {
      if (Object.keys(waiting).length) {
        window.house.toast("还有核分没有保存，请先处理标红的各项。", "error");
      } else {
        go();
      }
    });
  }
  window.desk = { settle: settle };

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
      var keep = event.submitter && event.submitter.name === "keep" && rowOf(event.submitter);
      if (keep) { waiting[keep.dataset.criterion] = true; save(keep, true); next(keep, true); return; }
      Array.prototype.slice.call(form.querySelectorAll("[data-criterion]")).forEach(save);
    });
  });

  /* Passing what was scored before the branch changed it is asked for once more. */
  document.querySelectorAll("form[data-stale-question]").forEach(function (form) {
    form.addEventListener("submit", function (event) {
      var left = document.querySelectorAll("[data-stale-jump]").length;
      if (!event.defaultPrevented && left && !window.confirm(form.dataset.staleQuestion.replace("{n}", left))) { event.preventDefault(); }
    });
  });

  /* What is still typed goes out before anything is concluded or adopted. */
  document.querySelectorAll("#conclude form, #adopt").forEach(function (form) {
    form.addEventListener("submit", function (event) {
      if (event.defaultPrevented || (!Object.keys(waiting).length && !Object.keys(sending).length)) { return; }
      event.preventDefault();
      var button = event.submitter;
      settle(function () { form.requestSubmit(button || undefined); });
    });
  });

  window.addEventListener("beforeunload", function (event) {
    if (Object.keys(waiting).length || Object.keys(sending).length) { event.preventDefault(); event.returnValue = ""; }
  });
})();
