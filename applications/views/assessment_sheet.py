"""What the self-assessment page shows: each criterion beside what was answered, cited, returned and said last round."""

from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from applications import completeness
from applications.last_round import Said, last_round
from applications.models import Application
from branches.models import User
from standards import answers, drawing, radar, scoring, sheets
from standards.models import Criterion

ROW = (
    "applications/_assessment_row.html",
    "version",
    "answer",
    "last",
    "returned",
    "remark",
    "chips",
    "said",
    "choices",
)
CHIP = ("applications/_chip.html", "url", "name", "uncite")
LAST = ("applications/_last_round.html", "k", "label", "points", "remark", "check_remark")
RETURNED = ("applications/_returned_item.html", "remark")


class Cited(NamedTuple):
    """A file cited under a criterion, as its chip shows it."""

    pk: int
    evidence_id: int
    name: str


@dataclass
class Row:
    """One criterion on the page: what was saved, or what was typed and could not be saved."""

    criterion: Criterion
    version: int = 0
    remark: str = ""
    points: Decimal | None = None
    answer: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    stands: str = ""
    # In a row that somebody else saved meanwhile: (field, label, what they saved), for each that differs.
    theirs: list[tuple[str, str, str]] = field(default_factory=list)

    # Set by the page for every row.
    editable: bool = True
    citations: list[Cited] = field(default_factory=list)
    heads: list[sheets.Head] = field(default_factory=list)
    last: Said | None = None
    last_label: str = ""
    returned: str = ""

    @cached_property
    def entry(self) -> answers.Entry:
        return answers.entry(self.criterion, self.answer)

    @property
    def full(self) -> str:
        return scoring.plain(self.criterion.max_points)

    @property
    def earned(self) -> str:
        """The points beside an answer; none for a veto, whose answer is not added to anything."""
        return scoring.plain(self.points) if self.criterion.scored else ""

    @property
    def drawn(self) -> SafeString:
        """The row with the subheadings above it."""
        heads = [render_to_string("standards/_group_head.html", {"head": head}) for head in self.heads]
        row = self._input() if self.editable else render_to_string("applications/_assessment_read.html", {"row": self})
        return drawing.together([*heads, row])

    def _input(self) -> SafeString:
        """The row to fill in: drawn once per criterion, filled for each page."""
        template, *holes = ROW
        return drawing.stencil_of(self.criterion, template, *holes, wrong=bool(self.error)).fill(
            version=self.version,
            answer=drawing.answer_input(self.entry, error=self.error),
            last=self.last_drawn,
            returned=self.returned_drawn,
            remark=self.remark,
            chips=self.chips,
            said=self.error + self.stands,
            choices=self.choices,
        )

    @property
    def choices(self) -> str:
        """Without a script: whose words count, field by field, when the row is saved again."""
        if not self.theirs:
            return ""
        return render_to_string("applications/_conflict_choices.html", {"theirs": self.theirs, "k": self.criterion.key})

    @property
    def last_drawn(self) -> str:
        """What was said of it in the round before."""
        if self.last is None:
            return ""
        template, *holes = LAST
        last = self.last
        flags = {
            "has_remark": bool(last.remark),
            "has_check_remark": bool(last.check_remark),
            "editable": self.editable,
        }
        return drawing.stencil(template, *holes, **flags).fill(
            k=self.criterion.key,
            label=self.last_label,
            points=last.words,
            remark=last.remark,
            check_remark=last.check_remark,
        )

    @property
    def returned_drawn(self) -> str:
        """What the committee wrote of it when it sent the application back."""
        template, *holes = RETURNED
        return drawing.stencil(template, *holes).fill(remark=self.returned) if self.returned else ""

    @property
    def chips(self) -> str:
        """The files cited under it."""
        if not self.citations:
            return ""
        template, *holes = CHIP
        chip = drawing.stencil(template, *holes, editable=self.editable)
        return drawing.together(
            chip.fill(
                url=drawing.address("applications:evidence_view", each.evidence_id),
                name=each.name,
                uncite=drawing.address("applications:uncite", each.pk),
            )
            for each in self.citations
        )


def page(application: Application, user: User, *, editable: bool, typed: dict[int, Row]) -> dict[str, Any]:
    """Everything the page shows, in the same number of queries whatever was answered; the rubric comes from memory."""
    line, rubric = application.branch.line, application.track.rubric
    # Plain values: as objects the rows would cost more than everything drawn of them.
    answered = application.assessments.values_list("criterion_id", "version", "remark", "points", "answer")
    saved = {pk: kept for pk, *kept in answered}
    score = scoring.score_sheet(rubric.sheet.for_line(line), {str(pk): kept[2] for pk, kept in saved.items()})
    cited: dict[int, list[Cited]] = {}
    for criterion, *facts in application.citations.values_list("criterion_id", "pk", "evidence_id", "evidence__name"):
        cited.setdefault(criterion, []).append(Cited(*facts))
    before, returned = last_round(application, user), completeness.open_return(application)
    remarks = {item["code"]: item["remark"] for item in returned.items} if returned else {}
    dimensions = []
    for top in rubric.dimensions:
        heads = sheets.subheads(top, line, score)
        leaves = [leaf for leaf in top.leaves if leaf.item.applies_to(line)]
        rows = [typed.get(leaf.pk) or Row(leaf, *saved.get(leaf.pk, ())) for leaf in leaves]
        for row in rows:
            code = row.criterion.code
            row.editable, row.citations = editable, cited.get(row.criterion.pk, [])
            row.heads, row.returned = heads.get(row.criterion.key, []), remarks.get(code, "")
            row.last, row.last_label = before.said.get(code), before.label
        head = sheets.head_of(top, score)
        state = sheets.dimension_state(top, line, score)
        drawn = drawing.together(row.drawn for row in rows)
        dimensions.append({"top": top, "head": head, "rows": rows, "drawn": drawn, **state})
    return {
        "application": application,
        "rubric": rubric,
        "dimensions": dimensions,
        "open_return": returned,
        "returned_rows": [row for dimension in dimensions for row in dimension["rows"] if row.returned],
        "radar": radar.radar(
            (str(each["key"]), each["top"].title, each["points"], each["full"])
            for each in dimensions
            if each["head"].counts
        ),
        "notes": sheets.total_notes(rubric.sheet),
        "warnings": sheets.warnings(rubric.dimensions, score),
        **total_state(application, dimensions, score),
    }


def total_state(application: Application, dimensions: list[dict], score: scoring.SheetScore) -> dict[str, Any]:
    """The running total, how much is answered, and where it stands against the line."""
    track = application.track
    return {
        "total": scoring.plain(score.total),
        "answered": sum(dimension["answered"] for dimension in dimensions),
        "of": sum(dimension["of"] for dimension in dimensions),
        "line": sheets.line_state(score.total, track.self_line, track.rubric.total_points),
    }
