"""The sheets that were handed in, scored again by another version of the rubric: nothing is written.

Criteria are matched by code, the lines of a criterion by wording, else by place. What cannot be carried over is missing,
and a sheet with something missing is not final: the branch then reads 资料不全, never zero.
"""

import copy
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from applications.models import Assessment, CheckItem
from reviews import gathering
from reviews.models import Review, Score
from standards import differences, scoring
from standards.models import Criterion, Rubric, ScoreComponent


@dataclass
class Rescored:
    """The new part of every candidate, and in words what was converted or could not be."""

    parts: dict[int, dict[str, Any]] = field(default_factory=dict)
    missing: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)


def swapped(component: ScoreComponent, rubric: Rubric) -> ScoreComponent:
    """The component as it would be with that rubric; never saved."""
    other = copy.copy(component)
    other.rubric = rubric
    return other


def rescore(component: ScoreComponent, rubric: Rubric, inputs: list[dict[str, Any]]) -> Rescored:
    """The component of every candidate by the other rubric, from the answers: two queries and those of the rubrics."""
    marking = Marking(component, swapped(component, rubric))
    lines = {row["application"]: row["line"] for row in inputs}
    found = Rescored(notes=marking.notes)
    if component.source in gathering.DIRECT:
        own = component.source == ScoreComponent.Source.SELF
        rows: QuerySet = (Assessment if own else CheckItem).objects.filter(application__track=component.track_id)
        answers = _answers(rows, "application_id")
        for key, line in lines.items():
            total, detail = marking.mark(line, answers.get(key, {}), found.missing)
            found.parts[key] = {"score": None if total is None else str(total), "detail": detail}
        return found
    reviews = Review.objects.counting().filter(component=component)
    answers = _answers(Score.objects.filter(review__in=reviews.values("pk")), "review_id")
    sheets: dict[tuple[int, str], list] = defaultdict(list)
    for pk, application, visit, slot in reviews.order_by("pk").values_list("pk", "application", "visit", "slot"):
        if application in lines:
            sheet = marking.mark(lines[application], answers.get(pk, {}), found.missing)
            sheets[application, gathering.event_key(visit, slot)].append(sheet)
    for row in inputs:
        key = row["application"]
        events = row["parts"][component.code]["events"]
        found.parts[key] = {"events": list(_events(events, key, sheets))}
    return found


def _events(events: list[dict], key: int, sheets: dict[tuple[int, str], list]) -> Iterator[dict[str, Any]]:
    """The candidate's events with their new scores; a sheet that is not final takes its event's scores with it."""
    for event in events:
        scored = sheets[key, event["event"]]
        final = [] if any(total is None for total, _ in scored) else scored
        yield gathering.event_of({"event": event["event"], "month": event["month"], "sheets": final})


def _answers(rows: QuerySet, owner: str) -> dict[int, dict[int, str]]:
    """The answers as stored text by whose they are and criterion: most are alike and need reading only once."""
    found: dict[int, dict[int, str]] = defaultdict(dict)
    listed = rows.order_by().values_list(owner, "criterion_id", Cast("answer", TextField()))
    for key, criterion, answer in listed.iterator(chunk_size=5000):
        found[key][criterion] = answer
    return found


class Marking:
    """From the answers by one version of a component's rubric to the score by another."""

    def __init__(self, before: ScoreComponent, after: ScoreComponent) -> None:
        self.after = after
        self.rubric = after.scoring_rubric
        self.old = {leaf.pk: leaf for top in before.tops for leaf in top.leaves}
        self.new = {leaf.code: leaf for top in after.tops for leaf in top.leaves}
        self._sheets: dict[str, scoring.Sheet] = {}
        self._known: dict[tuple[int, str], Decimal | None] = {}
        self._codes = {leaf.key: leaf.code for leaf in self.new.values()}
        self.notes = list(self._differences())

    def mark(self, line: str, answers: dict[int, str], missing: Counter[str]) -> tuple[Decimal | None, dict[str, Any]]:
        """The total of one sheet and what grades look at; None where something is missing, which is then counted."""
        points = {}
        for pk, text in answers.items():
            old = self.old.get(pk)
            new = self.new.get(old.code) if old else None
            if old and new:
                points[new.key] = self._points(old, new, text)
        if line not in self._sheets:
            self._sheets[line] = self.after.sheet.for_line(line)
        score = scoring.score_sheet(self._sheets[line], points)
        if score.missing:
            missing.update(self._codes[key] for key in score.missing)
            return None, {}
        detail = self.rubric.detail(score)
        return score.total, {name: value for name, value in detail.items() if name in gathering.ALL_FACTS and value}

    def _points(self, old: Criterion, new: Criterion, text: str) -> Decimal | None:
        if (old.pk, text) not in self._known:
            try:
                self._known[old.pk, text] = converted(old, new, json.loads(text))
            except scoring.AnswerError:
                self._known[old.pk, text] = None
        return self._known[old.pk, text]

    def _differences(self) -> Iterator[str]:
        """What happens to the answers, in words, in the order of the new sheet."""
        before = {leaf.code: leaf for leaf in self.old.values()}
        for code, new in self.new.items():
            old = before.get(code)
            if old is None:
                if new.asked:
                    yield f"{code} {new.title}：新增的指标，没有作答。"
            elif old.kind != new.kind:
                yield f"{code} {new.title}：类型由“{old.get_kind_display()}”改为“{new.get_kind_display()}”，原作答不能换算。"
            elif old.max_points != new.max_points:
                points = f"{scoring.plain(old.max_points)}分改为{scoring.plain(new.max_points)}分"
                how = "原得分按比例折算" if new.kind == Criterion.Kind.POINTS else "按原作答重新计分"
                yield f"{code} {new.title}：{points}，{how}。"
        gone = [code for code, old in before.items() if code not in self.new and old.asked]
        if gone:
            yield f"{'、'.join(gone)}：新标准没有这些指标，原作答不再计分。"


def converted(old: Criterion, new: Criterion, answer: dict[str, Any]) -> Decimal | None:
    """The points of an answer to the old criterion under the new one; None where it does not carry over."""
    if old.kind != new.kind:
        return None
    if new.kind == Criterion.Kind.POINTS:
        return _scaled(old, new, answer)
    if new.kind == Criterion.Kind.LEVELS:
        level = differences.matching_rules(old, new).get(str(answer.get("level", "")))
        return scoring.score_item(new.item, {"level": level})
    if new.kind in (Criterion.Kind.COUNT, Criterion.Kind.DEDUCT):
        keys = differences.matching_rules(old, new)
        if answer.get("times") is None:
            return None
        times = {keys[key]: number for key, number in answer["times"].items() if key in keys}
        return scoring.score_item(new.item, {"times": times})
    return scoring.score_item(new.item, answer)


def _scaled(old: Criterion, new: Criterion, answer: dict[str, Any]) -> Decimal | None:
    """In proportion to the new maximum, on the new step: 8 of 10 stays four fifths, so that no order is turned round."""
    if answer.get("points") in (None, "") or not old.max_points:
        return None
    value = scoring.to_decimal(answer["points"]) * new.max_points / old.max_points
    if new.step:
        value = (value / new.step).to_integral_value(ROUND_HALF_UP) * new.step
    return scoring.cents(max(min(value, new.max_points), new.floor or scoring.ZERO))
