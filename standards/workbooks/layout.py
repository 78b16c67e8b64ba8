"""What stands where in a rubric's workbook: every sheet and column in one place, for writing and for reading."""

import dataclasses
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

from django.db.models import Field, Model

from standards.models import Criterion, Rubric, ScoreRule

NOTES, HEAD, CRITERIA, RULES = "说明", "标准", "指标", "细则"
EXAMPLE, EXAMPLE_RULES = "示例", "示例细则"
YES, NO = "是", "否"
# An empty cell means the usual floor 0, so "none at all" needs a word.
NO_FLOOR = "不设"

TEXT, LONG, NUMBER, WHOLE, YES_NO, CHOICE, WORDS = "text", "long", "number", "whole", "yes_no", "choice", "words"
# What parts the entries of a cell that holds several, written by the first; a backslash before one keeps it as it is.
SEPARATORS = {"evidence_hints": "；;\n", "lines": "、，,；;\n"}

# How a workbook spells characters that XML cannot carry; Excel and WPS do the same.
_SPELT = re.compile(r"_x([0-9A-Fa-f]{4})_")
_SPOILT = re.compile("0000|[dD][89a-fA-F]..")
_UNSPEAKABLE = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]")


@dataclasses.dataclass(frozen=True)
class Column:
    """One column of a sheet, or one line of the head; `field` is the model's, "" where it is written and never read."""

    header: str
    field: str
    kind: str = TEXT
    width: int = 10
    note: str = ""
    choices: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    required: bool = False
    least: Decimal | None = None
    over: bool = False
    nothing: str = ""

    @property
    def labels(self) -> Mapping[str, Any]:
        """What may be typed where one of a list is chosen, and what it stands for."""
        return {YES: True, NO: False} if self.kind == YES_NO else self.choices


def _labels(choices: Any) -> dict[str, str]:
    return {label: value for value, label in choices.choices}


ZERO = Decimal(0)
HEAD_LINES = (
    Column(
        "编码",
        "code",
        required=True,
        note="字母、数字或横线，最长20字，如 DJ-A。同一编码再次导入，成为它的下一个版本。",
    ),
    Column("名称", "name", required=True, note="标准的全称。"),
    Column("出处", "source", note="方案或文件的名称、文号，可以不填。"),
    Column("总分", "total_points", NUMBER, least=ZERO, over=True, note="加分之外的满分，如 100。空着按100。"),
    Column("分值为建议值", "points_suggested", YES_NO, note="方案没有规定分值、由自己拟定的，填“是”。"),
    Column("不适用项按比例折算", "rescale", YES_NO, note="有的指标只适用部分警种、其余支部要折算回总分的，填“是”。"),
    Column("加分后不超过总分", "cap_total", YES_NO, note="加分只能补扣掉的分、不能超过总分的，填“是”。"),
)

CRITERION_COLUMNS = (
    Column("编号", "code", width=11, required=True, note="每行一个，不能重复，如 A1-2。"),
    Column("上级编号", "parent", width=11, note="一级维度空着；下级写上一级的编号，最多三级。"),
    Column("名称", "title", width=24, required=True, note="简短的名称，最长80字。"),
    Column("标准原文", "text", LONG, 46, note="方案里的原话，照抄。"),
    Column("类型", "kind", CHOICE, 12, "从下拉列表选择，各类型的意思见“说明”表。", _labels(Criterion.Kind), True),
    Column(
        "分值",
        "max_points",
        NUMBER,
        8,
        least=ZERO,
        note="指标的满分；分组可以空着，填了就是上限。计次得分填封顶分，0 为不封顶。",
    ),
    Column("下级合计", "", NUMBER, 10, note="自动算出，供核对；导入时不看这一列。"),
    Column("步长", "step", NUMBER, 8, least=ZERO, note="打分的最小单位，如 0.5 或 0.1。空着按0.5。"),
    Column(
        "最低分", "floor", NUMBER, 9, nothing=NO_FLOOR, note=f"空着按0；可以是负数；扣到负数也不封底的写“{NO_FLOOR}”。"
    ),
    Column("合计方式", "pick", CHOICE, 13, "空着为相加；只取最高的选“只取最高一项”。", _labels(Criterion.Pick)),
    Column("加分", "is_bonus", YES_NO, 8, "加分的一级维度填“是”，在总分之外另加。"),
    Column("得星线", "line", NUMBER, 9, least=ZERO, note="本维度达到多少分算得一颗星，不评星的空着。"),
    Column("折算权重", "weight", NUMBER, 10, least=ZERO, note="一级维度按百分之几计入总分，空着按100。"),
    Column("否决后果", "veto_effect", CHOICE, 18, "只用于一票否决。空着为由纪检督察认定。", _labels(Criterion.Effect)),
    Column("最高等次", "veto_cap", width=11, note="否决后果为“发生则限制等次”的，写最高能评的等次，如 合格。"),
    Column("考评方式", "method", width=10, note="看、听、学、比，可以不填。"),
    Column("核验方式", "verify", width=14, note="如 现场、资料、访谈，可以不填。"),
    Column("佐证提示", "evidence_hints", WORDS, 32, note="提醒支部准备什么材料，几样之间用“；”隔开。"),
    Column("适用警种", "lines", WORDS, 16, note="只适用部分警种的写警种，几个之间用“、”隔开；全部适用的空着。"),
    Column("对应四强", "strong", width=12, note="如 政治功能强，可以不填。"),
    Column("制度依据", "regulation", LONG, 26, note="依据的党内法规或文件条款，可以不填。"),
    Column("说明", "note", LONG, 26, note="给填报人看的补充说明，可以不填。"),
)

RULE_COLUMNS = (
    Column("指标编号", "criterion", width=12, required=True, note="“指标”表里的编号；一个指标有几条细则就写几行。"),
    Column("细则", "label", width=34, required=True, note="等次的名称（好、较好……），或者扣分、得分的情形，最长80字。"),
    Column("分值", "points", NUMBER, 8, required=True, note="这一等的分，或每次加、扣的分。扣分也填正数。"),
    Column("单位", "unit", width=8, note="次、人次、项、天、%；空着为“次”。"),
    Column("最多计次", "max_times", WHOLE, 10, least=Decimal(1), note="最多计几次（或几档），不限的空着。"),
    Column("界限", "threshold", NUMBER, 10, note="填实际数值的细则才用：低于（或高于）这个数才计，如 90。"),
    Column("每档", "per", NUMBER, 8, least=ZERO, over=True, note="每差多少计一次分值，如 10；空着为越过界限只计一次。"),
    Column("方向", "above", CHOICE, 10, "空着为低于界限时计。", {"低于": False, "高于": True}),
    Column("零头", "steps", CHOICE, 17, "不足一档时怎么计，空着为满一档才计。", _labels(ScoreRule.Steps)),
    Column("越界即计", "first", NUMBER, 10, note="一越过界限就先计的分，没有的空着。"),
)

MODELS: dict[str, type[Model]] = {HEAD: Rubric, CRITERIA: Criterion, RULES: ScoreRule}
COLUMNS = {HEAD: HEAD_LINES, CRITERIA: CRITERION_COLUMNS, RULES: RULE_COLUMNS}


def field_of(sheet: str, name: str) -> Field | None:
    """The model's field behind a column; None for the two columns that point to another row."""
    if name in ("parent", "criterion"):
        return None
    return cast(Field, MODELS[sheet]._meta.get_field(name))


def default_of(sheet: str, name: str) -> Any:
    """What an empty cell stands for."""
    found = field_of(sheet, name)
    return "" if found is None else found.get_default()


def spell(text: str) -> str:
    """Text as a workbook holds it, with carriage returns and the like spelt out."""
    text = _SPELT.sub(lambda found: f"_x005F_x{found[1]}_", text)
    return _UNSPEAKABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def unspell(text: str) -> str:
    """The text again. What no database can hold (NUL, half a character) stays spelt out."""
    return _SPELT.sub(lambda found: found[0] if _SPOILT.fullmatch(found[1]) else chr(int(found[1], 16)), text)


def join_words(words: list[str], separators: str) -> str:
    """Several entries in one cell; a separator inside an entry is marked by a backslash."""
    marked = re.compile(f"[{re.escape(separators)}\\\\]")
    return separators[0].join(marked.sub(lambda found: f"\\{found[0]}", str(word)) for word in words)


def split_words(text: str, separators: str) -> list[str]:
    """The entries of a cell, without the empty ones."""
    words, word, marked = [], "", False
    for letter in text:
        if marked or (letter != "\\" and letter not in separators):
            # A backslash before an ordinary letter is just a backslash.
            word += letter if not marked or letter in separators or letter == "\\" else f"\\{letter}"
            marked = False
        elif letter == "\\":
            marked = True
        else:
            words.append(word)
            word = ""
    words.append(word + ("\\" if marked else ""))
    return [kept for each in words if (kept := each.strip())]
