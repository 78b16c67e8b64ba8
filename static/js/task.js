/* A meeting: the share that came, while the numbers are typed; the server judges it by the same rule. */
"use strict";

(function () {
  var group = document.querySelector(".task-group");
  if (!group) { return; }
  var say = group.querySelector("[data-rate]");
  var least = parseInt(group.dataset.least || "0", 10);
  function number(name) { var text = group.querySelector("[name=" + name + "]").value; return text === "" ? null : parseInt(text, 10); }
  function judge() {
    var expected = number("expected"), present = number("present");
    var known = expected > 0 && present !== null && present >= 0;
    var more = known && present > expected;
    var enough = known && !more && present * 100 >= least * expected;
    /* Rounded down, so that too few never look like enough. */
    var share = known ? Math.floor(present * 1000 / expected) / 10 : 0;
    say.textContent = !known ? "" : more ? "实到人数不能多于应到人数" :
      "到会率" + share + "%" + (least ? enough ? "，达到" + least + "%的要求" : "，不到" + least + "%，不算完成" : "");
    say.className = "task-rate" + (known && (more || !enough) ? " task-rate-low" : known && least ? " task-rate-good" : "");
  }
  group.addEventListener("input", judge);
  group.addEventListener("change", judge);
  judge();
})();
