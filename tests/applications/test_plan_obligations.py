"""Measures of filed plans are owed near their time and after it, all the year."""

import pytest

from applications import obligations
from applications.models import Application
from applications.services import planning
from branches.models import Notice
from branches.reminding import remind
from standards.deadlines import end_of
from tests import factories


def plan_due(application, by, *numbers):
    rows = [{"measure": f"措施{n}", "responsible": "支委B", "due_on": factories.days(n)} for n in numbers]
    planning.save_plan(application, rows, by=by)
    return planning.file_plan(application, by=by)


def measures_of(user):
    return [(todo.kind, todo.title) for todo in obligations.measures(user)]


def test_measures_that_are_due_are_owed_through_the_year(tiny_application, cast):
    application = plan_due(tiny_application, cast.clerk, -9, -2, 3, 30)
    Application.objects.filter(pk=application.pk).update(status="in_review")
    said = [("measure.overdue", "登记进展：2条措施已逾期"), ("measure.soon", "登记进展：“措施3”即将到期")]
    assert (measures_of(cast.secretary), measures_of(cast.secretary_a2)) == (said, [])
    overdue, soon = obligations.measures(cast.clerk)
    assert (overdue.due, soon.due) == (end_of(factories.days(-2)), end_of(factories.days(3)))


@pytest.mark.parametrize("change", [{"status": "withdrawn"}, {"status": "vetoed"}, {"plan_filed_at": None}])
def test_measures_of_no_plan_in_force_are_not_owed(tiny_application, cast, change):
    application = plan_due(tiny_application, cast.clerk, -9)
    Application.objects.filter(pk=application.pk).update(**change)
    assert measures_of(cast.secretary) == []


def test_a_measure_that_is_done_is_not_owed(tiny_application, cast):
    item = plan_due(tiny_application, cast.clerk, -1).plan_items.get()
    planning.note_progress(item, by=cast.clerk, noted_on=factories.days(0), done=True)
    assert measures_of(cast.secretary) == []


def test_a_reminder_of_a_measure_goes_out_the_day_after_its_time(tiny_application, cast):
    plan_due(tiny_application, cast.clerk, -1)
    remind(obligations.measures())
    told = Notice.objects.filter(kind="remind.measure.overdue")
    assert {notice.recipient for notice in told} == {cast.secretary, cast.clerk}
