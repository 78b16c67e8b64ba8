/* 我的创建: the present stage comes into view where the calendar scrolls sideways. */
"use strict";

(function () {
  var bar = document.getElementById("stages");
  var now = bar && bar.querySelector("[aria-current]");
  if (now && bar.scrollWidth > bar.clientWidth) { bar.scrollLeft = now.offsetLeft - bar.offsetLeft - 12; }
})();
