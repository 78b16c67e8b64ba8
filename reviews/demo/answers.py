"""Answering the criteria of a rubric so that about a given share of the points is earned."""

from decimal import Decimal
from random import Random
from typing import Any

from standards import scoring
from standards.models import Criterion, Rubric, ScoreRule

LEVELS = 20  # Shares are rounded to five percent, so that every answer is worked out once per criterion.


def answer_for(criterion: Criterion, share: Decimal | str = "1") -> dict[str, Any]:
    """An answer that earns about that share of the points; {} for what carries none."""
    share, kind = Decimal(share), criterion.kind
    rules = list(criterion.rules.all())
    if kind == Criterion.Kind.POINTS:
        steps = (criterion.max_points * share / criterion.step).to_integral_value()
        return {"points": scoring.plain(steps * criterion.step)}
    if kind == Criterion.Kind.LEVELS:
        wanted = criterion.max_points * share
        return {"level": str(min(rules, key=lambda rule: abs(rule.points - wanted)).pk)}
    if kind in (Criterion.Kind.COUNT, Criterion.Kind.DEDUCT):
        wanted = criterion.max_points * (share if kind == Criterion.Kind.COUNT else 1 - share)
        return {"times": _times(rules, wanted)}
    if kind == Criterion.Kind.CHECK:
        return {"met": share >= Decimal("0.5")}
    if kind == Criterion.Kind.VETO and criterion.asked:
        return {"met": True}
    return {}


def _times(rules: list[ScoreRule], wanted: Decimal) -> dict[str, str]:
    """Times and values whose lines come to about so many points: the first line does the work, the rest stay idle."""
    times = {str(rule.pk): scoring.plain(rule.threshold) for rule in rules if rule.threshold is not None}
    counted = next((rule for rule in rules if rule.threshold is None and rule.points > 0), None)
    if counted:
        number = int(wanted / counted.points)
        times[str(counted.pk)] = str(min(number, counted.max_times or number))
    elif rules and rules[0].per and rules[0].points:
        distance = max(wanted - rules[0].first, scoring.ZERO) / rules[0].points * rules[0].per
        value = rules[0].threshold + distance if rules[0].above else rules[0].threshold - distance
        times[str(rules[0].pk)] = scoring.plain(value)
    return times


class Marking:
    """A published rubric, ready to be filled in many times."""

    def __init__(self, rubric: Rubric) -> None:
        self.rubric = rubric
        self._known: dict[tuple[int, int], tuple[dict[str, Any], Decimal | None]] = {}
        self._leaves: dict[str, list[Criterion]] = {}
        self._sheets: dict[str, scoring.Sheet] = {}

    def leaves(self, line: str) -> list[Criterion]:
        """What a branch of this 警种 scores."""
        if line not in self._leaves:
            self._leaves[line] = [leaf for leaf in self.rubric.leaves_for(line) if leaf.asked]
        return self._leaves[line]

    def mark(self, leaf: Criterion, share: float) -> tuple[dict[str, Any], Decimal | None]:
        """The answer and its points."""
        level = round(min(max(share, 0.0), 1.0) * LEVELS)
        if (leaf.pk, level) not in self._known:
            answer = answer_for(leaf, Decimal(level) / LEVELS)
            self._known[leaf.pk, level] = (answer, scoring.score_item(leaf.item, answer))
        return self._known[leaf.pk, level]

    def fill(
        self, line: str, quality: float, random: Random, *, spread: float = 0.07
    ) -> list[tuple[Criterion, dict[str, Any], Decimal | None]]:
        """Every scored criterion answered, each a little better or worse than the quality."""
        return [(leaf, *self.mark(leaf, random.gauss(quality, spread))) for leaf in self.leaves(line)]

    def total(self, line: str, points: dict[str, Decimal | None]) -> scoring.SheetScore:
        if line not in self._sheets:
            self._sheets[line] = self.rubric.sheet.for_line(line)
        return scoring.score_sheet(self._sheets[line], points)
