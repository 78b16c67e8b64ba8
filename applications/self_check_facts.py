"""What the pages of 自查整改 count and compare; nothing is written here."""

from collections.abc import Iterable
from decimal import Decimal
from functools import cached_property
from itertools import zip_longest
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from applications.models import Application, Rectification, RectificationTag, SelfCheck, SelfCheckItem
from standards import scoring
from standards.models import Criterion, Track

MET, GAP = SelfCheckItem.Verdict.MET, SelfCheckItem.Verdict.GAP
State = Rectification.State


class Findings:
    """A self-check as far as it has got: conclusions by dimension, and what the answers would score. No queries."""

    def __init__(self, check: SelfCheck, items: Iterable[tuple[int, str, Decimal | None]]) -> None:
        """`items`: criterion, conclusion and points of each row."""
        self.check, self.line = check, check.application.branch.line
        self.verdicts: dict[int, str] = {}
        self.points: dict[str, Decimal | None] = {}
        for criterion, verdict, points in items:
            self.verdicts[criterion], self.points[str(criterion)] = verdict, points

    @cached_property
    def score(self) -> scoring.SheetScore:
        return scoring.score_sheet(self.check.rubric.sheet.for_line(self.line), self.points)

    def of(self, top: Criterion) -> dict[str, Any]:
        """One dimension: how many met, wanting and still open."""
        verdicts = [self.verdicts.get(leaf.pk, "") for leaf in top.leaves if leaf.item.applies_to(self.line)]
        met, gaps = verdicts.count(MET), verdicts.count(GAP)
        return {"key": top.key, "met": met, "gaps": gaps, "judged": met + gaps, "of": len(verdicts)}

    @cached_property
    def totals(self) -> dict[str, Any]:
        parts = [self.of(top) for top in self.check.rubric.dimensions]
        met, gaps, of = (sum(part[name] for part in parts) for name in ("met", "gaps", "of"))
        return {"met": met, "gaps": gaps, "left": of - met - gaps, "of": of, "total": scoring.plain(self.score.total)}


def compared(application: Application) -> list[Any]:
    """All self-checks, newest first, each with its counts and how they differ from the one before by the same standard."""
    checks = list(application.self_checks.with_counts().select_related("started_by", "finished_by"))
    for check, older in zip_longest(checks, checks[1:]):
        alike = older is not None and older.rubric_id == check.rubric_id
        check.met_change = check.met - older.met if alike else None
        check.gaps_change = check.gaps - older.gaps if alike else None
    return checks


def verdicts_before(check: SelfCheck) -> dict[str, str]:
    """What the self-check before this one found, in words by the criterion's code; nothing where there was none."""
    before = SelfCheckItem.objects.filter(self_check__application=check.application_id).filter(
        self_check__number=check.number - 1
    )
    labels = dict(SelfCheckItem.Verdict.choices)
    found = before.exclude(verdict="").values_list("criterion__code", "verdict")
    return {code: labels[verdict] for code, verdict in found}


def tags_of(application: Application) -> list[str]:
    """The kinds of problem the ledger can be narrowed by: the plan's, and what older entries carry."""
    carried = RectificationTag.objects.filter(rectification__application=application).order_by("name")
    return list(dict.fromkeys([*application.track.problem_tags, *carried.values_list("name", flat=True).distinct()]))


def state_counts() -> dict[str, Count]:
    """Aggregates over rectifications: all, open, overdue, waiting for review, closed."""
    overdue = Q(state=State.OPEN, due_on__lt=timezone.localdate())
    return {
        "all": Count("pk", distinct=True),
        "open": Count("pk", filter=Q(state=State.OPEN), distinct=True),
        "overdue": Count("pk", filter=overdue, distinct=True),
        "done": Count("pk", filter=Q(state=State.DONE), distinct=True),
        "reviewed": Count("pk", filter=Q(state=State.REVIEWED), distinct=True),
    }


def ledger_counts(application: Application) -> dict[str, int]:
    return application.rectifications.aggregate(**state_counts())


# The branches below a committee


def by_tag(scope: QuerySet[Application], track: Track) -> list[dict[str, Any]]:
    """Per kind of problem how many entries stand where (S1-58); the plan's kinds even where nobody has any."""
    entries = Rectification.objects.filter(application__in=scope)
    counted = entries.exclude(tags=None).values("tags__name").annotate(
        branches=Count("application", distinct=True), **state_counts()
    ).order_by()  # fmt: skip
    found = {row["tags__name"]: row for row in counted}
    untagged = entries.filter(tags=None).aggregate(branches=Count("application", distinct=True), **state_counts())
    nothing = dict.fromkeys(("branches", *state_counts()), 0)
    names = list(dict.fromkeys([*track.problem_tags, *sorted(found)]))
    rows = [{"name": name, "tag": name, **nothing, **found.get(name, {})} for name in names]
    return rows + ([{"name": "未标类型", "tag": "", **untagged}] if untagged["all"] else [])


def by_branch(scope: QuerySet[Application], *, tag: str = "") -> QuerySet[Application]:
    """The applications with how often they checked themselves and where their entries stand, most overdue first."""
    entries = Rectification.objects.matching(tag=tag)
    overdue = Q(rectifications__state=State.OPEN, rectifications__due_on__lt=timezone.localdate())
    wanted = Q(rectifications__in=entries.values("pk")) if tag else Q(rectifications__isnull=False)

    def number(condition: Q) -> Count:
        return Count("rectifications", filter=wanted & condition, distinct=True)

    finished = SelfCheck.objects.filter(application=OuterRef("pk")).exclude(finished_at=None).order_by("-number")
    return scope.select_related("branch").annotate(
        checks=Count("self_checks", distinct=True),
        last_check=Subquery(finished.values("finished_at")[:1]),
        open_entries=number(Q(rectifications__state=State.OPEN)),
        overdue_entries=number(overdue),
        done_entries=number(Q(rectifications__state=State.DONE)),
        reviewed_entries=number(Q(rectifications__state=State.REVIEWED)),
    ).order_by("-overdue_entries", "-open_entries", "branch__path")  # fmt: skip
