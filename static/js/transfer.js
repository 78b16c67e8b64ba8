/* Sending one file until it has arrived: small ones in one piece, large ones piece by piece, from where they stopped.
   window.transfer(file, { action, start, criterion, progress(bytes), wait(kind, text) }) → { promise, stop() }.
   The promise gives { ok, message, chips, room, again }: again tells that trying once more may help.
   A line that breaks, an expired login and a server that is away are waited for; what the server refuses is final. */
"use strict";

window.transfer = function (file, options) {
  var LARGE = 8 * 1024 * 1024;
  var PATIENCE = 5;
  var WORDS = {
    network: "网络不通，已暂停；恢复后自动接着传。",
    login: "登录已过期，已暂停；重新登录后自动接着传。",
    server: "服务器暂时没有回应，稍后自动再试。"
  };
  var stopped = false;
  var request = null;
  var wake = null;
  var failures = 0;

  /* The token is read from the cookie: a new login in another tab changes it, and this page must go on working. */
  function token() {
    var found = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
    return found ? found[1] : window.house.csrf();
  }

  /* One request; resolves to { status, data, text }; status 0 when nothing came back. */
  function ask(url, body, sent) {
    return new Promise(function (resolve) {
      request = new XMLHttpRequest();
      request.open("POST", url);
      request.timeout = 120000;
      request.setRequestHeader("X-CSRFToken", token());
      request.setRequestHeader("X-Requested-With", "fetch");
      request.setRequestHeader("X-Page-Of", document.body.dataset.user);
      if (body instanceof ArrayBuffer) { request.setRequestHeader("Content-Type", "application/octet-stream"); }
      if (sent) { request.upload.addEventListener("progress", function (event) { sent(event.loaded); }); }
      request.addEventListener("loadend", function () {
        var answer = { status: request.status, text: request.responseText, data: {} };
        try { answer.data = JSON.parse(answer.text); } catch (e) { /* words or a page instead of data */ }
        resolve(answer);
      });
      request.send(body);
    });
  }

  /* Wait longer after every failure, but go on at once when the line or the person is back. */
  function pause(kind) {
    options.wait(kind, WORDS[kind]);
    return new Promise(function (resolve) {
      var seconds = kind === "login" ? 15 : Math.min(Math.pow(2, failures), 30);
      failures += 1;
      var timer = setTimeout(done, seconds * 1000);
      function done() {
        clearTimeout(timer);
        window.removeEventListener("online", done);
        window.removeEventListener("focus", done);
        wake = null;
        options.wait("", "");
        resolve();
      }
      wake = done;
      window.addEventListener("online", done);
      window.addEventListener("focus", done);
    });
  }

  /* Ask again and again while it is worth it. */
  function persist(make) {
    var away = 0;
    function attempt() {
      if (stopped) { return Promise.reject(new Stopped()); }
      return make().then(function (answer) {
        if (stopped) { throw new Stopped(); }
        if (answer.status === 0) { return pause("network").then(attempt); }
        if (answer.status === 401) { return pause("login").then(attempt); }
        if (answer.status >= 500 && away < PATIENCE) { away += 1; return pause("server").then(attempt); }
        failures = 0;
        return answer;
      });
    }
    return attempt();
  }

  function Stopped() {}
  function refused(answer, again) {
    var words = answer.data.message || window.house.failure(answer.status, answer.text) || "没有上传成功。";
    return { ok: false, message: words, again: again || answer.status >= 500 };
  }

  /* A file that was moved, renamed or is open elsewhere cannot be read: no network will ever help. */
  function bytes(from, to) {
    return file.slice(from, to).arrayBuffer().catch(function () { throw new Error("unreadable"); });
  }

  function simple() {
    return persist(function () {
      return bytes(0, 1).then(function () {
        var data = new FormData();
        if (options.criterion) { data.append("criterion", options.criterion); }
        data.append("files", file, file.name);
        return ask(options.action, data, function (loaded) { options.progress(Math.min(loaded, file.size)); });
      });
    }).then(function (answer) {
      var result = answer.data.results && answer.data.results[0];
      if (!result) { return refused(answer); }
      return { ok: result.ok, message: result.message, chips: answer.data.chips, room: answer.data.room };
    });
  }

  /* Marks of a file: what it is called and when it was changed, and some of what is in it. */
  function hash(list) {
    var a = 0xdeadbeef, b = 0x41c6ce57;
    for (var i = 0; i < list.length; i += 1) {
      a = Math.imul(a ^ list[i], 2654435761);
      b = Math.imul(b ^ list[i], 1597334677);
    }
    return (b >>> 0).toString(36) + (a >>> 0).toString(36);
  }
  function fingerprint() {
    var some = 64 * 1024;
    return Promise.all([bytes(0, some), bytes(Math.max(file.size - some, 0), file.size)]).then(function (ends) {
      var name = hash(Array.from(file.name).map(function (letter) { return letter.codePointAt(0); }));
      return [file.size, file.lastModified, name, hash(new Uint8Array(ends[0])), hash(new Uint8Array(ends[1]))].join("-");
    });
  }

  function large(begun) {
    var place = null;
    return fingerprint().then(function (mark) {
      return persist(function () { return ask(options.start, new URLSearchParams({ name: file.name, size: file.size, fingerprint: mark })); });
    }).then(function (answer) {
      if (answer.status !== 200) { return refused(answer); }
      place = answer.data;
      if (place.received && !place.done) { options.wait("resumed", "从上次断开的地方接着传（已传" + Math.floor(100 * place.received / file.size) + "%）。"); }
      return pieces();
    });

    function pieces() {
      options.progress(place.received);
      if (place.received >= file.size) { return finish(); }
      var from = place.received;
      return persist(function () {
        return bytes(from, from + place.piece).then(function (piece) {
          return ask(options.start.replace(/\d+\/uploads\/$/, "uploads/") + place.key + "/?offset=" + from, piece,
            function (loaded) { options.progress(from + Math.min(loaded, piece.byteLength)); });
        });
      }).then(function (answer) {
        /* 409: this piece is there already, or only half of it came; the server says where to go on. */
        if (answer.status === 200 || (answer.status === 409 && answer.data.received !== undefined)) {
          place = answer.data;
          return pieces();
        }
        return gone(answer);
      });
    }

    function finish() {
      options.wait("judging", "已传完，正在核对内容…");
      return persist(function () {
        return ask(options.start + place.key + "/finish/", new URLSearchParams(options.criterion ? { criterion: options.criterion } : {}));
      }).then(function (answer) {
        var result = answer.data.results && answer.data.results[0];
        if (!result) { return gone(answer); }
        return { ok: result.ok, message: result.message, chips: answer.data.chips, room: answer.data.room };
      });
    }

    /* Given up elsewhere or cleared away meanwhile: once from the beginning. */
    function gone(answer) {
      if ((answer.status === 404 || answer.data.code === "lost") && !begun) { return large(true); }
      return refused(answer, answer.data.code === "over_quota" || answer.status === 404);
    }
  }

  var promise = (file.size > LARGE ? large(false) : simple()).catch(function (error) {
    if (error instanceof Stopped) {
      return { ok: false, again: true, message: file.size > LARGE ? "已停止；再传时从断处接着传。" : "已停止，没有上传。" };
    }
    if (error.message !== "unreadable") { throw error; }
    return { ok: false, again: false, message: "文件读不出来（可能是文件夹、已被移动或正被其他程序占用），请重新选择。" };
  });
  return {
    promise: promise,
    stop: function () {
      stopped = true;
      if (request) { request.abort(); }
      if (wake) { wake(); }
    }
  };
};
