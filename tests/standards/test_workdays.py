import datetime

import chinese_calendar
import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from standards.models import Stage
from standards.workdays import add_workdays, gaps, is_workday, missing_year

DAY = datetime.timedelta(days=1)


def day(text):
    return datetime.date.fromisoformat(text)


def count_workdays(first, last):
    """Both included, one by one."""
    return sum(is_workday(first + number * DAY) for number in range((last - first).days + 1))


@pytest.mark.parametrize(
    ("start", "days", "last"),
    [
        ("2023-12-15", 5, "2023-12-22"),  # Friday: the weekend does not count
        ("2023-12-16", 5, "2023-12-22"),  # Saturday: begins on Monday
        ("2023-09-28", 5, "2023-10-11"),  # over National Day, with its working Saturday and Sunday
        ("2022-12-29", 5, "2023-01-06"),  # over the end of the year
        ("2023-01-20", 1, "2023-01-28"),  # over Spring Festival, back on a working Saturday
        ("2023-12-15", 1, "2023-12-18"),
        ("2023-12-15", 0, "2023-12-15"),
    ],
)
def test_period_ends_on_its_last_working_day(start, days, last):
    assert add_workdays(day(start), days) == day(last)


@pytest.mark.parametrize(
    ("date", "works"),
    [
        ("2023-10-02", False),  # Monday, National Day
        ("2023-10-07", True),  # Saturday, made up for
        ("2023-10-09", True),
        ("2023-10-14", False),
    ],
)
def test_holidays_and_made_up_days_are_official(date, works):
    assert is_workday(day(date)) is works


def test_year_without_a_calendar_is_refused():
    with pytest.raises(ValidationError) as caught:
        add_workdays(day("2099-01-05"), 5)
    assert caught.value.code == "calendar_unpublished"
    assert caught.value.message.startswith("2099年的节假日安排尚未收录")


def test_the_message_says_what_to_do():
    with pytest.raises(ValidationError) as caught:
        is_workday(day("2099-01-05"))
    assert caught.value.messages == [
        "2099年的节假日安排尚未收录，无法推算工作日；请直接填写截止日期，或升级节假日日历后再试。"
        "（国务院一般在上一年11月公布放假安排，届时请系统管理员升级程序包chinesecalendar并重启。）"
    ]


# The days the State Council ordered: holidays in the week, and the weekends worked for them (调休).
OFFICIAL = {
    "2024-02-04": True, "2024-02-09": True, "2024-02-10": False, "2024-02-17": False, "2024-02-18": True,
    "2024-09-29": True, "2024-10-01": False, "2024-10-07": False, "2024-10-12": True,
    "2025-01-26": True, "2025-01-28": False, "2025-02-04": False, "2025-02-08": True,
    "2025-09-28": True, "2025-10-08": False, "2025-10-11": True, "2025-10-12": False,
}  # fmt: skip


@pytest.mark.parametrize(("date", "works"), OFFICIAL.items())
def test_spring_festival_and_national_day(date, works):
    assert is_workday(day(date)) is works


KNOWN = st.dates(datetime.date(2019, 1, 1), datetime.date(2025, 9, 30))


@given(KNOWN, st.integers(1, 20))
def test_a_period_has_as_many_working_days_as_asked_for_and_ends_on_one(start, days):
    last = add_workdays(start, days)
    assert is_workday(last)
    assert count_workdays(start + DAY, last) == days


@given(KNOWN, st.integers(0, 10), st.integers(0, 10))
def test_periods_add_up(start, first, second):
    assert add_workdays(add_workdays(start, first), second) == add_workdays(start, first + second)


@given(KNOWN, st.integers(0, 15))
def test_a_later_start_never_ends_sooner(start, days):
    assert add_workdays(start, days) <= add_workdays(start + DAY, days)


@given(st.dates(datetime.date(2019, 1, 1), datetime.date(2025, 12, 1)))
def test_holidays_move_working_days_about_but_do_not_make_them_up(start):
    """Four weeks have twenty but for the holidays themselves: never many more, never far fewer."""
    assert 10 <= count_workdays(start, start + 27 * DAY) <= 22


LAST_KNOWN = max(chinese_calendar.constants.holidays).year


@pytest.mark.parametrize(
    ("start", "days", "year"),
    [
        (datetime.date(LAST_KNOWN, 12, 1), 5, None),
        (datetime.date(LAST_KNOWN, 12, 29), 5, LAST_KNOWN + 1),
        (datetime.date(LAST_KNOWN + 1, 3, 1), 5, LAST_KNOWN + 1),
        (datetime.date(LAST_KNOWN + 1, 3, 1), 0, None),
    ],
)
def test_the_year_that_is_missing_is_named(start, days, year):
    assert missing_year(start, days) == year


def test_gaps_are_those_of_the_tracks_whose_notice_needs_the_year(strongest):
    assert gaps([strongest]) == []
    stage = strongest.stages.get(kind="publish")
    stage.opens_on, stage.closes_on = datetime.date(LAST_KNOWN, 12, 30), None
    stage.save()
    (text,) = gaps([type(strongest).objects.get(pk=strongest.pk)])
    assert text.startswith(f"{strongest}：“{stage.name}”要用到{LAST_KNOWN + 1}年的工作日")


def test_a_track_without_a_dated_notice_has_no_gap(strongest):
    strongest.stages.filter(kind="publish").update(opens_on=None, closes_on=None)
    assert gaps([strongest]) == []


def test_the_campaign_page_warns_the_office_alone(tiny_track, cast, client_of):
    opens = datetime.date(LAST_KNOWN + 1, 3, 1)
    Stage.objects.create(track=tiny_track, kind="publish", name="公示", order=20, opens_on=opens)
    shown = {
        key: len(client_of(user).get(tiny_track.campaign.get_absolute_url()).context["calendar_gaps"])
        for key, user in (("admin", cast.campaign_admin), ("head", cast.committee_head), ("secretary", cast.secretary))
    }
    assert shown == {"admin": 1, "head": 0, "secretary": 0}
