/* Two who saved the same item: mine and theirs stay visible until a person decides. A row is any element with the named
   fields of one item, its version among them. window.conflict: fields, values, put, version(row, number), open(row), and
   ask(row, {theirs: {version, fields, by}, after: element, mine: act, other: act, labels: [mine, theirs]}). */
"use strict";

window.conflict = (function () {
  function fields(row) { return Array.from(row.querySelectorAll("input[name], textarea[name], select[name]")); }
  function isVersion(name) { return /(^|-)version$/.test(name); }
  function isChoice(field) { return field.type === "radio" || field.type === "checkbox"; }

  function values(row) {
    var found = {};
    fields(row).forEach(function (field) {
      if (field.name === "csrfmiddlewaretoken" || (isChoice(field) && !field.checked)) { return; }
      found[field.name] = field.value;
    });
    return found;
  }

  function put(row, given) {
    fields(row).forEach(function (field) {
      if (isChoice(field)) { field.checked = given[field.name] === field.value; }
      else if (field.name in given && field.name !== "csrfmiddlewaretoken") { field.value = given[field.name]; }
    });
  }

  function version(row, number) {
    var field = fields(row).find(function (each) { return isVersion(each.name); });
    if (field) { field.value = number; }
  }

  /* What they saved, as far as it differs from what stands in the row. */
  function describe(row, given) {
    var mine = values(row);
    var words = fields(row).filter(function (field) {
      return field.name in given && !isVersion(field.name) &&
        (field.type === "radio" ? field.value === given[field.name] : mine[field.name] !== given[field.name]);
    }).map(function (field) {
      var line = field.closest("[data-line]");
      var label = field.type === "radio" && field.closest("label");
      return label ? (label.querySelector("span") || label).textContent.trim() : (line ? line.dataset.line + "：" : "") + (given[field.name] || "（空）");
    });
    return words.join("；") || "与您填写的相同";
  }

  function choice(label, act) {
    var button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm btn-outline-primary";
    button.textContent = label;
    button.addEventListener("click", act);
    return button;
  }

  function open(row) { return Boolean(row.dataset.conflict); }

  function ask(row, options) {
    var theirs = options.theirs;
    var labels = options.labels || ["用我的", "用对方的"];
    var old = row.querySelector("[data-conflict-box]");
    if (old) { old.remove(); }
    row.dataset.conflict = "1";
    var box = document.createElement("div");
    box.className = "conflict";
    box.setAttribute("data-conflict-box", "");
    var other = document.createElement("p");
    other.textContent = theirs.by + "保存的是：" + describe(row, theirs.fields);
    box.appendChild(other);
    box.appendChild(choice(labels[0], function () { decided(); options.mine(); }));
    box.appendChild(choice(labels[1], function () { put(row, theirs.fields); decided(); options.other(); }));
    options.after.after(box);
    function decided() {
      version(row, theirs.version);
      delete row.dataset.conflict;
      box.remove();
    }
  }

  return { fields: fields, isVersion: isVersion, values: values, put: put, version: version, open: open, ask: ask };
})();
