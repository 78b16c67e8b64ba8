/* A radar (templates/shared/_radar.html) whose numbers change on the page. window.radar.show(root, {key: points}). */
"use strict";

window.radar = (function () {
  function pair(text) { return text.split(",").map(Number); }

  function show(root, points) {
    var figure = root.querySelector("[data-radar]");
    if (!figure) { return; }
    var drawing = figure.querySelector("svg");
    var corners = [];
    figure.querySelectorAll("[data-axis]").forEach(function (row) {
      var value = row.querySelector("[data-axis-value]");
      if (row.dataset.axis in points) { value.textContent = points[row.dataset.axis]; }
      if (!drawing) { return; }
      var full = Number(row.querySelector("[data-axis-full]").textContent);
      var part = full ? Math.min(1, Math.max(0, Number(value.textContent) / full)) : 0;
      var center = pair(drawing.dataset.center), end = pair(row.dataset.end);
      corners.push([0, 1].map(function (i) { return (center[i] + (end[i] - center[i]) * part).toFixed(1); }).join(","));
    });
    if (drawing) { drawing.querySelector(".radar-surface").setAttribute("points", corners.join(" ")); }
  }

  return { show: show };
})();
