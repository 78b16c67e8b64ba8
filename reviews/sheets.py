"""The sheet on the scoring desk: what is scored, and what the branch said about it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from applications.models import Application, Assessment, Citation
from reviews.models import Review, Score
from standards import answers, scoring, sheets
from standards.models import Criterion


@dataclass
class Line:
    """One criterion on the sheet: what is scored, and what the branch said about it."""

    leaf: Criterion
    answer: dict[str, Any] = field(default_factory=dict)
    points: Decimal | None = None
    remark: str = ""
    own: Assessment | None = None
    files: list[Citation] = field(default_factory=list)
    error: str = ""
    saved: Score | None = None
    version: int = 0
    stands: str = ""
    heads: list[sheets.Head] = field(default_factory=list)

    @property
    def entry(self) -> answers.Entry:
        return answers.entry(self.leaf, self.answer)

    @property
    def said(self) -> answers.Entry:
        """What the branch answered."""
        return answers.entry(self.leaf, self.own.answer if self.own else {})


@dataclass
class Group:
    top: Criterion
    head: sheets.Head
    lines: list[Line]


def sheet_of(review: Review) -> list[Group]:
    """The sheet by dimension. Where it is scored by the branch's own rubric, each line also has the branch's words."""
    scores: dict[int, Score] = {score.criterion_id: score for score in review.scores.all()}
    rubric = review.component.scoring_rubric
    own, files = _said(review.application) if rubric.pk == review.application.track.rubric_id else ({}, {})
    line = review.application.branch.line
    points = {str(pk): score.points for pk, score in scores.items()}
    score = scoring.score_sheet(review.component.sheet.for_line(line), points)
    return _groups(review.component.tops, line, score, scores, own, files)


def own_words(application: Application) -> list[Group]:
    """The branch's whole self-assessment, for a sheet that is scored by another rubric."""
    own, files = _said(application)
    rubric, line = application.track.rubric, application.branch.line
    points = {str(pk): answer.points for pk, answer in own.items()}
    score = scoring.score_sheet(rubric.sheet.for_line(line), points)
    return _groups(rubric.dimensions, line, score, {}, own, files)


def _groups(
    dimensions: Sequence[Criterion], line: str, score: scoring.SheetScore, scores: dict, own: dict, files: dict
) -> list[Group]:
    groups = []
    for top in dimensions:
        heads, lines = sheets.subheads(top, line, score), []
        for leaf in top.leaves:
            if leaf.item.applies_to(line):
                line_of = Line(leaf, own=own.get(leaf.pk), files=files.get(leaf.pk, []), heads=heads.get(leaf.key, []))
                if given := scores.get(leaf.pk):
                    line_of.answer, line_of.points, line_of.remark = given.answer, given.points, given.remark
                    line_of.saved, line_of.version = given, given.version
                lines.append(line_of)
        if lines:
            groups.append(Group(top, sheets.head_of(top, score), lines))
    return groups


def _said(application: Application) -> tuple[dict[int, Assessment], dict[int, list[Citation]]]:
    own = {answer.criterion_id: answer for answer in application.assessments.all()}
    files: dict[int, list[Citation]] = defaultdict(list)
    for citation in application.citations.select_related("evidence"):
        files[citation.criterion_id].append(citation)
    return own, files
