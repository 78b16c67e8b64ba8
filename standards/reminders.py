"""The reminder run with every campaign's own days and words, and the calendar of working days behind it."""

import datetime
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.utils import timezone

from branches import notices, reminding
from branches.models import Heartbeat
from branches.reminding import Schedule, Wording
from branches.todo import Todo
from standards import workdays
from standards.models import Campaign, ReminderPlan

# When the run was last made: what fell on a day without one is made up for.
LAST_RUN = "remind"


def is_workday(day: datetime.date) -> bool:
    """By the official calendar; Monday to Friday for a year whose calendar is not yet known."""
    try:
        return workdays.is_workday(day)
    except ValidationError:
        return day.weekday() < 5


def schedule_of(plan: ReminderPlan, wordings: dict[str, Wording]) -> Schedule:
    return Schedule(
        name=plan.campaign.short_name,
        enabled=plan.enabled,
        days=tuple(plan.days),
        escalate_after=plan.escalate_after,
        send_at=plan.send_at,
        wordings=wordings,
        **({"is_workday": is_workday} if plan.workdays_only else {}),
    )


def schedules() -> dict[int, Schedule]:
    """One per running campaign; three queries."""
    plans = {
        plan.campaign_id: plan for plan in ReminderPlan.objects.select_related("campaign").prefetch_related("wordings")
    }
    found = {}
    for campaign in Campaign.objects.running():
        plan = plans.get(campaign.pk) or ReminderPlan(campaign=campaign)
        stored = plan.wordings.all() if plan.pk else ()
        found[campaign.pk] = schedule_of(plan, {each.duty: Wording(each.title, each.body) for each in stored})
    return found


def run(todos: Iterable[Todo]) -> int:
    """Close what is done, write what is due. `todos` must be everything that is owed: what is missing counts as done."""
    started = timezone.now()
    owed = list(todos)
    settle(owed, computed_at=started)
    last = Heartbeat.objects.filter(name=LAST_RUN).values_list("at", flat=True).first()
    default = Schedule(send_at=ReminderPlan().send_at, is_workday=is_workday)
    number = reminding.remind(owed, schedules(), default, timezone.localdate(last) if last else None)
    Heartbeat.objects.update_or_create(name=LAST_RUN, defaults={"at": started})
    return number


def settle(todos: Iterable[Todo], *, computed_at: datetime.datetime) -> int:
    running = {f"campaign:{pk}" for pk in Campaign.objects.running().values_list("pk", flat=True)}
    owed = {todo.matter for todo in todos}
    return notices.settle(owed, running=running, computed_at=computed_at, grace=reminding.GRACE)
