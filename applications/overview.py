"""What a committee sees of its branches: one row per application, every row from the same few queries."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, IntegerField, Max, OuterRef, Q, QuerySet, Subquery, prefetch_related_objects
from django.utils import timezone

from applications.models import Application, Assessment, TaskRecord
from applications.services import checking, gate
from applications.states import PAST_CHECK, SEALED, Status
from branches.models import Branch, User
from branches.roles import READING_ROLES
from standards.deadlines import deadline_for
from standards.models import Campaign, Criterion, Extension, Stage, StageTask, Track

READY = "ready"
HAND_UP = ("nominate", "forward")


@dataclass(frozen=True)
class Step:
    """One column: what every branch has to do, and by when."""

    label: str
    due: datetime | None
    task: StageTask | None = None


@dataclass(frozen=True)
class Row:
    """One branch on its way."""

    application: Application
    status: Status
    tasks: list[tuple[str, bool]]
    answered: int
    questions: int
    actions: list[str]
    extensions: list[Extension]
    reminded_at: datetime | None = None

    @property
    def owes(self) -> bool:
        return self.status == Status.PREPARING

    @property
    def reminded_today(self) -> bool:
        return self.reminded_at is not None and timezone.localdate(self.reminded_at) == timezone.localdate()


@dataclass(frozen=True)
class County:
    """The rows of one committee right below the city's."""

    name: str
    rows: list[Row] = field(default_factory=list)


def tracks_of(user: User) -> list[Track]:
    """The tracks whose branches can be on their way, running ones first."""
    tracks = (
        Track.objects.filter(campaign__in=Campaign.objects.visible_to(user))
        .exclude(campaign__status=Campaign.Status.DRAFT)
        .select_related("campaign", "rubric")
        .prefetch_related("stages")
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
    if status == READY:
        return applications.filter(status=Status.PREPARING, self_complete=True)
    if status:
        stored = {status, *sealed} if status == Status.IN_REVIEW else {status} - sealed
        return applications.filter(status__in=stored)
    return applications


def counts(applications: QuerySet[Application]) -> dict[str, int]:
    """How far all of them are, in one query. Nothing that is sealed shows: beyond 已推荐 all count alike."""
    passed = Q(status__in=PAST_CHECK | SEALED)
    return applications.aggregate(
        total=Count("pk"),
        planned=Count("pk", filter=Q(plan_filed_at__isnull=False)),
        assessed=Count("pk", filter=Q(self_complete=True)),
        ready=Count("pk", filter=Q(self_complete=True, status=Status.PREPARING)),
        submitted=Count("pk", filter=Q(status=Status.SUBMITTED) | passed),
        checked=Count("pk", filter=passed),
        handed_up=Count("pk", filter=passed & ~Q(status=Status.CHECKED)),
        returned=Count("pk", filter=Q(returns__gt=0)),
    )


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


def steps(track: Track, user: User) -> list[Step]:
    """The columns: filing the plan, then every task in the order of the stages.

    A committee's own tasks (S2-27) make a column only for whoever looks at none but the branches it asks.
    """
    columns, scopes = [], user.scopes(*READING_ROLES)
    for stage in track.stages.all():
        for task in stage.tasks.all():
            if task.organiser and not all(path.startswith(task.organiser.path) for path in scopes):
                continue
            label = "计划报备" if task.kind == StageTask.Kind.PLAN else task.name
            columns.append(Step(label, deadline_for(stage), task))
    return columns


def deadlines(track: Track) -> dict[str, datetime | None]:
    """The closing instants shown above the columns, by kind of stage."""
    return {kind: deadline_for(track.stage(kind)) for kind in COMMITTEE_STAGES}


def rows(applications: Iterable[Application], track: Track, user: User) -> list[Row]:
    """The rows of one page; `applications` with branch, recommendation and `answered`."""
    applications = list(applications)
    reminded = {
        each["about"]: each["at"]
        for each in checking.reminders_of(applications).order_by().values("about").annotate(at=Max("created_at"))
    }
    columns = steps(track, user)
    done: dict[int, set[int]] = defaultdict(set)
    for pk, task in TaskRecord.objects.filter(application__in=applications).values_list("application", "task"):
        done[pk].add(task)
    return [
        _row(each, track, user, columns, done[each.pk], reminded.get(f"application:{each.pk}")) for each in applications
    ]


def _row(
    application: Application,
    track: Track,
    user: User,
    columns: list[Step],
    done: set[int],
    reminded_at: datetime | None,
) -> Row:
    application.track = track  # read once, with its stages: the rows ask nothing more
    return Row(
        application=application,
        status=application.status_for(user),
        tasks=[
            (
                step.label,
                application.plan_filed_at is not None
                if step.task and step.task.kind == StageTask.Kind.PLAN
                else bool(step.task and step.task.pk in done),
            )
            for step in columns
        ],
        answered=application.answered or 0,
        questions=sum(leaf.asked for leaf in _leaves(track, application.branch.line)),
        actions=[action for action in HAND_UP if gate.may(action, application, user)],
        extensions=extensions(application),
        reminded_at=reminded_at,
    )


def extensions(application: Application) -> list[Extension]:
    """What was granted to the branch itself, out of the prefetched ones."""
    return [
        each
        for stage in application.track.stages.all()
        for each in stage.extensions.all()
        if each.branch_id == application.branch_id
    ]


def _leaves(track: Track, line: str) -> list[Criterion]:
    return track.rubric.leaves_for(line)


def grouped(all_rows: list[Row], counties: Iterable[Branch]) -> list[County]:
    """The rows under the names of their counties, in the order they come."""
    names = {county.path: county.short_name for county in counties}
    groups: list[County] = []
    for row in all_rows:
        name = names.get(row.application.branch.path[: 2 * Branch.steplen], "其他")
        if not groups or groups[-1].name != name:
            groups.append(County(name))
        groups[-1].rows.append(row)
    return groups
