"""What stands on each criterion of an application's self-assessment: its words, its evidence, its score. No queries."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from standards import scoring
from standards.models import Criterion, Rubric


@dataclass(frozen=True)
class Mark:
    """One criterion. A score is what submitting asks for; words and evidence are what a check looks for."""

    criterion: Criterion
    remark: str
    evidence: int
    points: str
    answered: bool

    @property
    def wants_proof(self) -> bool:
        """A failing that did not happen needs neither words nor papers."""
        return self.criterion.scored

    @property
    def told(self) -> bool:
        return bool(self.remark)

    @property
    def done(self) -> bool:
        if not self.wants_proof:
            return self.answered if self.criterion.asked else self.told
        return self.answered and self.told and self.evidence > 0


@dataclass(frozen=True)
class DimensionMarks:
    """A dimension with its criteria and how many of them have what."""

    top: Criterion
    marks: list[Mark]

    @cached_property
    def left(self) -> list[Mark]:
        return [mark for mark in self.marks if not mark.done]

    @property
    def proved(self) -> list[Mark]:
        """Those that want words and evidence."""
        return [mark for mark in self.marks if mark.wants_proof]

    @property
    def told(self) -> int:
        return sum(mark.told for mark in self.proved)

    @property
    def cited(self) -> int:
        return sum(mark.evidence > 0 for mark in self.proved)

    @property
    def asked(self) -> int:
        return sum(mark.criterion.asked for mark in self.marks)

    @property
    def answered(self) -> int:
        return sum(mark.answered for mark in self.marks if mark.criterion.asked)


def by_dimension(
    rubric: Rubric,
    line: str,
    saved: Mapping[int, tuple],
    cited: Mapping[int, int],
    missing: frozenset[str],
) -> list[DimensionMarks]:
    """`saved`: points and remark by criterion; `cited`: how many files by criterion; `missing`: keys without a score.

    What the inspectors alone say is left out: the branch has nothing to fill in there.
    """
    found = []
    for top in rubric.dimensions:
        leaves = [leaf for leaf in top.leaves if leaf.item.applies_to(line) and _is_filled_in(leaf)]
        marks = []
        for leaf in leaves:
            points, remark = saved.get(leaf.pk, (None, ""))
            answered = leaf.asked and leaf.key not in missing
            marks.append(Mark(leaf, remark, cited.get(leaf.pk, 0), scoring.plain(points), answered))
        if marks:
            found.append(DimensionMarks(top, marks))
    return found


def _is_filled_in(leaf: Criterion) -> bool:
    return leaf.asked or leaf.kind == Criterion.Kind.PLAIN
