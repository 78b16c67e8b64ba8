"""Dimensions as a radar: where its corners stand on the drawing. Positions are pixels, so floats will do here."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

WIDTH, HEIGHT, RADIUS = 290, 230, 66
RINGS = (25, 50, 75, 100)
# Fewer axes than this make no surface.
FEWEST = 3
# A label stands in two lines of so many characters; the table has it whole.
LINE, LINE_HEIGHT = 4, 18


@dataclass(frozen=True)
class Spoke:
    """One axis: its outer end, and where its label stands in one line or in two."""

    x: str
    y: str
    label_x: str
    anchor: str
    line_y: str
    lines_y: tuple[str, str]


@dataclass(frozen=True)
class Axis:
    """One dimension on the drawing; `value` and `full` are its numbers as they are shown."""

    key: str
    label: str
    value: str
    full: str
    spoke: Spoke
    point: str

    @property
    def lines(self) -> list[tuple[str, str]]:
        """The label as it stands beside the drawing, each line with its height."""
        text = self.label if len(self.label) <= 2 * LINE else f"{self.label[: 2 * LINE - 1]}…"
        if len(text) <= LINE:
            return [(text, self.spoke.line_y)]
        half = -(-len(text) // 2)
        return list(zip((text[:half], text[half:]), self.spoke.lines_y, strict=True))


@dataclass(frozen=True)
class Radar:
    axes: tuple[Axis, ...]
    rings: tuple[str, ...]

    width, height = WIDTH, HEIGHT
    center_x, center_y = WIDTH // 2, HEIGHT // 2

    @property
    def drawn(self) -> bool:
        """Whether there is enough for a drawing; the table is always there."""
        return len(self.axes) >= FEWEST

    @property
    def surface(self) -> str:
        return " ".join(axis.point for axis in self.axes)


def radar(rows: Iterable[tuple[str, str, str | Decimal, str | Decimal]]) -> Radar:
    """From (key, label, value, full) of each dimension; one that nothing can be had in lies at the centre."""
    rows = list(rows)
    spokes, rings = _grid(len(rows))
    axes = tuple(
        Axis(key, label, str(value), str(full), spoke, _at(spoke, share(value, full)))
        for (key, label, value, full), spoke in zip(rows, spokes, strict=True)
    )
    return Radar(axes, rings)


def share(value: str | Decimal, full: str | Decimal) -> Decimal:
    """How much of what can be had, from 0 to 1."""
    value, full = Decimal(value), Decimal(full)
    return min(max(value / full, Decimal(0)), Decimal(1)) if full else Decimal(0)


@lru_cache(maxsize=16)
def _grid(number: int) -> tuple[tuple[Spoke, ...], tuple[str, ...]]:
    """The axes clockwise from the top, and the rings between them."""
    spokes = tuple(_spoke(2 * math.pi * place / number) for place in range(number))
    rings = tuple(" ".join(_at(spoke, Decimal(ring) / 100) for spoke in spokes) for ring in RINGS)
    return spokes, rings


def _spoke(angle: float) -> Spoke:
    across, up = math.sin(angle), math.cos(angle)
    x, y = Radar.center_x + RADIUS * across, Radar.center_y - RADIUS * up
    label_x, label_y = Radar.center_x + (RADIUS + 8) * across, Radar.center_y - (RADIUS + 10) * up + 5
    anchor = "middle" if abs(across) < 0.3 else "start" if across > 0 else "end"
    # Two lines end above the drawing, begin below it, and stand half up beside it.
    first = label_y - LINE_HEIGHT * (up + 1) / 2
    return Spoke(_px(x), _px(y), _px(label_x), anchor, _px(label_y), (_px(first), _px(first + LINE_HEIGHT)))


def _at(spoke: Spoke, part: Decimal) -> str:
    x = Radar.center_x + (float(spoke.x) - Radar.center_x) * float(part)
    y = Radar.center_y + (float(spoke.y) - Radar.center_y) * float(part)
    return f"{_px(x)},{_px(y)}"


def _px(value: float) -> str:
    return f"{value:.1f}"
