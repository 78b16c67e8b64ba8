"""What the calendar says, for templates."""

import datetime

from django import template

from standards import deadlines
from standards.models import Stage, Track

register = template.Library()
PHASES = {"undated": "待定", "coming": "未开始", "open": "进行中", "over": "已结束"}


@register.filter
def phase(stage: Stage) -> str:
    return deadlines.phase(stage)


@register.filter
def phase_label(stage: Stage) -> str:
    return PHASES[deadlines.phase(stage)]


@register.filter
def current_stage(track: Track) -> Stage | None:
    return deadlines.current_stage(track)


@register.filter
def closes(stage: Stage):
    """The closing instant of the stage, extensions aside."""
    return deadlines.deadline_for(stage)


@register.filter
def end_of_day(day: datetime.date) -> datetime.datetime:
    """The closing instant of a date that is good all day."""
    return deadlines.end_of(day)
