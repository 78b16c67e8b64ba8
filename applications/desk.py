"""The check desk as it is shown: what the branch says and shows beside the committee's own score, one row a criterion."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.utils import timezone

from applications.changes import Change
from applications.models import Application, Assessment, CheckDecision, CheckItem, Citation
from applications.second_look import second_look
from branches import todo
from standards import answers, scoring, sheets, workdays
from standards.models import Criterion

# How many working days the desk proposes for a return.
PROPOSED = (3, 5, 10)
WEEKDAYS = "一二三四五六日"


@dataclass
class Row:
    """One criterion: the branch's answer and evidence, and the committee's own score as saved or as typed."""

    criterion: Criterion
    answer: Assessment | None
    item: CheckItem | None
    given: dict[str, Any]
    remark: str
    citations: list[Citation] = field(default_factory=list)
    error: str = ""
    heads: list[sheets.Head] = field(default_factory=list)
    version: int = 0
    stands: str = ""
    # On a second look: what the branch changed, what had been said of it, and whether the score is older than that.
    changes: list[Change] = field(default_factory=list)
    remarked: str = ""
    stale: bool = False

    @cached_property
    def entry(self) -> answers.Entry:
        """The committee's own input."""
        return answers.entry(self.criterion, self.given)

    @cached_property
    def said(self) -> answers.Entry:
        """What the branch answered."""
        return answers.entry(self.criterion, self.answer.answer if self.answer else {})

    @property
    def differs(self) -> bool:
        mine, theirs = self.item and self.item.points, self.answer and self.answer.points
        return mine is not None and theirs is not None and mine != theirs


class Jump(NamedTuple):
    """A criterion to go to."""

    key: str
    code: str
    title: str


class Desk:
    """Everything the desk shows: a fixed number of queries, the rubric comes from memory."""

    def __init__(self, application: Application, typed: dict[int, Row] | None = None, *, every: bool = True) -> None:
        self.application, self.typed = application, typed or {}
        self.rubric, self.line = application.track.rubric, application.branch.line
        self.said = {answer.criterion_id: answer for answer in application.assessments.all()}
        self.items = {item.criterion_id: item for item in application.check_items.all()}
        self.decisions = list(application.check_decisions.select_related("decided_by"))
        self.look = second_look(application, self.decisions, self.items.values())
        # A row that was refused is always shown: what was typed in it must not be out of sight.
        self.every = every or self.look is None or bool(self.typed)

    @cached_property
    def score(self) -> scoring.SheetScore:
        return score_of(self.application, {pk: item.points for pk, item in self.items.items()})

    @cached_property
    def self_score(self) -> scoring.SheetScore:
        return score_of(self.application, {pk: answer.points for pk, answer in self.said.items()})

    @cached_property
    def leaves(self) -> list[Criterion]:
        return self.rubric.leaves_for(self.line)

    @cached_property
    def dimensions(self) -> list[dict[str, Any]]:
        """The dimensions with their rows; on a second look those alone in which something is to be seen."""
        cited: dict[int, list[Citation]] = {}
        for citation in self.application.citations.select_related("evidence"):
            cited.setdefault(citation.criterion_id, []).append(citation)
        found = []
        for top in self.rubric.dimensions:
            heads = sheets.subheads(top, self.line, self.score) if self.every else {}
            leaves = [leaf for leaf in top.leaves if leaf.item.applies_to(self.line) and self._shows(leaf)]
            rows = [self.typed.get(leaf.pk) or self._row(leaf) for leaf in leaves]
            for row in rows:
                row.citations, row.heads = cited.get(row.criterion.pk, []), heads.get(row.criterion.key, [])
            if not rows and not self.every:
                continue
            state = sheets.dimension_state(top, self.line, self.score)
            points = scoring.plain(scoring.cents(self.self_score.dimensions[top.key]))
            found.append(
                {"top": top, "head": sheets.head_of(top, self.score), "rows": rows, **state, "self_points": points}
            )
        return found

    def _shows(self, leaf: Criterion) -> bool:
        return self.every or (self.look is not None and self.look.shows(leaf.code))

    def _row(self, leaf: Criterion) -> Row:
        item, look = self.items.get(leaf.pk), self.look
        row = Row(leaf, self.said.get(leaf.pk), item, {}, "")
        if item is not None:
            row.given, row.remark, row.version = item.answer, item.remark, item.version
        if look is not None:
            row.changes, row.remarked = look.of(leaf.code), look.remarks.get(leaf.code, "")
            row.stale = look.is_stale(item, leaf.code)
        return row

    @property
    def stale(self) -> list[Jump]:
        """The scores that are older than what the branch has written since."""
        look = self.look
        return [_jump(leaf) for leaf in self.leaves if look and look.is_stale(self.items.get(leaf.pk), leaf.code)]

    def is_news(self, leaf: Criterion) -> bool:
        """Whether a remark has still to be told: on a second look those written since, and those that changed nothing."""
        item, look = self.items.get(leaf.pk), self.look
        if look is None or item is None or item.updated_at >= look.after.created_at:
            return True
        return leaf.code in look.remarks and leaf.code not in look.codes

    @property
    def shown(self) -> int:
        return sum(len(dimension["rows"]) for dimension in self.dimensions)

    def totals(self) -> dict[str, Any]:
        return totals(self.application, self.score)


def score_of(application: Application, points: dict[int, Decimal | None]) -> scoring.SheetScore:
    sheet = application.track.rubric.sheet.for_line(application.branch.line)
    return scoring.score_sheet(sheet, {str(pk): value for pk, value in points.items()})


def totals(application: Application, score: scoring.SheetScore) -> dict[str, Any]:
    """The running total against the line; below it only counts once every criterion is scored."""
    asked = [leaf for leaf in application.track.rubric.leaves_for(application.branch.line) if leaf.asked]
    missing = set(score.missing)
    return {
        "total": scoring.plain(score.total),
        "answered": len(asked) - len(score.missing),
        "of": len(asked),
        "passes": scoring.passes(score.total, application.track.check_line),
        "final": score.final,
        "warnings": sheets.warnings(application.track.rubric.dimensions, score),
        "missing": [_jump(leaf)._asdict() for leaf in asked if leaf.key in missing],
    }


def _jump(leaf: Criterion) -> Jump:
    return Jump(leaf.key, leaf.code, leaf.title)


# What goes back to the branch


class ReturnLine(NamedTuple):
    """A criterion's remark as it may go to the branch: ticked where the committee wrote one."""

    key: str
    code: str
    title: str
    text: str
    ticked: bool
    scores: str


def return_lines(desk: Desk, typed: dict[str, str] | None = None, ticked: Sequence[str] = ()) -> list[ReturnLine]:
    """The criteria with a remark or a score that differs; what was typed and refused stays as it was typed."""
    found = []
    for leaf in desk.leaves:
        answer, item = desk.said.get(leaf.pk), desk.items.get(leaf.pk)
        own, checked = answer and answer.points, item and item.points
        remark = item.remark if item else ""
        text = (typed or {}).get(leaf.key, remark)
        if not (text or leaf.key in ticked or (None not in (own, checked) and own != checked)):
            continue
        scores = f"自评{scoring.plain(own) or '—'}分，核查{scoring.plain(checked) or '—'}分" if leaf.scored else ""
        is_ticked = leaf.key in ticked if typed is not None else bool(remark) and desk.is_news(leaf)
        found.append(ReturnLine(leaf.key, leaf.code, leaf.title, text, is_ticked, scores))
    return found


class Proposal(NamedTuple):
    """A day on which so many working days are over."""

    days: int
    on: datetime.date
    words: str


def proposals() -> list[Proposal]:
    """Days a return may be due; none where the year's holidays are not known yet."""
    found = []
    for days in PROPOSED:
        try:
            on = workdays.add_workdays(timezone.localdate(), days)
        except ValidationError:
            break
        found.append(Proposal(days, on, f"{todo.day_text(on)}（周{WEEKDAYS[on.weekday()]}）"))
    return found


def numbered(decisions: Sequence[CheckDecision]) -> list[tuple[int, CheckDecision]]:
    """Each with the number of the return it is, newest first; 0 for what is none."""
    left = sum(decision.outcome == CheckDecision.Outcome.RETURNED for decision in decisions)
    found = []
    for decision in decisions:
        is_return = decision.outcome == CheckDecision.Outcome.RETURNED
        found.append((left if is_return else 0, decision))
        left -= is_return
    return found
