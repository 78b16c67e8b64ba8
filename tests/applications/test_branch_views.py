"""The branch's workplace: list, 我的创建, plan, tasks, joining, withdrawing."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from applications.models import Application, Evidence, PlanItem, Reader, TaskRecord
from applications.services import evidence as evidence_services
from applications.services import preparing
from branches.models import AuditEntry
from standards.models import Track
from standards.services import campaigns as campaign_services
from tests.uploads import PDF, uploaded

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
    preparing.save_plan(tiny_application, rows, by=cast.clerk)
    client = client_of(cast.clerk)
    client.get(url("detail", tiny_application))
    with django_assert_num_queries(16):
        client.get(url("detail", tiny_application))


# The plan


def plan_data(*rows, initial=0, **more):
    data = {"form-TOTAL_FORMS": len(rows), "form-INITIAL_FORMS": initial, **more}
    for n, row in enumerate(rows):
        data |= {f"form-{n}-{name}": value for name, value in row.items()}
    return data


GOOD = {
    "measure": "每月开展主题党日",
    "indicator": "次数",
    "target": "12",
    "responsible": "支委B",
    "due_on": "2026-12-31",
}


def test_plan_saves_rows_and_leaves_out_empty_ones(client_of, cast, application):
    data = plan_data({}, GOOD, {}, {**GOOD, "measure": "走访"}, {**GOOD, "measure": "不要了", "DELETE": "on"})
    assert client_of(cast.clerk).post(url("plan", application), data).status_code == 302
    assert list(PlanItem.objects.values_list("order", "measure")) == [(1, "每月开展主题党日"), (2, "走访")]


def test_plan_with_a_gap_keeps_what_was_typed(client_of, cast, application):
    page = client_of(cast.clerk).post(url("plan", application), plan_data({"measure": "只写了措施"}, {}))
    form = page.context["formset"].forms[0]
    assert (page.status_code, form["measure"].value()) == (200, "只写了措施")
    assert {name: list(errors) for name, errors in form.errors.items()} == {
        "responsible": ["请填写责任人。"], "due_on": ["请填写完成时限。"],
    }  # fmt: skip
    assert PlanItem.objects.count() == 0


def test_plan_emptied_row_goes_away(client_of, cast, application):
    client = client_of(cast.clerk)
    client.post(url("plan", application), plan_data(GOOD))
    client.post(url("plan", application), plan_data({"measure": ""}, initial=1))
    assert PlanItem.objects.count() == 0


def test_plan_more_rows_without_script_judges_nothing(client_of, cast, application):
    page = client_of(cast.clerk).post(url("plan", application), plan_data({"measure": "半句"}, more="1"))
    assert (len(page.context["formset"].forms), PlanItem.objects.count()) == (4, 0)
    assert page.context["formset"].forms[0]["measure"].value() == "半句"


def test_plan_save_and_file(client_of, cast, application):
    client = client_of(cast.clerk)
    client.post(url("plan", application), plan_data(GOOD, file="1"))
    application.refresh_from_db()
    assert application.plan_filed_at is not None
    actions = AuditEntry.objects.filter(action__startswith="plan.").order_by("seq")
    assert list(actions.values_list("action", flat=True)) == ["plan.save", "plan.file"]


def test_plan_without_a_measure_cannot_be_filed(client_of, cast, application):
    page = client_of(cast.clerk).post(url("plan", application), plan_data({}, file="1"))
    assert page.context["errors"] == ["计划里还没有创建措施，请至少填写一条再报备。"]
    answer = client_of(cast.clerk).post(url("file_plan", application))
    application.refresh_from_db()
    assert (answer.status_code, application.plan_filed_at) == (302, None)


def test_plan_on_a_stale_page_overwrites_nothing(client_of, cast, application):
    client = client_of(cast.clerk)
    mark = client.get(url("plan", application)).context["mark"]
    client_of(cast.secretary).post(url("plan", application), plan_data(GOOD, mark=mark))
    page = client.post(url("plan", application), plan_data({**GOOD, "measure": "我的"}, mark=mark))
    assert (page.status_code, PlanItem.objects.get().measure) == (200, "每月开展主题党日")
    assert page.context["formset"].forms[0]["measure"].value() == "我的"
    client.post(url("plan", application), plan_data({**GOOD, "measure": "我的"}, mark=page.context["mark"]))
    assert PlanItem.objects.get().measure == "我的"


def test_plan_actual_values_can_be_filled_in_after_submission(client_of, cast, application, road):
    road.to(application, "submitted")
    answer = client_of(cast.clerk).post(url("plan", application), plan_data({**GOOD, "actual": "12"}))
    assert (answer.status_code, PlanItem.objects.get().actual) == (302, "12")


def test_plan_is_for_the_branch_to_change(client_of, cast, application):
    answer = client_of(cast.committee_clerk).post(url("plan", application), plan_data(GOOD))
    assert (answer.status_code, PlanItem.objects.count()) == (403, 0)


# Tasks


@pytest.fixture
def meeting(application):
    return next(task for task in application.tasks if task.kind == "members_meeting")


def record(**changed):
    today = timezone.localdate().isoformat()
    return {
        "held_on": today, "place": "活动室", "host": "支部书记A", "expected": "12", "present": "11",
        "auxiliaries_present": "5", "body": "学习标准\r\n部署创建", "minutes": "", **changed,
    }  # fmt: skip


def test_task_records_a_meeting(client_of, cast, application, meeting):
    answer = client_of(cast.clerk).post(url("task", application, meeting.pk), record())
    saved = TaskRecord.objects.get()
    assert (answer.status_code, saved.present, saved.body) == (302, 11, "学习标准\n部署创建")


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"present": "13"}, "present", "too_many_present"),
        ({"held_on": (timezone.localdate() + datetime.timedelta(days=2)).isoformat()}, "held_on", "future"),
        ({"host": ""}, "host", "required"), ({"expected": ""}, "expected", "required"), ({"body": ""}, "body", "required"),
        ({"expected": "-1"}, "expected", "min_value"),
    ],
)  # fmt: skip
def test_task_says_what_is_wrong_and_keeps_the_rest(client_of, cast, application, meeting, changed, field, code):
    page = client_of(cast.clerk).post(url("task", application, meeting.pk), record(**changed))
    errors = page.context["form"].errors.as_data()
    assert {name: [error.code for error in found] for name, found in errors.items()} == {field: [code]}
    assert (page.context["form"]["place"].value(), TaskRecord.objects.count()) == ("活动室", 0)


def test_task_file_survives_another_mistake(client_of, cast, application, meeting):
    data = record(present="13", upload=uploaded("会议记录.pdf", PDF))
    page = client_of(cast.clerk).post(url("task", application, meeting.pk), data)
    evidence = Evidence.objects.get()
    assert page.context["form"]["minutes"].value() == str(evidence.pk)
    client_of(cast.clerk).post(url("task", application, meeting.pk), record(minutes=evidence.pk))
    assert TaskRecord.objects.get().minutes == evidence


def test_task_refuses_a_bad_file_by_the_field(client_of, cast, application, meeting):
    page = client_of(cast.clerk).post(
        url("task", application, meeting.pk), record(upload=uploaded("会议记录.pdf", b"MZ"))
    )
    assert list(page.context["form"].errors) == ["upload"]
    assert (TaskRecord.objects.count(), Evidence.objects.count()) == (0, 0)


def test_task_takes_minutes_of_the_own_branch_only(client_of, cast, application, meeting, applications):
    foreign = evidence_services.store_evidence(
        applications["A-2"].branch, by=cast.secretary_a2, name="别家.pdf", content_type="application/pdf",
        sha256="c" * 64, size=1, file=uploaded("别家.pdf", PDF),
    )  # fmt: skip
    page = client_of(cast.clerk).post(url("task", application, meeting.pk), record(minutes=foreign.pk))
    assert list(page.context["form"].errors) == ["minutes"]


def test_task_on_a_stale_page_overwrites_nothing(client_of, cast, application, meeting):
    client_of(cast.secretary).post(url("task", application, meeting.pk), record(mark=""))
    page = client_of(cast.clerk).post(url("task", application, meeting.pk), record(mark="", host="支委B"))
    assert [error.code for error in page.context["form"].non_field_errors().as_data()] == ["stale"]
    assert TaskRecord.objects.get().host == "支部书记A"


def test_task_of_another_track_is_404(client_of, cast, application, s1_application):
    other = s1_application.tasks[1]
    assert client_of(cast.clerk).get(url("task", application, other.pk)).status_code == 404


def test_task_is_closed_after_submission(client_of, cast, application, meeting, road):
    road.to(application, "submitted")
    page = client_of(cast.clerk).get(url("task", application, meeting.pk))
    assert page.context["editable"] is False
    page = client_of(cast.clerk).post(url("task", application, meeting.pk), record(host="改了"))
    assert [error.code for error in page.context["form"].non_field_errors().as_data()] == ["conflict"]


def test_summary_asks_for_its_text_only(client_of, cast, s1_application):
    summary = next((task for task in s1_application.tasks if task.kind == "summary"), None)
    page = client_of(cast.clerk).get(url("task", s1_application, summary.pk))
    assert list(page.context["form"].fields) == ["held_on", "body", "minutes", "upload"]


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
