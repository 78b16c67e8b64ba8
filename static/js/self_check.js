/* The sheet of a self-check: saves each row as it is filled in, keeps the counts, puts a gap on the ledger in passing.
   What is typed into an entry that is not yet on the ledger stays on this machine until it is. */
"use strict";

(function () {
  var root = document.getElementById("self-check");
  var empty = document.getElementById("gap-entry");
  if (!root || !empty) { return; }
  var shelf = "gaps:" + root.dataset.user + ":" + root.dataset.check + ":";

  window.autosave({
    root: root,
    urlOf: function (unit) { return root.dataset.save.replace(/0\/$/, unit.dataset.unit + "/"); },
    onSaved: function (unit, data) { show(data); }
  });

  function put(name, value) {
    var place = root.querySelector(name);
    if (place) { place.textContent = value; }
  }

  function show(data) {
    put("[data-judged='']", data.met + data.gaps);
    put("[data-met]", data.met);
    put("[data-gaps='']", data.gaps);
    put("[data-total]", data.total);
    data.dimensions.forEach(function (d) {
      put("[data-judged='" + d.key + "']", d.judged);
      put("[data-gaps='" + d.key + "']", d.gaps);
      root.querySelector("[data-gap-words='" + d.key + "']").hidden = !d.gaps;
    });
  }

  /* The entry for a gap stands in the row as long as its conclusion is 有差距. */
  function fit(row) {
    var chosen = row.querySelector(".verdict input:checked");
    var entry = row.querySelector("[data-gap-entry]");
    var wanted = Boolean(chosen) && chosen.value === "gap";
    if (wanted && !entry) {
      var key = row.dataset.row;
      entry = empty.content.firstElementChild.cloneNode(true);
      entry.querySelectorAll("[id], [name], [for]").forEach(function (each) {
        ["id", "name", "for"].forEach(function (name) {
          if (each.hasAttribute(name)) { each.setAttribute(name, each.getAttribute(name).replace(/^c-/, "c" + key + "-")); }
        });
      });
      entry.querySelector("[data-rectify-now]").value = key;
      row.querySelector("[data-entries]").after(entry);
      restore(row);
    } else if (entry) { entry.hidden = !wanted; }
  }

  function kept(row) {
    try { return localStorage.getItem(shelf + row.dataset.row) || ""; } catch (e) { return ""; }
  }
  function keep(row, text) {
    try {
      if (text) { localStorage.setItem(shelf + row.dataset.row, text); } else { localStorage.removeItem(shelf + row.dataset.row); }
    } catch (e) { /* full or forbidden: the page itself still holds what was typed */ }
  }
  function restore(row) {
    var field = row.querySelector("[data-gap]");
    if (field && !field.value) { field.value = kept(row); }
  }

  root.addEventListener("change", function (event) {
    var row = event.target.closest("[data-row]");
    if (row && event.target.closest(".verdict")) { fit(row); }
  });
  root.addEventListener("autosave:filled", function (event) { fit(event.target.closest("[data-row]")); });
  root.addEventListener("input", function (event) {
    if (event.target.matches("[data-gap]")) { keep(event.target.closest("[data-row]"), event.target.value); }
  });

  function record(row) {
    var field = row.querySelector("[data-gap]");
    var button = row.querySelector("[data-rectify-now]");
    var data = new FormData();
    data.append("self_check", root.dataset.check);
    data.append("criterion", row.dataset.row);
    data.append("gap", field.value);
    row.querySelectorAll("[data-tag]:checked").forEach(function (tag) { data.append("tag", tag.value); });
    if (button.disabled) { return; }
    button.disabled = true;
    window.house.post(root.dataset.rectify, data).then(function (answer) {
      button.disabled = false;
      if (!answer.ok) { field.focus(); return; }
      var made = answer.json();
      var line = document.createElement("li");
      var link = document.createElement("a");
      link.href = made.url;
      link.textContent = "整改：" + made.gap;
      line.appendChild(link);
      line.appendChild(document.createTextNode("（" + made.state + "）"));
      row.querySelector("[data-entries]").appendChild(line);
      field.value = "";
      row.querySelectorAll("[data-tag]:checked").forEach(function (tag) { tag.checked = false; });
      keep(row, "");
      link.focus();
      window.house.toast("已登记到整改台账。", "success");
    });
  }

  root.addEventListener("click", function (event) {
    var button = event.target.closest("[data-rectify-now]");
    if (!button) { return; }
    event.preventDefault();
    record(button.closest("[data-row]"));
  });

  /* Enter saves the field it stands in, or puts the gap on the ledger; it never sends the whole form. */
  root.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || event.target.tagName !== "INPUT" || event.isComposing) { return; }
    event.preventDefault();
    if (event.target.matches("[data-gap]")) { record(event.target.closest("[data-row]")); } else { event.target.blur(); event.target.focus(); }
  });

  root.querySelectorAll("[data-row]").forEach(function (row) { fit(row); restore(row); });
})();
