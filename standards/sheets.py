"""A sheet as pages show it while it is filled: subheadings, totals of groups, stars, failed vetoes. No queries."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from standards import scoring, wording
from standards.models import Criterion


@dataclass(frozen=True)
class Head:
    """A group with its present points: the heading of a dimension, or a subheading among its rows."""

    criterion: Criterion
    points: str
    words: str
    star: str
    won: bool
    counts: bool

    @property
    def key(self) -> str:
        return self.criterion.key


def head_of(criterion: Criterion, score: scoring.SheetScore) -> Head:
    """The heading of a group (or of a dimension that is itself an item) at the points of `score`."""
    key, group = criterion.key, criterion.group
    points = scoring.plain(scoring.cents(score.dimensions.get(key, scoring.ZERO)))
    return Head(
        criterion, points, wording.group_words(group), star_words(group, score), key in score.won,
        counts=any(item.scored for item in group.items),
    )  # fmt: skip


def star_words(group: scoring.Group, score: scoring.SheetScore) -> str:
    """“已得星 ★”, or how much is missing; "" where there is no star to win."""
    if group.line is None:
        return ""
    if group.key in score.won:
        return "已得星 ★"
    return f"差{wording.points(group.line - score.dimensions.get(group.key, scoring.ZERO))}得星 ☆"


def subheads(top: Criterion, line: str | None, score: scoring.SheetScore) -> dict[str, list[Head]]:
    """By the key of a criterion that applies to the 警种: the groups below the top that begin with it."""
    found: dict[str, list[Head]] = {}
    waiting: list[Criterion] = []
    for criterion in _below(top):
        # A group of which nothing applies leaves no heading behind.
        waiting = [each for each in waiting if each.level < criterion.level]
        if criterion.is_group:
            waiting.append(criterion)
        elif criterion.item.applies_to(line):
            found[criterion.key] = [head_of(each, score) for each in waiting]
            waiting = []
    return found


def _below(criterion: Criterion) -> Iterator[Criterion]:
    for part in criterion.parts:
        yield part
        yield from _below(part)


def dimension_state(top: Criterion, line: str, score: scoring.SheetScore) -> dict[str, Any]:
    """A dimension's points and how much of it is answered."""
    missing = set(score.missing)
    asked = [leaf.key for leaf in top.leaves if leaf.asked and leaf.item.applies_to(line)]
    return {
        "key": top.pk,
        "points": scoring.plain(scoring.cents(score.dimensions[top.key])),
        "full": scoring.plain(top.max_points or top.group.reachable),
        "answered": sum(key not in missing for key in asked),
        "of": len(asked),
    }


def line_state(total: Decimal, line: Decimal | None, full: Decimal) -> dict[str, Any] | None:
    """A total against the line it has to reach, “还差3.5分达到自评达标线90分”; None where no line is set.

    `share` and `mark` say in percent where the total and the line stand on the meter.
    """
    if line is None:
        return None
    reached, most = scoring.passes(total, line), max(full, line, scoring.ONE)
    words = "已达到" if reached else f"还差{wording.points(line - total)}达到"
    return {
        "words": f"{words}自评达标线{wording.points(line)}",
        "reached": reached,
        "share": _percent(total, most),
        "mark": _percent(line, most),
    }


def _percent(value: Decimal, most: Decimal) -> str:
    return scoring.plain(scoring.cents(min(max(value / most, scoring.ZERO), scoring.ONE) * scoring.HUNDRED))


def group_states(tops: Sequence[Criterion], score: scoring.SheetScore) -> list[dict[str, Any]]:
    """What a page brings up to date after a save, for every group of the sheet."""
    heads = [
        head_of(criterion, score)
        for top in tops
        for criterion in (top, *_below(top))
        if criterion.is_group or criterion is top
    ]
    return [{"key": head.key, "points": head.points, "star": head.star, "won": head.won} for head in heads]


def warnings(tops: Sequence[Criterion], score: scoring.SheetScore) -> list[str]:
    """The vetoes that happened and what follows, in reading order."""
    return [
        f"{leaf.code} {leaf.title}已发生：{wording.outcome(leaf.item)}"
        for top in tops
        for leaf in top.leaves
        if leaf.key in score.failed
    ]


def total_notes(sheet: scoring.Sheet) -> str:
    """What the total is subject to beyond adding up."""
    notes = []
    if sheet.rescale:
        notes.append("不适用的项目按比例折算")
    if sheet.capped:
        notes.append(f"加分后不超过{wording.points(sheet.total_points)}")
    return "，".join(notes)
