"""What a committee sees of its branches: one row per application, every row from the same few queries."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import (
    Case,
    Count,
    F,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    When,
    prefetch_related_objects,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from applications.columns import Column
from applications.completeness import task_problems
from applications.models import Application, Assessment, TaskRecord
from applications.ready import ready
from applications.rules import URGING
from applications.services import gate, reminding
from applications.states import SEALED, Road, Status
from branches import todo
from branches.models import Branch, User
from branches.roles import Role
from standards import deadlines as calendar
from standards import scoring
from standards.models import Campaign, Extension, Stage, StageTask, Track

READY = "ready"
HAND_UP = ("nominate", "forward")
# What the rows show; the rest is long to read.
READ = (
    "branch__path", "branch__short_name", "branch__line", "branch__kind", "branch__nominates_itself", "track", "status",
    "self_score", "self_complete", "check_score", "returns", "updated_at", "handed_up_at", "submitted_at", "plan_filed_at",
    "recommendation__rank",
)  # fmt: skip


class Cell(NamedTuple):
    """One step of one branch: done, flawed (recorded, but not as the gate wants it), late or open; `why` in words."""

    label: str
    state: str
    why: str = ""


class Record(NamedTuple):
    """What `task_problems` looks at in the record of a task."""

    expected: int | None
    present: int | None
    minutes_id: int | None


class Line(NamedTuple):
    """All that a row shows, as plain values: two rows with the same line look the same."""

    key: str
    url: str
    name: str
    below: str
    extensions: tuple[tuple[str, str], ...]
    cells: tuple[Cell, ...]
    answered: str
    questions: str
    self_score: str
    status: str
    status_label: str
    returns: str
    apply_late: bool
    check_late: bool
    check_score: str
    up: str
    handed_up: str
    owes: bool
    reminded: str
    reminded_today: bool
    actions: tuple[str, ...]
    may_remind: bool
    may_extend: bool


@dataclass(frozen=True)
class Row:
    """One branch on its way: what it shows, and whose it is."""

    application: Application
    line: Line
    county: str


def tracks_of(user: User) -> list[Track]:
    """The tracks whose branches can be on their way, running ones first."""
    tracks = (
        Track.objects.filter(campaign__in=Campaign.objects.visible_to(user))
        .exclude(campaign__status=Campaign.Status.DRAFT)
        .select_related("campaign", "rubric")
        .prefetch_related(Prefetch("stages", Stage.objects.defer("actors", "outputs", "date_text", "source")))
    )
    return sorted(tracks, key=_urgency)


COMMITTEE_STAGES = (Stage.Kind.APPLY, Stage.Kind.CHECK, Stage.Kind.RECOMMEND, Stage.Kind.NOMINATE, Stage.Kind.FORWARD)


def _urgency(track: Track) -> tuple:
    """Running before closed, begun before future; among the begun ones the next to close, then the last closed."""
    today = timezone.localdate()
    begun = track.begins_on is not None and track.begins_on <= today
    ends = [stage.closes_on for stage in track.stages.all() if stage.kind in COMMITTEE_STAGES and stage.closes_on]
    ahead = [day for day in ends if day >= today]
    distance = (min(ahead) - today).days if ahead else (today - max(ends)).days if ends else 0
    return (track.campaign.status != Campaign.Status.OPEN, not begun, not ahead, distance, track.pk)


def pick(tracks: list[Track], wanted: str | None, preferred: Collection[int] = ()) -> Track | None:
    """The one that was asked for, else the most urgent; `preferred` narrows what is most urgent where it can.

    Only this one is read with its tasks and extensions: a chooser of tracks needs neither.
    """
    asked = next((track for track in tracks if str(track.pk) == wanted), None)
    first = next((track for track in tracks if track.pk in preferred), tracks[0] if tracks else None)
    chosen = asked or first
    if chosen:
        prefetch_related_objects([chosen], "stages__tasks", "stages__extensions")
    return chosen


def counties_of(user: User, roles: Iterable[str]) -> list[Branch]:
    """The committees right below the city's that the user looks over, or the one the user's own node lies in."""
    paths = {path[: 2 * Branch.steplen] for path in user.scopes(*roles)}
    within = Q(pk__in=[])
    for path in paths:
        within |= Q(path__startswith=path)
    return list(Branch.objects.filter(within, depth=2))


def sealed_from(user: User, track: Track | None) -> frozenset[str]:
    """The statuses of the track that the user must not be able to tell from 考评中 (see Application.status_for)."""
    known = track is None or track.announced_at is not None or user.runs_campaigns
    return frozenset() if known else SEALED


def filtered(
    applications: QuerySet[Application],
    sealed: frozenset[str],
    *,
    county: str = "",
    line: str = "",
    status: str = "",
) -> QuerySet[Application]:
    """Narrow by county path, 警种 and status; what is sealed is found under 考评中, as it is shown."""
    if county:
        applications = applications.filter(branch__path__startswith=county)
    if line:
        applications = applications.filter(branch__line=line)
    if status:
        stored = {status, *sealed} if status == Status.IN_REVIEW else {status} - sealed
        return applications.filter(status__in=stored)
    return applications


def only_ready(applications: QuerySet[Application], track: Track) -> QuerySet[Application]:
    return applications.filter(pk__in=[each.pk for each in ready(applications, track)])


def lacking(
    applications: QuerySet[Application], columns: list[Column], *, key: str = "", late: bool = False
) -> QuerySet[Application]:
    """Those on whom this step waits now (any step without a key), or only those for whom its time is over."""
    asked = [each for each in columns if each.key == key] if key else columns
    if not late and not key:
        return applications
    wanted = Q(pk__in=[])
    for each in asked:
        wanted |= each.late if late else each.missing
    return applications.filter(wanted)


ORDERS = {"": "按组织", "name": "按名称", "score": "自评分从高到低", "recent": "最近办理在前", "idle": "最久未动在前"}
_ORDER_BY: dict[str, tuple] = {
    "name": ("branch__short_name",),
    "score": (F("self_score").desc(nulls_last=True),),
}


def ordered(applications: QuerySet[Application], by: str, sealed: frozenset[str]) -> QuerySet[Application]:
    """In the order of the tree, or as asked for; who has no score comes last."""
    if by in ("recent", "idle"):
        moved = _moved(sealed)
        return applications.order_by(moved.desc() if by == "recent" else moved.asc(), "branch__path", "pk")
    return applications.order_by(*_ORDER_BY[by], "branch__path", "pk") if by in _ORDER_BY else applications


def _moved(sealed: frozenset[str]) -> F | Case:
    """`moved_at` asked of the database."""
    if not sealed:
        return F("updated_at")
    handed_up = Coalesce("handed_up_at", "submitted_at", "updated_at")
    return Case(When(status__in={Status.IN_REVIEW, *sealed}, then=handed_up), default=F("updated_at"))


def moved_at(application: Application, sealed: frozenset[str]) -> datetime:
    """When it last moved as far as the user may know: while a decision is sealed, when it was handed up.

    A reserve that moves up would else be told from the others by its place in the order and by its time.
    """
    if sealed and application.status in {Status.IN_REVIEW, *sealed}:
        return application.handed_up_at or application.submitted_at or application.updated_at
    return application.updated_at


def with_answers(applications: QuerySet[Application]) -> QuerySet[Application]:
    """Each with the number of criteria the branch has scored itself on."""
    answered = (
        Assessment.objects.filter(application=OuterRef("pk"), points__isnull=False)
        .order_by()
        .values("application")
        .annotate(n=Count("pk"))
        .values("n")
    )
    return applications.annotate(answered=Subquery(answered, output_field=IntegerField()))


def deadlines(track: Track) -> dict[str, datetime | None]:
    """The closing instants of the committee's stages, by kind."""
    return {kind: calendar.deadline_for(track.stage(kind)) for kind in COMMITTEE_STAGES}


def rows(
    applications: Iterable[Application],
    track: Track,
    user: User,
    columns: list[Column],
    counties: Iterable[Branch],
    *,
    sort: str = "",
) -> list[Row]:
    """The rows of one page; `applications` with branch, recommendation and `answered`."""
    applications = list(applications)
    for each in applications:
        each.track = track  # read once, with its stages: the rows ask nothing more
    reminded, records = reminding.reminders_of(applications), _records(applications)
    names = {county.path: county.short_name for county in counties}
    questions = {line: str(_questions(track, line)) for line in {each.branch.line for each in applications}}
    granted = _granted(track, {each.branch_id for each in applications})
    over, sealed = [column for column in columns if column.is_over], sealed_from(user, track)
    may_remind, may_extend = bool(user.roles & URGING), Role.CAMPAIGN_ADMIN in user.roles
    found = []
    for each in applications:
        late = frozenset(column.key for column in over if column.is_late_for(each.branch))
        status, said = each.status_for(user), reminded.get(each.pk)
        moved = todo.moment_text(moved_at(each, sealed))
        county = names.get(each.branch.path[: 2 * Branch.steplen], "其他")
        line = Line(
            key=str(each.pk),
            url=each.get_absolute_url(),
            name=each.branch.short_name,
            below=f"{each.branch.line} {county} {moved}" if sort else each.branch.line,
            extensions=tuple(granted.get(each.branch_id, ())),
            cells=tuple(_cell(column, each, records[each.pk], late) for column in columns if column.task),
            answered=str(each.answered or 0),
            questions=questions[each.branch.line],
            self_score=scoring.plain(each.self_score),
            status=status.value,
            status_label=status.label,
            returns=str(each.returns or ""),
            apply_late=each.is_draft and "apply" in late,
            check_late=each.status == Status.SUBMITTED and "check" in late,
            check_score=scoring.plain(each.check_score),
            up=columns[-1].label,
            handed_up=_handed_up(each),
            owes=each.is_draft,
            reminded=said.words if said else "",
            reminded_today=bool(said and said.today),
            actions=_actions(each, user),
            may_remind=may_remind,
            may_extend=may_extend,
        )
        found.append(Row(each, line, county))
    return found


def _granted(track: Track, branches: set[int]) -> dict[int, list[tuple[str, str]]]:
    """The extensions given to these branches themselves: until when, and why."""
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for stage in track.stages.all():
        for each in stage.extensions.all():
            if each.branch_id in branches:
                found[each.branch_id].append((f"{stage}延至{todo.day_text(each.until)}", f"{stage}：{each.reason}"))
    return found


def _handed_up(application: Application) -> str:
    """Its place on the committee's list, marked 拟 until the head confirms it, or that it goes by itself."""
    ranked = getattr(application, "recommendation", None)
    if ranked:
        return f"{'拟' if application.status == Status.CHECKED else ''}第{ranked.rank}名"
    return "自荐" if application.road == Road.NOMINATED else "—"


def _actions(application: Application, user: User) -> tuple[str, ...]:
    """What may leave the committee now."""
    if application.status != Status.CHECKED:
        return ()
    return tuple(action for action in HAND_UP if gate.may(action, application, user))


def _records(applications: list[Application]) -> dict[int, dict[int, Record]]:
    """By application and task."""
    records: dict[int, dict[int, Record]] = defaultdict(dict)
    found = TaskRecord.objects.filter(application__in=applications)
    for pk, task, *facts in found.values_list("application", "task", "expected", "present", "minutes"):
        records[pk][task] = Record(*facts)
    return records


def _questions(track: Track, line: str) -> int:
    return sum(leaf.asked for leaf in track.rubric.leaves_for(line))


def _cell(column: Column, application: Application, records: dict[int, Record], late: frozenset[str]) -> Cell:
    task, record = column.task, records.get(column.task.pk)
    if task.kind == StageTask.Kind.PLAN:
        done, why = application.plan_filed_at is not None, ""
    else:
        problems = task_problems(task, record)
        done, why = not problems, "".join(problems) if record else ""
    if done or why:
        return Cell(column.label, "done" if done else "flawed", why)
    return Cell(column.label, "late" if application.is_draft and column.key in late else "open")


def extensions(application: Application) -> list[Extension]:
    """What was granted to the branch itself, out of the prefetched ones."""
    return [
        each
        for stage in application.track.stages.all()
        for each in stage.extensions.all()
        if each.branch_id == application.branch_id
    ]


def grouped(all_rows: list[Row], sort: str = "") -> list[tuple[str, list[Row]]]:
    """The rows under the names of their counties, in the order they come; in one piece where another order was asked."""
    groups: list[tuple[str, list[Row]]] = []
    for row in all_rows:
        name = "" if sort else row.county
        if not groups or groups[-1][0] != name:
            groups.append((name, []))
        groups[-1][1].append(row)
    return groups
