"""The branch's workplace: list, 我的创建, plan, tasks, joining, withdrawing."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from applications.models import Application, Reader
from applications.services import planning
from branches.models import AuditEntry
from standards.models import Track
from standards.services import campaigns as campaign_services

LIST = reverse("applications:list")


def url(name, application, *more):
    return reverse(f"applications:{name}", args=[application.pk, *more])


def codes(page):
    return [application.branch.code for application in page.context["page_obj"]]


# The list


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("campaign_admin", ["JG-1", "JG-2", "A-1", "A-2", "A-3", "B-1", "B-2"]),
        ("inspector", ["JG-1", "JG-2", "A-1", "A-2", "A-3", "B-1", "B-2"]),
        ("committee_clerk", ["A-1", "A-2", "A-3"]), ("other_head", ["B-1", "B-2"]),
        ("assessor", []), ("expert", []), ("system_admin", []), ("auditor", []), ("outsider", []),
    ],
)  # fmt: skip
def test_list_shows_the_own_scope(client_of, cast, applications, who, seen):
    assert codes(client_of(getattr(cast, who)).get(LIST)) == seen


def test_list_shows_a_reviewer_what_was_given(client_of, cast, applications):
    Reader.objects.create(application=applications["B-1"], user=cast.assessor)
    assert codes(client_of(cast.assessor).get(LIST)) == ["B-1"]


def test_list_takes_somebody_with_one_application_straight_there(client_of, cast, applications):
    answer = client_of(cast.clerk).get(LIST)
    assert (answer.status_code, answer["Location"]) == (302, applications["A-1"].get_absolute_url())


def test_list_filters(client_of, cast, applications, bureau, road, tiny_track):
    road.to(applications["A-2"], "submitted")
    client = client_of(cast.campaign_admin)
    assert codes(client.get(LIST, {"q": "城关"})) == ["A-1", "B-1"]
    assert codes(client.get(LIST, {"status": "submitted"})) == ["A-2"]
    assert codes(client.get(LIST, {"county": bureau.county_b.pk})) == ["B-1", "B-2"]
    assert codes(client.get(LIST, {"track": tiny_track.pk, "q": "政治"})) == ["JG-1"]
    assert len(codes(client.get(LIST, {"status": "nonsense", "county": "x", "track": "0"}))) == 7


def test_list_cannot_tell_a_decision_that_is_not_public(client_of, cast, applications):
    Application.objects.filter(pk=applications["A-1"].pk).update(status="selected")
    Application.objects.filter(pk=applications["A-2"].pk).update(status="in_review")
    clerk, admin = client_of(cast.committee_clerk), client_of(cast.campaign_admin)
    assert codes(clerk.get(LIST, {"status": "in_review"})) == ["A-1", "A-2"]
    assert codes(clerk.get(LIST, {"status": "selected"})) == []
    assert codes(admin.get(LIST, {"status": "selected"})) == ["A-1"]
    page = clerk.get(LIST)
    assert [application.shown_status for application in page.context["page_obj"]] == [
        "in_review", "in_review", "preparing",
    ]  # fmt: skip
    assert "status-selected" not in page.content.decode()


@pytest.mark.parametrize("number", [1, 3])
def test_list_asks_the_same_number_of_queries(client_of, cast, applications, number, django_assert_num_queries):
    keep = [applications[code].pk for code in ("A-1", "A-2", "B-1")[:number]]
    Application.objects.exclude(pk__in=keep).delete()
    client = client_of(cast.campaign_admin)
    client.get(LIST)
    with django_assert_num_queries(9):
        page = client.get(LIST)
    assert len(codes(page)) == number


# 我的创建


def test_detail_names_the_state_and_the_next_step(client_of, cast, application):
    page = client_of(cast.clerk).get(url("detail", application))
    text = page.content.decode()
    assert ("草稿·未提交" in text, page.context["editable"], page.context["secretary"]) == (True, True, False)
    progress = page.context["progress"]
    assert (progress.next.title, progress.next.url) == ("创建活动计划措施", url("plan", application))
    assert [(step.title, step.done) for step in progress.steps] == [
        ("创建活动计划措施", False), ("党员大会部署创建工作", False), ("对照标准自评", False), ("填写申报表", False),
    ]  # fmt: skip
    assert [step.detail for step in progress.steps[2:]] == ["已评0/33项，合计0分，引用佐证0份", "已填0/10栏"]


def test_detail_counts_what_is_done(client_of, cast, application, road):
    road.fill(application, share="1")
    progress = client_of(cast.secretary).get(url("detail", application)).context["progress"]
    assert (progress.done, progress.next, progress.answered, str(progress.score.total)) == (4, None, 33, "100.00")


def test_detail_marks_one_current_stage_and_shows_the_extension(client_of, cast, application, bureau):
    stage = application.stage("apply")
    until = timezone.localdate() + datetime.timedelta(days=40)
    campaign_services.extend_stage(stage, bureau.a1, until=until, reason="抗洪抢险", by=cast.campaign_admin)
    marks = client_of(cast.clerk).get(url("detail", application)).context["stages"]
    assert [mark.stage.kind for mark in marks if mark.current] == ["apply"]
    today = timezone.localdate()
    words = (
        f"已延期至{until.year}年{until.month}月{until.day}日24时"
        f"（抗洪抢险；{cast.campaign_admin.name}{today.month}月{today.day}日批准）"
    )
    assert [(mark.until, mark.extended) for mark in marks if mark.stage == stage] == [(until, words)]


def test_detail_shows_what_was_returned_and_why(client_of, cast, application, road):
    application = road.send_back(road.to(application, "submitted"), reason="缺党员大会记录。")
    page = client_of(cast.clerk).get(url("detail", application))
    assert page.context["returned"].reason == "缺党员大会记录。"
    assert [snapshot.number for snapshot in page.context["snapshots"]] == [1]
    assert "已退回修改（第1次）" in page.content.decode()
    application = road.submit(application)
    assert client_of(cast.clerk).get(url("detail", application)).context["returned"] is None


@pytest.mark.parametrize(
    ("status", "who", "actions"),
    [
        ("preparing", "secretary", {"submit"}), ("preparing", "clerk", set()),
        ("submitted", "secretary", {"withdraw"}), ("submitted", "clerk", set()),
        ("submitted", "committee_clerk", {"return", "accept"}),
        ("withdrawn", "secretary", {"reopen"}), ("checked", "secretary", set()),
    ],
)  # fmt: skip
def test_detail_offers_what_the_gate_allows(client_of, cast, application, road, status, who, actions):
    road.to(application, status)
    assert client_of(getattr(cast, who)).get(url("detail", application)).context["actions"] == actions


def test_detail_keeps_the_score_of_the_check_from_the_branch(client_of, cast, application, road):
    road.to(application, "checked")
    assert "核查得分" not in client_of(cast.secretary).get(url("detail", application)).content.decode()
    assert "核查得分" in client_of(cast.campaign_admin).get(url("detail", application)).content.decode()


@pytest.mark.parametrize("name", ["detail", "plan", "assessment", "evidence", "preview"])
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("secretary", 200), ("clerk", 200), ("committee_clerk", 200), ("committee_head", 200), ("inspector", 200),
        ("campaign_admin", 200), ("secretary_a2", 404), ("other_head", 404), ("assessor", 404), ("expert", 404),
        ("system_admin", 404), ("outsider", 404),
    ],
)  # fmt: skip
def test_pages_follow_the_scope(client_of, cast, tiny_application, name, who, status):
    assert client_of(getattr(cast, who)).get(url(name, tiny_application)).status_code == status


@pytest.mark.parametrize("name", ["detail", "plan", "assessment", "evidence", "preview"])
def test_pages_open_for_a_reviewer_the_application_was_given_to(client_of, cast, tiny_application, name):
    Reader.objects.create(application=tiny_application, user=cast.expert)
    assert client_of(cast.expert).get(url(name, tiny_application)).status_code == 200


@pytest.mark.parametrize("number", [1, 3])
def test_detail_asks_the_same_number_of_queries(client_of, cast, tiny_application, number, django_assert_num_queries):
    rows = [{"measure": f"措施{n}", "responsible": "支委B", "due_on": timezone.localdate()} for n in range(number)]
    planning.save_plan(tiny_application, rows, by=cast.clerk)
    client = client_of(cast.clerk)
    client.get(url("detail", tiny_application))
    with django_assert_num_queries(16):
        client.get(url("detail", tiny_application))


# Joining, withdrawing, starting again


def test_join_starts_an_application_once(client_of, cast, tiny_track, bureau):
    Application.objects.filter(branch=bureau.a1).delete()
    client = client_of(cast.clerk)
    assert [(track, branch) for track, branch in client.get(LIST).context["joinable"]] == [(tiny_track, bureau.a1)]
    for _ in range(2):
        client.post(reverse("applications:join", args=[tiny_track.pk]), {"branch": bureau.a1.pk})
    assert Application.objects.filter(branch=bureau.a1).count() == 1
    assert AuditEntry.objects.filter(action="application.join").count() == 1


def test_join_for_another_branch_is_out_of_scope(client_of, cast, tiny_track, bureau):
    target = reverse("applications:join", args=[tiny_track.pk])
    assert client_of(cast.clerk).post(target, {"branch": bureau.a2.pk}).status_code == 404
    assert client_of(cast.committee_clerk).post(target, {"branch": bureau.a1.pk}).status_code == 403


def test_join_a_draft_campaign_is_refused(client_of, cast, plans, bureau):
    track = Track.objects.get(campaign=plans.S2)
    answer = client_of(cast.clerk).post(reverse("applications:join", args=[track.pk]), {"branch": bureau.a1.pk})
    assert (answer.status_code, Application.objects.count()) == (302, 0)


def test_withdraw_and_reopen_by_the_secretary(client_of, cast, application, road):
    road.to(application, "submitted")
    assert client_of(cast.clerk).post(url("withdraw", application)).status_code == 403
    client = client_of(cast.secretary)
    for name, status in (("withdraw", "withdrawn"), ("reopen", "preparing")):
        assert client.get(url(name, application)).status_code == 405
        assert client.post(url(name, application))["Location"] == url("detail", application)
        application.refresh_from_db()
        assert application.status == status


def test_withdraw_after_the_check_says_why_not(client_of, cast, application, road):
    road.to(application, "checked")
    page = client_of(cast.secretary).post(url("withdraw", application), follow=True)
    assert ["审核通过" in str(message) for message in page.context["messages"]] == [True]
    application.refresh_from_db()
    assert application.status == "checked"
