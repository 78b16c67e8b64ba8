"""The frame around the pages: navigation, refusals, error pages, addresses, health, jobs, filters."""

import datetime
import json
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import resolve, reverse
from django.utils import timezone

from branches import health, jobs, navigation
from branches.middleware import client_address
from branches.models import Heartbeat
from branches.roles import Role
from branches.templatetags import house
from branches.views import errors
from branches.views.decorators import say_refusals

FETCH = {"headers": {"X-Requested-With": "fetch"}}


# Navigation


def labels(*roles, path="/"):
    return [link.label for _, links in navigation.for_roles(frozenset(roles), path) for link in links]


def test_navigation_names_only_pages_that_exist():
    assert set(navigation.addresses()) == {entry.url_name for _, entries in navigation.SECTIONS for entry in entries}


@pytest.mark.parametrize(
    ("roles", "seen"),
    [
        ((), ["我的待办", "通知", "创建活动", "评分标准", "命名表彰"]),
        ((Role.CLERK,), ["我的待办", "通知", "创建活动", "评分标准", "签收与学习", "我的申报", "荣誉台账", "命名表彰"]),
        (
            (Role.INSPECTOR,),
            [
                "我的待办",
                "通知",
                "创建活动",
                "评分标准",
                "申报总览",
                "荣誉台账",
                "自查整改",
                "纪检审查",
                "一票否决",
                "命名表彰",
            ],
        ),
        ((Role.EXPERT,), ["我的待办", "通知", "创建活动", "评分标准", "我的评分", "命名表彰"]),
        ((Role.SYSTEM_ADMIN,), ["我的待办", "通知", "创建活动", "评分标准", "命名表彰", "人员账号", "运行状态"]),
        ((Role.SECURITY_ADMIN,), ["我的待办", "通知", "创建活动", "评分标准", "命名表彰", "职务授权"]),
        ((Role.AUDITOR,), ["我的待办", "通知", "创建活动", "评分标准", "命名表彰", "审计日志"]),
    ],
)
def test_navigation_by_role(roles, seen):
    assert labels(*roles) == seen


@pytest.mark.parametrize(("path", "current"), [("/", "我的待办"), ("/campaigns/3/", "创建活动"), ("/password/", None)])
def test_navigation_marks_the_page_one_is_on(path, current):
    links = [link for _, links in navigation.for_roles(frozenset(), path) for link in links]
    assert next((link.label for link in links if link.current), None) == current


# Refusals


@say_refusals("branches:person", "pk")
def refuse(request, pk):
    raise ValidationError([ValidationError("甲"), ValidationError("乙")])


@say_refusals()
def refuse_anywhere(request):
    raise ValidationError("甲")


@pytest.fixture
def request_of(rf):
    def make(**extra):
        request = rf.post("/", **extra)
        request._messages = SimpleNamespace(add=lambda level, text, tags: request.said.append(text))
        request.said = []
        return request

    return make


def test_say_refusals_says_each_and_goes_to_the_page(request_of):
    request = request_of()
    assert refuse(request, pk=7)["Location"] == "/people/7/"
    assert request.said == ["甲", "乙"]


@pytest.mark.parametrize(
    ("referer", "target"),
    [
        ("http://testserver/campaigns/", "http://testserver/campaigns/"),
        ("https://elsewhere.test/", "/"),
        ("", "/"),
    ],
)
def test_say_refusals_without_a_page_goes_back(request_of, referer, target):
    assert refuse_anywhere(request_of(headers={"Referer": referer}))["Location"] == target


def test_say_refusals_answers_fetch_with_the_text(request_of):
    answer = refuse(request_of(**FETCH), pk=7)
    assert (answer.status_code, answer.content.decode()) == (422, "甲\n乙")


def test_say_refusals_leaves_a_good_answer_alone(request_of):
    good = HttpResponse("ok")
    assert say_refusals()(lambda request: good)(request_of()) is good


# Error pages


def test_forbidden_gives_the_reason(client_of, cast):
    answer = client_of(cast.clerk).get("/people/")
    assert (answer.status_code, "只有系统管理员可以管理人员账号。" in answer.content.decode()) == (403, True)


def test_forbidden_to_fetch_is_the_sentence(rf):
    answer = errors.forbidden(rf.get("/", **FETCH), PermissionDenied("只有书记可以提交。"))
    assert (answer.status_code, answer.content.decode()) == (403, "只有书记可以提交。")


def test_not_found_says_what_to_do(client_of, cast):
    answer = client_of(cast.clerk).get("/campaigns/999/")
    assert (answer.status_code, "请从导航重新进入" in answer.content.decode()) == (404, True)


def test_server_error_asks_nothing_of_the_database(rf, django_assert_num_queries, db):
    with django_assert_num_queries(0):
        answer = errors.server_error(rf.get("/"))
    assert (answer.status_code, "服务器出错" in answer.content.decode()) == (500, True)


def test_csrf_failure_says_that_nothing_is_lost(cast):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.clerk, backend="branches.auth.PoliceNumberBackend")
    answer = client.post("/logout/")
    assert (answer.status_code, "返回上一页" in answer.content.decode()) == (403, True)
    assert client.post("/logout/", **FETCH).content.decode() == errors.STALE


def test_pages_carry_no_inline_code(client_of, cast):
    page = client_of(cast.clerk).get("/").content.decode()
    assert [mark for mark in ("style=", "onclick", "<script>") if mark in page] == []


# Addresses


@pytest.mark.parametrize(
    ("count", "forwarded", "address"),
    [
        (0, "9.9.9.9", "10.0.0.1"),
        (1, "9.9.9.9, 192.168.1.5", "192.168.1.5"),
        (2, "9.9.9.9, 192.168.1.5, 10.0.0.2", "192.168.1.5"),
        (2, "192.168.1.5", "10.0.0.1"),
        (1, "", "10.0.0.1"),
        (1, "not an address", "10.0.0.1"),
        (1, "2001:db8::1", "2001:db8::1"),
    ],
)
def test_client_address(settings, count, forwarded, address):
    settings.AXES_IPWARE_PROXY_COUNT = count
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=forwarded)
    assert client_address(request) == address


# Health


def beat(seconds):
    Heartbeat.objects.create(name="beat", at=timezone.now() - datetime.timedelta(seconds=seconds))


def test_healthz_without_login(client, db):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["ok"], answer.json()["beat_age_seconds"]) == (200, True, None)


@pytest.mark.parametrize(("age", "code"), [(10, 200), (600, 503)])
def test_healthz_strict_minds_the_clock(client, db, age, code):
    beat(age)
    assert (client.get("/healthz").status_code, client.get("/healthz?strict=1").status_code) == (200, code)


@pytest.mark.parametrize(("part", "answer"), [("database_answers", False), ("queue_depth", None)])
def test_healthz_fails_with_its_parts(client, db, monkeypatch, part, answer):
    monkeypatch.setattr(health, part, lambda: answer)
    assert client.get("/healthz").status_code == 503


def test_healthz_fails_on_a_full_disk(client, db, monkeypatch):
    monkeypatch.setattr(health, "MIN_FREE_BYTES", 10**18)
    assert client.get("/healthz").status_code == 503


def test_readyz(client, db, monkeypatch):
    assert client.get("/readyz").status_code == 200
    monkeypatch.setattr(health, "database_answers", lambda: False)
    assert client.get("/readyz").status_code == 503


# Jobs


def test_job_is_its_owners(client_of, cast):
    job = jobs.enqueue("applications.tasks.render", "snapshot:1", by=cast.clerk)
    codes = [client_of(user).get(f"/jobs/{job.pk}/").status_code for user in (cast.clerk, cast.secretary)]
    assert codes == [200, 404]


def test_job_fragment_asks_again_until_it_is_finished(client_of, cast):
    job = jobs.enqueue("applications.tasks.render", "snapshot:1", by=cast.clerk)
    client, url = client_of(cast.clerk), f"/jobs/{job.pk}/"
    waiting = client.get(url, headers={"HX-Request": "true"})
    jobs.finish(jobs.claim(job.pk))
    done = client.get(url, headers={"HX-Request": "true"})
    assert ("hx-get" in waiting.content.decode(), "hx-get" in done.content.decode()) == (True, False)
    assert (waiting.get("HX-Trigger"), done.get("HX-Trigger")) == (None, "job-finished")


# Filters


@pytest.mark.parametrize(
    ("value", "text"),
    [(Decimal("3.00"), "3"), (Decimal("2.50"), "2.5"), (100, "100"), (Decimal("0.00"), "0"), (None, "—")],
)
def test_points(value, text):
    assert house.points(value) == text


def test_readable_changes():
    changes = {"status": ["draft", "open"], "phone": ["", "1"], "rows": 3, "ok": True, "list": ["甲", "乙", "丙"]}
    assert house.readable_changes(json.loads(json.dumps(changes))) == [
        ("状态", "草稿", "进行中"),
        ("电话", "（空）", "1"),
        ("行数", None, "3"),
        ("ok", None, "是"),
        ("list", None, "甲、乙、丙"),
    ]


def test_the_check_desk_is_marked_under_its_own_entry(rf):
    request = rf.get("/applications/7/check/")
    request.resolver_match = resolve(request.path)
    assert navigation.place_of(request) == reverse("applications:check_list")
