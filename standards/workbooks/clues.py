"""What a sentence of a bureau's sheet says about scoring: the kind, its rules, and the words the guess rests on."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from standards import scoring
from standards.models import Criterion, ScoreRule

Kind = Criterion.Kind
FULL_WIDTH = str.maketrans("０１２３４５６７８９．％－", "0123456789.%-")
# What a field for points can hold; longer ones are not points.
NUMBER = r"(\d{1,4}(?:\.\d{1,2})?)(?![\d.])"
UNITS = "次|人次|人|项|个|名|件|起|例|处|篇|份|天|期|条|场|部|月|年"
# The words between two marks: what a deduction or an award is for.
CLAUSE = r"([^，。；;、,\n]{0,60}?)"
GRADES = "优秀|良好|较好|一般|较差|合格|不合格|基本合格|满意|基本满意|不满意|好|优|良|中|差"

VETO = re.compile(r"一票否决|取消[^，。；]{0,12}资格|不得(?:参评|评为|推荐)[^，。；]*")
DISQUALIFIES = re.compile(r"取消[^，。；]{0,12}资格|不得(?:参评|推荐)")
CAPPED = re.compile(
    r"(?:最高(?:只能)?(?:评为|定为)|不得高于|不高于)[“\"]?([^，。；”\"]{1,8}?)[”\"]?(?:等次|等级|档|[，。；]|$)"
)
MEASURED = re.compile(
    rf"([^，。；;\n]{{0,60}}?)(低于|不足|达不到|未达到|高于|超过){NUMBER}(%|分|个|件)?[^，。；\d]{{0,6}}[，,]?"
    rf"每(?:再)?(?:降低|减少|增加|低|少|差|高|超过|超|多)(?:出)?{NUMBER}?(?:个)?(?:百分点|%|分|个|件)?[，,]?(扣|减|加|得|计){NUMBER}分"
)
EACH_DEDUCT = re.compile(rf"{CLAUSE}(每{CLAUSE}?)(?:扣除|扣减|扣|减){NUMBER}分")
ONE_DEDUCT = re.compile(rf"{CLAUSE}(?:的)?(?:各)?(?:扣除|扣减|扣|减){NUMBER}分")
COUNTS = re.compile(rf"{CLAUSE}((?:每|一)(?:{UNITS})|每{CLAUSE})(?:得|加|计|记)?{NUMBER}分")
ONE_COUNT = re.compile(rf"{CLAUSE}(?:得|加|计|记){NUMBER}分")
LEVEL = re.compile(rf"({GRADES})(?:的|等次|档)?(?:得|计|为|[：:])?\s*{NUMBER}\s*分?")
CAP = re.compile(
    rf"(?:最高(?:不超过|得|加|计)?|最多(?:不超过|得|加|计)?|上限(?:为)?|(?:累计|合计)?不超过|满分|封顶){NUMBER}分"
)
HIGHEST = re.compile(r"就高不就低|只(?:计|取|按)?最高|取最高|按最高|不(?:重复|累加|累计)(?:计|加|得)?分")
CHECK = re.compile(
    r"否则[，]?(?:不得分|不计分|0分|零分)|(?:未|没有|没|不|达不到|缺)[^。；]{0,30}(?:不得分|不计分|得0分)|不得分"
)
FLOORLESS = re.compile(r"不设(?:下限|底)|可扣至负分|扣完[^，。；]*倒扣|倒扣")
MOST_LABEL = 80
# Wording says how to score in its first sentences; patterns over a whole chapter would take their time.
MOST_LETTERS = 1000


@dataclass
class Guess:
    """A kind, what it needs besides the words, and the `words` it rests on ("" where nothing was found)."""

    kind: str
    words: str = ""
    rules: list[ScoreRule] = field(default_factory=list)
    points: Decimal | None = None
    extra: dict[str, object] = field(default_factory=dict)


def tidy(text: str) -> str:
    """With half-width digits and without spaces, as the patterns expect."""
    return re.sub(r"[ \t\u3000]+", "", text[:MOST_LETTERS].translate(FULL_WIDTH))


def guess(text: str, points: Decimal | None) -> Guess:
    """The kind that the wording asks for: the first that finds its words, in the order of how telling they are."""
    text = tidy(text)
    for kind in (Kind.VETO, Kind.LEVELS, Kind.DEDUCT, Kind.COUNT, Kind.CHECK):
        if kind == Kind.VETO and points:
            # Points to be had and a veto in one line: scored here, the veto stays in the words.
            continue
        found = as_kind(kind, text, points)
        if found.words:
            return found
    return Guess(Kind.POINTS if points else Kind.PLAIN, points=points)


def as_kind(kind: str, text: str, points: Decimal | None) -> Guess:
    """The wording read as this kind, guessed or chosen by somebody."""
    readers: dict[str, Callable[[str, Decimal | None], Guess]] = {
        Kind.VETO: _veto, Kind.LEVELS: _levels, Kind.DEDUCT: _deduct, Kind.COUNT: _count, Kind.CHECK: _check,
    }  # fmt: skip
    if kind not in readers:
        return Guess(kind, points=points)
    return readers[kind](tidy(text), points)


def _rule(label: str, points: str, **more: object) -> ScoreRule:
    label = re.sub(r"^[（(]?\d+[）).、]", "", label).strip("，。；、：:（）() ")
    return ScoreRule(label=label[:MOST_LABEL] or "每次", points=Decimal(points).quantize(scoring.CENT), **more)


def _veto(text: str, points: Decimal | None) -> Guess:
    found = VETO.search(text)
    capped = CAPPED.search(text)
    if capped:
        return Guess(Kind.VETO, capped[0], extra={"veto_effect": Criterion.Effect.CAP, "veto_cap": capped[1]})
    if not found:
        return Guess(Kind.VETO)
    effect = Criterion.Effect.DISQUALIFY if DISQUALIFIES.search(text) else Criterion.Effect.INSPECTOR
    return Guess(Kind.VETO, found[0], extra={"veto_effect": effect})


def _levels(text: str, points: Decimal | None) -> Guess:
    found = list(LEVEL.finditer(text))
    if len(found) < 2 or len({each[1] for each in found}) < len(found):
        return Guess(Kind.LEVELS, points=points)
    rules = [_rule(each[1], each[2]) for each in found]
    words = text[found[0].start() : found[-1].end()]
    return Guess(Kind.LEVELS, words, rules, points or max(rule.points for rule in rules))


def _measured(text: str, verbs: str) -> tuple[list[ScoreRule], list[str], str]:
    """The rules on measured values that take or give points, the words they rest on, and the text without them."""
    rules: list[ScoreRule] = []
    words: list[str] = []
    for each in MEASURED.finditer(text):
        what, side, threshold, unit, per, verb, points = each.groups()
        if verb not in verbs:
            continue
        rules.append(
            _rule(
                what or f"{side}{threshold}{unit or ''}", points, unit=unit or "分",
                threshold=Decimal(threshold).quantize(scoring.CENT), per=(Decimal(per or 1) or scoring.ONE).quantize(scoring.CENT),
                above=side in ("高于", "超过"),
            )
        )  # fmt: skip
        words.append(each[0])
    return rules, words, MEASURED.sub("", text)


def _deduct(text: str, points: Decimal | None) -> Guess:
    rules, words, rest = _measured(text, "扣减")
    for each in EACH_DEDUCT.finditer(rest):
        rules.append(_rule(f"{each[1]}{each[2]}", each[4], unit=_unit(each[2])))
        words.append(each[0])
    for each in ONE_DEDUCT.finditer(EACH_DEDUCT.sub("", rest)):
        rules.append(_rule(each[1], each[2], max_times=1))
        words.append(each[0])
    extra: dict[str, object] = {"floor": None} if FLOORLESS.search(text) else {}
    return Guess(Kind.DEDUCT, _quoted(words), rules, points, extra)


def _count(text: str, points: Decimal | None) -> Guess:
    cap = CAP.search(text)
    rules, words, rest = _measured(CAP.sub("", text), "加得计")
    for each in COUNTS.finditer(rest):
        rules.append(_rule(f"{each[1]}{each[2]}", each[4], unit=_unit(each[2])))
        words.append(each[0])
    for each in ONE_COUNT.finditer(COUNTS.sub("", rest)):
        rules.append(_rule(each[1], each[2], max_times=1))
        words.append(each[0])
    highest = HIGHEST.search(text)
    extra: dict[str, object] = {"pick": Criterion.Pick.HIGHEST} if highest else {}
    words += [found[0] for found in (cap, highest) if found and words]
    most = Decimal(cap[1]).quantize(scoring.CENT) if cap else points
    return Guess(Kind.COUNT, _quoted(words), rules, most, extra)


def _quoted(words: list[str]) -> str:
    return "；".join(word.strip("，。；") for word in words)


def _check(text: str, points: Decimal | None) -> Guess:
    found = CHECK.search(text)
    return Guess(Kind.CHECK, found[0] if found else "", points=points)


def _unit(words: str) -> str:
    found = re.search(rf"(人次|{UNITS})", words)
    return found[1] if found else "次"
