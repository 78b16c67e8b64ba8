"""From the fields of a page to an answer the arithmetic understands, and back: one naming for every scoring page.

The fields of a criterion carry its key: `c7-points`, `c7-level`, `c7-met`, `c7-t31` (times by rule 31), `c7-remark`,
`c7-version`. What was typed is passed on as typed; `standards.scoring` says what is wrong with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError

from branches import keys
from standards import scoring, wording
from standards.models import Criterion, ScoredAnswer, ScoreRule


def answer_from(data: Mapping[str, str], criterion: Criterion) -> dict[str, Any]:
    """The answer in a page's POST data; {} where nothing was filled in."""
    prefix = f"c{criterion.key}-"
    if criterion.kind == scoring.POINTS:
        typed = data.get(f"{prefix}points", "").strip()
        return {"points": typed} if typed else {}
    if criterion.kind == scoring.LEVELS:
        chosen = data.get(f"{prefix}level", "")
        return {"level": chosen} if chosen else {}
    if criterion.kind in (scoring.COUNT, scoring.DEDUCT):
        typed_times = {str(rule.pk): data.get(f"{prefix}t{rule.pk}", "").strip() for rule in criterion.rules.all()}
        return {"times": typed_times} if any(typed_times.values()) else {}
    if criterion.kind == scoring.CHECK or (criterion.kind == scoring.VETO and criterion.asked):
        met = data.get(f"{prefix}met", "")
        return {"met": met == "yes"} if met in ("yes", "no") else {}
    return {}


def shown(criterion: Criterion, answer: Mapping[str, Any] | None) -> dict[str, str]:
    """The values of the criterion's fields for an answer, by field name: the reverse of `answer_from`."""
    answer, prefix = answer or {}, f"c{criterion.key}-"
    if criterion.kind == scoring.POINTS:
        return {f"{prefix}points": str(answer.get("points", ""))}
    if criterion.kind == scoring.LEVELS:
        return {f"{prefix}level": str(answer.get("level", ""))}
    if criterion.kind in (scoring.COUNT, scoring.DEDUCT):
        times = answer.get("times") or {}
        return {f"{prefix}t{rule.pk}": str(times.get(str(rule.pk), "")) for rule in criterion.rules.all()}
    if criterion.kind == scoring.CHECK or (criterion.kind == scoring.VETO and criterion.asked):
        met = answer.get("met")
        return {f"{prefix}met": "" if met is None else "yes" if met else "no"}
    return {}


def version_in(data: Mapping[str, str], criterion: Criterion) -> int:
    """The version of the answer the page was showing; 0 where it showed none."""
    return keys.number_in(data.get(f"c{criterion.key}-version", ""))


def theirs(criterion: Criterion, saved: ScoredAnswer | None) -> dict[str, Any]:
    """What a script shows beside one's own words when somebody else has saved the item meanwhile."""
    return {
        "version": saved.version if saved else 0,
        "fields": {
            **shown(criterion, saved.answer if saved else {}),
            f"c{criterion.key}-remark": saved.remark if saved else "",
        },
        "earned": scoring.plain(saved.points) if saved and criterion.scored else "",
        "by": saved.last_hand if saved else "他人",
    }


class Standing(NamedTuple):
    """What a page without scripts shows with a row that was refused, so that saving once more means what it says."""

    version: int
    words: str

    @classmethod
    def after(cls, refusal: ValidationError, criterion: Criterion, saved: ScoredAnswer | None, sent: int) -> "Standing":
        """Out of date: the version that stands now and what it says. Wrong in itself: still the version that was sent."""
        if getattr(refusal, "code", "") != "stale":
            return cls(sent, "")
        if saved is None:
            return cls(0, "现在没有已保存的内容；再次保存即以您填的为准。")
        said = entry(criterion, saved.answer).words or "未作答"
        remark = f"，说明：{saved.remark}" if saved.remark else ""
        return cls(saved.version, f"现在保存的是：{said}{remark}；再次保存即以您填的为准。")


# What `standards/_answer.html` draws


class Line(NamedTuple):
    """One line to count or to measure by, its field, and what stands in it."""

    rule: ScoreRule
    name: str
    value: str

    @property
    def short(self) -> str:
        """The sentence without the label, which stands beside it."""
        return self.rule.sentence.removeprefix(self.rule.label).removeprefix("：")


class Option(NamedTuple):
    """One choice of a level, of 符合/不符合 or of 未发生/发生; `key` is the digit that chooses it."""

    value: str
    label: str
    detail: str
    chosen: bool
    key: int
    bad: bool = False


@dataclass(frozen=True)
class Entry:
    """One criterion and an answer to it, saved or as typed: everything its input control shows."""

    criterion: Criterion
    answer: Mapping[str, Any]

    @property
    def asked(self) -> bool:
        return self.criterion.asked

    @property
    def scored(self) -> bool:
        return self.criterion.scored

    @cached_property
    def values(self) -> dict[str, str]:
        return shown(self.criterion, self.answer)

    @property
    def name(self) -> str:
        """The one field of a criterion that has only one: points, level or yes/no."""
        return next(iter(self.values), "")

    @property
    def value(self) -> str:
        return next(iter(self.values.values()), "")

    @property
    def lines(self) -> list[Line]:
        """The lines of a count or deduct."""
        if self.criterion.kind not in (scoring.COUNT, scoring.DEDUCT):
            return []
        prefix = f"c{self.criterion.key}-t"
        rules = self.criterion.rules.all()
        return [Line(rule, name := f"{prefix}{rule.pk}", self.values[name]) for rule in rules]

    @property
    def options(self) -> list[Option]:
        """What can be chosen; none for what is typed."""
        kind, value = self.criterion.kind, self.value
        if kind == scoring.LEVELS:
            return [
                Option(str(rule.pk), rule.label, wording.points(rule.points), value == str(rule.pk), place)
                for place, rule in enumerate(self.criterion.rules.all(), 1)
            ]
        if kind == scoring.CHECK:
            full = wording.points(self.criterion.max_points)
            return [
                Option("yes", wording.MET, full, value == "yes", 1),
                Option("no", wording.NOT_MET, "0分", value == "no", 2),
            ]
        if kind == scoring.VETO and self.asked:
            return [
                Option("yes", wording.NOTHING_HAPPENED, "", value == "yes", 1),
                Option("no", wording.HAPPENED, "", value == "no", 2, bad=True),
            ]
        return []

    @property
    def range(self) -> str:
        """What may be given: “0–4分，每档0.5分”."""
        return wording.range_of(self.criterion.item)

    @property
    def blank_hint(self) -> str:
        """What to do with a line of which there is nothing to tell."""
        counted = any(rule.threshold is None for rule in self.criterion.rules.all())
        return "没有的填0" if counted else "填写实际数值"

    @property
    def lowest(self) -> str:
        return scoring.plain(self.criterion.floor or scoring.ZERO)

    @property
    def consequence(self) -> str:
        """What follows where a veto item happened."""
        return wording.consequence(self.criterion.item) if self.criterion.kind == scoring.VETO else ""

    @property
    def words(self) -> str:
        """The answer as it is printed."""
        return wording.answer_words(self.criterion.item, self.answer)


def entry(criterion: Criterion, answer: Mapping[str, Any] | None) -> Entry:
    """What the input of the criterion shows for an answer; {} or None for a blank one."""
    return Entry(criterion, answer or {})
