"""The columns of the progress matrix: what every branch has to do, by when, and who has done it, asked in the database."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from applications.models import Application, TaskRecord
from applications.states import PAST_CHECK, SEALED, Status
from branches.models import Branch, User, under
from branches.roles import READING_ROLES
from standards import deadlines
from standards.models import Stage, StageTask, Track

PASSED = Q(status__in=PAST_CHECK | SEALED)
NOBODY = Q(pk__in=[])


@dataclass
class Column:
    """One step on the road. `done` says of which applications it is done, `owed` whose turn it is now."""

    key: str
    label: str
    stage: Stage | None
    done: Q
    owed: Q
    task: StageTask | None = None

    @property
    def due(self) -> datetime | None:
        return deadlines.deadline_for(self.stage)

    @property
    def missing(self) -> Q:
        return self.owed & ~self.done

    @cached_property
    def is_over(self) -> bool:
        """Whether its time is over for those without an extension."""
        return self.stage is not None and deadlines.is_over(self.stage)

    @cached_property
    def spared(self) -> list[Branch]:
        """The nodes that still have time by an extension."""
        now = timezone.now()
        given = self.stage.extensions.all() if self.stage else []
        return [each.branch for each in given if deadlines.end_of(each.until) > now]

    @cached_property
    def spared_paths(self) -> tuple[str, ...]:
        return tuple(branch.path for branch in self.spared)

    def is_late_for(self, branch: Branch) -> bool:
        """Whether its time is over for the branch, with every extension that covers it."""
        return self.is_over and not branch.path.startswith(self.spared_paths)

    @property
    def late(self) -> Q:
        """Missing though its time is over: `is_late_for` asked of the database."""
        if not self.is_over:
            return NOBODY
        # Single branches by their keys: there may be hundreds, too many for one path after the other.
        single = [branch.pk for branch in self.spared if branch.kind == Branch.Kind.BRANCH]
        nodes = [branch.path for branch in self.spared if branch.kind != Branch.Kind.BRANCH]
        return self.missing & ~(under(nodes, "branch__path") | Q(branch__in=single))


def columns(track: Track, user: User) -> list[Column]:
    """Every task in the order of the stages, then self-assessment, submission, check and what leaves the committee.

    A committee's own tasks (S2-27) make a column only for whoever looks at none but the branches it asks.
    """
    owed, scopes = Q(status=Status.PREPARING), user.scopes(*READING_ROLES)
    found = []
    for stage in track.stages.all():
        for task in stage.tasks.all():
            if task.organiser and not all(path.startswith(task.organiser.path) for path in scopes):
                continue
            label = "计划报备" if task.kind == StageTask.Kind.PLAN else task.name
            found.append(Column(f"task{task.pk}", label, stage, task_done(task), owed, task))
    apply, check = track.stage(Stage.Kind.APPLY), track.stage(Stage.Kind.CHECK)
    up = track.stage(Stage.Kind.RECOMMEND if track.ranked else Stage.Kind.FORWARD)
    handed_up = PASSED & ~Q(status=Status.CHECKED)
    return [
        *found,
        Column("assessed", "自评", apply, self_done(track), owed),
        Column("apply", "申报", apply, Q(status=Status.SUBMITTED) | PASSED, owed),
        Column("check", "核查", check, PASSED, Q(status=Status.SUBMITTED)),
        Column("up", "推荐" if track.ranked else "上报", up, handed_up, Q(status=Status.CHECKED)),
    ]


def task_done(task: StageTask) -> Q:
    """`completeness.task_problems` finds nothing: recorded, enough present, the proof attached."""
    if task.kind == StageTask.Kind.PLAN:
        return Q(plan_filed_at__isnull=False)
    return Q(Exists(TaskRecord.objects.filter(_sound(task), application=OuterRef("pk"))))


def _sound(task: StageTask) -> Q:
    sound = Q(task=task)
    if task.min_attendance:
        enough = Q(present__gte=F("expected") * task.min_attendance / 100.0)
        sound &= enough | Q(present=None) | Q(expected=None) | Q(expected=0)
    if task.proof_required:
        sound &= Q(minutes__isnull=False)
    return sound


def self_done(track: Track) -> Q:
    """Every criterion answered and the line reached, by the total stored with the last save."""
    done = Q(self_complete=True)
    return done if track.self_line is None else done & Q(self_score__gte=track.self_line)


def done_counts(applications: QuerySet[Application], track: Track, found: Iterable[Column]) -> dict[str, int]:
    """By column how many of the applications have done it, with `total`, `owing` and `returned`: two queries in all.

    Counted by status and added up here: a condition for every column would cost more to write than to count. Nothing
    that is sealed shows: beyond 已推荐 all count alike.
    """
    by_status = applications.order_by().values("status").annotate(
        number=Count("pk"),
        planned=Count("plan_filed_at"),
        assessed=Count("pk", filter=self_done(track)),
        returned=Count("pk", filter=Q(returns__gt=0)),
    )  # fmt: skip
    numbers = dict.fromkeys(("total", "owing", "planned", "assessed", "apply", "check", "up", "returned"), 0)
    for row in by_status:
        status, number = row["status"], row["number"]
        passed = status in PAST_CHECK | SEALED
        steps = {
            "total": True, "owing": status == Status.PREPARING, "apply": passed or status == Status.SUBMITTED,
            "check": passed, "up": passed and status != Status.CHECKED,
        }  # fmt: skip
        for key, counts in steps.items():
            numbers[key] += number if counts else 0
        for key in ("planned", "assessed", "returned"):
            numbers[key] += row[key]
    return numbers | _task_counts(applications, found, numbers["planned"])


def _task_counts(applications: QuerySet[Application], found: Iterable[Column], planned: int) -> dict[str, int]:
    tasks = {each.task.pk: each for each in found if each.task}
    sound = NOBODY
    for column in tasks.values():
        sound |= _sound(column.task)
    records = TaskRecord.objects.filter(sound, application__in=applications.order_by().values("pk"))
    recorded = dict(records.order_by().values_list("task").annotate(number=Count("pk")))
    return {
        column.key: planned if column.task.kind == StageTask.Kind.PLAN else recorded.get(pk, 0)
        for pk, column in tasks.items()
    }
