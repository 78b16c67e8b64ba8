/* Uploading: many files at once, by the file dialogue or by dragging; each has its own progress and its own answer. */
"use strict";

window.uploader = function (form) {
  if (form.dataset.ready) { return; }
  form.dataset.ready = "1";
  var input = form.querySelector("input[type=file]");
  var list = form.querySelector("[data-results]");
  var most = parseInt(form.dataset.most, 10);
  var chips = null;

  function line(name) {
    var item = document.createElement("li");
    var strong = document.createElement("strong");
    strong.textContent = name;
    var words = document.createElement("span");
    words.textContent = "：正在上传…";
    item.appendChild(strong);
    item.appendChild(words);
    list.appendChild(item);
    return function (text, ok) {
      words.textContent = "：" + text;
      if (ok !== undefined) { item.className = ok ? "upload-ok" : "upload-no"; }
    };
  }

  function send(file) {
    var tell = line(file.name);
    if (file.size > most) { tell("超过单个文件上限" + form.dataset.mostText + "，没有上传；请压缩或拆分后再传。", false); return Promise.resolve(false); }
    return new Promise(function (resolve) {
      var data = new FormData();
      var criterion = form.querySelector("input[name=criterion]");
      if (criterion) { data.append("criterion", criterion.value); }
      data.append("files", file);
      var request = new XMLHttpRequest();
      request.open("POST", form.action);
      request.setRequestHeader("X-CSRFToken", window.house.csrf());
      request.setRequestHeader("X-Requested-With", "fetch");
      request.upload.addEventListener("progress", function (event) {
        if (event.lengthComputable) { tell("正在上传 " + Math.round(100 * event.loaded / event.total) + "%"); }
      });
      request.addEventListener("error", function () { tell("网络不通，没有上传；请稍后重试。", false); resolve(false); });
      request.addEventListener("load", function () {
        var answer = null;
        try { answer = JSON.parse(request.responseText); } catch (e) { /* a page instead of data */ }
        if (!answer || !answer.results || !answer.results.length) {
          tell(window.house.failure(request.status, request.responseText) || "没有上传。", false);
          resolve(false);
          return;
        }
        chips = answer.chips || chips;
        tell(answer.results[0].message, answer.results[0].ok);
        resolve(answer.results[0].ok);
      });
      request.send(data);
    });
  }

  /* One after the other: a slow line is not made slower, and the order of the files stays. */
  function all(files) {
    list.textContent = "";
    var good = 0;
    Array.from(files).reduce(function (before, file) {
      return before.then(function () { return send(file); }).then(function (ok) { good += ok ? 1 : 0; });
    }, Promise.resolve()).then(function () {
      input.value = "";
      if (good) { form.dispatchEvent(new CustomEvent("uploaded", { bubbles: true, detail: { chips: chips, good: good, all: files.length } })); }
    });
  }

  input.addEventListener("change", function () { if (input.files.length) { all(Array.from(input.files)); } });
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  ["dragenter", "dragover"].forEach(function (name) {
    form.addEventListener(name, function (event) { event.preventDefault(); form.classList.add("upload-over"); });
  });
  ["dragleave", "drop"].forEach(function (name) {
    form.addEventListener(name, function (event) { event.preventDefault(); form.classList.remove("upload-over"); });
  });
  form.addEventListener("drop", function (event) { all(Array.from(event.dataTransfer.files)); });
};

document.querySelectorAll("[data-upload]").forEach(window.uploader);

/* On the library's own page the list is read anew once everything went well; a refusal stays to be read. */
document.addEventListener("uploaded", function (event) {
  if (event.target.closest(".modal")) { return; }
  if (event.detail.good === event.detail.all) { location.reload(); return; }
  var more = document.createElement("li");
  var link = document.createElement("a");
  link.href = location.href;
  link.textContent = "刷新列表，查看已上传的" + event.detail.good + "个文件";
  more.appendChild(link);
  event.target.querySelector("[data-results]").appendChild(more);
});
