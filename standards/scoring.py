"""Scoring a sheet as plain arithmetic on `Decimal`: no ORM, no clock. Screens, PDF, Excel and commands all call it.

Step 1 of DESIGN §4: one answer to points, points to groups, groups to the sheet. Steps 2 to 4 stand in `ranking`.
Rounding is ROUND_HALF_UP to two decimals at the end of each numbered step and nowhere else. A missing item makes a
result *not final*, never zero.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)
CENT = Decimal("0.01")
# What people type for a decimal point with a Chinese keyboard.
POINT_MARKS = str.maketrans("。，．", "...")
# More than anybody can have done or measured, and small enough for the arithmetic below to stay exact.
MOST_TIMES = 9999
MOST_MEASURED = 10**9
# What the columns for points and totals hold; beyond it somebody has slipped on the keyboard.
MOST_POINTS = Decimal("9999.99")

GROUP, POINTS, LEVELS, COUNT, DEDUCT, CHECK, VETO, PLAIN = (
    "group", "points", "levels", "count", "deduct", "check", "veto", "plain",
)  # fmt: skip
SCORED_KINDS = frozenset({POINTS, LEVELS, COUNT, DEDUCT, CHECK})
RULED_KINDS = frozenset({LEVELS, COUNT, DEDUCT})
# How the parts of a group, or the lines of a count or deduct, come together: all of them, or only the highest.
SUM, HIGHEST = "sum", "highest"
# Steps of a measured rule: whole steps only, a begun step counts in full, or in proportion.
FULL_STEPS, BEGUN_STEPS, IN_PROPORTION = "full", "begun", "exact"
# What a failed veto item does: nothing here (the discipline inspector decides), out of the running, or a lower grade.
BY_INSPECTOR, DISQUALIFY, CAP_GRADE = "inspector", "disqualify", "cap"


class AnswerError(ValueError):
    """An answer that cannot be scored; `message` is what the person reads."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.message, self.code = message, code


@dataclass(frozen=True)
class Rule:
    """One line of a criterion: a level and its points, or a unit and what each one adds or takes.

    With a `threshold` it is *measured*: the answer is a value, not a number of times, and counts as far as it lies
    below (or `above`) the threshold: `first` points for crossing it, `points` for each `per` of the distance.
    """

    key: str
    label: str
    points: Decimal
    max_times: int | None = None
    threshold: Decimal | None = None
    per: Decimal | None = None
    above: bool = False
    steps: str = FULL_STEPS
    first: Decimal = ZERO
    unit: str = "次"

    @property
    def measured(self) -> bool:
        return self.threshold is not None

    def worth(self, number: Decimal) -> Decimal:
        """The points of this line for so many times, or for the measured value; exact, rounded with the item."""
        if self.threshold is None:
            return self.points * number
        distance = self.beyond(number)
        return self.first + self.points * self._steps(distance) if distance else ZERO

    def beyond(self, number: Decimal) -> Decimal:
        """How far a measured value lies beyond the threshold; zero where it does not."""
        threshold = self.threshold if self.threshold is not None else number
        return max(number - threshold if self.above else threshold - number, ZERO)

    def _steps(self, distance: Decimal) -> Decimal:
        if not self.per:
            return ONE
        steps = distance / self.per
        if self.steps != IN_PROPORTION:
            steps = steps.to_integral_value(ROUND_CEILING if self.steps == BEGUN_STEPS else ROUND_FLOOR)
        return steps if self.max_times is None else min(steps, Decimal(self.max_times))


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
    pick: str = SUM
    effect: str = BY_INSPECTOR
    caps_at: str = ""

    @property
    def scored(self) -> bool:
        return self.kind in SCORED_KINDS

    @property
    def asked(self) -> bool:
        """Whether whoever fills the sheet must answer it: what is scored, and vetoes that are not the inspector's."""
        return self.scored or (self.kind == VETO and self.effect != BY_INSPECTOR)

    def applies_to(self, line: str | None) -> bool:
        """An item without named 警种 applies to all of them; None asks for every item, whatever the 警种."""
        return line is None or not self.lines or line in self.lines


@dataclass(frozen=True)
class Group:
    """Items and groups that are added up (or of which only the highest counts), at any depth.

    `cap` limits the result; `line` is what wins the group (得星线); at the top of a sheet `bonus` adds on top of the
    declared total and `weight` is the share in percent at which the group enters it.
    """

    key: str
    title: str
    parts: tuple["Group | Item", ...]
    cap: Decimal | None = None
    bonus: bool = False
    pick: str = SUM
    line: Decimal | None = None
    weight: Decimal = HUNDRED

    @property
    def items(self) -> Iterator[Item]:
        for part in self.parts:
            if isinstance(part, Item):
                yield part
            else:
                yield from part.items

    @property
    def groups(self) -> Iterator["Group"]:
        """This group and those below it, in reading order."""
        yield self
        for part in self.parts:
            if isinstance(part, Group):
                yield from part.groups

    def for_line(self, line: str | None) -> "Group":
        kept = tuple(
            part.for_line(line) if isinstance(part, Group) else part
            for part in self.parts
            if isinstance(part, Group) or part.applies_to(line)
        )
        return replace(self, parts=kept)

    @property
    def reachable(self) -> Decimal:
        """The most that can be had here."""
        values = [
            part.reachable if isinstance(part, Group) else part.max_points for part in self.parts if _counts(part)
        ]
        return self._together(values)

    def _together(self, values: list[Decimal]) -> Decimal:
        value = max(values, default=ZERO) if self.pick == HIGHEST else sum(values, ZERO)
        return value if self.cap is None else min(value, self.cap)


def _counts(part: Group | Item) -> bool:
    return isinstance(part, Group) or part.scored


@dataclass(frozen=True)
class Sheet:
    """A whole rubric for one kind of branch. `rescale` stretches what applies back to the full points.

    With `capped` the bonus cannot lift the total above the declared one.
    """

    dimensions: tuple[Group, ...]
    total_points: Decimal = HUNDRED
    rescale: bool = False
    capped: bool = False

    def for_line(self, line: str | None) -> "Sheet":
        """The sheet without the items that do not apply to this 警种."""
        return replace(self, dimensions=tuple(dimension.for_line(line) for dimension in self.dimensions))

    @property
    def items(self) -> tuple[Item, ...]:
        return tuple(item for dimension in self.dimensions for item in dimension.items)

    @property
    def asked_items(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.asked)

    @property
    def groups(self) -> tuple[Group, ...]:
        return tuple(group for dimension in self.dimensions for group in dimension.groups)

    @property
    def reachable(self) -> Decimal:
        """What the regular dimensions come to at most, each by its weight; the declared total where all is well."""
        return sum((d.reachable * d.weight / HUNDRED for d in self.dimensions if not d.bonus), ZERO)


@dataclass(frozen=True)
class SheetScore:
    """What a sheet comes to; `missing` names the unanswered items, so an incomplete sheet is not final.

    `dimensions` has the points of every group by its key; `won` the groups that have a line and reached it, `lost`
    those that have one and did not; `failed` the vetoes that happened, `vetoed` those of them that disqualify, `caps` the
    grades the others cap at.
    """

    dimensions: Mapping[str, Decimal]
    total: Decimal
    missing: tuple[str, ...] = ()
    won: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    vetoed: tuple[str, ...] = ()
    caps: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()

    @property
    def final(self) -> bool:
        return not self.missing


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


def plain(value: Decimal | None) -> str:
    """A number as people write it: 3 rather than 3.00, 2.5 rather than 2.50."""
    if value is None:
        return ""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def score_item(item: Item, answer: Mapping[str, Any] | None) -> Decimal | None:
    """The points of one answer; None while it is unanswered or where nothing is asked.

    Answers by kind: points {"points": "3.5"} · levels {"level": key} · count and deduct {"times": {key: n}}, the value
    instead of a number for a measured line · check and veto {"met": bool} · plain {}. A veto gives 1 when nothing
    happened and 0 when it did; neither is ever added to anything. Raises AnswerError for what cannot be scored.
    """
    if not answer or not item.asked:
        return None
    by_kind = {POINTS: _points, LEVELS: _level, COUNT: _count, DEDUCT: _deduct, CHECK: _check, VETO: _veto}
    points = by_kind[item.kind](item, answer)
    if points is not None and abs(points) > MOST_POINTS:
        raise AnswerError(f"合计{plain(points)}分，过大，请核对所填的次数或数值。", "out_of_range")
    return points


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
    worth = _worth(item, answer)
    if worth is None:
        return None
    total = min(worth, item.max_points) if item.max_points else worth
    return cents(total if item.floor is None else max(total, item.floor))


def _deduct(item: Item, answer: Mapping[str, Any]) -> Decimal | None:
    worth = _worth(item, answer)
    if worth is None:
        return None
    left = item.max_points - worth
    return cents(left if item.floor is None else max(left, item.floor))


def _check(item: Item, answer: Mapping[str, Any]) -> Decimal | None:
    if answer.get("met") is None:
        return None
    return item.max_points if answer["met"] else ZERO


def _veto(item: Item, answer: Mapping[str, Any]) -> Decimal | None:
    if answer.get("met") is None:
        return None
    return ONE if answer["met"] else ZERO


def _worth(item: Item, answer: Mapping[str, Any]) -> Decimal | None:
    """What the lines come to, all together or only the highest; None while a measured value is not filled in."""
    given = answer.get("times")
    if given is None:
        return None
    worth = []
    for rule in item.rules:
        typed = given.get(rule.key)
        if rule.measured and typed in (None, ""):
            return None
        worth.append(rule.worth(number_for(rule, typed)))
    return max(worth, default=ZERO) if item.pick == HIGHEST else sum(worth, ZERO)


def number_for(rule: Rule, typed: Any) -> Decimal:
    """What was typed for one line as a number: the value of a measured one, or the times. Raises AnswerError."""
    return _measured(rule, typed) if rule.measured else _times(rule, typed)


def _times(rule: Rule, typed: Any) -> Decimal:
    number = to_decimal(typed or 0)
    if not 0 <= number <= MOST_TIMES or number % 1:
        raise AnswerError(f"“{rule.label}”须填 0 至 {MOST_TIMES} 的整数（{rule.unit}）。", "bad_times")
    if rule.max_times is not None and number > rule.max_times:
        raise AnswerError(f"“{rule.label}”最多计 {rule.max_times} {rule.unit}。", "too_many_times")
    return number


def _measured(rule: Rule, typed: Any) -> Decimal:
    text = str(typed).strip()
    try:
        value = to_decimal(text.rstrip("%％") if rule.unit == "%" else text)
    except AnswerError:
        raise AnswerError(f"“{rule.label}”请填写实际数值，例如 {plain(rule.threshold)}。", "not_a_number") from None
    if abs(value) > MOST_MEASURED:
        raise AnswerError(f"“{rule.label}”的数值过大，请核对。", "out_of_range")
    return value


def score_sheet(sheet: Sheet, points: Mapping[str, Decimal | None]) -> SheetScore:
    """Step 1: sum the items into groups (each up to its cap) and the dimensions, by weight, into the total."""
    values: dict[str, Decimal] = {}
    for dimension in sheet.dimensions:
        _score_group(dimension, points, values)
    regular = sum((values[d.key] * d.weight / HUNDRED for d in sheet.dimensions if not d.bonus), ZERO)
    bonus = sum((values[d.key] * d.weight / HUNDRED for d in sheet.dimensions if d.bonus), ZERO)
    if sheet.rescale and (reachable := sheet.reachable):
        regular = regular * sheet.total_points / reachable
    total = min(regular + bonus, sheet.total_points) if sheet.capped else regular + bonus
    lines = {group.key: group.line for group in sheet.groups if group.line is not None}
    failed = [item for item in sheet.items if item.kind == VETO and item.asked and points.get(item.key) == ZERO]
    return SheetScore(
        dimensions=values,
        total=cents(total),
        missing=tuple(item.key for item in sheet.asked_items if points.get(item.key) is None),
        won=tuple(key for key, line in lines.items() if values[key] >= line),
        lost=tuple(key for key, line in lines.items() if values[key] < line),
        vetoed=tuple(item.key for item in failed if item.effect == DISQUALIFY),
        caps=tuple(dict.fromkeys(item.caps_at for item in failed if item.effect == CAP_GRADE)),
        failed=tuple(item.key for item in failed),
    )


def _score_group(group: Group, points: Mapping[str, Decimal | None], values: dict[str, Decimal]) -> Decimal:
    """The points of the group, noted in `values` with those of the groups below it."""
    parts = [
        _score_group(part, points, values) if isinstance(part, Group) else points.get(part.key) or ZERO
        for part in group.parts
        if _counts(part)
    ]
    values[group.key] = group._together(parts)
    return values[group.key]


def passes(score: Decimal | None, line: Decimal | None) -> bool:
    """达标即过: reached the line; where no line is set any complete score passes."""
    return score is not None and (line is None or score >= line)
