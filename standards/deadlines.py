"""The one place that knows when something closes (DESIGN §5). A date means the inclusive end of that day in Shanghai."""

import datetime

from django.utils import timezone

from branches.models import Branch
from standards.models import Extension, Stage, Track


def end_of(day: datetime.date) -> datetime.datetime:
    """The first instant after the day: what is done before it is in time, what is done at it is late."""
    return start_of(day + datetime.timedelta(days=1))


def start_of(day: datetime.date) -> datetime.datetime:
    """Midnight in Shanghai, whatever clock the machine or the request goes by."""
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.min), timezone.get_default_timezone())


def deadline_for(stage: Stage | None, branch: Branch | None = None) -> datetime.datetime | None:
    """When the stage closes for the branch, its extension included; None where no closing date is set."""
    day = last_day(stage, branch) if stage else None
    return end_of(day) if day else None


def last_day(stage: Stage, branch: Branch | None = None) -> datetime.date | None:
    """The day whose end the deadline is. A stage prolonged for everybody is not cut short by an older extension; one
    without a closing date stays without one."""
    if stage.closes_on is None:
        return None
    extension = extension_for(stage, branch)
    return max(extension.until, stage.closes_on) if extension else stage.closes_on


def extension_for(stage: Stage, branch: Branch | None) -> Extension | None:
    """The longest one given to the branch or to a node above it: a committee's extension covers its branches.

    Read from the prefetched extensions where there are any, so a list asks once for all its rows.
    """
    if branch is None:
        return None
    covering = [each for each in stage.extensions.all() if branch.path.startswith(each.branch.path)]
    return max(covering, key=lambda each: each.until, default=None)


def is_open(stage: Stage | None, branch: Branch | None = None, now: datetime.datetime | None = None) -> bool:
    """Whether the stage takes work now; a track without such a stage sets no limit."""
    if stage is None:
        return True
    now = now or timezone.now()
    if stage.opens_on and now < start_of(stage.opens_on):
        return False
    deadline = deadline_for(stage, branch)
    return deadline is None or now < deadline


def is_over(stage: Stage | None, branch: Branch | None = None, now: datetime.datetime | None = None) -> bool:
    """Whether the deadline has passed; a stage still to come is not over."""
    deadline = deadline_for(stage, branch)
    return deadline is not None and (now or timezone.now()) >= deadline


def why_closed(stage: Stage, branch: Branch | None = None, now: datetime.datetime | None = None) -> str:
    """The sentence for somebody who came too early or too late; "" while the stage is open."""
    now = now or timezone.now()
    if stage.opens_on and now < start_of(stage.opens_on):
        return f"“{stage.name}”{stage.opens_on:%Y年%m月%d日}开始，请届时办理。"
    if is_over(stage, branch, now):
        day = last_day(stage, branch)
        return f"“{stage.name}”已于{day:%Y年%m月%d日}24时截止；确需办理请联系上级党组织申请延期。"
    return ""


def current_stage(track: Track, now: datetime.datetime | None = None) -> Stage | None:
    """The earliest dated stage that is open now; else the next to come; else the last one."""
    dated = [stage for stage in track.stages.all() if stage.opens_on or stage.closes_on]
    open_now = [stage for stage in dated if is_open(stage, now=now)]
    closing = [stage for stage in open_now if stage.closes_on]
    if closing:
        return min(closing, key=lambda stage: (stage.closes_on, stage.order))
    today = timezone.localdate(now, timezone.get_default_timezone())
    coming = [stage for stage in dated if stage.opens_on and stage.opens_on > today]
    if coming:
        return min(coming, key=lambda stage: (stage.opens_on, stage.order))
    return open_now[-1] if open_now else (dated[-1] if dated else None)


def phase(stage: Stage, now: datetime.datetime | None = None) -> str:
    """Where the stage stands on the calendar: undated, coming, open or over; extensions of one branch aside."""
    now = now or timezone.now()
    if not (stage.opens_on or stage.closes_on):
        return "undated"
    if stage.opens_on and now < start_of(stage.opens_on):
        return "coming"
    return "open" if is_open(stage, now=now) else "over"
