"""Days, words and addressees of the reminder run; what it writes is in test_todo."""

import datetime

import pytest
from django.utils import timezone

from branches import reminding
from branches.models import Notice
from branches.reminding import Schedule, Wording
from branches.roles import BRANCH_ROLES, PANEL_ROLES, Role
from branches.todo import Todo, closing_at
from tests.factories import days


def owed(bureau, number, **fields):
    asked = {"kind": "submit", "about": "campaign:1", "title": "提交申报", "url": "/x/", "branch": bureau.a1}
    return Todo(**{**asked, "roles": BRANCH_ROLES, "due": closing_at(days(number)), **fields})


def told():
    return sorted(Notice.objects.values_list("recipient__name", "kind"))


# The week of 2026-09-28: Thursday 1 October to Wednesday 7 October are days off here.
OFF = {datetime.date(2026, 10, number) for number in range(1, 8)} | {
    datetime.date(2026, 9, 26),
    datetime.date(2026, 9, 27),
}


def workday(day):
    return day not in OFF


@pytest.mark.parametrize(
    ("last", "offset", "expected"),
    [
        ("2026-09-25", 3, "2026-09-22"),
        ("2026-09-29", 3, "2026-09-25"),  # the 26th is a Saturday: rather earlier
        ("2026-10-05", 0, "2026-09-30"),  # closes in the holidays
        ("2026-09-30", -1, "2026-10-08"),  # the day after is a holiday: later
        ("2026-09-30", -3, "2026-10-08"),
    ],
)
def test_reminders_avoid_days_off(last, offset, expected):
    schedule = Schedule(is_workday=workday)
    found = schedule.day_of(datetime.date.fromisoformat(last), offset)
    assert found == datetime.date.fromisoformat(expected)


def test_a_calendar_without_working_days_does_not_hang():
    assert Schedule(is_workday=lambda day: False).day_of(datetime.date(2026, 9, 1), 0).year == 2026


@pytest.mark.parametrize(("missed", "number"), [(0, 0), (1, 1), (2, 1)])
def test_days_without_a_run_are_made_up_for(cast, bureau, missed, number):
    """T−3 was `missed` days ago and the last run the day before it."""
    todo = owed(bureau, 3 - missed if missed else 2)
    schedule = Schedule(days=(3,))
    reminding.remind([todo], {1: schedule}, last_run=days(-missed - 1))
    assert cast.clerk.notices.count() == number


def test_a_clock_set_back_tells_nothing_twice(cast, bureau, monkeypatch):
    todo = owed(bureau, 3)
    reminding.remind([todo], last_run=days(5))
    reminding.remind([todo], last_run=days(5))
    assert cast.clerk.notices.count() == 1


def test_a_campaign_switched_off_is_silent(cast, bureau):
    assert reminding.remind([owed(bureau, 3)], {1: Schedule(enabled=False)}) == 0
    assert reminding.remind([owed(bureau, 3, about="campaign:2")], {1: Schedule(enabled=False)}) == 2


def test_a_campaigns_own_days_count(cast, bureau):
    schedules = {1: Schedule(days=(5,))}
    assert reminding.remind([owed(bureau, 3)], schedules) == 0
    assert reminding.remind([owed(bureau, 5)], schedules) == 2


def test_a_matter_with_days_of_its_own_minds_only_those(cast, bureau):
    assert reminding.remind([owed(bureau, 3, days=(90, 30))]) == 0
    assert reminding.remind([owed(bureau, 30, days=(90, 30))]) == 2


def test_escalation_tells_the_committee_above_once_for_all_its_branches(cast, bureau):
    todos = [owed(bureau, -3), owed(bureau, -3, branch=bureau.a2), owed(bureau, -3, branch=bureau.b1)]
    reminding.remind(todos)
    assert {name for name, _ in told()} == {
        cast.committee_clerk.name, cast.committee_head.name, cast.other_head.name,
    }  # fmt: skip
    notice = cast.committee_head.notices.get()
    assert notice.kind == "remind.escalated.submit"
    assert notice.title == "甲县城关所等2个单位逾期未办：提交申报"
    assert [line.split("（")[0] for line in notice.body.splitlines()] == [
        "· 甲县城关所：提交申报", "· 甲县东关所：提交申报",
    ]  # fmt: skip
    assert notice.grants == [cast.committee_head.role_grants.get().pk]


def test_what_a_committee_leaves_undone_goes_to_the_city_office(cast, bureau):
    reminding.remind([owed(bureau, -3, branch=bureau.county_a, roles=(Role.COMMITTEE_HEAD,), kind="recommend")])
    assert told() == [(cast.campaign_admin.name, "remind.escalated.recommend")]


def test_what_one_person_leaves_undone_goes_to_the_city_office(cast, bureau):
    reminding.remind([owed(bureau, -3, branch=None, roles=PANEL_ROLES, user_id=cast.expert.pk, kind="score")])
    assert told() == [(cast.campaign_admin.name, "remind.escalated.score")]


def test_escalation_can_be_left_out(cast, bureau):
    assert reminding.remind([owed(bureau, -3)], {1: Schedule(escalate_after=None)}) == 0


def test_a_person_without_the_role_by_now_is_not_reminded(cast, bureau):
    cast.expert.role_grants.update(valid_from=days(-9), valid_to=days(-1))
    assert reminding.remind([owed(bureau, 1, branch=None, roles=PANEL_ROLES, user_id=cast.expert.pk)]) == 0


def test_words_of_the_campaign(cast, bureau):
    wording = Wording("{活动}：{支部}请{事项}", "截止{截止}，{剩余}。\n{明细}")
    reminding.remind([owed(bureau, 1)], {1: Schedule(name="最强支部", wordings={"submit": wording})})
    notice = cast.clerk.notices.get()
    assert notice.title == "最强支部：甲县城关所请提交申报"
    assert notice.body.startswith("截止") and "还有1天截止。\n· 提交申报（" in notice.body


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("{事项}：{剩余}", 0), ("没有占位符", 0), ("{事情}", 1), ("{事项", 1), ("事项}", 1), ("{}", 1), ("{{事项}}", 1),
        ("{事情}{事情}", 1), ("{a}{b}", 2), ("{事项}}{", 1),
    ],
)  # fmt: skip
def test_problems_of_a_wording(text, number):
    assert len(reminding.problems(text)) == number


def test_a_title_that_looks_like_a_placeholder_is_left_alone(cast, bureau):
    reminding.remind([owed(bureau, 1, title="{截止}")])
    assert cast.clerk.notices.get().title == "{截止}：还有1天截止"


def test_nothing_goes_out_before_the_campaigns_hour(cast, bureau):
    reminding.remind([owed(bureau, 1)], {1: Schedule(send_at=datetime.time(23, 59))})
    waits = cast.clerk.notices.get().deliveries.get().not_before
    assert f"{timezone.localtime(waits):%H:%M}" == "23:59"


@pytest.mark.parametrize("number", [1, 30])
def test_the_run_asks_the_same_queries_for_any_number(cast, bureau, number, django_assert_num_queries):
    todos = [owed(bureau, 3, about=f"campaign:{turn + 1}") for turn in range(number)]
    # people, grants, committees; notices, their numbers, deliveries
    with django_assert_num_queries(6):
        reminding.remind(todos)
