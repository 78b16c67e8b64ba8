"""Rules and answers in words, made in one place for screens, print, PDF and Excel: no ORM, no markup."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from standards import scoring
from standards.scoring import Item, Rule, cents, plain

HIGHEST_ONLY = "只取最高一项"
MET, NOT_MET = "符合", "不符合"
NOTHING_HAPPENED, HAPPENED = "未发生", "发生"
NOT_ANSWERED = "未评"
BY_INSPECTOR = "由纪检督察认定"


def points(value: Decimal) -> str:
    return f"{plain(cents(value))}分"


# Rules


def rule_sentence(rule: Rule, kind: str) -> str:
    """One line of a criterion as a sentence: “缺席：扣0.5分/人次，最多计4人次”, “低于90%的，每低10%扣1分”."""
    if kind == scoring.LEVELS:
        return f"{rule.label}：{points(rule.points)}"
    if rule.measured:
        return measured_sentence(rule, kind)
    what = f"{_verb(rule.points, kind)}{points(abs(rule.points))}"
    most = "" if rule.max_times is None else f"，最多计{rule.max_times}{rule.unit}"
    if rule.label.startswith("每"):
        return f"{rule.label}{what}{most}"
    return f"{rule.label}：{what}/{rule.unit}{most}"


def measured_sentence(rule: Rule, kind: str) -> str:
    """A line by an actual value: “满意率：低于90%的扣0.5分，每低10%再扣1分（不足一档按一档计）”."""
    side, further = ("高于", "每高") if rule.above else ("低于", "每低")
    first = f"{_verb(rule.first, kind)}{points(abs(rule.first))}" if rule.first else ""
    step = f"{_verb(rule.points, kind)}{points(abs(rule.points))}" if rule.points else ""
    text = f"{rule.label}：{side}{plain(rule.threshold)}{rule.unit}的，"
    if not rule.per:
        once = rule.first + rule.points
        return f"{text}{_verb(once, kind)}{points(abs(once))}"
    if step:
        step = f"{further}{plain(rule.per)}{rule.unit}{'再' if first else ''}{step}"
    most = "" if rule.max_times is None else f"，最多计{rule.max_times}档"
    odd = {
        scoring.FULL_STEPS: "",
        scoring.BEGUN_STEPS: f"（不足{plain(rule.per)}{rule.unit}按{plain(rule.per)}{rule.unit}计）",
        scoring.IN_PROPORTION: "（按比例计）",
    }
    return f"{text}{'，'.join(filter(None, (first, step)))}{most}{odd[rule.steps] if step else ''}"


def _verb(value: Decimal, kind: str) -> str:
    """扣 or 得: a deduction with a negative number gives, a count with one takes."""
    return "扣" if (kind == scoring.DEDUCT) == (value >= 0) else "得"


# Criteria


def range_of(item: Item) -> str:
    """What may be given here: “0–4分，每档0.5分”, “满分5分，最低0分，只取最高一项”."""
    full = plain(item.max_points)
    if item.kind == scoring.POINTS:
        step = f"，每档{plain(item.step)}分" if item.step else ""
        return f"{plain(item.floor or scoring.ZERO)}–{full}分{step}"
    parts = []
    if item.kind == scoring.DEDUCT:
        parts.append(f"从{full}分扣起")
        parts.append(f"最低{plain(item.floor)}分" if item.floor is not None else "不设下限")
    if item.kind == scoring.COUNT and item.max_points:
        parts.append(f"最多{full}分")
    if item.kind in (scoring.COUNT, scoring.DEDUCT) and item.pick == scoring.HIGHEST:
        parts.append(HIGHEST_ONLY)
    return "，".join(parts)


def consequence(item: Item) -> str:
    """What follows when a veto item happened."""
    if item.effect == scoring.DISQUALIFY:
        return "发生即取消资格"
    if item.effect == scoring.CAP_GRADE:
        return f"发生则最高评为“{item.caps_at}”"
    return BY_INSPECTOR


def outcome(item: Item) -> str:
    """The same, where it did happen."""
    return "取消资格" if item.effect == scoring.DISQUALIFY else f"最高评为“{item.caps_at}”"


def group_words(group: scoring.Group, *, with_points: bool = True) -> str:
    """What is special about a group, after its points: highest only, weight, star line, bonus and its cap."""
    parts = []
    if group.bonus:
        parts.append(f"加分项，最多加{plain(group.cap)}分" if group.cap else "加分项")
    elif group.cap and with_points:
        parts.append(f"满分{plain(group.cap)}分")
    if group.pick == scoring.HIGHEST:
        parts.append(HIGHEST_ONLY)
    if group.weight != scoring.HUNDRED:
        parts.append(f"按{plain(group.weight)}%计入总分")
    if group.line is not None:
        parts.append(f"得星线{plain(group.line)}分")
    return " · ".join(parts)


# Answers


def answer_words(item: Item, answer: Mapping[str, Any] | None) -> str:
    """What was answered: “好（20分）”, “缺席：2人次×0.5＝扣1分”, “87%，低于90%，扣1分”, “未发生”; 未评 where nothing was.

    An answer that cannot be scored is given as “填写有误”; what carries no answer at all gives "".
    """
    if not item.asked:
        return BY_INSPECTOR if item.kind == scoring.VETO else ""
    try:
        value = scoring.score_item(item, answer)
    except scoring.AnswerError:
        return "填写有误"
    if answer is None or value is None:
        return NOT_ANSWERED
    if item.kind == scoring.POINTS:
        return points(value)
    if item.kind == scoring.LEVELS:
        label = next(rule.label for rule in item.rules if rule.key == str(answer["level"]))
        return f"{label}（{points(value)}）"
    if item.kind == scoring.CHECK:
        return f"{MET if answer['met'] else NOT_MET}（{points(value)}）"
    if item.kind == scoring.VETO:
        return NOTHING_HAPPENED if answer["met"] else f"{HAPPENED}（{outcome(item)}）"
    return _counted_words(item, answer["times"], value)


def _counted_words(item: Item, times: Mapping[str, Any], value: Decimal) -> str:
    """The lines that count for something, and why the result is not simply their sum."""
    said, worth = [], []
    for rule in item.rules:
        number = scoring.number_for(rule, times.get(rule.key))
        if rule.measured or number:
            said.append(_line_words(item, rule, number))
            worth.append(rule.worth(number))
    if not said:
        return "没有发生，不扣分" if item.kind == scoring.DEDUCT else "没有，不得分"
    together = max(worth) if item.pick == scoring.HIGHEST else sum(worth, scoring.ZERO)
    if sum(value != 0 for value in worth) > 1:
        verb = _verb(together, item.kind)
        said.append(f"{HIGHEST_ONLY if item.pick == scoring.HIGHEST else '合计'}{verb}{points(abs(together))}")
    reached = item.max_points - together if item.kind == scoring.DEDUCT else together
    if cents(reached) > value:
        said.append(f"以{points(value)}封顶")
    elif cents(reached) < value:
        said.append(f"最低计{points(value)}")
    return "；".join(said)


def _line_words(item: Item, rule: Rule, number: Decimal) -> str:
    worth = rule.worth(number)
    verb, result = _verb(worth, item.kind), points(abs(worth))
    if not rule.measured:
        return f"{rule.label}：{plain(number)}{rule.unit}×{plain(abs(rule.points))}＝{verb}{result}"
    side = "高于" if rule.above else "低于"
    reading = f"{rule.label}{plain(number)}{rule.unit}，"
    if rule.beyond(number):
        return f"{reading}{side}{plain(rule.threshold)}{rule.unit}，{verb}{result}"
    return f"{reading}{'不扣分' if item.kind == scoring.DEDUCT else '不得分'}"
