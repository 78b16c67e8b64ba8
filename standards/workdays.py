"""Working days by the official Chinese holiday calendar (公示 5个工作日)."""

import datetime
from collections.abc import Iterable

import chinese_calendar
from django.core.exceptions import ValidationError

from standards.models import Stage, Track

# Without a calendar nobody can work, so what to do stands in every message.
REMEDY = "（国务院一般在上一年11月公布放假安排，届时请系统管理员升级程序包chinesecalendar并重启。）"


def add_workdays(start: datetime.date, days: int) -> datetime.date:
    """The last day of a period of `days` working days that begins on the first working day after `start`."""
    day = start
    while days > 0:
        day += datetime.timedelta(days=1)
        if is_workday(day):
            days -= 1
    return day


def is_workday(day: datetime.date) -> bool:
    """Raises ValidationError (code `calendar_unpublished`, param `year`) for a year whose calendar is not yet known."""
    try:
        return chinese_calendar.is_workday(day)
    except NotImplementedError:
        raise ValidationError(
            f"{day.year}年的节假日安排尚未收录，无法推算工作日；请直接填写截止日期，或升级节假日日历后再试。{REMEDY}",
            code="calendar_unpublished",
            params={"year": day.year},
        ) from None


def gaps(tracks: Iterable[Track]) -> list[str]:
    """What the calendar cannot tell of these tracks yet: whose 公示 runs into a year that is not published."""
    found = []
    for track in tracks:
        stage = track.stage(Stage.Kind.PUBLISH)
        if stage is None or stage.opens_on is None:
            continue
        if year := missing_year(stage.opens_on, track.notice_days):
            found.append(
                f"{track}：“{stage.name}”要用到{year}年的工作日，而{year}年的节假日安排尚未收录，"
                f"公示截止日届时须直接填写，或先升级节假日日历。{REMEDY}"
            )
    return found


def missing_year(start: datetime.date, days: int) -> int | None:
    """The first year without a calendar that such a period runs into; None when it can be reckoned."""
    try:
        add_workdays(start, days)
    except ValidationError as refusal:
        return (refusal.params or {})["year"]
    return None
