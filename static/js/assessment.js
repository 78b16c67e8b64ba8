/* The self-assessment page: saves each answer as it is typed, keeps the totals, attaches evidence. */
"use strict";

(function () {
  var root = document.getElementById("assessment");
  var chooser = document.getElementById("chooser");
  if (!root || !chooser) { return; }
  var current = null;

  var saver = window.autosave({
    root: root,
    urlOf: function (unit) { return root.dataset.save.replace(/0\/$/, unit.dataset.unit + "/"); },
    onSaved: function (unit, data) {
      document.getElementById("total").textContent = data.total;
      document.getElementById("answered").textContent = data.answered;
      data.dimensions.forEach(function (d) {
        root.querySelector("[data-points='" + d.key + "']").textContent = d.points;
        root.querySelector("[data-answered='" + d.key + "']").textContent = d.answered;
      });
      window.answers.show(data);
    }
  });

  /* Enter in a field saves and goes on to the next one instead of sending the whole form. */
  root.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || event.target.tagName !== "INPUT" || event.isComposing) { return; }
    event.preventDefault();
    var unit = event.target.closest("[data-unit]");
    saver.save(unit);
    /* All choices of one item are one stop. */
    var inputs = Array.from(root.querySelectorAll(".crit-work input:not([type=hidden])")).filter(function (field) {
      return field === event.target || field.type !== "radio" ||
        (field.name !== event.target.name && field === (root.querySelector("input[name='" + field.name + "']:checked") || root.querySelector("input[name='" + field.name + "']")));
    });
    var next = inputs[inputs.indexOf(event.target) + 1];
    if (next) { next.focus(); if (next.select) { next.select(); } }
  });

  function chips(pk, list) {
    var place = root.querySelector("[data-unit='" + pk + "'] [data-chips]");
    place.textContent = "";
    list.forEach(function (item) {
      var chip = document.createElement("span");
      chip.className = "file-chip";
      var link = document.createElement("a");
      link.href = item.url;
      link.target = "_blank";
      link.rel = "noopener";
      link.textContent = item.name;
      var remove = document.createElement("button");
      remove.type = "button";
      remove.dataset.uncite = item.uncite;
      remove.setAttribute("aria-label", "取消引用" + item.name);
      remove.textContent = "×";
      chip.appendChild(link);
      chip.appendChild(remove);
      place.appendChild(chip);
    });
  }

  function open(pk) {
    current = pk;
    window.bootstrap.Modal.getOrCreateInstance(chooser).show();
    return load();
  }
  function load() {
    var body = document.getElementById("chooser-body");
    return fetch(root.dataset.chooser + "?criterion=" + current, { headers: { "HX-Request": "true" }, credentials: "same-origin" })
      .then(function (answer) { return answer.text().then(function (text) { return { status: answer.status, text: text }; }); },
        function () { return { status: 0, text: "" }; })
      .then(function (answer) {
        if (answer.status !== 200) { window.house.toast(window.house.failure(answer.status, answer.text), "error"); return; }
        body.innerHTML = answer.text;
        body.querySelectorAll("[data-upload]").forEach(window.uploader);
      });
  }

  document.addEventListener("click", function (event) {
    var attach = event.target.closest("[data-attach]");
    var cite = event.target.closest("[data-cite]");
    var uncite = event.target.closest("[data-uncite]");
    if (attach) {
      event.preventDefault();
      open(attach.dataset.attach);
    } else if (cite) {
      cite.disabled = true;
      act(cite.dataset.url, { criterion: cite.dataset.criterion, evidence: cite.dataset.cite }, current, true);
    } else if (uncite) {
      uncite.disabled = true;
      var unit = uncite.closest("[data-unit]");
      act(uncite.dataset.uncite, {}, unit ? unit.dataset.unit : current, !unit);
    }
  });

  function act(url, data, pk, reload) {
    window.house.post(url, data).then(function (answer) {
      if (answer.ok) { chips(pk, answer.json().chips); }
      if (reload) { load(); }
    });
  }

  /* The lines of the upload are drawn again by the form that takes this one's place. */
  chooser.addEventListener("uploaded", function (event) {
    if (event.detail.chips) { chips(event.detail.criterion || current, event.detail.chips); }
    load();
  });
})();
