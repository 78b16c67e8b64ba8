"""What replacing a running track's standard would do to every answer: read and computed, nothing written.

The same reading is shown before the decision and carried out after it, so that page and deed cannot differ; `digest`
tells whether anything changed in between.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from applications.models import Application, Assessment, CheckItem, Citation
from applications.states import Status
from standards import differences, scoring
from standards.models import Criterion, Rubric, Track

# What becomes of one answer.
KEPT, RESCORED, PARTLY, DROPPED = "kept", "rescored", "partly", "dropped"
FATES = {KEPT: "沿用", RESCORED: "沿用并重新计分", PARTLY: "沿用但须补填", DROPPED: "不再适用"}
STAYS = "新版仍有"
GONE, OTHER_LINE, OTHER_KIND, NEW = "新版没有这一项", "新版这一项不适用于本警种", "计分方式变了", "新增，须填写"
# Whose answers: the branch's own and its committee's.
TABLES: dict[str, Any] = {"self": Assessment, "check": CheckItem}


@dataclass(frozen=True, slots=True)
class Fate:
    """One stored answer and what becomes of it; `points` before and after."""

    table: str
    pk: int
    application: int
    old: int
    new: int | None
    code: str
    kind: str
    before: Decimal | None
    after: Decimal | None
    given: dict[str, Any]
    answer: dict[str, Any]
    remark: str
    why: str = ""


@dataclass(slots=True)
class Effect:
    """One application: its answers, what is left to fill in, and its total before and after."""

    application: Application
    fates: list[Fate] = field(default_factory=list)
    checks: list[Fate] = field(default_factory=list)
    uncited: list[Citation] = field(default_factory=list)
    missing: tuple[str, ...] = ()
    score: scoring.SheetScore | None = None

    @property
    def before(self) -> Decimal | None:
        return self.application.self_score

    @property
    def after(self) -> Decimal | None:
        return self.score.total if self.score else None

    @property
    def touched(self) -> list[Fate]:
        """The branch's answers that do not stay as they are, in the order of the standard."""
        return [fate for fate in self.fates if fate.kind != KEPT]

    @property
    def returned(self) -> bool:
        """Handed in, and no longer what the secretary signed: it must go back to be filled in and signed again."""
        changed = bool(self.touched or self.missing or self.uncited or self.before != self.after)
        return self.application.status == Status.SUBMITTED and changed

    def count(self, kind: str) -> int:
        return sum(fate.kind == kind for fate in self.fates)


@dataclass
class Row:
    """One criterion of either version: how many answers are kept, rescored, dropped, and how many branches owe it."""

    code: str
    title: str
    fate: str
    note: str = ""
    numbers: Counter = field(default_factory=Counter)


@dataclass
class Plan:
    """Everything that would happen."""

    track: Track
    new: Rubric
    effects: list[Effect]

    @cached_property
    def rows(self) -> list[Row]:
        """Per criterion, in the order of the new version, what is gone at the end."""
        return _rows(self)

    @cached_property
    def returned(self) -> list[Effect]:
        return [effect for effect in self.effects if effect.returned]

    @cached_property
    def totals(self) -> Counter:
        return Counter(fate.kind for effect in self.effects for fate in effect.fates)

    @cached_property
    def digest(self) -> str:
        """A mark of the whole: another one later means that something changed meanwhile."""
        said = [
            [effect.application.pk, effect.application.status, effect.application.returns, str(effect.before)]
            + [[f.table, f.pk, f.kind, str(f.before), str(f.after), f.given, f.remark] for f in _all(effect)]
            + [str(effect.after), effect.missing, [citation.pk for citation in effect.uncited]]
            for effect in self.effects
        ]
        whole = [self.track.pk, self.track.rubric_id, self.new.pk, self.new.content_hash, said]
        text = json.dumps(whole, cls=DjangoJSONEncoder, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def _all(effect: Effect) -> Iterable[Fate]:
    return [*effect.fates, *effect.checks]


# Reading


def plan_for(track: Track, new: Rubric) -> Plan:
    """Read every answer of the track and say what becomes of it: four queries, however many branches there are."""
    applications = Application.objects.filter(track=track).select_related("branch").order_by("pk")
    effects = {application.pk: Effect(application) for application in applications}
    for effect in effects.values():
        effect.application.track = track
    translator = _Translator(track.rubric, new)
    lines = {pk: effect.application.branch.line for pk, effect in effects.items()}
    for table, model in TABLES.items():
        fields = ("pk", "application_id", "criterion_id", "answer", "points", "remark")
        rows = model.objects.filter(application__track=track).order_by("application_id", "criterion__order", "pk")
        for pk, owner, *rest in rows.values_list(*fields):
            if owner not in effects:  # joined a moment ago: nothing of it was read
                continue
            fate = translator.fate(table, pk, owner, lines[owner], *rest)
            (effects[owner].fates if table == "self" else effects[owner].checks).append(fate)
    cited = Citation.objects.filter(application__track=track).select_related("evidence").order_by("pk")
    for citation in cited:
        owner = effects.get(citation.application_id)
        if owner and translator.twin(citation.criterion_id, lines[citation.application_id]) is None:
            owner.uncited.append(citation)
    _score(new, effects.values())
    return Plan(track, new, list(effects.values()))


def _score(new: Rubric, effects: Iterable[Effect]) -> None:
    """The totals under the new version; an application in which nothing was filled in stays without one."""
    sheets: dict[str, scoring.Sheet] = {}
    codes = {leaf.key: leaf.code for leaf in new.outline}
    for effect in effects:
        line = effect.application.branch.line
        sheet = sheets.setdefault(line, new.sheet.for_line(line)) if line not in sheets else sheets[line]
        points = {str(fate.new): fate.after for fate in effect.fates if fate.new}
        score = scoring.score_sheet(sheet, points)
        effect.missing = tuple(codes[key] for key in score.missing)
        if effect.fates or effect.before is not None:
            effect.score = score


class _Translator:
    """Answers from the old standard to the new one; equal answers are translated once."""

    def __init__(self, old: Rubric, new: Rubric) -> None:
        by_code = {criterion.code: criterion for criterion in new.outline if not criterion.is_group}
        self.old = {criterion.pk: criterion for criterion in old.outline}
        self.twins = {pk: by_code.get(criterion.code) for pk, criterion in self.old.items()}
        self.rules = {
            pk: differences.matching_rules(self.old[pk], twin) for pk, twin in self.twins.items() if twin is not None
        }
        self.known: dict[tuple[int, str], tuple[dict, Decimal | None, str]] = {}

    def twin(self, criterion: int, line: str) -> Criterion | None:
        """The criterion that takes the old one's place for a branch of this 警种."""
        found = self.twins.get(criterion)
        return found if found is not None and found.item.applies_to(line) else None

    def fate(
        self,
        table: str,
        pk: int,
        owner: int,
        line: str,
        criterion: int,
        answer: dict,
        before: Decimal | None,
        remark: str,
    ) -> Fate:
        old, new = self.old.get(criterion), self.twin(criterion, line)
        code = old.code if old else ""
        if old is None or new is None:
            why = OTHER_LINE if self.twins.get(criterion) else GONE
            return Fate(table, pk, owner, criterion, None, code, DROPPED, before, None, answer, {}, remark, why)
        translated, after, why = self._translated(old, new, answer)
        if why:
            # The criterion is still there: it is asked afresh, the old answer is kept on record.
            return Fate(table, pk, owner, criterion, None, code, DROPPED, before, None, answer, {}, remark, why)
        kind = KEPT if after == before else PARTLY if after is None else RESCORED
        return Fate(table, pk, owner, criterion, new.pk, code, kind, before, after, answer, translated, remark)

    def _translated(self, old: Criterion, new: Criterion, answer: dict) -> tuple[dict, Decimal | None, str]:
        """The answer as the new criterion understands it, its points, and why it does not fit ("" where it does)."""
        key = (old.pk, json.dumps(answer, sort_keys=True))
        if key not in self.known:
            self.known[key] = self._translate(old, new, answer)
        return self.known[key]

    def _translate(self, old: Criterion, new: Criterion, answer: dict) -> tuple[dict, Decimal | None, str]:
        if answer and (old.kind != new.kind or old.asked != new.asked):
            return {}, None, OTHER_KIND
        try:
            translated = self._in_new_rules(old, answer)
            return translated, scoring.score_item(new.item, translated), ""
        except scoring.AnswerError as error:
            return {}, None, error.message

    def _in_new_rules(self, old: Criterion, answer: dict) -> dict:
        """The answer with the keys of the new rules. Raises AnswerError for a line that counted and is no more."""
        pairs = self.rules[old.pk]
        if level := answer.get("level"):
            return {**answer, "level": _paired(pairs, old, str(level))}
        if "times" not in answer:
            return dict(answer)
        times = {}
        for key, number in (answer["times"] or {}).items():
            if key in pairs:
                times[pairs[key]] = number
            elif str(number).strip() not in ("", "0"):
                _paired(pairs, old, key)
        return {**answer, "times": times}


def _paired(pairs: dict[str, str], old: Criterion, key: str) -> str:
    if key in pairs:
        return pairs[key]
    label = next((rule.label for rule in old.rules.all() if str(rule.pk) == key), "")
    raise scoring.AnswerError(f"新版没有“{label}”这一条。", "rule_gone")


# Per criterion


def _rows(plan: Plan) -> list[Row]:
    numbers: dict[str, Counter] = {}
    for effect in plan.effects:
        for fate in effect.fates:
            numbers.setdefault(fate.code, Counter())[fate.kind] += 1
        for code in effect.missing:
            numbers.setdefault(code, Counter())["missing"] += 1
    changes = differences.compare(plan.track.rubric.outline, plan.new.outline)
    changed = {differences.one_of(change).code: change for change in changes if change.old and change.new}
    before = {leaf.code: leaf for leaf in plan.track.rubric.outline if not leaf.is_group}
    after = {leaf.code: leaf for leaf in plan.new.outline if not leaf.is_group}
    rows = []
    for code, leaf in after.items():
        change = changed.get(code)
        words = "、".join(change.labels) if change and change.old and change.old.code == code else ""
        becomes = STAYS if code in before else NEW if leaf.asked else "新增"
        rows.append(
            Row(code, leaf.title, becomes, words or ("未改动" if code in before else ""), numbers.get(code, Counter()))
        )
    gone = [code for code in before if code not in after]
    return rows + [Row(code, before[code].title, GONE, "", numbers.get(code, Counter())) for code in gone]
