"""齐备未提交: everything the gate asks for is there, only the secretary has not submitted."""

import datetime
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.utils import timezone

from applications.columns import self_done, task_done
from applications.completeness import gaps
from applications.models import Application, TaskRecord
from applications.states import Status
from standards import deadlines
from standards.models import Stage, Track

# From how many days before the deadline the list stands on top of the overview, and how long after it.
BEFORE, AFTER = 10, 7


@dataclass(frozen=True)
class ReadyList:
    """What stands on top of the overview: who is ready, until when, and whether there is still time."""

    applications: list[Application]
    due: datetime.datetime | None
    over: bool


def ready(applications: QuerySet[Application], track: Track) -> list[Application]:
    """Those the gate would let through: narrowed in the database, then judged one by one on rows already read.

    Three queries, however many there are; `track` with its stages, tasks and extensions.
    """
    prefetch_related_objects([track], "form_fields")
    narrowed = applications.filter(self_done(track), track=track, status=Status.PREPARING)
    if any(field.required for field in track.form_fields.all()):
        narrowed = narrowed.exclude(form_data={})
    for stage in track.stages.all():
        for task in stage.common_tasks:
            narrowed = narrowed.filter(task_done(task))
    records = Prefetch("task_records", TaskRecord.objects.only("application", "task", "expected", "present", "minutes"))
    found = []
    for each in narrowed.select_related("branch").prefetch_related(records):
        each.track = track  # read once, with all that is judged
        if not gaps(each, by_total=True):
            found.append(each)
    return found


def is_near(track: Track) -> bool:
    """Whether the deadline of the submission is so near that the list stands on top without being asked for."""
    days = days_left(track)
    return days is not None and -AFTER <= days <= BEFORE


def days_left(track: Track) -> int | None:
    """Calendar days to the deadline of the submission: 0 on its last day, negative when over."""
    apply = track.stage(Stage.Kind.APPLY)
    closes = apply and deadlines.last_day(apply)
    return (closes - timezone.localdate()).days if closes else None


def ready_list(applications: QuerySet[Application], track: Track) -> ReadyList:
    apply = track.stage(Stage.Kind.APPLY)
    return ReadyList(
        ready(applications, track), deadlines.deadline_for(apply), bool(apply and deadlines.is_over(apply))
    )


def may_still(application: Application) -> bool:
    """Whether the branch can submit now, its extension included."""
    return deadlines.is_open(application.stage(Stage.Kind.APPLY), application.branch)
