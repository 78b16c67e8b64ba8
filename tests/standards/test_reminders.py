import datetime

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from branches.models import AuditEntry, Delivery, Heartbeat, Notice
from branches.reminding import Wording
from branches.roles import BRANCH_ROLES
from branches.todo import Todo, closing_at
from standards import reminders
from standards.models import ReminderPlan
from standards.services import reminders as services
from tests.factories import days

GIVEN = {"days": [7, 1], "escalate_after": 5, "workdays_only": False, "send_at": datetime.time(9, 0), "wordings": {}}


def save(campaign, cast, **fields):
    given = {**GIVEN, "seen": services.plan_of(campaign).version, **fields}
    return services.save_plan(campaign, **given, by=cast.campaign_admin)


@pytest.fixture
def campaign(tiny_track):
    return tiny_track.campaign


def owed(campaign, branch, number=1):
    return Todo(
        kind="submit", about=f"campaign:{campaign.pk}", title="提交申报", url="/x/", branch=branch, roles=BRANCH_ROLES,
        due=closing_at(days(number)),
    )  # fmt: skip


def code(call):
    with pytest.raises(ValidationError) as refusal:
        call()
    return {error.code for error in refusal.value.error_list}


def test_a_campaign_without_a_plan_keeps_the_usual_days(campaign):
    schedule = reminders.schedules()[campaign.pk]
    assert (schedule.days, schedule.escalate_after, schedule.enabled) == ((7, 3, 1, 0, -1), 3, True)


def test_save_plan(campaign, cast):
    save(campaign, cast, wordings={"submit": Wording("请{事项}", "{明细}"), "check": Wording()})
    schedule = reminders.schedules()[campaign.pk]
    assert (schedule.days, schedule.escalate_after, schedule.send_at) == ((7, 1), 5, datetime.time(9, 0))
    assert schedule.wordings == {"submit": Wording("请{事项}", "{明细}")}  # the usual words need no row
    assert AuditEntry.objects.filter(action="reminders.save").count() == 1


def test_saving_the_same_again_is_not_logged(campaign, cast):
    save(campaign, cast)
    save(campaign, cast)
    assert AuditEntry.objects.filter(action="reminders.save").count() == 1


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"days": []}, {"days"}),
        ({"days": [61]}, {"days"}),
        ({"wordings": {"submit": Wording("{事情}", "x")}}, {"placeholder"}),
        ({"wordings": {"submit": Wording("x", "")}}, {"placeholder"}),
        ({"wordings": {"submit": Wording("{", "}")}}, {"placeholder"}),
        ({"wordings": {"nothing": Wording("x", "x")}}, {"duty"}),
        ({"seen": 7}, {"stale"}),
    ],
)
def test_save_plan_refuses(campaign, cast, fields, expected):
    assert code(lambda: save(campaign, cast, **fields)) == expected
    assert ReminderPlan.objects.count() == 0


def test_switching_off_is_one_act_and_cancels_what_waits(campaign, cast, bureau):
    reminders.run([owed(campaign, bureau.a1)])
    services.switch(campaign, on=False, by=cast.campaign_admin)
    assert set(Delivery.objects.filter(notice__kind="remind.submit").values_list("state", flat=True)) == {"cancelled"}
    assert reminders.run([owed(campaign, bureau.a1), owed(campaign, bureau.a2)]) == 0
    assert code(lambda: services.switch(campaign, on=False, by=cast.campaign_admin)) == {"already"}
    services.switch(campaign, on=True, by=cast.campaign_admin)
    assert reminders.run([owed(campaign, bureau.a2)]) == 1


def test_the_run_settles_what_is_done_and_remembers_its_day(campaign, cast, bureau):
    todo = owed(campaign, bureau.a1)
    reminders.run([todo])
    reminders.run([todo])
    notice = cast.clerk.notices.get(kind="remind.submit")
    assert notice.settled_at is None
    reminders.run([])
    notice.refresh_from_db()
    assert (notice.settled_at is None, notice.deliveries.get().state) == (False, "cancelled")
    assert timezone.localdate(Heartbeat.objects.get(name=reminders.LAST_RUN).at) == timezone.localdate()


def test_a_closed_campaign_is_neither_urged_nor_counted_as_done(campaign, cast, bureau):
    reminders.run([owed(campaign, bureau.a1)])
    campaign.status = "closed"
    campaign.save()
    reminders.run([])
    notice = cast.clerk.notices.get(kind="remind.submit")
    assert (notice.settled_at, notice.deliveries.get().state) == (None, "cancelled")


def test_days_off_by_the_official_calendar_and_weekends_beyond_it():
    assert reminders.is_workday(datetime.date(2026, 10, 1)) is False
    assert [reminders.is_workday(datetime.date(2199, 1, day)) for day in (4, 5)] == [True, False]


@pytest.mark.parametrize("number", [1, 3])
def test_schedules_query_count(campaign, cast, number, django_assert_num_queries):
    for _ in range(number):
        save(campaign, cast, wordings={"submit": Wording("请{事项}", "{明细}")})
    with django_assert_num_queries(3):
        reminders.schedules()


def test_reminders_of_a_campaign_carry_its_topic(campaign, cast, bureau):
    reminders.run([owed(campaign, bureau.a1)])
    assert set(Notice.objects.filter(kind="remind.submit").values_list("topic", flat=True)) == {
        f"campaign:{campaign.pk}"
    }
