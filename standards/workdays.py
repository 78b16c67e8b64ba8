"""Working days by the official Chinese holiday calendar (公示 5个工作日)."""

import datetime

import chinese_calendar
from django.core.exceptions import ValidationError


def add_workdays(start: datetime.date, days: int) -> datetime.date:
    """The last day of a period of `days` working days that begins on the first working day after `start`."""
    day = start
    while days > 0:
        day += datetime.timedelta(days=1)
        if is_workday(day):
            days -= 1
    return day


def is_workday(day: datetime.date) -> bool:
    """Raises ValidationError (code `calendar_unpublished`) for a year whose calendar is not yet known."""
    try:
        return chinese_calendar.is_workday(day)
    except NotImplementedError:
        raise ValidationError(
            f"{day.year}年的节假日安排尚未收录，无法推算工作日；请直接填写截止日期，或升级节假日日历后再试。",
            code="calendar_unpublished",
        ) from None
