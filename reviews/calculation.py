"""From raw scores to an ordered table, on plain values: previewed, tried out, frozen and replayed by the same code."""

from decimal import Decimal
from typing import Any

from reviews.gathering import DIRECT
from reviews.models import ResultRow
from standards import ranking, scoring
from standards.models import BREAKERS, SELF_GAP, STARS, Track


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
    blocked = _draw_line(method, by_key, placings)
    for row in rows:
        if row["vetoed"]:
            row["outcome"] = ResultRow.Outcome.DISQUALIFIED
            row["note"] = f"发生取消资格的情形：{'、'.join(row['vetoed'])}"
    unplaced = [row for row in rows if row["rank"] is None]
    return [by_key[placing.key] for placing in placings] + unplaced, blocked


def _draw_line(method: dict[str, Any], by_key: dict[int, dict[str, Any]], placings: list[ranking.Placing]) -> str:
    """Give every placed row its outcome: who misses a line of the plan is out, whatever the place.

    Returns why the set cannot be published, "" where it can.
    """
    able = []
    for placing in placings:
        row = by_key[placing.key]
        if short := _falls_short(method, row):
            row.update(outcome=ResultRow.Outcome.NOT_SELECTED, note="；".join(filter(None, [short, row["note"]])))
        else:
            row["outcome"] = ResultRow.Outcome.SELECTED
            able.append(placing)
    if method["mode"] != Track.Mode.COMPETITION:
        return ""
    line = ranking.cut(able, method["quota"] or 0, method["reserves"])
    for order, key in enumerate(line.reserves, 1):
        by_key[key].update(outcome=ResultRow.Outcome.RESERVE, reserve_order=order)
    for key in line.others:
        by_key[key]["outcome"] = ResultRow.Outcome.NOT_SELECTED
    if not line.contested:
        return ""
    return (
        f"第{method['quota']}名前后有{len(line.contested)}个支部同分，各项同分依据也相同，不能定案；"
        "请对这些支部加评一次，再重新计算。"
    )


def _row(method: dict[str, Any], candidate: dict[str, Any]) -> dict[str, Any]:
    given = candidate["parts"]
    components = [_component(part, given[part["code"]]) for part in method["components"]]
    final = ranking.final_score(
        ranking.Component(part["code"], Decimal(part["weight"]), _number(result["score"]), Decimal(part["out_of"]))
        for part, result in zip(method["components"], components, strict=True)
    )
    failed = {}
    for part in method["components"]:
        for detail in _details(given[part["code"]]):
            failed.update({code: part["vetoes"].get(code, "") for code in detail.get("vetoed", [])})
    details = [detail for part in method["components"] for detail in _details(given[part["code"]])]
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
        "vetoed": [f"{code} {title}".strip() for code, title in sorted(failed.items())],
        "caps": sorted({grade for detail in details for grade in detail.get("caps", [])}),
        **_facts(method, given, candidate["line"]),
    }


def _component(part: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """One component of one candidate with every intermediate value, as text."""
    result: dict[str, Any] = {name: part[name] for name in ("code", "source", "name", "weight")} | {"events": []}
    # A part of the rubric that carries no points is worth nothing that could be compared.
    nothing = not Decimal(part["out_of"])
    if part["source"] in DIRECT:
        return {**result, "score": None if nothing else given["score"]}
    for event in given["events"]:
        panel = _panel(part, event["scores"])
        short = f"共{len(event['scores'])}人评分，不足{part['min_scores']}人，本项视为资料不全。"
        result["events"].append(
            {
                "event": event["event"],
                "scores": event["scores"],
                "dropped": [str(score) for score in panel.dropped] if panel else [],
                "value": str(panel.value) if panel else None,
                "note": panel.note if panel else short,
            }
        )
    scores = [(event["month"], event["scores"]) for event in given["events"]]
    return {**result, "score": None if nothing else _text(_over_time(part, scores))}


def _over_time(part: dict[str, Any], events: list[tuple[str, list[str]]]) -> Decimal | None:
    """All events of one component as one value; None where one that counts was scored by fewer than the plan demands."""
    counting = events[-1:] if part["over_time"] == ranking.LAST else events
    values = []
    for _, scores in counting:
        panel = _panel(part, scores)
        if panel is None:
            return None
        values.append(panel.exact)
    return ranking.over_time(values, part["over_time"], [month for month, _ in counting])


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


def _facts(method: dict[str, Any], given: dict[str, Any], line: str) -> dict[str, Any]:
    """Stars (None where no dimension has a line) and the weakest dimension, from the component that the plan names.

    A dimension none of which applies to this 警种 is left out. The share is exact: it is compared, not shown.
    """
    part = next((p for p in method["components"] if p["code"] == method["grade_component"]), None)
    part = part or next(iter(method["components"]), None)
    if part is None:
        return {"stars": None, "weakest": None}
    points = _dimension_points(part, given[part["code"]])
    full = part["full"].get(line, part["full"][""])
    shares = [
        points[code] * scoring.HUNDRED / Decimal(most)
        for code, most in full.items()
        if code in points and Decimal(most)
    ]
    stars = sum(points[code] >= Decimal(star) for code, star in part["lines"].items() if code in points)
    return {"stars": stars if part["lines"] else None, "weakest": _text(min(shares)) if shares else None}


def _dimension_points(part: dict[str, Any], given: dict[str, Any]) -> dict[str, Decimal]:
    """The points of every dimension, combined from the sheets in the same way as their totals."""
    if part["source"] in DIRECT:
        return {code: Decimal(value) for code, value in given["detail"].get("dimensions", {}).items()}
    points = {}
    for code in sorted({code for detail in _details(given) for code in detail.get("dimensions", {})}):
        events = [
            (event["month"], [d["dimensions"][code] for d in event["details"] if code in d.get("dimensions", {})])
            for event in given["events"]
        ]
        if (value := _over_time(part, events)) is not None:
            points[code] = value
    return points


def _grade(method: dict[str, Any], by_key: dict[int, dict[str, Any]], placings: list[ranking.Placing]) -> None:
    """Hand out the grades, where the plan has any, in the order of places."""
    if not method["grades"]:
        return
    names = {part["code"]: part["name"] for part in method["components"]}
    bands = [
        ranking.Band(
            name=band["name"],
            at_least=_number(band["at_least"]),
            share=_number(band["share"]),
            stars=band["stars"],
            each_dimension=_number(band["each_dimension"]),
            component=band["component"],
            component_min=_number(band["component_min"]),
            component_name=names.get(band["component"], ""),
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
                stars=row["stars"] or 0,
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
            values.append(_self_gap(method, row))
        elif key == STARS:
            values.append(Decimal(row["stars"] or 0))
        else:
            values.append(_number(scores.get(key)))
    return values


def _breaker_label(method: dict[str, Any], key: str) -> str:
    names = {part["code"]: part["name"] for part in method["components"]}
    return BREAKERS.get(key) or names.get(key, key)


def _self_gap(method: dict[str, Any], row: dict[str, Any]) -> Decimal | None:
    """How far the branch's own score lies from the final one, both on the 100 scale; the smaller gap is better."""
    if row["self"] is None or not Decimal(method["self_out_of"]):
        return None
    return -abs(ranking.on_hundred(Decimal(row["self"]), Decimal(method["self_out_of"])) - Decimal(row["final"]))


def _falls_short(method: dict[str, Any], row: dict[str, Any]) -> str:
    """达标即过: the final reaches the track's line, each component its own, and the grade the one asked for.

    The first one missed, in words; "" where all are reached.
    """
    if method["pass_line"] is not None and not scoring.passes(_number(row["final"]), Decimal(method["pass_line"])):
        return f"总分不足达标线{scoring.plain(Decimal(method['pass_line']))}分"
    scores = {component["code"]: component["score"] for component in row["components"]}
    for part in method["components"]:
        line = _number(part["pass_line"])
        if line is not None and not scoring.passes(_number(scores[part["code"]]), line):
            return f"{part['name']}不足达标线{scoring.plain(line)}分"
    names = [band["name"] for band in method["grades"]]
    if method["pass_grade"] in names and row["grade"] not in names[: names.index(method["pass_grade"]) + 1]:
        return f"等次不足{method['pass_grade']}"
    return ""


def _number(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
