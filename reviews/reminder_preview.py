"""What the reminders of a campaign would say, on what is really owed now; and on which days of its calendar."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.utils import timezone

from branches import reminding
from branches.models import Branch
from branches.reminding import Schedule
from branches.todo import Todo, closing_at
from reviews import obligations
from standards.models import Campaign, Stage
from standards.services.reminders import DUTIES

SAMPLE_DAYS = 3


@dataclass(frozen=True)
class Preview:
    """One reminder as its recipient would read it; `real` when somebody owes it at this moment."""

    duty: str
    title: str
    body: str
    real: bool


def previews(campaign: Campaign, schedule: Schedule) -> dict[str, Preview]:
    """For every duty the first that is really owed in this campaign, or a made-up one."""
    found: dict[str, Todo] = {}
    for todo in obligations.everything():
        if todo.campaign == campaign.pk and todo.due:
            found.setdefault(todo.duty, todo)
            if found.keys() >= DUTIES.keys() - {reminding.ESCALATED}:
                break
    late = next(iter(found.values()), None)
    shown = {}
    for duty, label in DUTIES.items():
        escalated = duty == reminding.ESCALATED
        todo = late if escalated else found.get(duty)
        real = todo is not None
        title, body = reminding.said([todo or _sample(duty, label)], schedule, escalated=escalated)
        shown[duty] = Preview(duty, title, body, real)
    return shown


def _sample(duty: str, label: str) -> Todo:
    due = closing_at(timezone.localdate() + datetime.timedelta(days=SAMPLE_DAYS))
    return Todo(kind=duty, about="", title=label, url="/", due=due, branch=Branch(short_name="某某党支部", path=""))


@dataclass(frozen=True)
class Coming:
    """A stage that has not closed, with the days on which it will be spoken of, and when the committee is told."""

    stage: Stage
    days: list[datetime.date]
    escalated_on: datetime.date | None


def calendar(campaign: Campaign, schedule: Schedule) -> Iterator[Coming]:
    """Every stage with a closing day to come; extensions of single branches move theirs."""
    today = timezone.localdate()
    stages = Stage.objects.filter(track__campaign=campaign, closes_on__gte=today).select_related("track")
    for stage in stages.order_by("closes_on", "track__order", "order"):
        days = sorted({schedule.day_of(stage.closes_on, offset) for offset in schedule.days})
        after = schedule.escalate_after
        escalated_on = schedule.day_of(stage.closes_on, -after) if after is not None else None
        yield Coming(stage, [day for day in days if day >= today], escalated_on)


def with_words(schedule: Schedule, **changes) -> Schedule:
    return replace(schedule, **changes)
