"""What the pages say of a sheet while it is filled: subheadings, running totals, stars, vetoes, rules and answers in words."""

from decimal import Decimal

import pytest

from standards import answers, scoring, sheets, wording
from tests import factories

EMPTY = {"A11": "未评", "V3": "由纪检督察认定", "V4": ""}


@pytest.fixture
def wide(db):
    return factories.wide_rubric()


@pytest.fixture
def leaves(wide):
    return {leaf.code: leaf for leaf in wide.leaves_for("")}


@pytest.fixture
def given(wide):
    return factories.wide_answers(wide)


def scored(wide, given):
    leaves = {leaf.code: leaf for leaf in wide.leaves_for("")}
    points = {leaves[code].key: scoring.score_item(leaves[code].item, answer) for code, answer in given.items()}
    return scoring.score_sheet(wide.sheet, points)


def test_wide_rubric_comes_to_what_was_worked_out_by_hand(wide, given):
    score = scored(wide, given)
    codes = {criterion.key: criterion.code for criterion in wide.outline}
    assert {codes[key]: value for key, value in score.dimensions.items()} == {
        "A": Decimal("45.8"), "A1": Decimal("25.3"), "A2": 12, "C": 70, "B": 10, "V": 0,
    }  # fmt: skip
    assert (score.total, score.missing, [codes[key] for key in score.won]) == (Decimal("90.80"), (), ["C"])
    assert ([codes[key] for key in score.failed], score.vetoed, score.caps) == (["V2"], (), ("良好",))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("A11", "9.3分"),
        ("A12", "较好（8分）"),
        ("A13", "缺席：2人次×0.5＝扣1分；每少1次：1次×1＝扣1分；合计扣2分"),
        ("A21", "不符合（0分）"),
        ("A22", "符合（12分）"),
        ("A23", "县级：1项×4＝得4分"),
        ("A3", "满意率87%，低于90%，扣0.5分；投诉6件，高于3件，扣1分；合计扣1.5分"),
        ("C1", "市级推广：2次×15＝得30分"),
        ("B1", "每项：3项×3＝得9分；以8分封顶"),
        ("V1", "未发生"),
        ("V2", "发生（最高评为“良好”）"),
    ],
)
def test_answer_in_words(leaves, given, code, words):
    assert answers.entry(leaves[code], given[code]).words == words


@pytest.mark.parametrize("code", EMPTY)
def test_nothing_answered_in_words(leaves, code):
    assert answers.entry(leaves[code], None).words == EMPTY[code]


def times(leaf, *values):
    return {"times": {str(rule.pk): value for rule, value in zip(leaf.rules.all(), values, strict=True)}}


@pytest.mark.parametrize(
    ("code", "values", "words"),
    [
        ("A13", ("0", ""), "没有发生，不扣分"),
        ("A13", ("10", "9"), "缺席：10人次×0.5＝扣5分；每少1次：9次×1＝扣9分；合计扣14分；最低计0分"),
        ("A3", ("95", "3"), "满意率95%，不扣分；投诉3件，不扣分"),
        ("A3", ("0", "99"), "满意率0%，低于90%，扣9.5分；投诉99件，高于3件，扣24分；合计扣33.5分；最低计-5分"),
        ("A23", ("0",), "没有，不得分"),
        ("C1", ("1", "1"), "市级推广：1次×15＝得15分；省级推广：1次×40＝得40分；只取最高一项得40分"),
        ("A13", ("十", ""), "填写有误"),
        ("A3", ("95", ""), "未评"),
    ],
)
def test_counts_in_words(leaves, code, values, words):
    assert answers.entry(leaves[code], times(leaves[code], *values)).words == words


def test_veto_that_disqualifies_in_words(leaves):
    assert answers.entry(leaves["V1"], {"met": False}).words == "发生（取消资格）"


@pytest.mark.parametrize(
    ("code", "sentences"),
    [
        ("A12", ["好：10分", "较好：8分", "一般：5分"]),
        ("A13", ["缺席：扣0.5分/人次，最多计10人次", "每少1次扣1分"]),
        ("A3", [
            "满意率：低于90%的，扣0.5分，每低10%再扣1分", "投诉：高于3件的，每高2件扣0.5分（不足2件按2件计）"
        ]),
        ("B1", ["每项得3分"]),
        ("C1", ["市级推广：得15分/次，最多计2次", "省级推广：得40分/次，最多计1次"]),
    ],
)  # fmt: skip
def test_rules_as_sentences(leaves, code, sentences):
    assert [rule.sentence for rule in leaves[code].rules.all()] == sentences


def rule(**fields):
    numbers = {
        name: Decimal(value) for name, value in fields.items() if name in ("points", "threshold", "per", "first")
    }
    return scoring.Rule("1", "出勤率", **{"points": Decimal(0), **fields, **numbers})


@pytest.mark.parametrize(
    ("fields", "kind", "sentence"),
    [
        ({"points": "2", "threshold": "95", "unit": "%"}, "deduct", "出勤率：低于95%的，扣2分"),
        ({"first": "2", "threshold": "95", "per": "5", "unit": "%"}, "deduct", "出勤率：低于95%的，扣2分"),
        (
            {"points": "1", "threshold": "95", "per": "1", "unit": "%", "steps": "exact", "max_times": 3}, "deduct",
            "出勤率：低于95%的，每低1%扣1分，最多计3档（按比例计）",
        ),
        ({"points": "1", "threshold": "95", "per": "1", "unit": "%", "above": True}, "count", "出勤率：高于95%的，每高1%得1分"),
        ({"points": "-2"}, "count", "出勤率：扣2分/次"),
    ],
)  # fmt: skip
def test_sentences_of_rare_rules(fields, kind, sentence):
    assert wording.rule_sentence(rule(**fields), kind) == sentence


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("A11", "0–10分，每档0.1分"),
        ("A13", "从10分扣起，最低0分"),
        ("A3", "从10分扣起，最低-5分"),
        ("C1", "最多40分，只取最高一项"),
        ("V1", "发生即取消资格"),
        ("V2", "发生则最高评为“良好”"),
        ("V3", "由纪检督察认定"),
        ("A12", ""),
    ],
)
def test_what_may_be_given_in_words(leaves, code, words):
    assert leaves[code].range_words == words


def test_groups_in_words(wide):
    words = {criterion.code: criterion.group_words for criterion in wide.outline if criterion.is_group}
    assert words == {
        "A": "满分60分 · 得星线48分", "A1": "满分30分", "A2": "满分20分 · 只取最高一项",
        "C": "满分80分 · 按50%计入总分 · 得星线64分", "B": "加分项，最多加10分", "V": "",
    }  # fmt: skip


def test_subheads_stand_before_the_first_of_their_criteria(wide, given):
    score = scored(wide, given)
    top = wide.dimensions[0]
    codes = {criterion.key: criterion.code for criterion in wide.outline}
    heads = {
        codes[key]: [head.criterion.code for head in found] for key, found in sheets.subheads(top, "", score).items()
    }
    assert heads == {"A11": ["A1"], "A12": [], "A13": [], "A21": ["A2"], "A22": [], "A23": [], "A3": []}


def test_a_group_of_which_nothing_applies_has_no_subhead(db):
    rubric = factories.RubricFactory()
    rows = [
        ("A", None, "group", []),
        ("A1", "A", "group", []),
        ("A11", "A1", "check", ["机关"]),
        ("A2", "A", "check", []),
    ]
    made = {}
    for order, (code, parent, kind, lines) in enumerate(rows):
        made[code] = rubric.criteria.create(
            parent=made.get(parent), order=order, code=code, title=code, kind=kind, lines=lines, max_points=1
        )
    score = scoring.score_sheet(rubric.sheet.for_line("派出所"), {})
    assert sheets.subheads(rubric.dimensions[0], "派出所", score) == {made["A2"].key: []}


def test_stars_and_warnings_follow_the_answers(wide, given):
    states = {state["key"]: state for state in sheets.group_states(wide.dimensions, scored(wide, given))}
    tops = {top.code: top.key for top in wide.dimensions}
    assert states[tops["A"]] == {"key": tops["A"], "points": "45.8", "star": "差2.2分得星 ☆", "won": False}
    assert states[tops["C"]] == {"key": tops["C"], "points": "70", "star": "已得星 ★", "won": True}
    assert len(states) == 6
    both = scored(wide, {**given, "V1": {"met": False}})
    assert sheets.warnings(wide.dimensions, both) == [
        "V1 严重违纪已发生：取消资格", "V2 一般违纪已发生：最高评为“良好”",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rescale", "capped", "words"),
    [(False, False, ""), (True, True, "不适用的项目按比例折算，加分后不超过100分"), (False, True, "加分后不超过100分")],
)
def test_what_the_total_is_subject_to(rescale, capped, words):
    assert sheets.total_notes(scoring.Sheet((), rescale=rescale, capped=capped)) == words


def test_options_carry_the_digit_that_chooses_them(leaves, given):
    assert [(option.key, option.label, option.detail, option.chosen) for option in answers.entry(leaves["A12"], given["A12"]).options] == [
        (1, "好", "10分", False), (2, "较好", "8分", True), (3, "一般", "5分", False),
    ]  # fmt: skip
    assert [(option.label, option.chosen, option.bad) for option in answers.entry(leaves["V2"], given["V2"]).options] == [
        ("未发生", False, False), ("发生", True, True),
    ]  # fmt: skip
    assert [answers.entry(leaves[code], None).options for code in ("A11", "A13", "V3", "V4")] == [[]] * 4


def test_lines_carry_rule_field_and_value(leaves, given):
    leaf = leaves["A3"]
    lines = answers.entry(leaf, given["A3"]).lines
    assert [(line.rule.label, line.name, line.value) for line in lines] == [
        (rule.label, f"c{leaf.pk}-t{rule.pk}", value) for rule, value in zip(leaf.rules.all(), ["87", "6"], strict=True)
    ]
    assert lines[0].short == "低于90%的，扣0.5分，每低10%再扣1分"
    assert answers.entry(leaves["A12"], None).lines == []
