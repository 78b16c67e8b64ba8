"""The operator's own gateways, by a server on the loopback; what an address must say."""

import http.server
import json
import threading

import pytest

from branches import channels, checks
from branches.channels import NEUTRAL, AppriseWire, Doubtful, Message, Refused


@pytest.fixture
def gateway():
    """Takes messages over HTTP; `status` is what it answers."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.got.append((self.path, body))
            self.send_response(server.status)
            self.end_headers()

        def log_message(self, *args):
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.got, server.status = [], 200
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def message(user, **fields):
    user.phone = fields.pop("phone", "138 0000/1")
    return Message(key="k", notice_pks=(1,), recipient=user, subject="请提交申报", body="请于今日提交")


def test_a_gateway_gets_the_whole_text_for_the_one_person(cast, gateway):
    AppriseWire(f"json://127.0.0.1:{gateway.server_port}/send/{{phone}}").send(message(cast.clerk))
    ((path, body),) = gateway.got
    assert path.startswith("/send/138%200000")
    assert (body["title"], body["message"]) == ("请提交申报", "请于今日提交")


def test_a_group_is_told_nothing_but_that_there_is_something(cast, gateway, monkeypatch):
    monkeypatch.setattr(channels, "PERSONAL", set())
    AppriseWire(f"json://127.0.0.1:{gateway.server_port}/{{police_no}}").send(message(cast.clerk))
    ((_, body),) = gateway.got
    assert body["message"] == NEUTRAL and "申报" not in body["title"]


@pytest.mark.parametrize("url", ["dingtalk://token/{phone}", "wecombot://key/{phone}", "lark://token/{phone}"])
def test_robots_of_chat_groups_are_not_personal(url):
    assert channels.is_personal(url) is False


def test_a_gateway_that_refuses_is_told_from_one_that_does_not_answer(cast, gateway):
    wire = AppriseWire(f"json://127.0.0.1:{gateway.server_port}/{{phone}}")
    gateway.status = 500
    with pytest.raises(Refused):
        wire.send(message(cast.clerk))
    silent = AppriseWire("json://127.0.0.1:9/{phone}")
    with pytest.raises(Doubtful):
        silent.send(message(cast.clerk))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("json://gateway/{phone}", ""),
        ("wechat://corp:secret@1000002/@{police_no}", ""),
        ("json://gateway/all", "没有写明发给谁"),
        ("json://gateway/{mobile}", "不认识的占位符{mobile}"),
        ("nonsense://gateway/{phone}", "不能识别"),
    ],
)
def test_addresses_are_checked_at_the_start(settings, url, said):
    assert said in channels.problem_of(url) and bool(said) == bool(channels.problem_of(url))
    settings.NOTIFY_URLS = {"sms": url}
    assert [each.id for each in checks.check_channels()] == (["branches.W003"] if said else [])
