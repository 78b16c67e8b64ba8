"""Two versions of a rubric side by side: a pure reading of two outlines, for the screen, Excel and running tracks.

Criteria are matched by their code; what is left over by the same title and text (renumbered). What may happen to one:
added, removed, reworded, re-weighted, scored by other rules, moved.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from standards.models import Criterion, Rubric, ScoreRule
from standards.scoring import plain

ADDED, REMOVED, REWORDED, REWEIGHTED, RULES, MOVED = "added", "removed", "reworded", "reweighted", "rules", "moved"
KINDS = {
    ADDED: "新增", REMOVED: "删除", REWORDED: "改写", REWEIGHTED: "调整分值", RULES: "计分规则变化", MOVED: "调整位置",
}  # fmt: skip
# Texts that differ in more places than this are shown whole: comparing them sign by sign would take too long.
LONGEST = 6000


@dataclass(frozen=True)
class Piece:
    """A run of text that is the same on both sides, or stands only on one."""

    text: str
    changed: bool


@dataclass(frozen=True)
class Field:
    """One thing said of a criterion, on both sides; `kind` is the sort of change it amounts to."""

    label: str
    kind: str
    before: str
    after: str

    @property
    def left(self) -> list[Piece]:
        return pieces(self.before, self.after)[0]

    @property
    def right(self) -> list[Piece]:
        return pieces(self.before, self.after)[1]


@dataclass(frozen=True)
class Change:
    """What became of one criterion; `kinds` in the order of KINDS, empty where nothing changed."""

    old: Criterion | None
    new: Criterion | None
    kinds: tuple[str, ...]
    fields: tuple[Field, ...] = ()

    @property
    def labels(self) -> list[str]:
        return [KINDS[kind] for kind in self.kinds]

    @property
    def level(self) -> int:
        return one_of(self).level


def one_of(change: Change) -> Criterion:
    """The criterion as it is now, or as it was where it is gone."""
    found = change.new or change.old
    assert found is not None
    return found


# Comparing


def compare(old: Sequence[Criterion], new: Sequence[Criterion]) -> list[Change]:
    """Every criterion of both outlines in the order of the new one; what was removed stands where it used to."""
    pairs = match(old, new)
    codes = {before.pk: pairs[before.pk].code for before in old if before.pk in pairs}
    strayed = _strayed(old, new, pairs)
    origin = {after.pk: before for before in old if (after := pairs.get(before.pk))}
    changes = [_change(origin.get(after.pk), after, codes, strayed) for after in new]
    return _with_removed(changes, old, pairs)


def rubric_fields(old: Rubric, new: Rubric) -> list[Field]:
    """What differs between the two as wholes: name, total and how it is arrived at."""
    whole: list[tuple[str, str, Callable[[Rubric], str]]] = [
        ("名称", REWORDED, lambda r: r.name),
        ("出处", REWORDED, lambda r: r.source),
        ("总分", REWEIGHTED, lambda r: plain(r.total_points)),
        ("不适用项按比例折算", RULES, lambda r: _yes(r.rescale)),
        ("加分后不超过总分", RULES, lambda r: _yes(r.cap_total)),
    ]
    said = [Field(label, kind, read(old), read(new)) for label, kind, read in whole]
    return [field for field in said if field.before != field.after]


def match(old: Sequence[Criterion], new: Sequence[Criterion]) -> dict[int, Criterion]:
    """The new criterion for each old one (by primary key): the same code, else the same title and text."""
    by_code = {criterion.code: criterion for criterion in new}
    pairs = {criterion.pk: by_code[criterion.code] for criterion in old if criterion.code in by_code}
    taken = {criterion.pk for criterion in pairs.values()}
    free: dict[tuple[str, str], list[Criterion]] = {}
    for criterion in new:
        if criterion.pk not in taken:
            free.setdefault((criterion.title, criterion.text), []).append(criterion)
    for criterion in old:
        if criterion.pk not in pairs and (same := free.get((criterion.title, criterion.text))):
            pairs[criterion.pk] = same.pop(0)
    return pairs


def matching_rules(old: Criterion, new: Criterion) -> dict[str, str]:
    """The new rule for each old one, by key: the same label, else the same place in a list as long as the other.

    Only rules that are answered in the same way match: a number of times is no measured value, a day is no person.
    """
    before, after = list(old.rules.all()), list(new.rules.all())
    pairs: dict[str, str] = {}
    for rule in before:
        same = next(
            (r for r in after if str(r.pk) not in pairs.values() and r.label.strip() == rule.label.strip()), None
        )
        if same and _answered_alike(rule, same):
            pairs[str(rule.pk)] = str(same.pk)
    if len(before) == len(after):
        for one, other in zip(before, after, strict=True):
            untold = str(one.pk) not in pairs and str(other.pk) not in pairs.values()
            if untold and _answered_alike(one, other):
                pairs[str(one.pk)] = str(other.pk)
    return pairs


def _answered_alike(one: ScoreRule, other: ScoreRule) -> bool:
    return one.value.measured == other.value.measured and one.unit == other.unit


def _change(before: Criterion | None, after: Criterion, codes: dict[int, str], strayed: set[int]) -> Change:
    if before is None:
        return Change(None, after, (ADDED,))
    fields = [Field(label, kind, read(before), read(after)) for label, kind, read in FIELDS]
    fields = [field for field in fields if field.before != field.after]
    fields += _rule_fields(before, after)
    kinds = {field.kind for field in fields}
    parents = (codes.get(before.parent_id or 0, ""), after.parent.code if after.parent else "")
    if before.code != after.code:
        fields.append(Field("编号", MOVED, before.code, after.code))
        kinds.add(MOVED)
    if parents[0] != parents[1] or before.pk in strayed:
        fields.append(Field("位置", MOVED, _place(before), _place(after)))
        kinds.add(MOVED)
    return Change(before, after, tuple(kind for kind in KINDS if kind in kinds), tuple(fields))


def _rule_fields(before: Criterion, after: Criterion) -> list[Field]:
    """The rules that differ, each beside its counterpart; what has none stands alone."""
    pairs = matching_rules(before, after)
    later = {str(rule.pk): rule.sentence for rule in after.rules.all()}
    fields = []
    for rule in before.rules.all():
        sentence = later.pop(pairs.get(str(rule.pk), ""), "")
        if rule.sentence != sentence:
            fields.append(Field("细则", RULES, rule.sentence, sentence))
    return fields + [Field("细则", RULES, "", sentence) for sentence in later.values()]


def _strayed(old: Sequence[Criterion], new: Sequence[Criterion], pairs: dict[int, Criterion]) -> set[int]:
    """Old criteria that stand in another order among those that stayed under the same parent."""
    strayed: set[int] = set()
    for parent in {criterion.parent_id for criterion in old}:
        stayed = [c for c in old if c.parent_id == parent and c.pk in pairs]
        twin = pairs.get(parent or 0)
        siblings = [c.pk for c in new if (c.parent_id == twin.pk if twin else c.parent_id is None)]
        before = [c.pk for c in stayed if pairs[c.pk].pk in siblings]
        back = {pairs[c.pk].pk: c.pk for c in stayed}
        after = [back[pk] for pk in siblings if pk in back]
        blocks = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
        kept = {pk for block in blocks for pk in before[block.a : block.a + block.size]}
        strayed |= set(before) - kept
    return strayed


def _with_removed(changes: list[Change], old: Sequence[Criterion], pairs: dict[int, Criterion]) -> list[Change]:
    """The changes with the removed criteria put in after what stood before them."""
    after: dict[int | None, list[Change]] = {}
    last: int | None = None
    for criterion in old:
        if twin := pairs.get(criterion.pk):
            last = twin.pk
        else:
            after.setdefault(last, []).append(Change(criterion, None, (REMOVED,)))
    woven = list(after.get(None, []))
    for change in changes:
        woven.append(change)
        woven += after.get(one_of(change).pk, [])
    return woven


def _place(criterion: Criterion) -> str:
    return f"{criterion.parent.code} {criterion.parent.title} 之下" if criterion.parent else "一级维度"


def _yes(value: bool) -> str:
    return "是" if value else "否"


def _joined(values: Sequence[Any]) -> str:
    return "、".join(str(value) for value in values)


def _effect(criterion: Criterion) -> str:
    if criterion.kind != Criterion.Kind.VETO:
        return ""
    return f"{criterion.get_veto_effect_display()}{f'（不高于{criterion.veto_cap}）' if criterion.veto_cap else ''}"


FIELDS: list[tuple[str, str, Callable[[Criterion], str]]] = [
    ("名称", REWORDED, lambda c: c.title),
    ("标准原文", REWORDED, lambda c: c.text),
    ("制度依据", REWORDED, lambda c: c.regulation),
    ("核验方式", REWORDED, lambda c: c.verify),
    ("看听学比", REWORDED, lambda c: c.method),
    ("佐证提示", REWORDED, lambda c: _joined(c.evidence_hints)),
    ("对应四强", REWORDED, lambda c: c.strong),
    ("说明", REWORDED, lambda c: c.note),
    ("分值", REWEIGHTED, lambda c: plain(c.max_points)),
    ("折算权重%", REWEIGHTED, lambda c: plain(c.weight)),
    ("得星线", REWEIGHTED, lambda c: plain(c.line)),
    ("加分项", REWEIGHTED, lambda c: _yes(c.is_bonus)),
    ("类型", RULES, lambda c: c.get_kind_display()),
    ("步长", RULES, lambda c: plain(c.step)),
    ("最低分", RULES, lambda c: plain(c.floor) or "不设"),
    ("合计方式", RULES, lambda c: c.get_pick_display()),
    ("否决后果", RULES, _effect),
    ("适用警种", RULES, lambda c: _joined(c.lines) or "全部"),
]


# Texts, sign by sign


def pieces(before: str, after: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts cut into what is the same and what is not: by sign in Chinese, by word in figures and letters."""
    left, right = _tokens(before), _tokens(after)
    if not before or not after or len(left) + len(right) > LONGEST:
        return [Piece(before, True)] if before else [], [Piece(after, True)] if after else []
    cut: tuple[list[Piece], list[Piece]] = ([], [])
    for tag, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        # One sign that happens to be the same between two changes only makes them harder to read.
        edge = a == 0 or b == len(left)
        same = tag == "equal" and (b - a > 1 or edge)
        _add(cut[0], "".join(left[a:b]), not same)
        _add(cut[1], "".join(right[c:d]), not same)
    return cut


def _tokens(text: str) -> list[str]:
    return re.findall(r"[A-Za-z]+|\d+(?:\.\d+)?%?|\s+|.", text, re.DOTALL)


def _add(run: list[Piece], text: str, changed: bool) -> None:
    """Append a piece, joined with the one before it where both are of a kind."""
    if not text:
        return
    if run and run[-1].changed == changed:
        run[-1] = Piece(run[-1].text + text, changed)
    else:
        run.append(Piece(text, changed))
