"""How far a measure has come from its baseline to its target: Decimal arithmetic on what people typed, nothing guessed."""

import re
import unicodedata
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

# A target is often written with its direction; the number is what counts.
DIRECTIONS = re.compile(r"^(不低于|不少于|不高于|不超过|达到|控制在|约?≥|约?≤|>=|<=|>|<)")
NUMBER = re.compile(r"^([+-]?\d+(?:\.\d+)?)([^\d]*)$")
SHARES = {"%": "%", "％": "%", "百分点": "%"}


@dataclass(frozen=True)
class Amount:
    number: Decimal
    unit: str


def amount(text: str) -> Amount | None:
    """“12次”, “１２”, “1,200件”, “≥98.5%”; None for anything that is not one number with at most a unit behind it."""
    plain = unicodedata.normalize("NFKC", text or "").replace(",", "").replace(" ", "")
    found = NUMBER.match(DIRECTIONS.sub("", plain))
    if not found:
        return None
    unit = found[2].removesuffix("以上").removesuffix("以下").removesuffix("以内")
    return Amount(Decimal(found[1]), SHARES.get(unit, unit))


def percent(baseline: str, target: str, actual: str) -> int | None:
    """How much of the way from the baseline to the target is gone, 0 to 100, rounded down: 100 means reached.

    None unless all three are numbers of one unit. A target equal to its baseline is reached or not, nothing between.
    """
    start, goal, now = amount(baseline), amount(target), amount(actual)
    if start is None or goal is None or now is None:
        return None
    if len({each.unit for each in (start, goal, now) if each.unit}) > 1:
        return None
    way = goal.number - start.number
    if way == 0:
        return 100 if now.number >= goal.number else None
    share = ((now.number - start.number) / way * 100).to_integral_value(ROUND_DOWN)
    return int(min(max(share, Decimal(0)), Decimal(100)))
