"""Scoring as plain arithmetic on `Decimal`: no ORM, no clock. Screens, PDF, Excel and commands all call this module.

Every function takes and returns plain values. Rounding is ROUND_HALF_UP to two decimals at the end of each numbered
step of DESIGN §4 (item total, panel, final) and nowhere else. A missing item makes a result *not final*, never zero.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from itertools import groupby
from typing import Any

ZERO = Decimal(0)
HUNDRED = Decimal(100)
CENT = Decimal("0.01")
# What people type for a decimal point with a Chinese keyboard.
POINT_MARKS = str.maketrans("。，．", "...")
# More than anybody can have done, and small enough for the arithmetic below to stay exact.
MOST_TIMES = 9999

GROUP, POINTS, LEVELS, COUNT, DEDUCT, CHECK, VETO, PLAIN = (
    "group",
    "points",
    "levels",
    "count",
    "deduct",
    "check",
    "veto",
    "plain",
)
SCORED_KINDS = frozenset({POINTS, LEVELS, COUNT, DEDUCT, CHECK})
MEAN, TRIMMED, LAST = "mean", "trimmed", "last"


class AnswerError(ValueError):
    """An answer that cannot be scored; `message` is what the person reads."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.message, self.code = message, code


@dataclass(frozen=True)
class Rule:
    """One line of a criterion: a level and its points, or a unit and what each one adds or takes."""

    key: str
    label: str
    points: Decimal
    max_times: int | None = None


@dataclass(frozen=True)
class Item:
    """One criterion as the arithmetic sees it."""

    key: str
    kind: str
    max_points: Decimal = ZERO
    step: Decimal = Decimal("0.5")
    floor: Decimal | None = ZERO
    rules: tuple[Rule, ...] = ()
    lines: frozenset[str] = frozenset()

    @property
    def scored(self) -> bool:
        return self.kind in SCORED_KINDS

    def applies_to(self, line: str) -> bool:
        """An item without named 警种 applies to all of them."""
        return not self.lines or line in self.lines


@dataclass(frozen=True)
class Dimension:
    """A group of items; `cap` limits its sum, `bonus` adds on top of the declared total."""

    key: str
    title: str
    items: tuple[Item, ...]
    cap: Decimal | None = None
    bonus: bool = False


@dataclass(frozen=True)
class Sheet:
    """A whole rubric for one kind of branch. `rescale` stretches what applies back to the full points."""

    dimensions: tuple[Dimension, ...]
    total_points: Decimal = HUNDRED
    rescale: bool = False

    def for_line(self, line: str) -> "Sheet":
        """The sheet without the items that do not apply to this 警种."""
        kept = tuple(
            Dimension(d.key, d.title, tuple(i for i in d.items if i.applies_to(line)), d.cap, d.bonus)
            for d in self.dimensions
        )
        return Sheet(kept, self.total_points, self.rescale)

    @property
    def scored_items(self) -> tuple[Item, ...]:
        return tuple(item for dimension in self.dimensions for item in dimension.items if item.scored)


@dataclass(frozen=True)
class SheetScore:
    """Points per dimension and in total; `missing` names the unanswered items, so an incomplete sheet is not final."""

    dimensions: Mapping[str, Decimal]
    total: Decimal
    missing: tuple[str, ...] = ()

    @property
    def final(self) -> bool:
        return not self.missing


@dataclass(frozen=True)
class PanelScore:
    """What a panel makes of its scores: the exact value, what counted, what was dropped, and a note for the sheet."""

    exact: Decimal
    used: tuple[Decimal, ...]
    dropped: tuple[Decimal, ...] = ()
    note: str = ""

    @property
    def value(self) -> Decimal:
        """The value as a sheet shows it; what is combined further is the exact one."""
        return cents(self.exact)


@dataclass(frozen=True)
class Component:
    """One weighted part of the final score; `score` is None while there is none (资料不全)."""

    key: str
    weight: Decimal
    score: Decimal | None
    out_of: Decimal = HUNDRED


@dataclass(frozen=True)
class Entry:
    """A candidate in a ranking: the final score and the values of the tie-breakers, in their order, higher is better."""

    key: Any
    final: Decimal
    breakers: tuple[Decimal | None, ...] = field(default=())


@dataclass(frozen=True)
class Placing:
    """A place in the ranking; equal places share the number, and `tied` says that no rule could part them."""

    key: Any
    rank: int
    tied: bool = False
    decided_by: str = ""


@dataclass(frozen=True)
class Cut:
    """Who is in, who waits, who is out; `contested` holds a tie across the line, which blocks publishing."""

    selected: tuple[Any, ...]
    reserves: tuple[Any, ...]
    others: tuple[Any, ...]
    contested: tuple[Any, ...] = ()


def cents(value: Decimal) -> Decimal:
    """ROUND_HALF_UP to two decimals: the only rounding in the house. Adding zero turns -0.00 into 0.00."""
    return value.quantize(CENT, ROUND_HALF_UP) + ZERO


def to_decimal(value: Any) -> Decimal:
    """A number as typed, full-width digits and points included. Raises AnswerError."""
    try:
        number = Decimal(str(value).strip().translate(POINT_MARKS))
    except InvalidOperation:
        raise AnswerError("请填写数字，例如 3 或 2.5。", "not_a_number") from None
    if not number.is_finite():
        raise AnswerError("请填写数字，例如 3 或 2.5。", "not_a_number")
    return number


# 1. Item → dimension → sheet


def score_item(item: Item, answer: Mapping[str, Any] | None) -> Decimal | None:
    """The points of one answer; None while it is unanswered or where the kind carries no points.

    Answers by kind: points {"points": "3.5"} · levels {"level": key} · count and deduct {"times": {key: n}} ·
    check and veto {"met": bool} · plain {}. Raises AnswerError for what cannot be scored.
    """
    if not answer or not item.scored:
        return None
    return {POINTS: _points, LEVELS: _level, COUNT: _count, DEDUCT: _deduct, CHECK: _check}[item.kind](item, answer)


def _points(item: Item, answer: Mapping[str, Any]) -> Decimal | None:
    if answer.get("points") in (None, ""):
        return None
    value = to_decimal(answer["points"])
    if value < (item.floor or ZERO) or value > item.max_points:
        raise AnswerError(f"应在 {plain(item.floor or ZERO)} 至 {plain(item.max_points)} 分之间。", "out_of_range")
    if item.step and value % item.step:
        raise AnswerError(f"须是 {plain(item.step)} 的整数倍。", "off_step")
    return cents(value)


def _level(item: Item, answer: Mapping[str, Any]) -> Decimal | None:
    if not answer.get("level"):
        return None
    for rule in item.rules:
        if rule.key == str(answer["level"]):
            return rule.points
    raise AnswerError("请选择列出的等次。", "unknown_level")


def _count(item: Item, answer: Mapping[str, Any]) -> Decimal | None:
    times = _times(item, answer)
    if times is None:
        return None
    total = sum((rule.points * times.get(rule.key, 0) for rule in item.rules), ZERO)
    return min(total, item.max_points) if item.max_points else total


def _deduct(item: Item, answer: Mapping[str, Any]) -> Decimal | None:
    times = _times(item, answer)
    if times is None:
        return None
    left = item.max_points - sum((rule.points * times.get(rule.key, 0) for rule in item.rules), ZERO)
    return left if item.floor is None else max(left, item.floor)


def _check(item: Item, answer: Mapping[str, Any]) -> Decimal | None:
    if answer.get("met") is None:
        return None
    return item.max_points if answer["met"] else ZERO


def _times(item: Item, answer: Mapping[str, Any]) -> dict[str, int] | None:
    given = answer.get("times")
    if given is None:
        return None
    times = {}
    for rule in item.rules:
        number = to_decimal(given.get(rule.key) or 0)
        if not 0 <= number <= MOST_TIMES or number % 1:
            raise AnswerError(f"“{rule.label}”的次数须是 0 至 {MOST_TIMES} 的整数。", "bad_times")
        if rule.max_times is not None and number > rule.max_times:
            raise AnswerError(f"“{rule.label}”最多计 {rule.max_times} 次。", "too_many_times")
        times[rule.key] = int(number)
    return times


def score_sheet(sheet: Sheet, points: Mapping[str, Decimal | None]) -> SheetScore:
    """Step 1: sum the items into dimensions (each up to its cap) and the dimensions into the total."""
    missing = tuple(item.key for item in sheet.scored_items if points.get(item.key) is None)
    sums = {}
    for dimension in sheet.dimensions:
        value = sum((points.get(item.key) or ZERO for item in dimension.items if item.scored), ZERO)
        sums[dimension.key] = value if dimension.cap is None else min(value, dimension.cap)
    regular = sum((sums[d.key] for d in sheet.dimensions if not d.bonus), ZERO)
    bonus = sum((sums[d.key] for d in sheet.dimensions if d.bonus), ZERO)
    if sheet.rescale:
        reachable = sum((_reachable(d) for d in sheet.dimensions if not d.bonus), ZERO)
        if reachable:
            regular = regular * sheet.total_points / reachable
    return SheetScore(sums, cents(regular + bonus), missing)


def _reachable(dimension: Dimension) -> Decimal:
    total = sum((item.max_points for item in dimension.items if item.scored), ZERO)
    return total if dimension.cap is None else min(total, dimension.cap)


# 2. Panel and visits


def panel_score(scores: Sequence[Decimal], method: str = MEAN, trim_from: int = 5) -> PanelScore | None:
    """Step 2: one value from the final scores of a panel; None without any.

    `trimmed` drops one highest and one lowest when at least `trim_from` scores count (去掉一个最高分和一个最低分);
    with fewer it is the plain mean and the note says so. The order of the scores never matters.
    """
    if not scores:
        return None
    ordered = sorted(scores)
    dropped: tuple[Decimal, ...] = ()
    if method == TRIMMED and len(ordered) >= max(trim_from, 3):
        kept, dropped = ordered[1:-1], (ordered[0], ordered[-1])
        note = f"共{len(ordered)}人评分，去掉一个最高分{plain(ordered[-1])}和一个最低分{plain(ordered[0])}后取平均。"
    elif method == TRIMMED:
        kept = ordered
        note = f"共{len(ordered)}人评分，不足{max(trim_from, 3)}人，不去最高最低分，直接取平均。"
    else:
        kept, note = ordered, f"共{len(ordered)}人评分，取平均。"
    return PanelScore(sum(kept, ZERO) / len(kept), tuple(kept), dropped, note)


def over_time(values: Sequence[Decimal], how: str = MEAN) -> Decimal | None:
    """The end of step 2: combine repeated visits by their exact values, oldest first: their mean, or the last one."""
    if not values:
        return None
    return cents(values[-1] if how == LAST else sum(values, ZERO) / len(values))


# 3. Final


def final_score(components: Iterable[Component]) -> Decimal | None:
    """Step 3: Σ weight × component, each first on a 100 scale; None while a weighted component has no score."""
    weighted = [component for component in components if component.weight]
    if not weighted or any(component.score is None for component in weighted):
        return None
    total = sum((c.weight * on_hundred(c.score, c.out_of) for c in weighted if c.score is not None), ZERO)
    return cents(total / sum((c.weight for c in weighted), ZERO))


def on_hundred(score: Decimal, out_of: Decimal) -> Decimal:
    """A score as a share of 100, exact: only the end of step 3 is rounded."""
    return score * HUNDRED / out_of


# 4. Rank and cut


def rank(entries: Sequence[Entry], breaker_names: Sequence[str] = ()) -> list[Placing]:
    """Step 4: best first; ties parted by the breakers in order, the rest share the place. Input order never matters.

    A missing breaker value sorts below every present one.
    """

    def sort_key(entry: Entry) -> tuple:
        values = tuple((value is not None, value if value is not None else ZERO) for value in entry.breakers)
        return (entry.final, values)

    ordered = sorted(entries, key=lambda entry: str(entry.key))
    ordered.sort(key=sort_key, reverse=True)
    placings: list[Placing] = []
    for _, group in groupby(enumerate(ordered), key=lambda pair: sort_key(pair[1])):
        level = list(group)
        place = level[0][0] + 1
        placings += [
            Placing(entry.key, place, len(level) > 1, _decided_by(ordered, index, breaker_names))
            for index, entry in level
        ]
    return placings


def _decided_by(ordered: Sequence[Entry], index: int, names: Sequence[str]) -> str:
    """Which tie-breaker set this entry apart from a neighbour with the same final score; "" where none was needed."""
    entry = ordered[index]
    for neighbour in [*ordered[max(index - 1, 0) : index], *ordered[index + 1 : index + 2]]:
        if neighbour.final != entry.final:
            continue
        for name, mine, theirs in zip(names, entry.breakers, neighbour.breakers, strict=False):
            if mine != theirs:
                return name
    return ""


def cut(placings: Sequence[Placing], quota: int, reserves: int = 0) -> Cut:
    """Draw the line after `quota` places. A tie that lies across the line is contested and blocks publishing."""
    keys = [placing.key for placing in placings]
    selected, waiting, others = keys[:quota], keys[quota : quota + reserves], keys[quota + reserves :]
    contested: list[Any] = []
    if 0 < quota < len(placings) and placings[quota - 1].rank == placings[quota].rank:
        contested = [placing.key for placing in placings if placing.rank == placings[quota].rank]
    return Cut(tuple(selected), tuple(waiting), tuple(others), tuple(contested))


def passes(score: Decimal | None, line: Decimal | None) -> bool:
    """达标即过: reached the line; where no line is set any complete score passes."""
    return score is not None and (line is None or score >= line)


def plain(value: Decimal | None) -> str:
    """A number as people write it: 3 rather than 3.00, 2.5 rather than 2.50."""
    if value is None:
        return ""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
