"""What the committees handed up to the city in one track: their ranked lists, the self-nominations, what was forwarded."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet

from applications.models import Application, Recommendation, RecommendationList
from applications.states import Road, Status
from branches.models import Branch, User, under
from branches.roles import COMMITTEE_ROLES, Role
from standards import deadlines
from standards.models import Extension, Stage, Track

READERS = (*COMMITTEE_ROLES, Role.CAMPAIGN_ADMIN)
# Not among what a committee could hand up, or out of it for good.
ABSENT = (Status.PREPARING, Status.SUBMITTED, Status.WITHDRAWN)


@dataclass
class ListOf:
    """One recommending committee: its list, confirmed or not, by when."""

    committee: Branch
    ranking: RecommendationList | None
    due: datetime | None
    extension: Extension | None
    closed: str
    places: list[Recommendation] = field(default_factory=list)

    @property
    def confirmed(self) -> bool:
        return self.ranking is not None and self.ranking.confirmed_at is not None


@dataclass
class HandedUp:
    """The branches of one committee that nominate themselves, or that it forwards, each with its own confirmation."""

    committee: Branch
    applications: list[Application] = field(default_factory=list)


def lists(track: Track, user: User) -> list[ListOf]:
    """Every recommending committee in the user's scope, also those without a list; a fixed number of queries."""
    stage = track.stage(Stage.Kind.RECOMMEND)
    committees = Branch.objects.recommending().filter(under(user.scopes(*READERS)))
    found = RecommendationList.objects.filter(track=track).select_related("confirmed_by", "saved_by")
    rankings = {ranking.committee_id: ranking for ranking in found}
    rows = [
        ListOf(
            committee,
            rankings.get(committee.pk),
            deadlines.deadline_for(stage, committee),
            deadlines.extension_for(stage, committee) if stage else None,
            deadlines.why_closed(stage, committee) if stage else "",
        )
        for committee in committees
    ]
    by_list = {row.ranking.pk: row for row in rows if row.ranking}
    for place in places_of(Recommendation.objects.filter(list__in=by_list)):
        by_list[place.list_id].places.append(place)
    return rows


def places_of(places: QuerySet[Recommendation]) -> QuerySet[Recommendation]:
    """Each with what a sheet prints of it."""
    return places.select_related("application__branch").prefetch_related("application__branch__members")


def by_themselves(track: Track, user: User) -> list[HandedUp]:
    """Self-nominations of a competition (S2-33), or what an acceptance track forwards (S1-51): checked and beyond."""
    road = Road.NOMINATED if track.ranked else Road.FORWARDED
    applications = (
        Application.objects.held_as(user, *READERS)
        .on_road(road)
        .filter(track=track)
        .exclude(status__in=ABSENT)
        .select_related("branch", "handed_up_by")
        .prefetch_related("branch__members")
        .order_by("branch__path")
    )
    # One taken out by a veto before it was handed up never stood on this sheet.
    applications = applications.exclude(status=Status.VETOED, handed_up_at=None)
    return _grouped(applications)


def _grouped(applications: Iterable[Application]) -> list[HandedUp]:
    committees = {each.path: each for each in Branch.objects.filter(kind=Branch.Kind.COMMITTEE)}
    groups: dict[str, HandedUp] = {}
    for application in applications:
        path = application.branch.path
        ends = range(len(path) - Branch.steplen, 0, -Branch.steplen)
        above = next((path[:end] for end in ends if path[:end] in committees), "")
        groups.setdefault(above, HandedUp(committees.get(above, application.branch))).applications.append(application)
    return list(groups.values())
