"""From raw scores to an ordered table, on plain values: previewed, tried out, frozen and replayed by the same code."""

import json
from collections import defaultdict
from decimal import Decimal
from typing import Any

from applications.models import Application
from applications.states import Status
from reviews.models import ResultRow, Review
from standards import ranking, scoring
from standards.models import BREAKERS, SELF_GAP, STARS, ScoreComponent, Track

# Taken over from the application as it stands, not scored by a panel.
DIRECT = (ScoreComponent.Source.SELF, ScoreComponent.Source.CHECK)


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
        "components": [_part(component) for component in track.components.select_related("rubric", "track__rubric")],
    }


def _part(component: ScoreComponent) -> dict[str, Any]:
    rubric = component.scoring_rubric
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
        "full": {top.code: str(top.max_points) for top in component.tops if not top.is_bonus},
        "lines": {top.code: str(top.line) for top in component.tops if top.line is not None},
        "rubric": [rubric.code, rubric.version, rubric.content_hash],
    }


def inputs_of(track: Track) -> list[dict[str, Any]]:
    """The raw scores of every candidate, grouped as they are combined; four queries whatever the number.

    Per candidate and component code: {"score", "detail"} where it is taken over from self-assessment or check, else
    {"events": [{"event", "month", "scores": [...], "details": [...]}]}.
    """
    candidates = Application.objects.filter(track=track, status=Status.IN_REVIEW).order_by("pk")
    grouped: dict[tuple[int, str], dict[str, dict[str, Any]]] = defaultdict(dict)
    reviews = (
        Review.objects.counting()
        .filter(application__in=candidates)
        .order_by("visit__visited_on", "visit__number", "pk")
        .values_list("application_id", "component__code", "visit_id", "slot_id", "visit__visited_on", "total", "detail")
    )
    for application_id, code, visit_id, slot_id, day, total, detail in reviews:
        event = f"visit:{visit_id}" if visit_id else f"slot:{slot_id}"
        empty = {"event": event, "month": f"{day:%Y-%m}" if day else "", "sheets": []}
        grouped[application_id, code].setdefault(event, empty)["sheets"].append((total, detail))
    components = list(track.components.all())
    inputs = []
    for row in candidates.only("self_score", "self_detail", "check_score", "check_detail"):
        parts: dict[str, Any] = {}
        for component in components:
            if component.source in DIRECT:
                own = component.source == ScoreComponent.Source.SELF
                total, detail = (row.self_score, row.self_detail) if own else (row.check_score, row.check_detail)
                parts[component.code] = {"score": _text(_share(component, total, detail)), "detail": detail}
            else:
                events = grouped[row.pk, component.code].values()
                parts[component.code] = {"events": [_event(each) for each in events]}
        inputs.append({"application": row.pk, "self": _text(row.self_score), "parts": parts})
    return inputs


def _share(component: ScoreComponent, total: Decimal | None, detail: dict[str, Any]) -> Decimal | None:
    """The whole sheet, or the dimensions the component takes from it."""
    if total is None or not component.dimensions:
        return total
    points = detail.get("dimensions", {})
    return scoring.cents(
        sum((Decimal(points.get(top.code, 0)) * top.weight / scoring.HUNDRED for top in component.tops), scoring.ZERO)
    )


def _event(grouped: dict[str, Any]) -> dict[str, Any]:
    """One visit or presentation; its sheets sorted by total, as their order never matters."""
    sheets = sorted(grouped["sheets"], key=lambda sheet: (sheet[0], json.dumps(sheet[1], sort_keys=True)))
    return {
        "event": grouped["event"],
        "month": grouped["month"],
        "scores": [str(total) for total, _ in sheets],
        "details": [detail for _, detail in sheets],
    }


def compute(method: dict[str, Any], inputs: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], str]:
    """The whole calculation on plain values: rows in order of place, and why they cannot be published ("" if they can).

    Used alike to preview, to try out, to freeze and to replay, so that the four can never differ.
    """
    rows = [_row(method, candidate) for candidate in inputs]
    complete = [row for row in rows if row["final"] is not None and not row["vetoed"]]
    names = [_breaker_label(method, key) for key in method["tie_breakers"]]
    placings = ranking.rank(
        [ranking.Entry(row["application"], Decimal(row["final"]), tuple(_breakers(method, row))) for row in complete],
        names,
    )
    by_key = {row["application"]: row for row in rows}
    for placing in placings:
        by_key[placing.key].update(rank=placing.rank, tied=placing.tied, decided_by=placing.decided_by)
    _grade(method, by_key, placings)
    blocked = ""
    if method["mode"] == Track.Mode.COMPETITION:
        line = ranking.cut(placings, method["quota"], method["reserves"])
        for outcome, keys in (
            (ResultRow.Outcome.SELECTED, line.selected),
            (ResultRow.Outcome.RESERVE, line.reserves),
            (ResultRow.Outcome.NOT_SELECTED, line.others),
        ):
            for order, key in enumerate(keys, 1):
                by_key[key]["outcome"] = outcome
                by_key[key]["reserve_order"] = order if outcome == ResultRow.Outcome.RESERVE else None
        if line.contested:
            blocked = (
                f"第{method['quota']}名前后有{len(line.contested)}个支部同分，各项同分依据也相同，不能定案；"
                "请对这些支部加评一次，再重新计算。"
            )
    else:
        for placing in placings:
            row = by_key[placing.key]
            row["outcome"] = ResultRow.Outcome.SELECTED if _passes(method, row) else ResultRow.Outcome.NOT_SELECTED
    for row in rows:
        if row["vetoed"]:
            row["outcome"] = ResultRow.Outcome.DISQUALIFIED
            row["note"] = f"发生取消资格的情形：{'、'.join(row['vetoed'])}"
    unplaced = [row for row in rows if row["rank"] is None]
    return [by_key[placing.key] for placing in placings] + unplaced, blocked


def _row(method: dict[str, Any], candidate: dict[str, Any]) -> dict[str, Any]:
    given = candidate["parts"]
    components = [_component(part, given[part["code"]]) for part in method["components"]]
    final = ranking.final_score(
        ranking.Component(
            part["code"],
            Decimal(part["weight"]),
            None if result["score"] is None else Decimal(result["score"]),
            Decimal(part["out_of"]),
        )
        for part, result in zip(method["components"], components, strict=True)
    )
    details = [detail for part in given.values() for detail in _details(part)]
    return {
        "application": candidate["application"],
        "components": components,
        "final": _text(final),
        "rank": None,
        "tied": False,
        "decided_by": "",
        "outcome": ResultRow.Outcome.INCOMPLETE,
        "reserve_order": None,
        "grade": "",
        "note": "",
        "self": candidate["self"],
        "vetoed": sorted({code for detail in details for code in detail.get("vetoed", [])}),
        "caps": sorted({grade for detail in details for grade in detail.get("caps", [])}),
        **_facts(method, given),
    }


def _component(part: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """One component of one candidate with every intermediate value, as text."""
    result: dict[str, Any] = {name: part[name] for name in ("code", "source", "name", "weight")} | {"events": []}
    if part["source"] in DIRECT:
        return {**result, "score": given["score"]}
    values, months = [], []
    for event in given["events"]:
        panel = _panel(part, event["scores"])
        if panel is None:
            continue
        values.append(panel.exact)
        months.append(event["month"])
        result["events"].append(
            {
                "event": event["event"],
                "scores": event["scores"],
                "dropped": [str(score) for score in panel.dropped],
                "value": str(panel.value),
                "note": panel.note,
            }
        )
    return {**result, "score": _text(ranking.over_time(values, part["over_time"], months))}


def _panel(part: dict[str, Any], scores: list[str]) -> ranking.PanelScore | None:
    """The panel's value for one event; None where fewer scored than the plan demands."""
    if len(scores) < part["min_scores"]:
        return None
    return ranking.panel_score([Decimal(score) for score in scores], part["method"], part["trim_from"])


def _details(given: dict[str, Any]) -> list[dict[str, Any]]:
    """What every sheet behind the component says of vetoes: the one taken over, or each of the panel's."""
    if "events" in given:
        return [detail for event in given["events"] for detail in event["details"]]
    return [given["detail"]] if given["detail"] else []


def _facts(method: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Stars and the weakest dimension, from the component that the plan names (else the first)."""
    part = next((p for p in method["components"] if p["code"] == method["grade_component"]), None)
    part = part or next(iter(method["components"]), None)
    if part is None:
        return {"stars": 0, "weakest": None}
    points = _dimension_points(part, given[part["code"]])
    shares = [
        points[code] * scoring.HUNDRED / Decimal(full)
        for code, full in part["full"].items()
        if code in points and Decimal(full)
    ]
    stars = sum(points[code] >= Decimal(line) for code, line in part["lines"].items() if code in points)
    return {"stars": stars, "weakest": _text(scoring.cents(min(shares))) if shares else None}


def _dimension_points(part: dict[str, Any], given: dict[str, Any]) -> dict[str, Decimal]:
    """The points of every dimension, combined from the sheets in the same way as their totals."""
    if part["source"] in DIRECT:
        return {code: Decimal(value) for code, value in given["detail"].get("dimensions", {}).items()}
    points = {}
    codes = {code for event in given["events"] for detail in event["details"] for code in detail.get("dimensions", {})}
    for code in codes:
        values, months = [], []
        for event in given["events"]:
            scores = [detail["dimensions"][code] for detail in event["details"] if code in detail.get("dimensions", {})]
            if panel := _panel(part, scores):
                values.append(panel.exact)
                months.append(event["month"])
        if (value := ranking.over_time(values, part["over_time"], months)) is not None:
            points[code] = value
    return points


def _grade(method: dict[str, Any], by_key: dict[int, dict[str, Any]], placings: list[ranking.Placing]) -> None:
    """Hand out the grades, where the plan has any, in the order of places."""
    if not method["grades"]:
        return
    bands = [
        ranking.Band(
            name=band["name"],
            at_least=_number(band["at_least"]),
            share=_number(band["share"]),
            stars=band["stars"],
            each_dimension=_number(band["each_dimension"]),
            component=band["component"],
            component_min=_number(band["component_min"]),
        )
        for band in method["grades"]
    ]
    standings = []
    for placing in placings:
        row = by_key[placing.key]
        standings.append(
            ranking.Standing(
                key=placing.key,
                rank=placing.rank,
                final=Decimal(row["final"]),
                stars=row["stars"],
                weakest=_number(row["weakest"]),
                components={part["code"]: _number(part["score"]) for part in row["components"]},
                caps=tuple(row["caps"]),
            )
        )
    for key, given in ranking.grade(standings, bands).items():
        by_key[key].update(grade=given.grade, note=given.note)


def _breakers(method: dict[str, Any], row: dict[str, Any]) -> list[Decimal | None]:
    """The values the ties are broken by, higher is better; the gap between own and panel score counts negatively."""
    scores = {component["code"]: component["score"] for component in row["components"]}
    values: list[Decimal | None] = []
    for key in method["tie_breakers"]:
        if key == SELF_GAP:
            gap = None if row["self"] is None else -abs(Decimal(row["self"]) - Decimal(row["final"]))
            values.append(gap)
        elif key == STARS:
            values.append(Decimal(row["stars"]))
        else:
            values.append(_number(scores.get(key)))
    return values


def _breaker_label(method: dict[str, Any], key: str) -> str:
    names = {part["code"]: part["name"] for part in method["components"]}
    return BREAKERS.get(key) or names.get(key, key)


def _passes(method: dict[str, Any], row: dict[str, Any]) -> bool:
    """达标即过: the final reaches the track's line, each component its own, and the grade the one asked for."""
    scores = {component["code"]: component["score"] for component in row["components"]}
    lines = [(row["final"], method["pass_line"])]
    lines += [(scores[part["code"]], part["pass_line"]) for part in method["components"]]
    reached = all(scoring.passes(_number(score), Decimal(line)) for score, line in lines if line is not None)
    names = [band["name"] for band in method["grades"]]
    if not reached or method["pass_grade"] not in names:
        return reached
    return row["grade"] in names and names.index(row["grade"]) <= names.index(method["pass_grade"])


def _number(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
