/* The self-assessment page: saves each answer as it is typed, keeps the totals, leads through the sheet, attaches evidence. */
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
      showLine(data.line);
      window.radar.show(root, pointsOf(data.dimensions));
    }
  });

  function pointsOf(dimensions) {
    var points = {};
    dimensions.forEach(function (d) { points[d.key] = d.points; });
    return points;
  }
  function showLine(line) {
    if (!line) { return; }
    var words = root.querySelector("[data-line-words]");
    words.textContent = line.words;
    words.classList.toggle("line-reached", line.reached);
    root.querySelector("[data-line-meter] .line-share").setAttribute("width", line.share);
  }

  /* On a telephone the totals stay in sight; the drawing opens when it is asked for. */
  var drawing = root.querySelector(".sheet-radar");
  if (window.matchMedia("(max-width: 991.98px)").matches) { drawing.open = false; }

  /* Going through the sheet */
  var units = Array.from(root.querySelectorAll("[data-unit]"));
  var found = root.querySelector("[data-found]");

  function bare(unit) { return Boolean(unit.querySelector("[data-answer] input")) && !unit.querySelector("[data-chips] .file-chip"); }
  var SHOWN = { all: function () { return true; }, open: window.answers.blank, bare: bare };

  function show(which) {
    var number = 0;
    units.forEach(function (unit) {
      unit.hidden = !SHOWN[which](unit);
      if (!unit.hidden) { number += 1; }
    });
    root.querySelectorAll("form.dimension").forEach(function (form) {
      form.hidden = !form.querySelector("[data-unit]:not([hidden])");
      /* Subheadings belong to rows that may be gone. */
      form.querySelectorAll(".group-head").forEach(function (head) { head.hidden = which !== "all"; });
    });
    root.querySelectorAll("[data-show]").forEach(function (button) {
      button.setAttribute("aria-pressed", String(button.dataset.show === which));
    });
    found.textContent = which === "all" ? "" : number ? "共" + number + "项；填好的项先留在这里，再按一次按钮才收起。" : which === "open" ? "全部评完了。" : "每项都有佐证了。";
  }

  function nextOpen(from) {
    var here = from ? units.indexOf(from) : -1;
    var order = units.slice(here + 1).concat(units.slice(0, here + 1));
    var unit = order.find(function (each) { return !each.hidden && window.answers.blank(each); });
    if (!unit) { found.textContent = "没有未评的项了。"; window.house.toast("没有未评的项了。", "success"); return; }
    var fields = Array.from(unit.querySelectorAll("[data-answer] input"));
    var field = fields.find(function (each) { return each.type !== "radio" && !each.value.trim(); }) || fields[0];
    field.focus({ preventScroll: true });
    unit.scrollIntoView({ block: "center" });
  }

  root.addEventListener("click", function (event) {
    var filter = event.target.closest("[data-show]");
    var take = event.target.closest("[data-take]");
    if (filter) { show(filter.dataset.show); }
    else if (event.target.closest("[data-next-open]")) { nextOpen(last); }
    else if (take) { takeOver(take); }
  });

  /* What was written last round goes into the box, behind what stands there already. */
  function takeOver(button) {
    var box = document.getElementById(button.dataset.take);
    var words = button.closest(".crit-last").querySelector("[data-last-remark]").textContent;
    if (box.value.indexOf(words) < 0) { box.value = box.value.trim() ? box.value.replace(/\s+$/, "") + "\n" + words : words; }
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.focus();
  }

  var last = null;
  root.addEventListener("focusin", function (event) { last = event.target.closest("[data-unit]") || last; });

  /* Enter in a field saves and goes on to the next one instead of sending the whole form. */
  root.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || event.isComposing) { return; }
    var unit = event.target.closest("[data-unit]");
    if (event.ctrlKey || event.metaKey) { event.preventDefault(); nextOpen(unit || last); return; }
    if (!event.target.matches("[data-answer] input")) { return; }
    event.preventDefault();
    saver.save(unit);
    /* All choices of one item are one stop. */
    var inputs = Array.from(root.querySelectorAll("[data-unit]:not([hidden]) [data-answer] input")).filter(function (field) {
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
