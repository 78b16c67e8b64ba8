"""Who owes what in reviewing: scores not yet final, for the home page and the reminders."""

from collections import defaultdict
from collections.abc import Iterator

from django.db.models import Exists, OuterRef
from django.urls import reverse

from applications.states import Status
from branches.models import User
from branches.roles import PANEL_ROLES
from branches.todo import Todo
from reviews.models import Assignment, Conflict, PresentationSlot, Review, SiteVisit
from standards.deadlines import deadline_for
from standards.models import Campaign, ScoreComponent, Stage, Track


def owed(user: User | None = None) -> Iterator[Todo]:
    """One line per person and panel: how many sheets are still to be handed in, and by when."""
    if user is not None and not user.scopes(*PANEL_ROLES):
        return  # somebody whose time on panels is over owes nothing more
    counts: dict[tuple[int, int], int] = defaultdict(int)
    panels = {}
    for assignment, number in unfinished(user):
        counts[assignment.user_id, assignment.panel_id] += number
        panels[assignment.panel_id] = assignment.panel
    for (user_id, panel_id), number in sorted(counts.items()):
        panel = panels[panel_id]
        yield Todo(
            kind="score",
            about=f"panel:{panel_id}",
            title=f"还有{number}份评分未提交",
            url=reverse("reviews:queue"),
            due=deadline_for(scoring_stage(panel.track, panel.component)),
            detail=f"{panel.track} · {panel}",
            user_id=user_id,
            action="去评分",
        )


def scoring_stage(track: Track, component: ScoreComponent) -> Stage | None:
    """When the component's scores are due: presentations by 现场展示, visits by 实地考评 or else 动态考核."""
    if component.source == ScoreComponent.Source.PRESENTATION:
        return track.stage(Stage.Kind.PRESENT)
    return track.stage(Stage.Kind.ONSITE) or track.stage(Stage.Kind.DYNAMIC)


def unfinished(user: User | None = None) -> Iterator[tuple[Assignment, int]]:
    """Assignments with visits or opened presentations that still lack a final sheet, and how many."""
    conflicted = Conflict.objects.filter(application=OuterRef("application"), user=OuterRef("user"))
    assignments = (
        Assignment.objects.filter(
            ~Exists(conflicted),
            application__status=Status.IN_REVIEW,
            panel__track__campaign__status=Campaign.Status.OPEN,
        )
        .select_related("panel__track", "panel__component")
        .prefetch_related("panel__track__stages__extensions")
    )
    if user is not None:
        assignments = assignments.filter(user=user)
    # Subqueries rather than lists of keys: a list of thousands is more than a database takes.
    applications = assignments.order_by().values("application")
    events: dict[tuple[int, int], int] = defaultdict(int)
    visits = SiteVisit.objects.filter(application__in=applications)
    for panel_id, application_id in visits.values_list("panel", "application"):
        events[panel_id, application_id] += 1
    slots = PresentationSlot.objects.on_stage().filter(application__in=applications)
    for panel_id, application_id in slots.values_list("session__panel", "application"):
        events[panel_id, application_id] += 1
    final: dict[int, int] = defaultdict(int)
    finals = Review.objects.filter(assignment__in=assignments.order_by().values("pk"), status=Review.Status.FINAL)
    for assignment_id in finals.filter(slot=None).values_list("assignment", flat=True):
        final[assignment_id] += 1
    for assignment_id in finals.filter(slot__closed_at=None, slot__isnull=False).values_list("assignment", flat=True):
        final[assignment_id] += 1
    for assignment in assignments:
        left = events[assignment.panel_id, assignment.application_id] - final[assignment.pk]
        if left > 0:
            yield assignment, left
