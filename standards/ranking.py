"""From sheets to places as plain arithmetic on `Decimal`: panels, final scores, ranks, the cut and grades. No ORM.

Steps 2 to 4 of DESIGN §4; `scoring` has step 1 and the rounding.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from itertools import groupby
from typing import Any

from standards.scoring import HUNDRED, ZERO, cents, plain

MEAN, TRIMMED, LAST, MONTHLY = "mean", "trimmed", "last", "monthly"


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


def over_time(values: Sequence[Decimal], how: str = MEAN, months: Sequence[str] = ()) -> Decimal | None:
    """The end of step 2: combine repeated visits by their exact values, oldest first.

    Their mean, the last one, or `monthly`: the mean of each month's mean, so that no month counts for more than
    another however often it was visited; `months` then names the month of each value.
    """
    if not values:
        return None
    if how == LAST:
        return cents(values[-1])
    if how == MONTHLY:
        by_month: dict[str, list[Decimal]] = {}
        for month, value in zip(months, values, strict=True):
            by_month.setdefault(month, []).append(value)
        values = [_mean(each) for each in by_month.values()]
    return cents(_mean(values))


def _mean(values: Sequence[Decimal]) -> Decimal:
    return sum(values, ZERO) / len(values)


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


# 5. Grades


@dataclass(frozen=True)
class Band:
    """A grade (等次): who may have it, and how many. Bands stand best first; one without conditions takes the rest.

    `share` limits it to so many percent of all ranked, rounded down (不超过30%); `stars` is the least number of groups
    won; `each_dimension` the least share in percent of its full points that every regular dimension must reach;
    `component_min` what a named component must reach.
    """

    name: str
    at_least: Decimal | None = None
    share: Decimal | None = None
    stars: int | None = None
    each_dimension: Decimal | None = None
    component: str = ""
    component_min: Decimal | None = None
    component_name: str = ""


@dataclass(frozen=True)
class Standing:
    """What grades look at, for one ranked candidate: its place and the facts the conditions speak of."""

    key: Any
    rank: int
    final: Decimal
    stars: int = 0
    # The weakest regular dimension as a share of its full points, in percent; None where there are no dimensions.
    weakest: Decimal | None = None
    components: Mapping[str, Decimal | None] = field(default_factory=dict)
    caps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Grading:
    """The grade of one candidate, "" where no band would have it, and why it is not a better one."""

    grade: str
    note: str = ""


def grade(standings: Sequence[Standing], bands: Sequence[Band]) -> dict[Any, Grading]:
    """Step 5: hand out the bands from the best, in order of rank, each up to its share.

    Equal places are never parted: where a share ends among them, all of them go on to the next band. Who fails a
    veto item that caps the grade starts at the band it names.
    """
    waiting = sorted(standings, key=lambda standing: standing.rank)
    notes: dict[Any, list[str]] = {standing.key: [] for standing in waiting}
    graded: dict[Any, Grading] = {}
    names = [band.name for band in bands]
    for index, band in enumerate(bands):
        room = None
        if band.share is not None:
            room = int((band.share * len(standings) / HUNDRED).to_integral_value(ROUND_FLOOR))
        passed_on: list[Standing] = []
        fit: list[Standing] = []
        for standing in waiting:
            why_not = _why_not(standing, band, names, index)
            if why_not:
                notes[standing.key].append(f"{band.name}：{why_not}")
                passed_on.append(standing)
            else:
                fit.append(standing)
        for _, level in groupby(fit, key=lambda standing: standing.rank):
            equal = list(level)
            if room is not None and len(equal) > room:
                # Whoever stands lower must not overtake them into the band.
                room = 0
                share = f"超出{plain(band.share)}%的比例"
                for standing in equal:
                    notes[standing.key].append(f"{band.name}：{share}{'且同分' if len(equal) > 1 else ''}")
                passed_on += equal
                continue
            room = None if room is None else room - len(equal)
            graded.update({each.key: Grading(band.name, "；".join(notes[each.key])) for each in equal})
        waiting = sorted(passed_on, key=lambda standing: standing.rank)
    graded.update({standing.key: Grading("", "；".join(notes[standing.key])) for standing in waiting})
    return graded


def _why_not(standing: Standing, band: Band, names: Sequence[str], index: int) -> str:
    """The first condition of the band that the candidate does not meet, in words; "" when it meets all."""
    capped = [names.index(cap) for cap in standing.caps if cap in names]
    if capped and index < max(capped):
        return f"有限制等次的情形，最高{names[max(capped)]}"
    if band.at_least is not None and standing.final < band.at_least:
        return f"总分不足{plain(band.at_least)}分"
    if band.stars is not None and standing.stars < band.stars:
        return f"得星{standing.stars}个，不足{band.stars}个"
    if band.each_dimension is not None and (standing.weakest is None or standing.weakest < band.each_dimension):
        return f"有维度不足{plain(band.each_dimension)}%"
    if band.component_min is not None:
        score = standing.components.get(band.component)
        if score is None or score < band.component_min:
            return f"{band.component_name or '单项'}不足{plain(band.component_min)}分"
    return ""
