"""What the pages of this app read beyond single rows, each in a fixed number of queries whatever is shown."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, DecimalField, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from applications.models import Application, Clearance, VetoRecord
from applications.states import Status
from branches.models import User
from reviews import calculation, gathering, method_words
from reviews.models import (
    Approval,
    Assignment,
    Conflict,
    Panel,
    PresentationSession,
    PresentationSlot,
    PublicNotice,
    ResultRow,
    ResultSet,
    Review,
    SiteVisit,
)
from reviews.services import results
from standards import ranking
from standards.models import Track

# What one event is for one reviewer: state, words, whether there is something to do now.
STATES = {
    "barred": "已回避",
    "waiting": "待开评",
    "missed": "已收评，未提交",
    "ended": "考评已结束",
    "untouched": "未开始",
    "draft": "草稿",
    "final": "已提交",
}
WRITABLE = ("untouched", "draft")


@dataclass
class Event:
    """One visit or presentation of a branch, as one reviewer stands to it."""

    kind: str
    pk: int
    label: str
    state: str
    review: Review | None = None

    @property
    def writable(self) -> bool:
        return self.state in WRITABLE

    @property
    def state_label(self) -> str:
        return STATES[self.state]


def work_of(user: User, panel: Panel) -> QuerySet[Assignment]:
    """One's own branches in one panel, least done first."""
    return (
        Assignment.objects.filter(user=user, panel=panel)
        .with_progress()
        .select_related("application__branch", "application__track", "panel__component", "user")
    )


def with_events(assignments: Iterable[Assignment]) -> list[Assignment]:
    """Give each assignment its `events`: three queries for all of them."""
    rows = list(assignments)
    events: dict[tuple[int, int], list[SiteVisit | PresentationSlot]] = defaultdict(list)
    applications = {row.application_id for row in rows}
    panels = {row.panel_id for row in rows}
    for visit in SiteVisit.objects.filter(panel__in=panels, application__in=applications):
        events[visit.panel_id, visit.application_id].append(visit)
    slots = PresentationSlot.objects.filter(session__panel__in=panels, application__in=applications)
    for slot in slots.annotate(panel_id=F("session__panel")):
        events[slot.panel_id, slot.application_id].append(slot)
    reviews = {
        (review.assignment_id, review.visit_id, review.slot_id): review
        for review in Review.objects.filter(assignment__in=rows)
    }
    for row in rows:
        row.events = [_event(row, found, reviews) for found in events[row.panel_id, row.application_id]]
    return rows


def _event(row: Assignment, found: SiteVisit | PresentationSlot, reviews: dict) -> Event:
    if isinstance(found, SiteVisit):
        review = reviews.get((row.pk, found.pk, None))
        return Event("visit", found.pk, _label(found), _state(row, review), review)
    review = reviews.get((row.pk, None, found.pk))
    state = _state(row, review)
    if state in WRITABLE and not found.is_open:
        state = "waiting" if found.opened_at is None else "missed"
    return Event("slot", found.pk, _label(found), state, review)


def _state(row: Assignment, review: Review | None) -> str:
    if row.barred:
        return "barred"
    if review and review.is_final:
        return "final"
    if row.application.status != Status.IN_REVIEW:
        return "ended"
    return "draft" if review else "untouched"


def next_event(rows: Iterable[Assignment]) -> tuple[Assignment, Event] | None:
    """What to score next, out of rows that have their events."""
    return next(((row, event) for row in rows for event in row.events if event.writable), None)


# The panel's page


@dataclass
class Cell:
    """One member × one candidate: assigned (with progress), barred, or free to be assigned."""

    user: User
    assignment: Assignment | None = None
    conflict: Conflict | None = None


def matrix(panel: Panel, members: Sequence[User], candidates: Iterable[Application]) -> list[dict[str, Any]]:
    """One row per candidate with a cell per member; two queries and those of the candidates."""
    candidates = list(candidates)
    assigned = {
        (row.application_id, row.user_id): row
        for row in Assignment.objects.filter(panel=panel, application__in=candidates).with_progress()
    }
    barred = {
        (conflict.application_id, conflict.user_id): conflict
        for conflict in Conflict.objects.filter(application__in=candidates, user__in=members)
    }
    return [
        {
            "application": application,
            "cells": [
                Cell(user, assigned.get((application.pk, user.pk)), barred.get((application.pk, user.pk)))
                for user in members
            ],
        }
        for application in candidates
    ]


def candidates_on(panel: Panel) -> QuerySet[Application]:
    """Whom the panel may be given, and whom it has: the latter stay on the page when they have moved on."""
    mine = Assignment.objects.filter(panel=panel, application=OuterRef("pk"))
    return (
        Application.objects.filter(
            Q(status__in=[Status.RECOMMENDED, Status.IN_REVIEW]) | Exists(mine), track=panel.track
        )
        .select_related("branch", "track")
        .order_by("branch__path")
    )


# The presentation


def board(session: PresentationSession) -> list[dict[str, Any]]:
    """The slots in order. Totals are read only for those that are closed; of the one on stage only who is done."""
    slots = list(session.slots.select_related("application__branch"))
    component = session.panel.component
    totals: dict[int, list[Decimal]] = defaultdict(list)
    closed = [slot.pk for slot in slots if slot.closed_at]
    for slot_id, total in Review.objects.counting().filter(slot__in=closed).values_list("slot_id", "total"):
        totals[slot_id].append(total)
    rows = []
    for slot in slots:
        value = ranking.panel_score(totals[slot.pk], component.method, component.trim_from) if slot.closed_at else None
        rows.append({"slot": slot, "panel": value, "scores": _marked(value), "rank": None})
    valued = [row for row in rows if row["panel"]]
    places = ranking.rank([ranking.Entry(row["slot"].order, row["panel"].value) for row in valued])
    place_of = {place.key: place.rank for place in places}
    for row in valued:
        row["rank"] = place_of[row["slot"].order]
    return rows


def _marked(value: ranking.PanelScore | None) -> list[dict[str, Any]]:
    """The scores lowest first, the dropped ones marked."""
    if value is None:
        return []
    low, high = value.dropped or (None, None)
    marked = [{"score": score, "dropped": False} for score in value.used]
    if value.dropped:
        marked = [{"score": low, "dropped": True}, *marked, {"score": high, "dropped": True}]
    return marked


def still_scoring(slot: PresentationSlot) -> list[dict[str, Any]]:
    """Who of the panel has handed in for the branch on stage, and who has not. No scores."""
    done = set(Review.objects.filter(slot=slot, status=Review.Status.FINAL).values_list("reviewer_id", flat=True))
    rows = Assignment.objects.filter(
        ~Exists(Conflict.objects.bars("application", "user")),
        panel__session=slot.session_id,
        application=slot.application_id,
    ).select_related("user")
    return [{"user": row.user, "done": row.user_id in done} for row in rows]


# The results


def preview(track: Track) -> dict[str, int]:
    """How far the scoring has come, in numbers only: who stands where is not computed for a look."""
    method, inputs = gathering.method_of(track), gathering.inputs_of(track)
    rows, _ = calculation.compute({**method, "quota": len(inputs) + 1}, inputs)
    complete = sum(1 for row in rows if row["final"] is not None)
    return {
        "candidates": len(rows),
        "complete": complete,
        "incomplete": len(rows) - complete,
        "open": unfinished(track),
    }


def unfinished(track: Track) -> int:
    """Sheets that can still be handed in on the track."""
    work = Assignment.objects.filter(
        ~Exists(Conflict.objects.bars("application", "user")),
        panel__track=track,
        application__status=Status.IN_REVIEW,
    )
    visits = work.filter(application__visits__panel=F("panel")).count()
    final = Review.objects.filter(
        assignment__in=work.order_by().values("pk"), visit__isnull=False, status=Review.Status.FINAL
    )
    return visits - final.count()


def standing(track: Track) -> dict[str, Any]:
    """Every fact the steps from the scores to the plaques are shown by."""
    counts = track.applications.aggregate(
        waiting=Count("pk", filter=Q(status=Status.RECOMMENDED)),
        reviewing=Count("pk", filter=Q(status=Status.IN_REVIEW)),
        selected=Count("pk", filter=Q(status=Status.SELECTED)),
        reserves=Count("pk", filter=Q(status=Status.RESERVE)),
        published=Count("pk", filter=Q(status=Status.PUBLISHED)),
        named=Count("pk", filter=Q(status=Status.NAMED)),
    )
    sets = list(ResultSet.objects.filter(track=track).defer("inputs", "method").select_related("frozen_by"))
    winners = Application.objects.filter(track=track, status__in=results.HOLDING)
    return {
        **counts,
        "by_panel": any(component.by_panel for component in track.components.all()),
        "sets": sets,
        "decided": next((result for result in sets if result.decided_at), None),
        "vacancies": results.vacancies(track),
        "notices": list(PublicNotice.objects.filter(track=track).annotate(names=Count("applications"))),
        "approval": Approval.objects.filter(track=track).first(),
        "cleared": Clearance.objects.filter(application__in=winners, point=Clearance.Point.NAME).count(),
        "vetoes": VetoRecord.objects.filter(
            application__track=track, application__status__in=results.HOLDING, state=VetoRecord.State.PROPOSED
        ).count(),
    }


def drill_down(row: ResultRow) -> list[dict[str, Any]]:
    """Every component of a frozen row as it was stored, each score with its mark, and the sheets behind it."""
    sheets: dict[str, list[Review]] = defaultdict(list)
    reviews = Review.objects.counting().filter(application=row.application_id)
    for review in reviews.select_related("reviewer", "visit", "slot").order_by("total", "pk"):
        sheets[f"visit:{review.visit_id}" if review.visit_id else f"slot:{review.slot_id}"].append(review)
    parts = {part["code"]: part for part in row.result.method["components"]}
    shown = []
    for component in row.components:
        part = parts[component["code"]]
        score = None if component["score"] is None else Decimal(component["score"])
        hundred = None if score is None else ranking.on_hundred(score, Decimal(part["out_of"]))
        shown.append(
            {
                **component,
                "out_of": part["out_of"],
                "hundred": hundred,
                "method": method_words.how_combined(part),
                "events": [_frozen_event(event, sheets[event["event"]]) for event in component["events"]],
            }
        )
    return shown


def _frozen_event(event: dict[str, Any], sheets: list[Review]) -> dict[str, Any]:
    scores = [{"score": score, "dropped": False} for score in event["scores"]]
    if event["dropped"]:
        scores[0]["dropped"] = scores[-1]["dropped"] = True
    return {**event, "scores": scores, "sheets": sheets, "label": _label(sheets[0].event) if sheets else "考评"}


def _label(event: SiteVisit | PresentationSlot) -> str:
    if isinstance(event, SiteVisit):
        return f"{event}（{event.visited_on.month}月{event.visited_on.day}日）"
    return f"第{event.order}个展示"


def grades_of(result: ResultSet) -> list[tuple[str, int]]:
    """Every grade of the method with how many have it, best first; who has none is counted last, if anybody."""
    names = [band["name"] for band in result.method["grades"]]
    if not names:
        return []
    counts = dict(result.rows.values_list("grade").annotate(n=Count("pk")).order_by())
    graded = [(name, counts.get(name, 0)) for name in names]
    return [*graded, ("没有等次", counts[""])] if counts.get("") else graded


def previous_of(result: ResultSet) -> ResultSet | None:
    return ResultSet.objects.filter(track=result.track_id, number__lt=result.number).defer("inputs").first()


def with_previous(result: ResultSet, previous: ResultSet | None) -> QuerySet[ResultRow]:
    """The rows with the place and final they had in the set before; `moved` where one of them changed."""
    rows = result.rows.select_related("application__branch")
    if previous is None:
        return rows
    earlier = ResultRow.objects.filter(result=previous, application=OuterRef("application"))
    same = earlier.annotate(place=_rank(F("rank")), points=_final(F("final"))).filter(
        place=_rank(OuterRef("rank")), points=_final(OuterRef("final")), outcome=OuterRef("outcome"),
        grade=OuterRef("grade"),
    )  # fmt: skip
    return rows.annotate(
        was_rank=earlier.values("rank")[:1],
        was_final=earlier.values("final")[:1],
        was_grade=earlier.values("grade")[:1],
        moved=~Exists(same),
    )


def _rank(value: Any) -> Coalesce:
    """Rows without a value equal each other."""
    return Coalesce(value, Value(0), output_field=IntegerField())


def _final(value: Any) -> Coalesce:
    return Coalesce(value, Value(Decimal(-1)), output_field=DecimalField(max_digits=6, decimal_places=2))
