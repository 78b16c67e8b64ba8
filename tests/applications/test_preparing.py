"""The services of the branch: what is missing, freezing, lost races, deadlines."""

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from applications import completeness, snapshots
from applications.completeness import form_field_problems
from applications.models import Application, Assessment, PlanItem, Snapshot
from applications.services import planning, preparing, submitting
from branches.models import AuditEntry, Notice
from standards import scoring
from standards.models import FormField, Stage, Track
from standards.services import campaigns as campaign_services


def fresh(application):
    return Application.objects.for_work().get(pk=application.pk)


def codes(caught):
    return sorted({error.code for error in caught.value.error_list})


def refused(act, *args, **kwargs):
    with pytest.raises(ValidationError) as caught:
        act(*args, **kwargs)
    return codes(caught)


def leaf(application, code="A1"):
    return next(c for c in application.track.rubric.leaves_for("派出所") if c.code == code)


def close_apply(application):
    """The stage ended yesterday."""
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    Stage.objects.filter(track=application.track, kind="apply").update(closes_on=yesterday)
    return fresh(application)


# What is missing


def test_missing_names_everything_in_the_order_of_the_work(application):
    fields = [field.label for field in application.track.form_fields.all()]
    assert completeness.missing_for_submit(application) == [
        "创建活动计划尚未报备。",
        "“党员大会部署创建工作”尚未登记。",
        "自评还有33项未打分：R3-A1、R3-A2、R3-A3、R3-A4、R3-A5等33项。",
        *(f"申报表“{label}”未填写（没有请填“无”）。" for label in fields),
    ]


def test_missing_is_nothing_once_all_is_there(application, road):
    assert completeness.missing_for_submit(road.fill(application)) == []


def test_missing_names_a_short_list_without_more(tiny_application, cast, road):
    road.fill(tiny_application)
    tiny_application.assessments.filter(criterion__code__in=["A1", "A5"]).delete()
    assert completeness.missing_for_submit(fresh(tiny_application)) == ["自评还有2项未打分：A1、A5。"]


def test_missing_asks_for_the_line_and_the_grade(tiny_application, road):
    Track.objects.filter(pk=tiny_application.track_id).update(self_line=90, solid_required=True)
    application = road.fill(fresh(tiny_application), share="0.5")
    application.branch.solid_grade = ""
    total = str(application.self_score.normalize())
    assert completeness.missing_for_submit(application) == [
        "本支部尚未登记“过硬支部”达标等次，不具备申报资格；请联系党委经办人核实登记（S1-17）。",
        f"自评{total}分，未达到自评达标线90分，认为达标后方可申报。",
    ]


@pytest.mark.parametrize(
    ("kind", "value", "problems"),
    [
        ("line", "", ["申报表“创建主题”未填写（没有请填“无”）。"]),
        ("line", "  \n", ["申报表“创建主题”未填写（没有请填“无”）。"]),
        ("line", "一二三四五", []),
        ("line", "一二三四五六", ["申报表“创建主题”有6字，超过上限5字。"]),
        ("number", "12", []),
        ("number", "12人", ["申报表“创建主题”应填数字。"]),
    ],
)
def test_form_field_is_judged_at_submission(kind, value, problems):
    assert form_field_problems(FormField(key="x", label="创建主题", kind=kind, max_length=5), value) == problems


def test_form_field_that_is_not_required_may_stay_empty():
    assert form_field_problems(FormField(key="x", label="备注", required=False), "") == []


# Submitting


def test_submit_freezes_the_content_and_tells_the_committee(application, road, cast):
    application = road.fill(application)
    content = snapshots.content_of(application)
    snapshot = submitting.submit_application(application, by=cast.secretary)
    assert (snapshot.content, snapshot.hash) == (content, snapshots.digest(content))
    assert (snapshot.number, snapshot.receipt_number) == (1, f"S2-{application.pk:06d}-1")
    stored = fresh(application)
    assert (stored.status, stored.submissions, stored.receipt_number, stored.submitted_by) == (
        "submitted", 1, snapshot.receipt_number, cast.secretary,
    )  # fmt: skip
    told = Notice.objects.filter(kind="application.submitted").order_by("recipient")
    assert [notice.recipient for notice in told] == [cast.committee_clerk, cast.committee_head]
    entry = AuditEntry.objects.get(action="application.submit")
    assert entry.changes == {"status": ["preparing", "submitted"], "note": snapshot.receipt_number}


def test_submit_incomplete_freezes_nothing(application, cast):
    assert refused(submitting.submit_application, application, by=cast.secretary) == ["incomplete"]
    assert (Snapshot.objects.count(), fresh(application).status) == (0, "preparing")


def test_submit_by_the_clerk_is_not_allowed(application, road, cast):
    assert refused(submitting.submit_application, road.fill(application), by=cast.clerk) == ["not_allowed"]


def test_submit_from_two_stale_pages_has_one_winner(application, road, cast):
    road.fill(application)
    first, second = fresh(application), fresh(application)
    submitting.submit_application(first, by=cast.secretary)
    assert refused(submitting.submit_application, second, by=cast.secretary) == ["conflict"]
    assert (Snapshot.objects.count(), fresh(application).submissions) == (1, 1)
    assert AuditEntry.objects.filter(action="application.submit").count() == 1


def test_submit_what_was_not_read_is_refused(application, road, cast):
    application = road.fill(application)
    assert refused(submitting.submit_application, application, by=cast.secretary, seen="0" * 64) == ["changed"]
    assert (Snapshot.objects.count(), fresh(application).status) == (0, "preparing")


def test_submit_after_the_deadline_is_closed_and_an_extension_opens_it(application, road, cast):
    road.fill(application)
    late = close_apply(application)
    assert refused(submitting.submit_application, late, by=cast.secretary) == ["closed"]
    until = timezone.localdate() + datetime.timedelta(days=1)
    campaign_services.extend_stage(
        late.stage("apply"), late.branch, until=until, reason="抗洪抢险", by=cast.campaign_admin
    )
    assert submitting.submit_application(fresh(application), by=cast.secretary).number == 1


def test_submit_on_the_last_day_is_in_time(application, road, cast):
    road.fill(application)
    Stage.objects.filter(track=application.track, kind="apply").update(closes_on=timezone.localdate())
    assert submitting.submit_application(fresh(application), by=cast.secretary).number == 1


# After submission nothing moves


def test_nothing_is_written_under_a_submission(tiny_application, road, cast):
    stale = fresh(tiny_application)
    road.to(tiny_application, "submitted")
    before = (Assessment.objects.count(), fresh(tiny_application).form_version, AuditEntry.objects.count())
    by = cast.clerk
    task = stale.tasks[1]
    attempts = [
        (preparing.save_answer, (stale, leaf(stale)), {"answer": {"points": "1"}, "remark": "", "version": 1}),
        (submitting.save_form, (stale, {"theme": "改"}), {}),
        (planning.record_task, (stale, task), {"held_on": timezone.localdate(), "body": "改"}),
    ]
    assert [refused(act, *args, **kwargs, by=by) for act, args, kwargs in attempts] == [["conflict"]] * 3
    assert (Assessment.objects.count(), fresh(tiny_application).form_version, AuditEntry.objects.count()) == before


def test_filing_a_plan_of_a_withdrawn_application_is_refused(tiny_application, road, cast):
    application = road.to(tiny_application, "withdrawn")
    assert refused(planning.file_plan, application, by=cast.clerk) == ["conflict"]


# Stale pages


def test_save_answer_with_an_old_version_changes_nothing(tiny_application, cast):
    criterion, by = leaf(tiny_application), cast.clerk
    preparing.save_answer(tiny_application, criterion, answer={"points": "10"}, remark="", version=0, by=by)
    again = {"answer": {"points": "20"}, "remark": "", "version": 0, "by": by}
    assert refused(preparing.save_answer, tiny_application, criterion, **again) == ["stale"]
    assert Assessment.objects.get().points == 10


def test_save_answer_refuses_a_total_that_cannot_be_meant(tiny_application, cast, monkeypatch):
    monkeypatch.setattr(scoring, "MOST_POINTS", 25)
    one, other = tiny_application.track.rubric.leaves_for("")[:2]
    given = {"remark": "", "version": 0, "by": cast.clerk}
    preparing.save_answer(tiny_application, one, answer={"points": "20"}, **given)
    level = {"level": str(other.rules.all()[0].pk)}
    assert refused(preparing.save_answer, tiny_application, other, answer=level, **given) == ["out_of_range"]
    assert (Assessment.objects.count(), fresh(tiny_application).self_score) == (1, 20)


def test_save_form_with_an_old_version_changes_nothing(tiny_application, cast):
    submitting.save_form(tiny_application, {"theme": "一"}, seen={}, by=cast.clerk)
    assert refused(submitting.save_form, tiny_application, {"theme": "二"}, seen={}, by=cast.clerk) == ["stale"]
    assert fresh(tiny_application).form_data == {"theme": "一"}


def test_save_plan_with_an_old_mark_changes_nothing(tiny_application, cast):
    row = {"measure": "一", "responsible": "支委B", "due_on": timezone.localdate()}
    mark = planning.plan_mark(tiny_application)
    planning.save_plan(tiny_application, [row], by=cast.clerk, seen=mark)
    other = [{**row, "measure": "二"}]
    assert refused(planning.save_plan, tiny_application, other, by=cast.clerk, seen=mark) == ["stale"]
    assert PlanItem.objects.get().measure == "一"


# Back and forth


def test_withdraw_and_reopen_keep_everything(application, road, cast):
    application = road.to(application, "submitted")
    form = application.form_data
    submitting.withdraw_application(application, by=cast.secretary)
    assert fresh(application).status == "withdrawn"
    reopened = fresh(submitting.reopen_application(fresh(application), by=cast.secretary))
    assert (reopened.status, reopened.form_data, completeness.missing_for_submit(reopened)) == ("preparing", form, [])
    assert submitting.submit_application(reopened, by=cast.secretary).number == 2


def test_withdraw_from_a_stale_page_loses_against_the_check(application, road, cast):
    stale = road.to(application, "submitted")
    road.accept(stale)
    stale.status = "submitted"
    assert refused(submitting.withdraw_application, stale, by=cast.secretary) == ["conflict"]
    assert fresh(application).status == "checked"


def test_reopen_after_the_deadline_is_closed(application, road, cast):
    road.to(application, "withdrawn")
    assert refused(submitting.reopen_application, close_apply(application), by=cast.secretary) == ["closed"]


# Joining


def test_join_needs_a_running_campaign_and_a_grassroots_branch(tiny_track, cast, bureau):
    assert refused(preparing.join_track, tiny_track, bureau.county_a, by=cast.committee_head) == ["not_grassroots"]
    Stage.objects.filter(track=tiny_track).update(
        opens_on=timezone.localdate() + datetime.timedelta(days=1), closes_on=None
    )
    later = Track.objects.select_related("campaign").get(pk=tiny_track.pk)
    assert refused(preparing.join_track, later, bureau.a1, by=cast.clerk) == ["not_open"]
