"""The services of the plan: measures keep their rows, the year is a ledger, stale pages lose."""

import pytest
from django.core.exceptions import ValidationError

from applications.models import Application, PlanItem, PlanProgress
from applications.services import planning
from branches.models import AuditEntry, Notice
from tests.factories import days


def row(measure, **more):
    return {"measure": measure, "responsible": "支委B", "due_on": days(30), **more}


def refused(act, *args, **kwargs):
    with pytest.raises(ValidationError) as caught:
        act(*args, **kwargs)
    return caught.value.code


def kept(item, **changed):
    return {"item": item.pk, **{name: getattr(item, name) for name in planning.FACTS}, **changed}


@pytest.fixture
def planned(tiny_application, cast):
    planning.save_plan(tiny_application, [row("一"), row("二"), row("三")], by=cast.clerk)
    return tiny_application


def items(application):
    return list(PlanItem.objects.filter(application=application))


def test_saving_keeps_rows_and_their_history(planned, cast):
    one, two, three = items(planned)
    planning.note_progress(two, by=cast.clerk, noted_on=days(0), actual="5", note="开了头")
    two.refresh_from_db()
    planning.save_plan(planned, [kept(two, measure="二改"), row("新"), kept(one)], by=cast.clerk)
    assert [(item.measure, item.order) for item in items(planned)] == [("二改", 1), ("新", 2), ("一", 3)]
    assert (two.progress.get().note, PlanItem.objects.filter(pk=three.pk).exists()) == ("开了头", False)
    assert PlanItem.objects.get(measure="二改").pk == two.pk


def test_a_measure_with_history_cannot_be_dropped(planned, cast):
    one, two, three = items(planned)
    planning.note_progress(two, by=cast.clerk, noted_on=days(0), note="开了头")
    assert refused(planning.save_plan, planned, [kept(one), kept(three)], by=cast.clerk) == "has_progress"
    assert len(items(planned)) == 3


def test_a_measure_of_another_plan_is_not_taken_over(planned, cast, applications):
    other = planning.save_plan(applications["A-2"], [row("别家")], by=cast.secretary_a2).plan_items.get()
    assert refused(planning.save_plan, planned, [kept(other, measure="抢")], by=cast.clerk) == "stale"
    other.refresh_from_db()
    assert (other.measure, other.application) == ("别家", applications["A-2"])


def test_a_new_actual_value_of_the_plan_is_noted(planned, cast):
    one, two, three = items(planned)
    rows = [kept(one, actual="3"), kept(two), kept(three)]
    planning.save_plan(planned, rows, by=cast.clerk)
    planning.save_plan(planned, rows, by=cast.clerk)
    assert list(PlanProgress.objects.values_list("item", "actual")) == [(one.pk, "3")]


def test_the_latest_day_gives_the_actual_value(planned, cast):
    item = items(planned)[0]
    planning.note_progress(item, by=cast.clerk, noted_on=days(-1), actual="6")
    planning.note_progress(item, by=cast.clerk, noted_on=days(-9), actual="2", note="补记")
    item.refresh_from_db()
    assert (item.actual, [entry.actual for entry in item.progress.all()]) == ("6", ["6", "2"])


def test_done_closes_a_measure_and_opens_it_again(planned, cast):
    item = items(planned)[0]
    for done, expected in ((True, days(-2)), (True, days(-2)), (False, None)):
        planning.note_progress(item, by=cast.clerk, noted_on=days(-2 if done else 0), note="说明", done=done)
        item.refresh_from_db()
        assert item.done_on == expected
    assert PlanProgress.objects.count() == 2


def test_nothing_noted_is_refused(planned, cast):
    assert refused(planning.note_progress, items(planned)[0], by=cast.clerk, noted_on=days(0)) == "nothing_noted"


@pytest.mark.parametrize("status", ["withdrawn", "vetoed"])
def test_progress_ends_with_the_application(planned, cast, status):
    item = items(planned)[0]
    Application.objects.filter(pk=planned.pk).update(status=status)
    assert refused(planning.note_progress, item, by=cast.clerk, noted_on=days(0), note="晚了") == "conflict"
    assert PlanProgress.objects.count() == 0


@pytest.mark.parametrize("status", ["in_review", "selected", "reserve", "not_selected"])
def test_a_decision_not_yet_public_cannot_be_told_by_the_plan(planned, cast, status):
    Application.objects.filter(pk=planned.pk).update(status=status)
    assert planning.note_progress(items(planned)[0], by=cast.clerk, noted_on=days(0), note="照常推进").pk


def test_filing_again_keeps_the_first_date_and_notes_the_latest(planned, cast):
    first = planning.file_plan(planned, by=cast.clerk)
    once = (first.plan_filed_at, first.plan_refiled_at)
    again = planning.file_plan(planned, by=cast.clerk)
    fresh = Application.objects.get(pk=planned.pk)
    assert (once[1], fresh.plan_filed_at, fresh.plan_refiled_at) == (None, once[0], again.plan_refiled_at)
    assert fresh.plan_refiled_at > fresh.plan_filed_at
    told = Notice.objects.filter(kind="plan.filed", recipient=cast.committee_clerk)
    assert [notice.title for notice in told] == ["甲县城关所报备了创建活动计划"]


def test_a_filed_plan_is_fixed_by_the_submission(planned, cast):
    stale = planning.file_plan(planned, by=cast.clerk)
    Application.objects.filter(pk=planned.pk).update(status="submitted")
    assert refused(planning.save_plan, stale, [row("改")], by=cast.clerk) == "fixed"
    assert [item.measure for item in items(planned)] == ["一", "二", "三"]


def test_acts_on_a_plan_stand_in_the_log(planned, cast):
    item = items(planned)[0]
    planning.note_progress(item, by=cast.clerk, noted_on=days(0), actual="5", done=True)
    planning.remark_on_plan(planned, "请补充量化目标。", by=cast.committee_clerk)
    entries = AuditEntry.objects.filter(action__in=["plan.progress", "plan.remark"]).order_by("seq")
    assert [(entry.action, entry.changes.get("actual"), entry.changes.get("note")) for entry in entries] == [
        ("plan.progress", ["", "5"], None), ("plan.remark", None, "请补充量化目标。"),
    ]  # fmt: skip
