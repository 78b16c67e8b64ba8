"""签收与学习覆盖: how far one publication has come among the branches somebody looks over; every page a few queries."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Count, F, FilteredRelation, Max, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, Substr
from django.utils import timezone

from branches.models import Branch, User, under
from branches.roles import BRANCH_ROLES, COMMITTEE_ROLES, Role
from standards.models import Acknowledgement, Publication
from standards.services import study

UNSIGNED, UNSTUDIED, AUXILIARIES, OFFICERS = "unsigned", "unstudied", "auxiliaries", "officers"
STATES = {
    UNSIGNED: "未签收",
    UNSTUDIED: "已签收、未登记学习",
    AUXILIARIES: "已学习、辅警未全覆盖",
    OFFICERS: "已学习、民警未全覆盖",
}
OVERSEERS = (*COMMITTEE_ROLES, Role.CAMPAIGN_ADMIN)
COUNTY = 2 * Branch.steplen


@dataclass(frozen=True)
class Group:
    """民警 or 辅警: how many should study, did, and made up for it."""

    expected: int = 0
    studied: int = 0
    later: int = 0

    @property
    def covered(self) -> int:
        return self.studied + self.later

    @property
    def missing(self) -> int:
        return self.expected - self.covered

    @property
    def percent(self) -> int | None:
        """Whole per cent, cut off: 100 only when nobody is missing."""
        return self.covered * 100 // self.expected if self.expected else None


@dataclass(frozen=True)
class Tally:
    """All branches of a place together. Who has not recorded its study counts with the numbers of its own register."""

    name: str = ""
    path: str = ""
    branches: int = 0
    signed: int = 0
    studied: int = 0
    officers: Group = field(default_factory=Group)
    auxiliaries: Group = field(default_factory=Group)
    officers_short: int = 0
    auxiliaries_short: int = 0

    @property
    def unsigned(self) -> int:
        return self.branches - self.signed

    @property
    def unstudied(self) -> int:
        """Signed, and no study recorded."""
        return self.signed - self.studied

    @property
    def owing(self) -> int:
        return self.branches - self.studied


@dataclass(frozen=True)
class Row:
    """One branch and one publication."""

    branch: Branch
    publication: Publication
    signed: Acknowledgement | None = None
    county: str = ""
    reminded_at: datetime.datetime | None = None

    @property
    def owes(self) -> bool:
        return self.signed is None or not self.signed.has_study

    @property
    def reminded_today(self) -> bool:
        return self.reminded_at is not None and timezone.localdate(self.reminded_at) == timezone.localdate()

    @property
    def officers(self) -> Group | None:
        return self._group("officers")

    @property
    def auxiliaries(self) -> Group | None:
        return self._group("auxiliaries")

    def _group(self, name: str) -> Group | None:
        if self.signed is None or not self.signed.has_study:
            return None
        return Group(*(getattr(self.signed, f"{name}_{part}") or 0 for part in ("expected", "studied", "later")))


# What a branch sees of its own


def own_branches(user: User) -> QuerySet[Branch]:
    """The 党支部 somebody works for as 书记 or 经办人."""
    return Branch.objects.grassroots().filter(under(user.scopes(*BRANCH_ROLES)))


def own_rows(user: User, publications: Iterable[Publication]) -> list[Row]:
    """What the user's own branches are to sign and study, newest publication first; two queries."""
    publications, branches = list(publications), list(own_branches(user))
    found = Acknowledgement.objects.filter(publication__in=publications, branch__in=branches)
    signed = {(each.publication_id, each.branch_id): each for each in found.select_related("signed_by", "recorded_by")}
    return [
        Row(branch, publication, signed.get((publication.pk, branch.pk)))
        for publication in publications
        for branch in branches
        if publication.concerns(branch)
    ]


# What a committee sees of its branches


def overseen(user: User, publication: Publication) -> QuerySet[Branch]:
    """The branches the publication is for, as far as the user looks over them; each with its signature as `ack`."""
    return (
        Branch.objects.signing(publication.scope)
        .filter(under(user.scopes(*OVERSEERS)))
        .annotate(ack=FilteredRelation("acknowledgements", condition=Q(acknowledgements__publication=publication)))
    )


def narrowed(branches: QuerySet[Branch], *, county: str = "", state: str = "", q: str = "") -> QuerySet[Branch]:
    """What a filter asks for: a subtree, how far it is, part of a name."""
    if county:
        branches = branches.filter(path__startswith=county)
    if q:
        branches = branches.filter(Q(name__icontains=q) | Q(short_name__icontains=q))
    return branches.filter(_states()[state]) if state in STATES else branches


def _states() -> dict[str, Q]:
    studied = Q(ack__studied_on__isnull=False)

    def short(group: str) -> Q:
        return studied & Q(**{f"ack__{group}_expected__gt": F(f"ack__{group}_studied") + F(f"ack__{group}_later")})

    return {
        UNSIGNED: Q(ack__isnull=True),
        UNSTUDIED: Q(ack__isnull=False, ack__studied_on__isnull=True),
        AUXILIARIES: short("auxiliaries"),
        OFFICERS: short("officers"),
    }


def _sums() -> dict[str, Count | Sum]:
    states = _states()
    sums: dict[str, Count | Sum] = {
        "branches": Count("pk"),
        "signed": Count("ack"),
        "studied": Count("ack", filter=Q(ack__studied_on__isnull=False)),
        "officers_short": Count("ack", filter=states[OFFICERS]),
        "auxiliaries_short": Count("ack", filter=states[AUXILIARIES]),
    }
    for group in ("officers", "auxiliaries"):
        sums[f"{group}_expected_sum"] = Sum(Coalesce(F(f"ack__{group}_expected"), F(group)))
        sums[f"{group}_studied_sum"] = Sum(f"ack__{group}_studied")
        sums[f"{group}_later_sum"] = Sum(f"ack__{group}_later")
    return sums


def _tally(found: dict[str, int | None], name: str = "", path: str = "") -> Tally:
    def group(name: str) -> Group:
        return Group(*(found[f"{name}_{part}_sum"] or 0 for part in ("expected", "studied", "later")))

    return Tally(
        name=name,
        path=path,
        branches=found["branches"] or 0,
        signed=found["signed"] or 0,
        studied=found["studied"] or 0,
        officers=group("officers"),
        auxiliaries=group("auxiliaries"),
        officers_short=found["officers_short"] or 0,
        auxiliaries_short=found["auxiliaries_short"] or 0,
    )


def tally(branches: QuerySet[Branch]) -> Tally:
    """All of them together, in one query."""
    return _tally(branches.order_by().aggregate(**_sums()), name="合计")


def by_county(branches: QuerySet[Branch], counties: Iterable[Branch]) -> list[Tally]:
    """One line per committee right below the city's, in the order of the tree; one query."""
    found = branches.order_by().annotate(county=Substr("path", 1, COUNTY)).values("county").annotate(**_sums())
    lines = {each["county"]: each for each in found}
    return [_tally(lines[county.path], county.short_name, county.path) for county in counties if county.path in lines]


def counties_of(user: User) -> list[Branch]:
    """The committees right below the city's that the user looks over, or the one the user's own node lies in."""
    paths = {path[:COUNTY] for path in user.scopes(*OVERSEERS)}
    return list(Branch.objects.filter(under(paths), depth=2))


def rows(branches: Iterable[Branch], publication: Publication, counties: Iterable[Branch]) -> list[Row]:
    """The lines of one page, with who signed and when they were last urged; two queries."""
    branches = list(branches)
    names = {county.path: county.short_name for county in counties}
    found = Acknowledgement.objects.filter(publication=publication, branch__in=[each.pk for each in branches])
    signed = {each.branch_id: each for each in found.select_related("signed_by", "recorded_by")}
    urged = study.reminders_of(publication, branches).order_by().values("about").annotate(at=Max("created_at"))
    reminded = {each["about"]: each["at"] for each in urged}
    return [
        Row(
            branch,
            publication,
            signed.get(branch.pk),
            names.get(branch.path[:COUNTY], ""),
            reminded.get(study.about(publication, branch)),
        )
        for branch in branches
    ]


def progress(user: User, publications: Iterable[Publication]) -> dict[int, Tally]:
    """How many of the overseen branches have signed and studied, by publication; two queries for the whole list."""
    publications = list(publications)
    within = under(user.scopes(*OVERSEERS))
    paths = list(Branch.objects.grassroots().filter(within).values_list("path", flat=True))
    found = (
        Acknowledgement.objects.filter(publication__in=publications)
        .filter(under(user.scopes(*OVERSEERS), "branch__path"), branch__active=True)
        .order_by()
        .values_list("publication")
        .annotate(signed=Count("pk"), studied=Count("studied_on"))
    )
    counts = {pk: (signed, studied) for pk, signed, studied in found}
    return {
        publication.pk: Tally(
            branches=sum(path.startswith(publication.scope.path if publication.scope else "") for path in paths),
            signed=counts.get(publication.pk, (0, 0))[0],
            studied=counts.get(publication.pk, (0, 0))[1],
        )
        for publication in publications
    }
