"""What the sheet of a self-check shows: each criterion beside its conclusion, what was found before, what is put right."""

from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from applications import self_check_facts
from applications.models import Rectification, SelfCheck, SelfCheckItem
from applications.services import rectifying
from standards import answers, drawing, scoring, sheets
from standards.models import Criterion

ROW = ("applications/_self_check_row.html", "version", "answer", "remark", "last", "said", "entries", "gap_entry")
ENTRY = ("applications/_gap_line.html", "url", "gap", "state")
MET, GAP = SelfCheckItem.Verdict.MET, SelfCheckItem.Verdict.GAP


class Entry(NamedTuple):
    """A line of the ledger, as the row of its criterion names it."""

    pk: int
    gap: str
    state: str


@dataclass
class Row:
    """One criterion on the sheet: what was saved, or what was typed and could not be saved."""

    criterion: Criterion
    version: int = 0
    remark: str = ""
    verdict: str = ""
    points: Decimal | None = None
    answer: dict[str, Any] = field(default_factory=dict)
    updated_by: int | None = None
    error: str = ""
    stands: str = ""

    # Set by the page for every row.
    editable: bool = True
    last: str = ""
    tags: tuple[str, ...] = ()
    heads: list[sheets.Head] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    @cached_property
    def entry(self) -> answers.Entry:
        return answers.entry(self.criterion, self.answer)

    @property
    def full(self) -> str:
        return scoring.plain(self.criterion.max_points)

    @property
    def is_gap(self) -> bool:
        return self.verdict == GAP

    @property
    def verdict_label(self) -> str:
        return SelfCheckItem.Verdict(self.verdict).label if self.verdict else "未作结论"

    @property
    def said(self) -> str:
        """What stands below the fields before anything is typed."""
        if self.error:
            return self.error + self.stands
        return "沿用上次的填写，请核对" if self.version and self.updated_by is None else ""

    @property
    def drawn(self) -> SafeString:
        """The row with the subheadings above it."""
        heads = [render_to_string("applications/_self_check_head.html", {"head": head}) for head in self.heads]
        row = self._input() if self.editable else render_to_string("applications/_self_check_read.html", {"row": self})
        return drawing.together([*heads, row])

    def _input(self) -> SafeString:
        """The row to fill in: drawn once per criterion and conclusion, filled for each page."""
        template, *holes = ROW
        flags = {"wrong": bool(self.error), "met": self.verdict == MET, "gap": self.is_gap}
        return drawing.stencil_of(self.criterion, template, *holes, **flags).fill(
            version=self.version,
            answer=drawing.answer_input(self.entry, error=self.error) if self.criterion.asked else "",
            remark=self.remark,
            last=f"上次自查：{self.last}" if self.last else "",
            said=self.said,
            entries=self.entries_drawn,
            gap_entry=self.gap_entry,
        )

    @property
    def entries_drawn(self) -> str:
        """What is on the ledger of this criterion."""
        if not self.entries:
            return ""
        template, *holes = ENTRY
        line = drawing.stencil(template, *holes)
        states = dict(Rectification.State.choices)
        return drawing.together(
            line.fill(
                url=drawing.address("applications:rectification", each.pk), gap=each.gap, state=states[each.state]
            )
            for each in self.entries
        )

    @property
    def gap_entry(self) -> str:
        """The means of putting the gap on the ledger, beside a criterion found wanting."""
        if not self.is_gap:
            return ""
        entry = drawing.stencil("applications/_gap_entry.html", "k", tags=self.tags)
        return entry.fill(k=self.criterion.key)


def page(check: SelfCheck, typed: dict[int, Row], *, editable: bool) -> dict[str, Any]:
    """Everything the sheet shows, in the same number of queries whatever was found; the standard comes from memory."""
    application, line = check.application, check.application.branch.line
    # Plain values: as objects the rows would cost more than everything drawn of them.
    items = check.items.values_list("criterion_id", "version", "remark", "verdict", "points", "answer", "updated_by_id")
    saved = {pk: kept for pk, *kept in items}
    found = self_check_facts.Findings(check, ((pk, kept[2], kept[3]) for pk, kept in saved.items()))
    before = self_check_facts.verdicts_before(check)
    # By code: what was found by an earlier version of the standard is shown beside its successor.
    entries: dict[str, list[Entry]] = {}
    ledger = application.rectifications.exclude(criterion=None)
    for code, *facts in ledger.values_list("criterion__code", "pk", "gap", "state"):
        entries.setdefault(code, []).append(Entry(*facts))
    tags = tuple(application.track.problem_tags)
    dimensions = []
    for top in check.rubric.dimensions:
        heads = sheets.subheads(top, line, found.score)
        leaves = [leaf for leaf in top.leaves if leaf.item.applies_to(line)]
        rows = [typed.get(leaf.pk) or Row(leaf, *saved.get(leaf.pk, ())) for leaf in leaves]
        for row in rows:
            code = row.criterion.code
            row.editable, row.tags, row.heads = editable, tags, heads.get(row.criterion.key, [])
            row.last, row.entries = before.get(code, ""), entries.get(code, [])
        drawn = drawing.together(row.drawn for row in rows)
        dimensions.append({"top": top, "rows": rows, "drawn": drawn, **found.of(top)})
    return {
        "check": check,
        "application": application,
        "dimensions": dimensions,
        "wanting": [row for dimension in dimensions for row in dimension["rows"] if row.is_gap],
        "outdated": check.rubric_id != application.track.rubric_id,
        "unrecorded": [] if check.is_open else rectifying.unrecorded_gaps(check),
        **found.totals,
    }
