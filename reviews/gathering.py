"""What the calculation works on, read from the database as plain values: the method and the raw scores."""

import json
from collections import defaultdict
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from applications.models import Application
from applications.states import Status
from reviews.models import Review
from standards import scoring
from standards.models import ScoreComponent, Track

# Taken over from the application as it stands, not scored by a panel.
DIRECT = (ScoreComponent.Source.SELF, ScoreComponent.Source.CHECK)
# What a sheet tells beside its total, as `Rubric.detail` gives it.
ALL_FACTS = frozenset({"dimensions", "vetoed", "caps"})


def method_of(track: Track) -> dict[str, Any]:
    """How the track is scored, as plain values: stored with the result so that it can be replayed."""
    return {
        "mode": track.mode,
        "quota": track.quota,
        "reserves": track.reserves,
        "pass_line": _text(track.pass_line),
        "pass_grade": track.pass_grade,
        "tie_breakers": list(track.tie_breakers),
        "grade_component": track.grade_component,
        "self_out_of": str(track.rubric.total_points),
        "grades": [
            {
                "name": band.name,
                "at_least": _text(band.at_least),
                "share": _text(band.share),
                "stars": band.stars,
                "each_dimension": _text(band.each_dimension),
                "component": band.component,
                "component_min": _text(band.component_min),
            }
            for band in track.grades.all()
        ],
        "components": [part_of(component) for component in components_of(track)],
    }


def components_of(track: Track) -> list[ScoreComponent]:
    return list(track.components.select_related("rubric", "track__rubric"))


def part_of(component: ScoreComponent) -> dict[str, Any]:
    """One component of the method. `full` has what each regular dimension comes to at most, by 警种 ("" for others)."""
    rubric, tops = component.scoring_rubric, component.tops
    named = sorted({line for top in tops for leaf in top.leaves for line in leaf.lines})
    return {
        "code": component.code,
        "source": component.source,
        "name": component.name,
        "weight": str(component.weight),
        "method": component.method,
        "trim_from": component.trim_from,
        "min_scores": component.min_scores,
        "over_time": component.over_time,
        "pass_line": _text(component.pass_line),
        "dimensions": list(component.dimensions),
        "out_of": str(component.sheet.total_points),
        "full": {
            line: {top.code: str(top.group.for_line(line).reachable) for top in tops if not top.is_bonus}
            for line in ["", *named]
        },
        "lines": {top.code: str(top.line) for top in tops if top.line is not None},
        "vetoes": {leaf.code: leaf.title for top in tops for leaf in top.leaves if leaf.kind == scoring.VETO},
        "rubric": [rubric.code, rubric.version, rubric.content_hash],
    }


def inputs_of(track: Track, *, whole: bool = False) -> list[dict[str, Any]]:
    """The raw scores of every candidate, grouped as they are combined; four queries whatever the number.

    Per candidate and component code: {"score", "detail"} where it is taken over from self-assessment or check, else
    {"events": [{"event", "month", "scores": [...], "details": [...]}]}. Of the details only what the method looks at
    is kept, unless `whole` (to try other methods).
    """
    components = components_of(track)
    kept = dict.fromkeys((each.code for each in components), ALL_FACTS) if whole else _wanted(track, components)
    candidates = Application.objects.filter(track=track, status=Status.IN_REVIEW).order_by("pk")
    grouped = _sheets(candidates, kept)
    inputs = []
    rows = candidates.select_related("branch").only(
        "self_score", "self_detail", "check_score", "check_detail", "branch__line"
    )
    for row in rows:
        parts: dict[str, Any] = {}
        for component in components:
            if component.source in DIRECT:
                own = component.source == ScoreComponent.Source.SELF
                total, detail = (row.self_score, row.self_detail) if own else (row.check_score, row.check_detail)
                parts[component.code] = {
                    "score": _text(_share(component, total, detail, row.branch.line)),
                    "detail": _only(detail, kept[component.code]),
                }
            else:
                parts[component.code] = {"events": [event_of(e) for e in grouped[row.pk, component.code].values()]}
        inputs.append({"application": row.pk, "line": row.branch.line, "self": _text(row.self_score), "parts": parts})
    return inputs


def _sheets(candidates: QuerySet[Application], kept: dict[str, frozenset[str]]) -> dict[tuple[int, str], dict]:
    """The sheets that count, by candidate and component, then by visit or presentation, the earliest first."""
    grouped: dict[tuple[int, str], dict[str, dict[str, Any]]] = defaultdict(dict)
    reviews = (
        Review.objects.counting()
        .filter(application__in=candidates)
        .order_by("visit__visited_on", "visit__number", "pk")
        .values_list("application_id", "component__code", "visit_id", "slot_id", "visit__visited_on", "total", "detail")
    )
    for application_id, code, visit_id, slot_id, day, total, detail in reviews:
        event = event_key(visit_id, slot_id)
        empty = {"event": event, "month": f"{day:%Y-%m}" if day else "", "sheets": []}
        sheets = grouped[application_id, code].setdefault(event, empty)["sheets"]
        sheets.append((total, _only(detail, kept.get(code, frozenset()))))
    return grouped


def event_key(visit_id: int | None, slot_id: int | None) -> str:
    return f"visit:{visit_id}" if visit_id else f"slot:{slot_id}"


def _wanted(track: Track, components: list[ScoreComponent]) -> dict[str, frozenset[str]]:
    """Which facts of a sheet the method looks at: thousands of sheets are frozen, and most plans need none of them."""
    by_dimension = any(band.stars is not None or band.each_dimension is not None for band in track.grades.all())
    named = {component.code for component in components} & {track.grade_component}
    graded = named.pop() if named else components[0].code if components else ""
    kept = {}
    for component in components:
        wanted = {"vetoed", "caps"} if component.scoring_rubric.has_vetoes else set()
        if component.code == graded and (by_dimension or any(top.line is not None for top in component.tops)):
            wanted.add("dimensions")
        kept[component.code] = frozenset(wanted)
    return kept


def _only(detail: dict[str, Any], wanted: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in detail.items() if name in wanted and value}


def _share(component: ScoreComponent, total: Decimal | None, detail: dict[str, Any], line: str) -> Decimal | None:
    """The whole sheet, or the dimensions the component takes from it, added up as its own sheet would be."""
    if total is None or not component.dimensions:
        return total
    points = detail.get("dimensions", {})
    if any(top.code not in points for top in component.tops):
        return None
    sheet = component.sheet.for_line(line)
    worth = {top: Decimal(points[top.code]) * top.weight / scoring.HUNDRED for top in component.tops}
    regular = sum((value for top, value in worth.items() if not top.is_bonus), scoring.ZERO)
    bonus = sum((value for top, value in worth.items() if top.is_bonus), scoring.ZERO)
    if sheet.rescale and sheet.reachable:
        regular = regular * sheet.total_points / sheet.reachable
    return scoring.cents(min(regular + bonus, sheet.total_points) if sheet.capped else regular + bonus)


def event_of(grouped: dict[str, Any]) -> dict[str, Any]:
    """One visit or presentation; its sheets sorted by total, as their order never matters."""
    sheets = sorted(grouped["sheets"], key=lambda sheet: (sheet[0], json.dumps(sheet[1], sort_keys=True)))
    return {
        "event": grouped["event"],
        "month": grouped["month"],
        "scores": [str(total) for total, _ in sheets],
        "details": [detail for _, detail in sheets] if any(detail for _, detail in sheets) else [],
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
