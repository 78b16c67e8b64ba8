"""What changed between two submissions: two frozen contents (applications/snapshots.py) read against each other. No ORM.

A content of any schema is read; what one of the two does not know at all (a section, a detail) is no change.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from standards import differences
from standards.differences import Piece

BRANCH, FIELDS, PLAN, TASKS, ASSESSMENT, EVIDENCE = (
    "基本情况", "申报内容", "创建计划", "任务", "自评", "佐证材料",
)  # fmt: skip
SECTIONS = (BRANCH, FIELDS, PLAN, TASKS, ASSESSMENT, EVIDENCE)
EMPTY, ABSENT = "（未填写）", "（没有）"

Content = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """One thing that reads otherwise now. `code` names the criterion, "" elsewhere; `anchor` the place on the page."""

    section: str
    label: str
    before: str
    after: str
    code: str = ""
    anchor: str = ""

    @property
    def left(self) -> list[Piece]:
        return differences.pieces(self.before, self.after)[0]

    @property
    def right(self) -> list[Piece]:
        return differences.pieces(self.before, self.after)[1]


def compare(before: Content, after: Content) -> list[Change]:
    """Every change in the order of the printed form."""
    readers: list[tuple[str, Callable[[Any, Any], list[Change]]]] = [
        ("branch", _branch),
        ("fields", _fields),
        ("plan", _plan),
        ("tasks", _tasks),
        ("assessment", _assessment),
    ]
    found = [
        change
        for name, read in readers
        if before.get(name) is not None and after.get(name) is not None
        for change in read(before[name], after[name])
    ]
    return _road(before, after) + found + _evidence(before, after)


def by_section(changes: Sequence[Change]) -> list[tuple[str, list[Change]]]:
    """The changes under the headings they belong to; headings without one are left out."""
    sorted_out = [(section, [change for change in changes if change.section == section]) for section in SECTIONS]
    return [(section, group) for section, group in sorted_out if group]


def changed_codes(before: Content, after: Content) -> set[str]:
    """The criteria whose answer, remark or evidence is another one now."""
    return {change.code for change in compare(before, after) if change.code}


# The branch


def _road(before: Content, after: Content) -> list[Change]:
    if "road" not in before or "road" not in after:
        return []
    return _differing(BRANCH, "申报通道", before["road"], after["road"], anchor="part-branch")


def _branch(before: Content, after: Content) -> list[Change]:
    found: list[Change] = []
    for key, label in BRANCH_FACTS:
        if key in before and key in after:
            found += _differing(BRANCH, label, _text(before[key]), _text(after[key]), anchor="part-branch")
    if "secretary" in before and "secretary" in after:
        words = _secretary(before["secretary"]), _secretary(after["secretary"])
        found += _differing(BRANCH, "书记", *words, anchor="part-branch")
    if "committee" in before and "committee" in after:
        words = _members(before["committee"]), _members(after["committee"])
        found += _differing(BRANCH, "支委", *words, anchor="part-branch")
    return found


BRANCH_FACTS = (
    ("name", "党支部全称"),
    ("parent", "上级党组织"),
    ("line", "警种/序列"),
    ("founded_on", "成立时间"),
    ("term_ends_on", "本届届满"),
    ("full_members", "正式党员"),
    ("probationary_members", "预备党员"),
    ("officers", "民警"),
    ("auxiliaries", "辅警"),
    ("solid", "过硬支部"),
)


def _secretary(secretary: Content | None) -> str:
    if not secretary:
        return ""
    return _joined([secretary.get("name"), secretary.get("title"), secretary.get("since"), secretary.get("phone")])


def _members(members: Sequence[Content]) -> str:
    return "；".join(_joined([each.get("name"), each.get("post"), each.get("duties")]) for each in members)


# What the branch wrote


def _fields(before: Sequence[Content], after: Sequence[Content]) -> list[Change]:
    """By key; a field the track no longer asks for, or asks for since, counts as well."""
    earlier = {field["key"]: field for field in before}
    found = []
    for field in after:
        old = earlier.pop(field["key"], None)
        was = _text(old["value"]) if old else ABSENT
        found += _differing(FIELDS, field["label"], was, _text(field["value"]), anchor=f"field-{field['key']}")
    for field in earlier.values():
        found += _differing(FIELDS, field["label"], _text(field["value"]), ABSENT, anchor="part-fields")
    return found


def _plan(before: Sequence[Content], after: Sequence[Content]) -> list[Change]:
    """Measure by measure: the same words first, then what is left in its order (reworded), then what came or went."""
    pairs, left = [], list(before)
    for place, item in enumerate(after, 1):
        twin = next((old for old in left if old["measure"] == item["measure"]), None)
        if twin is not None:
            left.remove(twin)
        pairs.append((place, twin, item))
    fresh = iter(left)
    found = []
    for place, old, item in pairs:
        old = old if old is not None else next(fresh, None)
        was = _measure(old) if old is not None else ABSENT
        found += _differing(PLAN, f"第{place}条措施", was, _measure(item), anchor="part-plan")
    for old in fresh:
        found += _differing(PLAN, "删去的措施", _measure(old), ABSENT, anchor="part-plan")
    orders = [[item["measure"] for item in plan] for plan in (before, after)]
    if orders[0] != orders[1] and sorted(orders[0]) == sorted(orders[1]):
        found += _differing(PLAN, "措施的次序", "\n".join(orders[0]), "\n".join(orders[1]), anchor="part-plan")
    return found


MEASURE = (
    ("indicator", "指标"),
    ("baseline", "基数"),
    ("target", "目标值"),
    ("actual", "实际值"),
    ("responsible", "责任人"),
    ("due_on", "时限"),
)


def _measure(item: Content) -> str:
    details = [f"{label}：{_text(item[key])}" for key, label in MEASURE if item.get(key)]
    return "；".join([_text(item["measure"]), *details])


def _tasks(before: Sequence[Content], after: Sequence[Content]) -> list[Change]:
    earlier = {task["name"]: _task(task) for task in before}
    found = []
    for task in after:
        was = earlier.pop(task["name"], ABSENT)
        found += _differing(TASKS, task["name"], was, _task(task), anchor="part-tasks")
    for name, was in earlier.items():
        found += _differing(TASKS, name, was, ABSENT, anchor="part-tasks")
    return found


def _task(task: Content) -> str:
    words = [_text(task.get("held_on"))]
    if task.get("expected") is not None:
        words.append(f"应到{task['expected']}人，实到{task.get('present')}人")
    if task.get("auxiliaries") is not None:
        words.append(f"列席辅警{task['auxiliaries']}人")
    return "，".join(words)


# The criteria


def _assessment(before: Content, after: Content) -> list[Change]:
    found = []
    for label, read in (("评分标准", _rubric), ("自评合计", _total)):
        found += _differing(ASSESSMENT, label, read(before), read(after), anchor="part-assessment")
    earlier = _items(before)
    for code, item in _items(after).items():
        found += _answers(code, earlier.pop(code, None), item)
    for code, item in earlier.items():
        found += _answers(code, item, None)
    return found


def _rubric(assessment: Content) -> str:
    rubric = assessment.get("rubric", {})
    return f"{rubric.get('name', '')}（第{rubric.get('version', 1)}版）"


def _total(assessment: Content) -> str:
    return f"{assessment.get('total', '')}分{'' if assessment.get('complete', True) else '（尚未评完）'}"


def _items(assessment: Content) -> dict[str, Content]:
    return {item["code"]: item for top in assessment.get("dimensions", []) for item in top["items"]}


def _answers(code: str, old: Content | None, new: Content | None) -> list[Change]:
    """The answer and the remark of one criterion, each where it differs."""
    item = new or old
    assert item is not None
    name, place = f"{code} {item['title']}", {"code": code, "anchor": f"item-{code}"}
    # Words are compared only where both contents have them: the first schema knew points alone.
    worded = all(each is None or "said" in each for each in (old, new))
    was, now = (ABSENT if each is None else _answer(each, worded) for each in (old, new))
    found = _differing(ASSESSMENT, name, was, now, **place)
    if old and new:
        remarks = _text(old.get("remark")), _text(new.get("remark"))
        found += _differing(ASSESSMENT, f"{name}·说明", *remarks, **place)
    return found


def _answer(item: Content, worded: bool) -> str:
    points = f"{item['points']}分" if item["points"] else "未评"
    if not worded or not item["said"]:
        return points if item["kind"] not in ("veto", "plain") or item["points"] else ""
    if item["kind"] == "points" or not item["points"]:
        return item["said"] if item["kind"] == "veto" else points
    return f"{points}，{item['said']}"


def _evidence(before: Content, after: Content) -> list[Change]:
    """Per criterion the files cited, told apart by their content and not by their names."""
    if before.get("evidence") is None or after.get("evidence") is None:
        return []
    titles = {code: item["title"] for each in (before, after) for code, item in _titled(each)}
    old, new = _cited(before["evidence"]), _cited(after["evidence"])
    codes = [code for code in titles if code in old or code in new]
    codes += sorted({*old, *new} - set(codes))
    found = []
    for code in codes:
        was, now = old.get(code, {}), new.get(code, {})
        if was.keys() != now.keys():
            label = f"{code} {titles.get(code, '')}".strip()
            words = _files(was, now), _files(now, was)
            found.append(Change(EVIDENCE, label, *words, code=code, anchor="part-evidence"))
    return found


def _titled(content: Content) -> list[tuple[str, Content]]:
    return list(_items(content.get("assessment") or {}).items())


def _cited(evidence: Sequence[Content]) -> dict[str, dict[str, str]]:
    cited: dict[str, dict[str, str]] = {}
    for citation in evidence:
        cited.setdefault(citation["criterion"], {})[citation["sha256"]] = citation["name"]
    return cited


def _files(files: Mapping[str, str], others: Mapping[str, str]) -> str:
    """Their names; one whose name the other side has for another content shows by which content it is another."""
    renewed = {name for sha256, name in others.items() if sha256 not in files}
    return "\n".join(
        f"{name}（内容 {sha256[:8]}）" if sha256 not in others and name in renewed else name
        for sha256, name in files.items()
    ) or ABSENT  # fmt: skip


# Words


def _differing(section: str, label: str, before: str, after: str, **place: str) -> list[Change]:
    if before == after:
        return []
    return [Change(section, label, before or EMPTY, after or EMPTY, **place)]


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _joined(values: Sequence[Any]) -> str:
    """“书记A（所长，2024-03-01）”: the first by name, the rest in brackets."""
    first, *rest = [_text(value) for value in values]
    known = "，".join(value for value in rest if value)
    return f"{first}（{known}）" if known else first


def counted(changes: Sequence[Change]) -> str:
    """“申报内容2处，自评3处”."""
    return "，".join(f"{section}{len(group)}处" for section, group in by_section(changes))
