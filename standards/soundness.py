"""Whether a rubric hangs together: the totals at every level, and what keeps it from being published, in words."""

from dataclasses import dataclass
from decimal import Decimal

from standards import scoring
from standards.models import Criterion, Rubric

LEVELS = 3
# Of one criterion; the editor shows them all at once.
MOST_RULES = 100


@dataclass(frozen=True)
class Problem:
    """What is wrong and at which criterion (its code; "" for the whole); a warning does not keep from publishing."""

    code: str
    text: str
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.code}：{self.text}" if self.code else self.text


@dataclass(frozen=True)
class Totals:
    """What the parts come to at each group (by criterion key), in all without bonus, and the bonus on top."""

    groups: dict[str, Decimal]
    regular: Decimal
    bonus: Decimal


def totals(rubric: Rubric) -> Totals:
    """The points that can be had, counted from the items up; what each 警种 comes to is judged by `problems`."""
    sheet = rubric.sheet
    uncapped = {group.key: _sum(group) for group in sheet.groups}
    bonus = sum((d.reachable * d.weight / scoring.HUNDRED for d in sheet.dimensions if d.bonus), scoring.ZERO)
    return Totals(uncapped, sheet.reachable, bonus)


def _sum(group: scoring.Group) -> Decimal:
    """What the parts of a group come to before its own cap."""
    values = [
        part.reachable if isinstance(part, scoring.Group) else part.max_points
        for part in group.parts
        if isinstance(part, scoring.Group) or part.scored
    ]
    return max(values, default=scoring.ZERO) if group.pick == scoring.HIGHEST else sum(values, scoring.ZERO)


def problems(rubric: Rubric) -> list[Problem]:
    """Everything that is wrong with the rubric, in reading order, the totals last."""
    found = [problem for criterion in rubric.outline for problem in _of(criterion)]
    if not any(leaf.scored for top in rubric.dimensions for leaf in top.leaves):
        found.append(Problem("", "没有任何计分的指标。"))
    return found + ([] if rubric.rescale else _sums(rubric))


def _of(criterion: Criterion) -> list[Problem]:
    """What is wrong with one criterion by itself."""
    code, kind, found = criterion.code, criterion.kind, []
    rules = list(criterion.rules.all())
    if criterion.level > LEVELS:
        found.append(Problem(code, f"层级超过{LEVELS}级。"))
    if criterion.parts and not criterion.is_group:
        found.append(Problem(code, "下面还有指标，类型应为“分组”。"))
    if criterion.is_group and not criterion.parts:
        found.append(Problem(code, "分组下没有指标。"))
    if kind in scoring.RULED_KINDS and not rules:
        found.append(Problem(code, f"{criterion.get_kind_display()}须列出计分细则。"))
    if kind in (scoring.POINTS, scoring.DEDUCT, scoring.CHECK) and not criterion.max_points:
        found.append(Problem(code, "没有填分值。"))
    if kind == scoring.POINTS and criterion.step and criterion.max_points % criterion.step:
        found.append(Problem(code, f"分值不是步长{scoring.plain(criterion.step)}的整数倍，打不到满分。"))
    if criterion.floor is not None and criterion.floor > criterion.max_points > 0:
        found.append(Problem(code, "最低分高于分值。"))
    if kind == scoring.LEVELS and rules and max(rule.points for rule in rules) != criterion.max_points:
        highest = scoring.plain(max(rule.points for rule in rules))
        found.append(Problem(code, f"最高等次{highest}分，与分值{scoring.plain(criterion.max_points)}分不符。"))
    if kind == scoring.VETO and criterion.veto_effect == scoring.CAP_GRADE and not criterion.veto_cap:
        found.append(Problem(code, "限制等次的否决项须写明最高等次。"))
    if criterion.parent_id and criterion.is_bonus:
        found.append(Problem(code, "加分项须设在一级维度上。"))
    if criterion.parent_id and criterion.weight != scoring.HUNDRED:
        found.append(Problem(code, "折算权重须设在一级维度上。"))
    if kind not in (scoring.GROUP, scoring.PLAIN) and not criterion.text.strip():
        found.append(Problem(code, "没有标准原文。", warning=True))
    return found


def _sums(rubric: Rubric) -> list[Problem]:
    """Groups against the sum of their parts and the whole against the declared total, for every 警种 that differs.

    Where items of some 警种 are simply left out, the others' full points are out of their reach: that is a warning as
    long as some 警种 reaches them. More than can count, or what nobody reaches, keeps from publishing.
    """
    criteria = {criterion.key: criterion for criterion in rubric.outline}
    named = sorted({line for criterion in rubric.outline for line in criterion.lines})
    # "" stands for every 警种 that no criterion names.
    lines = {line: _reached(rubric.sheet.for_line(line), criteria) for line in ["", *named]}
    declared = {key: criteria[key].max_points for key in lines[""] if key} | {"": rubric.total_points}
    found = []
    for key, own in declared.items():
        reached_by_some = any(reached[key] == own for reached in lines.values())
        for line, reached in lines.items():
            reach = reached[key]
            if reach == own:
                continue
            said = "各维度合计{}分，与总分{}分不符" if not key else "下级合计{}分，与本级分值{}分不符"
            whose = f"（{line}）" if line else "（其他警种）" if named else ""
            warning = (reached_by_some and reach < own) or (bool(key) and _under_bonus(criteria[key]))
            text = f"{said.format(scoring.plain(reach), scoring.plain(own))}{whose}。"
            found.append(Problem(criteria[key].code if key else "", text, warning))
    return list(dict.fromkeys(found))


def _reached(sheet: scoring.Sheet, criteria: dict[str, Criterion]) -> dict[str, Decimal]:
    """What each regular group with declared points comes to before its cap, in reading order; "" is the whole."""
    groups = [group for group in sheet.groups if not group.bonus and criteria[group.key].is_group]
    return {g.key: _sum(g) for g in groups if criteria[g.key].max_points} | {"": sheet.reachable}


def _under_bonus(criterion: Criterion) -> bool:
    return criterion.is_bonus or (criterion.parent is not None and _under_bonus(criterion.parent))
