"""A filled or empty sheet on paper: its plain content, as it is frozen, and the rows it is printed in. No queries."""

from collections.abc import Mapping
from typing import Any

from standards import scoring, sheets, wording
from standards.models import Criterion, Rubric, ScoredAnswer
from standards.scoring import PLAIN, POINTS, VETO

NONE, DASH = "无", "—"


def content_of(rubric: Rubric, line: str | None, saved: Mapping[int, ScoredAnswer]) -> dict[str, Any]:
    """The sheet of a branch of this 警种 (None: whatever the 警种) as plain values; `saved` by criterion key."""
    points = {str(pk): answer.points for pk, answer in saved.items()}
    score = scoring.score_sheet(rubric.sheet.for_line(line), points)
    return {
        "rubric": {"code": rubric.code, "version": rubric.version, "name": rubric.name, "hash": rubric.content_hash},
        "total": scoring.plain(score.total),
        "out_of": scoring.plain(rubric.total_points),
        "complete": score.final,
        "notes": sheets.total_notes(rubric.sheet),
        "warnings": sheets.warnings(rubric.dimensions, score),
        "dimensions": [_dimension(top, line, saved, score) for top in rubric.dimensions],
    }


def _dimension(
    top: Criterion, line: str | None, saved: Mapping[int, ScoredAnswer], score: scoring.SheetScore
) -> dict[str, Any]:
    head, heads = sheets.head_of(top, score), sheets.subheads(top, line, score)
    leaves = [leaf for leaf in top.leaves if leaf.item.applies_to(line)]
    return {
        "code": top.code,
        "title": top.title,
        "max": scoring.plain(top.max_points) if head.counts else "",
        "points": head.points if head.counts else "",
        "notes": top.group_notes,
        "star": _star(head),
        "items": [
            {**_line(leaf, saved.get(leaf.pk)), "heads": [_head(each) for each in heads.get(leaf.key, [])]}
            for leaf in leaves
        ],
    }


def _line(leaf: Criterion, saved: ScoredAnswer | None) -> dict[str, Any]:
    """One criterion: its points as a number, and what was answered in words."""
    return {
        "code": leaf.code,
        "title": leaf.title,
        "kind": leaf.kind,
        "asked": leaf.asked,
        "max": scoring.plain(leaf.max_points),
        "points": scoring.plain(saved.points) if saved and leaf.scored else "",
        "said": wording.answer_words(leaf.item, saved.answer if saved else None),
        "remark": saved.remark if saved else "",
    }


def _head(head: sheets.Head) -> dict[str, Any]:
    return {
        "code": head.criterion.code,
        "title": head.criterion.title,
        "max": scoring.plain(head.criterion.max_points) if head.counts else "",
        "points": head.points if head.counts else "",
        "notes": head.criterion.group_notes,
        "star": _star(head),
    }


def _star(head: sheets.Head) -> str:
    """Won or not; how much was missing is no matter for paper."""
    if not head.star:
        return ""
    return "已得星★" if head.won else "未得星"


def sheet_of(content: dict[str, Any], *, empty: bool = False) -> dict[str, Any]:
    """The rows to print; what an older content does not know stays away. `empty`: nobody has filled it in yet."""
    dimensions = [
        {**top, **_group_row(top, empty), "items": [_row(item, empty) for item in top["items"]]}
        for top in content["dimensions"]
    ]
    return {
        "notes": "",
        "warnings": [],
        **content,
        **({"total": ""} if empty else {}),
        "dimensions": dimensions,
        "count": sum(len(top["items"]) for top in dimensions),
    }


def _group_row(group: dict[str, Any], empty: bool) -> dict[str, str]:
    star = "" if empty else group.get("star")
    words = [word for word in (group.get("notes", "").replace(" · ", "，"), star) if word]
    points = "" if empty else group["points"] or DASH
    return {"max": group["max"] or DASH, "points": points, "words": "，".join(words)}


def _row(item: dict[str, Any], empty: bool) -> dict[str, Any]:
    points = DASH if item["kind"] in (VETO, PLAIN) else item["points"] or "未评"
    limit = {VETO: "否决", PLAIN: DASH}.get(item["kind"], item["max"])
    # Of plain points the number says everything; what was not answered says so in its own column.
    said = "" if item["kind"] in (POINTS, PLAIN) else item.get("said", "")
    if item["kind"] != VETO and not item["points"]:
        said = ""
    remark = item["remark"].strip()
    heads = [{**head, **_group_row(head, empty)} for head in item.get("heads", [])]
    if empty:
        return {**item, "points": "", "max": limit, "said": "", "remark": "", "heads": heads}
    return {
        **item,
        "points": points,
        "max": limit,
        "said": said,
        "remark": remark or ("" if said else NONE),
        "heads": heads,
    }
