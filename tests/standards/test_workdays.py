import datetime

import pytest
from django.core.exceptions import ValidationError

from standards.workdays import add_workdays, is_workday


def day(text):
    return datetime.date.fromisoformat(text)


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
