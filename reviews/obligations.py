"""Who owes what in reviewing: visits, scores, the approval, the plaques; and all that anybody owes on any floor."""

import datetime
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain

from django.db.models import Count, Exists, Min, OuterRef
from django.urls import reverse
from django.utils import timezone

from applications import obligations as application_obligations
from applications.states import Status
from branches import obligations as branch_obligations
from branches.models import Branch, User, under
from branches.roles import BRANCH_ROLES, PANEL_ROLES, Role
from branches.todo import LONG_REMINDER_DAYS, Todo
from reviews.models import Approval, Assignment, Award, Conflict, PresentationSlot, PublicNotice, Review, SiteVisit
from standards import obligations as study_obligations
from standards.deadlines import deadline_for, end_of
from standards.models import Campaign, ScoreComponent, Stage, Track

# How long a title that has run out stays on the list.
KEPT_AFTER = datetime.timedelta(days=30)


def everything(user: User | None = None) -> Iterator[Todo]:
    """What anybody owes on any floor, or only this person: the home page and the reminders read the same list."""
    floors = (branch_obligations, study_obligations, application_obligations)
    return chain(*(floor.owed(user) for floor in floors), owed(user))


def owed(user: User | None = None) -> Iterator[Todo]:
    """Each kind of obligation with one query set; a new kind is one more line here."""
    yield from scores(user)
    yield from visits(user)
    yield from approvals(user)
    yield from plaques(user)


def scores(user: User | None = None) -> Iterator[Todo]:
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
            roles=PANEL_ROLES,
            action="去评分",
            campaign_id=panels[panel_id].track.campaign_id,
            overview=reverse("reviews:panel", args=[panel_id]),
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


def visits(user: User | None = None) -> Iterator[Todo]:
    """Visits that are announced for today or later: each assessor of the branch is to be there. Scores follow them."""
    if user is not None and not user.scopes(*PANEL_ROLES):
        return
    coming = SiteVisit.objects.filter(
        panel=OuterRef("panel"), application=OuterRef("application"), visited_on__gte=timezone.localdate()
    ).order_by("visited_on", "pk")
    barred = Conflict.objects.bars("application", "user")
    done = Review.objects.filter(assignment=OuterRef("pk"), visit=OuterRef("next_visit"), status=Review.Status.FINAL)
    assignments = (
        Assignment.objects.filter(
            ~Exists(barred),
            application__status=Status.IN_REVIEW,
            panel__track__campaign__status=Campaign.Status.OPEN,
        )
        .annotate(next_visit=coming.values("pk")[:1], visited_on=coming.values("visited_on")[:1])
        .filter(~Exists(done), next_visit__isnull=False)
        .select_related("panel__track", "application__branch")
        .order_by("visited_on", "pk")
    )
    if user is not None:
        assignments = assignments.filter(user=user)
    for each in assignments:
        yield Todo(
            kind="visit",
            about=f"visit:{each.next_visit}",
            title=f"到{each.application.branch.short_name}考评",
            url=reverse("reviews:queue"),
            due=end_of(each.visited_on),
            detail=f"{each.panel.track} · {each.panel}",
            user_id=each.user_id,
            roles=PANEL_ROLES,
            action="看安排",
            campaign_id=each.panel.track.campaign_id,
            overview=reverse("reviews:panel", args=[each.panel_id]),
        )


def approvals(user: User | None = None) -> Iterator[Todo]:
    """Tracks whose names have been public long enough and whose approval is not on record: the city office's."""
    if user is not None and not user.runs_campaigns:
        return
    over = PublicNotice.objects.filter(track=OuterRef("pk")).order_by().values("track")
    tracks = (
        Track.objects.filter(
            ~Exists(Approval.objects.filter(track=OuterRef("pk"))),
            campaign__status=Campaign.Status.OPEN,
            applications__status=Status.PUBLISHED,
        )
        .annotate(closed_on=over.annotate(last=Min("closes_on")).values("last")[:1])
        .filter(closed_on__lt=timezone.localdate())
        .select_related("campaign")
        .prefetch_related("stages__extensions")
        .distinct()
    )
    office = _office() if user is None else None
    for track in tracks:
        yield Todo(
            kind="approval",
            about=f"campaign:{track.campaign_id}",
            title="公示期满，请报批并登记批准文号",
            url=f"{reverse('reviews:results')}?track={track.pk}",
            due=deadline_for(track.stage(Stage.Kind.NAME)),
            detail=str(track),
            branch=office,
            roles=(Role.CAMPAIGN_ADMIN,),
            action="去登记",
        )


def plaques(user: User | None = None) -> Iterator[Todo]:
    """Titles whose validity runs out: the branch prepares for the review, the office counts them per track."""
    today = timezone.localdate()
    span = (today - KEPT_AFTER, today + datetime.timedelta(days=LONG_REMINDER_DAYS[0]))
    awards = Award.objects.filter(application__status=Status.NAMED, valid_until__range=span)
    if user is None or user.runs_campaigns:
        office = _office() if user is None else None
        per_track = awards.values("application__track", "application__track__campaign", "title").order_by()
        for row in per_track.annotate(number=Count("pk"), first=Min("valid_until")):
            yield Todo(
                kind="plaque.review",
                about=f"track:{row['application__track']}",
                title=f"组织{row['number']}块“{row['title']}”牌匾的到期复核",
                url=reverse("reviews:awards"),
                due=end_of(row["first"]),
                branch=office,
                roles=(Role.CAMPAIGN_ADMIN,),
                action="去查看",
                days=LONG_REMINDER_DAYS,
            )
    own = awards.select_related("application__branch", "application__track")
    if user is not None:
        own = own.filter(under(user.scopes(*BRANCH_ROLES), "application__branch__path"))
    for award in own:
        branch = award.application.branch
        yield Todo(
            kind="plaque.own",
            about=f"award:{award.pk}",
            title=f"“{award.title}”有效期将满，请准备复核",
            url=reverse("reviews:awards"),
            due=end_of(award.valid_until),
            detail=f"{branch.short_name} · 牌匾{award.plaque_number}",
            branch=branch,
            roles=BRANCH_ROLES,
            action="去查看",
            days=LONG_REMINDER_DAYS,
        )


def _office() -> Branch | None:
    """The root of the tree, on which the city office's grants are made."""
    return Branch.objects.filter(depth=1).order_by("path").first()
