/* The presentation: the time on stage, counted from the server's clock, and the board on the whole screen. */
"use strict";

(function () {

  function tick() {
    var timer = document.querySelector("[data-timer]");
    if (!timer) { return; }
    if (timer.dataset.since === undefined) {
      timer.dataset.since = String(performance.now());
    }
    var gone = parseFloat(timer.dataset.gone) + (performance.now() - parseFloat(timer.dataset.since)) / 1000;
    var left = Math.round(parseInt(timer.dataset.minutes, 10) * 60 - gone);
    var size = Math.abs(left);
    var text = (left < 0 ? "超时 " : "") + Math.floor(size / 60) + ":" + ("0" + (size % 60)).slice(-2);
    if (timer.textContent !== text) { timer.textContent = text; }
    timer.classList.toggle("timer-near", left <= 60 && left >= 0);
    timer.classList.toggle("timer-over", left < 0);
  }

  tick();
  setInterval(tick, 500);

  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-fullscreen]")) {
      var board = document.getElementById("stage");
      if (document.fullscreenElement) { document.exitFullscreen(); } else if (board.requestFullscreen) { board.requestFullscreen(); }
    }
  });
})();
