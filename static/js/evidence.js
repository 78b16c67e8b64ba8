/* Many files at once: chosen, dragged onto the page, pasted or photographed; each with its progress and its answer.
   window.uploader(form) wires a form[data-upload]; a form that takes its place later goes on showing what is under way.
   When all is done the form gets the event "uploaded": { criterion, chips, good, all }. */
"use strict";

(function () {
  var AT_ONCE = 2;
  var items = [];
  var host = null;
  var announced = 0;

  function part(name) { return host && host.querySelector("[data-" + name + "]"); }
  function in_state() {
    var states = Array.from(arguments);
    return items.filter(function (item) { return states.indexOf(item.state) >= 0; });
  }
  function readable(bytes) {
    return bytes >= 1048576 ? (bytes / 1048576).toFixed(1).replace(/\.0$/, "") + " MB" : Math.max(Math.round(bytes / 1024), 1) + " KB";
  }

  /* One line per file */
  function line(item) {
    var row = document.createElement("li");
    var name = document.createElement("strong");
    name.textContent = item.file.name;
    item.words = document.createElement("span");
    item.again = document.createElement("button");
    item.again.type = "button";
    item.again.className = "btn btn-sm btn-link";
    item.again.textContent = "重试";
    item.again.setAttribute("aria-label", "重试" + item.file.name);
    item.again.hidden = true;
    item.again.addEventListener("click", function () { retry([item]); });
    row.appendChild(name);
    row.appendChild(item.words);
    row.appendChild(item.again);
    return row;
  }
  function tell(item, text) { item.words.textContent = "：" + text; }

  function add(form, files) {
    var fresh = Array.from(files).filter(function (file) {
      return !in_state("waiting", "sending").some(function (item) { return same(item.file, file) && item.criterion === criterion(form); });
    });
    /* A new choice after everything was done begins a new list. */
    if (!in_state("waiting", "sending").length) {
      items.forEach(function (item) { item.row.remove(); });
      items = [];
      part("results").textContent = "";
    }
    fresh.forEach(function (file) {
      var item = { file: file, sent: 0, state: "waiting", criterion: criterion(form), action: form.action, start: form.dataset.start };
      item.row = line(item);
      part("results").appendChild(item.row);
      items.push(item);
      var why = too_much(form, file);
      if (why) { settle(item, { ok: false, message: why }); } else { tell(item, "等待上传"); }
    });
    if (!fresh.length && files.length) { window.house.toast("这些文件已经在上传列表里了。", "info"); }
    next();
  }
  function same(one, other) { return one.name === other.name && one.size === other.size && one.lastModified === other.lastModified; }
  function criterion(form) {
    var field = form.querySelector("input[name=criterion]");
    return field ? field.value : "";
  }

  /* What needs no sending to be refused. */
  function too_much(form, file) {
    var film = /\.mp4$/i.test(file.name) || file.type === "video/mp4";
    var words = film ? form.dataset.filmText : form.dataset.mostText;
    if (!file.size) { return "文件是空的（0字节），没有上传；请重新选择。"; }
    if (file.size > parseInt(film ? form.dataset.film : form.dataset.most, 10)) {
      return "文件有" + readable(file.size) + "，超过上限" + words + "，没有上传；请压缩或拆分后再传。";
    }
    return "";
  }

  function next() {
    while (in_state("sending").length < AT_ONCE && in_state("waiting").length) { send(in_state("waiting")[0]); }
    show();
  }

  function send(item) {
    item.state = "sending";
    item.again.hidden = true;
    item.row.className = "upload-now";
    tell(item, "正在上传");
    item.transfer = window.transfer(item.file, {
      action: item.action, start: item.start, criterion: item.criterion,
      progress: function (bytes) {
        item.sent = bytes;
        if (!item.held) { tell(item, "正在上传 " + Math.floor(100 * bytes / item.file.size) + "%"); }
        show();
      },
      wait: function (kind, text) {
        item.held = /network|login|server/.test(kind) ? kind : "";
        if (text) { tell(item, text); }
        show();
      }
    });
    item.transfer.promise.then(function (result) { settle(item, result); next(); });
  }

  function settle(item, result) {
    item.state = result.ok ? "done" : "failed";
    item.result = result;
    item.held = "";
    item.sent = result.ok ? item.file.size : 0;
    item.row.className = result.ok ? "upload-ok" : "upload-no";
    item.again.hidden = !result.again;
    tell(item, result.message);
    if (!result.ok) { item.row.parentNode.insertBefore(item.row, item.row.parentNode.firstChild); /* to be seen among hundreds */ }
    if (result.room) { room(result.room); }
    if (!in_state("waiting", "sending").length) { finished(); }
  }

  function finished() {
    var groups = {};
    items.filter(function (item) { return !item.reported; }).forEach(function (item) {
      item.reported = true;
      var group = groups[item.criterion] = groups[item.criterion] || { criterion: item.criterion, chips: null, good: 0, all: 0 };
      group.all += 1;
      group.good += item.state === "done" ? 1 : 0;
      group.chips = (item.result.ok && item.result.chips) || group.chips;
    });
    show(true);
    Object.keys(groups).forEach(function (key) {
      if (groups[key].good) { host.dispatchEvent(new CustomEvent("uploaded", { bubbles: true, detail: groups[key] })); }
    });
  }

  function retry(some) {
    some.forEach(function (item) { if (item.state === "failed") { item.state = "waiting"; item.reported = false; tell(item, "等待上传"); item.row.className = ""; item.again.hidden = true; } });
    next();
  }

  /* How it stands with all of them; said aloud at most every two seconds. */
  function show(now) {
    if (!host) { return; }
    var all = items.filter(function (item) { return !(item.state === "failed" && !item.result.again); });
    var total = all.reduce(function (sum, item) { return sum + item.file.size; }, 0);
    var sent = all.reduce(function (sum, item) { return sum + item.sent; }, 0);
    var busy = in_state("waiting", "sending").length;
    var failed = in_state("failed");
    part("queue").hidden = items.length < 2 && !busy;
    part("queue-bar").value = total ? Math.floor(1000 * sent / total) : 1000;
    part("queue-bar").hidden = !busy;
    part("queue-stop").hidden = !busy;
    part("queue-retry").hidden = busy > 0 || !failed.some(function (item) { return item.result.again; });
    if (now || !busy || Date.now() - announced > 2000) {
      announced = Date.now();
      part("queue-words").textContent = (busy ? "已完成" + in_state("done").length + "/" + items.length + "，还要传" + readable(total - sent)
        : "共" + items.length + "个文件，已上传" + in_state("done").length + "个") + (failed.length ? "，" + failed.length + "个没有上传（见下）" : "") + "。";
    }
    note(in_state("sending").map(function (item) { return item.held; }).filter(Boolean)[0]);
  }

  function note(kind) {
    var place = part("queue-note");
    if (place.dataset.kind === (kind || "")) { return; }
    place.dataset.kind = kind || "";
    place.hidden = !kind;
    place.textContent = { network: "网络不通，上传已暂停；恢复后自动从断处接着传，不必重选文件。", server: "服务器暂时没有回应，稍后自动再试。", login: "登录已过期，上传已暂停；" }[kind] || "";
    if (kind === "login") {
      var link = document.createElement("a");
      link.href = "/login/";
      link.target = "_blank";
      link.rel = "noopener";
      link.textContent = "在新窗口重新登录";
      place.appendChild(link);
      place.appendChild(document.createTextNode("，再回到本页就接着传。"));
    }
  }

  function room(left) {
    document.querySelectorAll("[data-room]").forEach(function (place) {
      place.querySelector("meter").value = left.percent;
      place.querySelector("[data-room-text]").textContent = "本支部空间共" + left.quota + "，已用" + left.used + (left.coming ? "，正在上传的占" + left.coming : "") + "，还剩" + left.left;
      place.classList.toggle("room-short", left.short);
    });
  }

  /* Files of a dropped folder, and of the folders in it. */
  function dropped(data) {
    var entries = Array.from(data.items || []).map(function (item) { return item.webkitGetAsEntry && item.webkitGetAsEntry(); });
    if (!entries.some(function (entry) { return entry && entry.isDirectory; })) { return Promise.resolve(Array.from(data.files)); }
    function walk(entry) {
      if (!entry) { return Promise.resolve([]); }
      if (entry.isFile) { return new Promise(function (resolve) { entry.file(function (file) { resolve([file]); }, function () { resolve([]); }); }); }
      var reader = entry.createReader();
      return new Promise(function (resolve) {
        var found = [];
        (function more() {
          reader.readEntries(function (some) {
            if (!some.length) { Promise.all(found.map(walk)).then(function (lists) { resolve([].concat.apply([], lists)); }); return; }
            found = found.concat(some);
            more();
          }, function () { resolve([]); });
        })();
      });
    }
    return Promise.all(entries.map(walk)).then(function (lists) { return [].concat.apply([], lists); });
  }

  window.uploader = function (form) {
    if (form.dataset.ready) { return; }
    form.dataset.ready = "1";
    host = form;
    items.forEach(function (item) { part("results").appendChild(item.row); });
    if (items.length) { show(true); }
    form.querySelectorAll("input[type=file]").forEach(function (input) {
      input.addEventListener("change", function () {
        if (input.files.length) { add(form, Array.from(input.files)); }
        input.value = "";
      });
    });
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    part("queue-retry").addEventListener("click", function () { retry(in_state("failed").filter(function (item) { return item.result.again; })); });
    part("queue-stop").addEventListener("click", function () {
      in_state("waiting").forEach(function (item) { settle(item, { ok: false, again: true, message: "已停止，没有上传。" }); });
      in_state("sending").forEach(function (item) { item.transfer.stop(); });
    });
  };

  document.querySelectorAll("[data-upload]").forEach(window.uploader);

  function visible() { return Array.from(document.querySelectorAll("[data-upload]")).filter(function (form) { return form.offsetParent; })[0]; }
  function carries(event) { return event.dataTransfer && Array.from(event.dataTransfer.types).indexOf("Files") >= 0; }
  ["dragenter", "dragover"].forEach(function (name) {
    document.addEventListener(name, function (event) {
      if (!carries(event)) { return; }
      event.preventDefault();
      var form = visible();
      if (form) { form.classList.add("upload-over"); } else { event.dataTransfer.dropEffect = "none"; }
    });
  });
  ["dragleave", "drop"].forEach(function (name) {
    document.addEventListener(name, function (event) {
      if (name === "dragleave" && event.relatedTarget) { return; }
      document.querySelectorAll(".upload-over").forEach(function (form) { form.classList.remove("upload-over"); });
    });
  });
  document.addEventListener("drop", function (event) {
    if (!carries(event)) { return; }
    event.preventDefault();
    var form = visible();
    if (form) { dropped(event.dataTransfer).then(function (files) { add(form, files); }); }
  });

  /* A screenshot has no name of its own; it gets the hour it was pasted at. */
  document.addEventListener("paste", function (event) {
    var form = visible();
    var files = Array.from((event.clipboardData && event.clipboardData.files) || []);
    if (!form || !files.length || event.clipboardData.types.indexOf("text/plain") >= 0) { return; }
    event.preventDefault();
    var hour = new Date();
    var stamp = [hour.getMonth() + 1, hour.getDate(), hour.getHours(), hour.getMinutes(), hour.getSeconds()].map(function (n) { return ("0" + n).slice(-2); });
    add(form, files.map(function (file, number) {
      if (!/^image\.\w+$/.test(file.name)) { return file; }
      var name = "截图" + hour.getFullYear() + stamp[0] + stamp[1] + "-" + stamp.slice(2).join("") + (number ? "-" + (number + 1) : "");
      return new File([file], name + "." + file.name.split(".").pop(), { type: file.type, lastModified: hour.getTime() });
    }));
  });

  window.addEventListener("beforeunload", function (event) {
    if (in_state("waiting", "sending").length) { event.preventDefault(); event.returnValue = "还有文件没有传完"; }
  });

  /* Finding files in the chooser of the self-assessment. */
  var asked = null;
  document.addEventListener("input", function (event) {
    var field = event.target.closest("[data-find]");
    if (!field) { return; }
    clearTimeout(asked);
    asked = setTimeout(function () {
      fetch(field.dataset.find + "&q=" + encodeURIComponent(field.value), { headers: { "HX-Request": "true" }, credentials: "same-origin" }).then(function (answer) {
        return answer.text().then(function (text) {
          var place = field.parentNode.querySelector("[data-found]");
          if (answer.ok && place) { place.innerHTML = new DOMParser().parseFromString(text, "text/html").querySelector("[data-found]").innerHTML; }
          else { window.house.toast(window.house.failure(answer.status, text), "error"); }
        });
      }, function () { window.house.toast(window.house.failure(0), "error"); });
    }, 300);
  });
})();
