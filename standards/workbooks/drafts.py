"""What a workbook says, as unsaved rows with the place each came from, and what is wrong with it, in words."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from standards import scoring, soundness
from standards.models import Criterion, Rubric, ScoreRule


@dataclass(frozen=True)
class Problem:
    """What is wrong and where; `sheet`, `row` and `column` are empty where the whole workbook or sheet is meant."""

    text: str
    sheet: str = ""
    row: int | None = None
    column: str = ""

    @property
    def place(self) -> str:
        row = f"第{self.row}行" if self.row else ""
        column = f"{self.column}列" if self.column else ""
        return f"“{self.sheet}”表{row}{column}" if self.sheet else ""

    def __str__(self) -> str:
        return f"{self.place}：{self.text}" if self.place else self.text


@dataclass
class Line:
    """One criterion with its rules, its parent's code ("" at the top) and the row of the sheet it stands in.

    On a plain sheet the kind is guessed from the `wording`; `words` are those the guess rests on.
    """

    criterion: Criterion
    parent: str = ""
    rules: list[ScoreRule] = field(default_factory=list)
    row: int = 0
    wording: str = ""
    words: str = ""
    typed_points: Decimal | None = None

    @property
    def lacks_rules(self) -> bool:
        """A kind that lives from its rules, and none were given."""
        return self.criterion.kind in scoring.RULED_KINDS and not self.rules


@dataclass
class Draft:
    """A whole rubric as read. With `problems` it must not be taken over; `plain` came from a bureau's own sheet."""

    rubric: Rubric
    lines: list[Line] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    sheet: str = ""
    plain: bool = False

    def set_code(self, code: str) -> None:
        """Give the rubric another code, or one where a plain sheet has none. A code that is too long is a problem."""
        self.rubric.code = code.strip()
        if not CODE.fullmatch(self.rubric.code):
            self.problems.append(Problem(BAD_CODE))

    def in_reading_order(self) -> Iterator[tuple[Line, int]]:
        """Each line with its level, depth first, as the outline will stand."""
        below: dict[str, list[Line]] = {}
        for line in self.lines:
            below.setdefault(line.parent, []).append(line)

        def walk(code: str, level: int) -> Iterator[tuple[Line, int]]:
            for line in below.get(code, []):
                yield line, level
                # A line without a code cannot be anybody's parent; asking for its children would never end.
                if line.criterion.code:
                    yield from walk(line.criterion.code, level + 1)

        return walk("", 1)

    def as_rubric(self) -> Rubric:
        """The rubric as it would stand, in memory: its outline, sheet and totals work, no row of it is stored.

        The rows get negative keys, which no stored row has.
        """
        rubric = Rubric(
            **{name: getattr(self.rubric, name) for name in RUBRIC_FIELDS}, version=self.rubric.version or 1
        )
        by_code: dict[str, Criterion] = {}
        outline = []
        for number, (line, level) in enumerate(self.in_reading_order(), 1):
            criterion = line.criterion
            criterion.pk, criterion.order, criterion.level, criterion.parts = -number, number, level, []
            criterion.parent = by_code.get(line.parent)
            if criterion.parent:
                criterion.parent.parts.append(criterion)
            by_code[criterion.code] = criterion
            for place, rule in enumerate(line.rules):
                rule.pk, rule.order, rule.criterion = -number * RULES_EACH - place, place, criterion
            # As a prefetch leaves it, so that `criterion.rules.all()` asks no database.
            criterion._prefetched_objects_cache = {"rules": _Rules(line.rules)}  # type: ignore[attr-defined]
            outline.append(criterion)
        for top in (each for each in outline if each.parent is None):
            top.leaves = [each for each in _below(top) if not each.is_group]
        rubric.outline = outline
        return rubric

    @property
    def unsound(self) -> list[soundness.Problem]:
        """What would keep the draft from being published, and the warnings; to be mended here or in the editor."""
        return soundness.problems(self.as_rubric())

    @property
    def ordered(self) -> list[Line]:
        return [line for line, _ in self.in_reading_order()]

    @property
    def bonus(self) -> Decimal:
        """What can be had on top of the total; a dimension of things without a limit of their own gives up to its cap."""
        tops = [line.criterion for line in self.lines if not line.parent and line.criterion.is_bonus]
        return sum((top.max_points for top in tops), scoring.ZERO)


# As in the form for a new rubric.
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,19}")
BAD_CODE = "编码只能用字母、数字和短横线，最长20字，例如 R1 或 ZB-2027。"
RUBRIC_FIELDS = ("code", "name", "source", "total_points", "points_suggested", "rescale", "cap_total")
# More rules than any criterion has, so that the keys made up for a preview never meet.
RULES_EACH = 10_000


class _Rules(list):
    """Rules that answer to `.all()` as the prefetched ones of a stored criterion do."""

    def all(self) -> Iterable[ScoreRule]:
        return self


def _below(criterion: Criterion) -> Iterator[Criterion]:
    yield criterion
    for part in criterion.parts:
        yield from _below(part)
