/* Two who saved the same item: mine and theirs stay visible until a person decides, all at once or, where both the answer
   and the remark differ, each on its own. A row is any element with the named fields of one item, its version among them.
   window.conflict: fields, values, put, version(row, number), settled(row, values) what the server now has, open(row), and
   ask(row, {theirs: {version, fields, by}, after: element, mine: act, other: act, labels: [mine, theirs]}). */
"use strict";

window.conflict = (function () {
  var asked = 0;
  function fields(row) {
    return Array.from(row.querySelectorAll("input[name], textarea[name], select[name]")).filter(function (field) { return !field.closest("[data-conflict-box]"); });
  }
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

  /* What a field says as the server last had it: by that one sees which of them a person has touched. */
  function settled(row, sent) {
    fields(row).forEach(function (field) {
      if (field.type === "radio" || field.type === "checkbox") { field.defaultChecked = sent[field.name] === field.value; }
      else if (field.type !== "hidden" && field.name in sent) { field.defaultValue = sent[field.name]; }
    });
  }
  function touched(list) {
    return list.some(function (field) {
      return isChoice(field) ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
    });
  }

  /* The fields that differ, in parts that belong together: the answer, and the remark. */
  function parts(row, given) {
    var mine = values(row);
    var differing = fields(row).filter(function (field) {
      return field.name in given && !isVersion(field.name) &&
        (isChoice(field) ? field.checked !== (given[field.name] === field.value) : mine[field.name] !== given[field.name]);
    });
    function part(label, remarks) {
      return { label: label, fields: differing.filter(function (field) { return /-remark$/.test(field.name) === remarks; }) };
    }
    return [part("作答", false), part("说明", true)].filter(function (each) { return each.fields.length; });
  }

  /* What they saved in these fields. */
  function describe(list, given) {
    return list.filter(function (field) { return field.type !== "radio" || field.value === given[field.name]; }).map(function (field) {
      var line = field.closest("[data-line]");
      var label = field.type === "radio" && field.closest("label");
      return label ? (label.querySelector("span") || label).textContent.trim() : (line ? line.dataset.line + "：" : "") + (given[field.name] || "（空）");
    }).join("；") || "（空）";
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
    var old = row.querySelector("[data-conflict-box]");
    if (old) { old.remove(); }
    row.dataset.conflict = "1";
    var box = document.createElement("div");
    box.className = "conflict";
    box.setAttribute("data-conflict-box", "");
    /* Choosing is not typing. */
    ["input", "change"].forEach(function (name) { box.addEventListener(name, function (event) { event.stopPropagation(); }); });
    var differing = parts(row, theirs.fields);
    var labels = options.labels || (differing.length > 1 ? ["都用我的", "都用对方的"] : ["用我的", "用对方的"]);
    var said = document.createElement("p");
    var words = differing.map(function (part) { return (differing.length > 1 ? part.label + "：" : "") + describe(part.fields, theirs.fields); });
    said.textContent = theirs.by + "保存的是：" + (words.join("；") || "与您填写的相同");
    box.appendChild(said);
    box.appendChild(choice(labels[0], function () { decided(); options.mine(); }));
    box.appendChild(choice(labels[1], function () { put(row, theirs.fields); decided(); options.other(); }));
    if (differing.length > 1) { box.appendChild(each(differing)); }
    options.after.after(box);

    /* Answer and remark on their own; what the person never touched is left to the other to begin with. */
    function each(differing) {
      var place = document.createElement("div");
      place.className = "conflict-parts";
      var taken = differing.map(function (part) {
        asked += 1;
        var set = document.createElement("fieldset");
        var legend = document.createElement("legend");
        legend.textContent = part.label + "用谁的？";
        set.appendChild(legend);
        var mine = touched(part.fields);
        var inputs = ["用我填的", "用" + theirs.by + "的：" + describe(part.fields, theirs.fields)].map(function (text, side) {
          var label = document.createElement("label");
          var input = document.createElement("input");
          input.type = "radio";
          input.className = "form-check-input";
          input.name = "conflict-" + asked;
          input.setAttribute("form", "none");
          input.checked = mine === (side === 0);
          label.appendChild(input);
          label.appendChild(document.createTextNode(" " + text));
          set.appendChild(label);
          return input;
        });
        place.appendChild(set);
        return inputs[1];
      });
      place.appendChild(choice("按所选的保存", function () {
        var given = values(row);
        differing.forEach(function (part, number) {
          if (taken[number].checked) { part.fields.forEach(function (field) { given[field.name] = theirs.fields[field.name]; }); }
        });
        put(row, given);
        decided();
        options.mine();
      }));
      return place;
    }
    function decided() {
      version(row, theirs.version);
      delete row.dataset.conflict;
      box.remove();
    }
  }

  return { fields: fields, isVersion: isVersion, values: values, put: put, version: version, settled: settled, open: open, ask: ask };
})();
