"""Bureaus' own sheets: headers and merged cells recognised, kinds guessed from the wording, points computed by hand."""

import io
from decimal import Decimal as D

import pytest
from openpyxl import Workbook

from standards import scoring
from standards.models import Criterion
from standards.services import importing
from standards.workbooks import clues, guessing, reading
from tests.standards.test_workbooks import own

TEN = D("10.00")


def told(found):
    """A guess as plain values: kind, the words, the rules."""
    rules = [(rule.label, str(rule.points), rule.unit, rule.max_times) for rule in found.rules]
    return found.kind, found.words, rules


SAYS = [
    ("每少1次扣0.5分，扣完为止。", "deduct", "每少1次扣0.5分", [("每少1次", "0.50", "次", None)]),
    ("缺席的每人次扣０．１分", "deduct", "缺席的每人次扣0.1分", [("缺席的每人次", "0.10", "人次", None)]),
    ("未建立台账的扣2分", "deduct", "未建立台账的扣2分", [("未建立台账", "2.00", "次", 1)]),
    (
        "每迟报1次扣1分，每漏报1次扣2分。", "deduct", "每迟报1次扣1分；每漏报1次扣2分",
        [("每迟报1次", "1.00", "次", None), ("每漏报1次", "2.00", "次", None)],
    ),
    ("送学上门一次5分", "count", "送学上门一次5分", [("送学上门一次", "5.00", "次", None)]),
    (
        "每次加2分，最高不超过10分", "count", "每次加2分；最高不超过10分", [("每次", "2.00", "次", None)],
    ),
    (
        "获国家级表彰加5分，省级加3分，市级加2分，就高不就低。", "count",
        "获国家级表彰加5分；省级加3分；市级加2分；就高不就低",
        [("获国家级表彰", "5.00", "次", 1), ("省级", "3.00", "次", 1), ("市级", "2.00", "次", 1)],
    ),
    ("按月足额收缴得满分，否则不得分。", "check", "否则不得分", []),
    ("未按期换届的不得分", "check", "未按期换届的不得分", []),
    (
        "好20、较好15、一般10、差0", "levels", "好20、较好15、一般10、差0",
        [("好", "20.00", "次", None), ("较好", "15.00", "次", None), ("一般", "10.00", "次", None), ("差", "0.00", "次", None)],
    ),
    ("优秀得10分，合格得6分，不合格0分", "levels", "优秀得10分，合格得6分，不合格0分",
     [("优秀", "10.00", "次", None), ("合格", "6.00", "次", None), ("不合格", "0.00", "次", None)]),
    ("视工作开展情况酌情评分。", "points", "", []),
    ("", "points", "", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "words", "rules"), SAYS)
def test_kind_is_guessed_from_the_wording(text, kind, words, rules):
    assert told(clues.guess(text, TEN)) == (kind, words, rules)


@pytest.mark.parametrize(
    ("text", "kind", "extra"),
    [
        ("发生违法犯罪案件的，一票否决。", "veto", {"veto_effect": "inspector"}),
        ("发生违法犯罪案件的，取消评选资格。", "veto", {"veto_effect": "disqualify"}),
        ("发生执法过错的，最高评为三星级。", "veto", {"veto_effect": "cap", "veto_cap": "三星级"}),
        ("说明：本表由机关党委解释。", "plain", {}),
    ],
)
def test_line_without_points_is_a_veto_or_text(text, kind, extra):
    found = clues.guess(text, None)
    assert (found.kind, found.extra) == (kind, extra)


@pytest.mark.parametrize(
    ("text", "threshold", "per", "above", "points"),
    [
        ("参学率低于90%的，每低10%扣1分", "90.00", "10.00", False, "1.00"),
        ("满意度低于95%的，每低1个百分点扣0.5分", "95.00", "1.00", False, "0.50"),
        ("发案数超过20件的，每超5件扣2分", "20.00", "5.00", True, "2.00"),
    ],
)
def test_measured_deduction_is_read_with_threshold_and_step(text, threshold, per, above, points):
    found = clues.guess(text, TEN)
    (rule,) = found.rules
    assert found.kind == "deduct"
    assert (str(rule.threshold), str(rule.per), rule.above, str(rule.points)) == (threshold, per, above, points)


def test_measured_award_is_a_count():
    found = clues.guess("满意度高于90%的，每高1%加0.5分，最高不超过5分", TEN)
    assert told(found) == (
        "count", "满意度高于90%的，每高1%加0.5分；最高不超过5分", [("满意度", "0.50", "%", None)]
    )  # fmt: skip
    assert (str(found.rules[0].threshold), found.rules[0].above, str(found.points)) == ("90.00", True, "5.00")


def test_another_kind_reads_the_same_words_again():
    draft = own("Z7")
    line = next(line for line in draft.lines if line.criterion.title == "开展志愿服务")
    guessing.choose(line, Criterion.Kind.POINTS)
    assert (line.criterion.kind, line.rules, line.words, str(line.criterion.max_points)) == ("points", [], "", "10.00")
    guessing.choose(line, Criterion.Kind.COUNT)
    assert [str(rule) for rule in line.rules] == ["每开展1次（2分）"]


def test_six_column_sheet_with_merged_cells_becomes_an_outline():
    draft = own("Z7")
    assert (draft.rubric.name, draft.rubric.total_points) == ("沙洲县公安局先进基层党组织考核评分表", D(100))
    found = [(line.criterion.code, line.criterion.title, line.criterion.kind, line.row) for line in draft.lines]
    assert found == [
        ("A", "组织建设", "group", 4), ("A-1", "班子健全", "check", 4), ("A-2", "落实“三会一课”制度", "deduct", 5),
        ("A-3", "开展民主测评", "levels", 6), ("B", "队伍建设", "group", 7), ("B-1", "党员参加集中学习", "deduct", 7),
        ("B-2", "开展志愿服务", "count", 8), ("B-3", "党员联系服务群众", "points", 9), ("C", "作用发挥", "group", 10),
        # Points merged over two rows of wording: one criterion with both deductions.
        ("C-1", "按时报送党建材料", "deduct", 10), ("C-2", "业务工作考核", "levels", 12), ("D", "加分项", "group", 14),
        ("D-1", "受到上级表彰", "count", 14), ("D-2", "经验做法被上级推广", "count", 15), ("E", "否决项", "group", 16),
        ("E-1", "党员民警违法犯罪", "veto", 16),
    ]  # fmt: skip
    points = {line.criterion.code: scoring.plain(line.criterion.max_points) for line in draft.lines if not line.parent}
    assert points == {"A": "30", "B": "30", "C": "40", "D": "10", "E": "0"}
    bonus = next(line.criterion for line in draft.lines if line.criterion.code == "D-1")
    assert (bonus.pick, bonus.verify) == ("highest", "查阅文件")


ANSWERS = {
    "A-1": {"met": True}, "A-2": {"times": {"每少1次": 3}}, "A-3": {"level": "较好"},
    "B-1": {"times": {"参学率": "68%"}}, "B-2": {"times": {"每开展1次": 6}}, "B-3": {"points": "7.5"},
    "C-1": {"times": {"每迟报1次": 2, "每漏报1次": 1}}, "C-2": {"level": "一般"},
    "D-1": {"times": {"获国家级表彰": 0, "省级": 1, "市级": 1}}, "D-2": {"times": {"每篇": 9}}, "E-1": {"met": True},
}  # fmt: skip
POINTS = {
    "A-1": "10", "A-2": "8.5",  # 10 − 3 × 0.5
    "A-3": "8", "B-1": "8",  # 68 lies two whole tens below 90: 10 − 2 × 1
    "B-2": "10",  # 6 × 2 = 12, at most 10
    "B-3": "7.5", "C-1": "16",  # 20 − 2 × 1 − 1 × 2
    "C-2": "10", "D-1": "3",  # the higher of 3 and 2
    "D-2": "5",  # 9 × 1, at most 5
    "E-1": "1",  # nothing happened; never added
}  # fmt: skip
# 10 + 8.5 + 8; 8 + 10 + 7.5; 16 + 10; 3 + 5; 26.5 + 25.5 + 26 + 8 = 86
DIMENSIONS, TOTAL = {"A": "26.5", "B": "25.5", "C": "26", "D": "8", "E": "0"}, "86"


def scored(rubric, answers):
    """Items and the whole of a sheet answered by code and label."""
    points = {}
    for leaf in rubric.leaves_for(""):
        keys = {rule.label: str(rule.pk) for rule in leaf.rules.all()}
        answer = dict(answers[leaf.code])
        if "times" in answer:
            answer["times"] = {keys[label]: value for label, value in answer["times"].items()}
        if "level" in answer:
            answer["level"] = keys[answer["level"]]
        points[leaf.key] = scoring.score_item(leaf.item, answer)
    codes = {criterion.key: criterion.code for criterion in rubric.outline}
    score = scoring.score_sheet(rubric.sheet, points)
    items = {codes[key]: scoring.plain(value) for key, value in points.items()}
    return items, {codes[key]: scoring.plain(value) for key, value in score.dimensions.items()}, score


def test_plain_sheet_is_scored_as_by_hand(admin):
    rubric = importing.import_rubric(own("Z7"), by=admin, publish=True)
    items, dimensions, score = scored(rubric, ANSWERS)
    assert (items, dimensions) == (POINTS, DIMENSIONS)
    assert (scoring.plain(score.total), score.missing, score.vetoed) == (TOTAL, (), ())


def test_happened_veto_of_a_plain_sheet_disqualifies(admin):
    rubric = importing.import_rubric(own("Z7"), by=admin, publish=True)
    _, _, score = scored(rubric, ANSWERS | {"E-1": {"met": False}})
    assert (scoring.plain(score.total), len(score.vetoed)) == (TOTAL, 1)


def test_four_column_sheet_is_scored_as_by_hand(admin):
    rubric = importing.import_rubric(own("Z8"), by=admin, publish=True)
    answers = {
        "A-1": {"times": {"一次": 3}}, "A-2": {"times": {"未按规定请示报告的每次": 4}}, "B-1": {"times": {"每缺1次": 12}},
        "B-2": {"met": False}, "C-1": {"times": {"满意度": "91.5"}},
    }  # fmt: skip
    items, dimensions, score = scored(rubric, answers)
    # 3×5; 20−4×2; 30−36 stops at 0; all or nothing; 91.5 lies three whole points below 95: 20−3×0.5
    assert items == {"A-1": "15", "A-2": "12", "B-1": "0", "B-2": "0", "C-1": "18.5"}
    assert dimensions == {"A": "27", "B": "0", "C": "18.5"}
    assert scoring.plain(score.total) == "45.5"


def read_rows(rows, merged=()):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for area in merged:
        book.active.merge_cells(area)
    out = io.BytesIO()
    book.save(out)
    return reading.read(out.getvalue())


def test_headers_of_other_wording_and_column_order():
    draft = read_rows(
        [
            ["附件2"],
            ["一级指标", "二级指标", "评价要点", "标准分", "评分办法", "考评方式", "所需资料", "得分", "备注"],
            ["党建", "学习", "理论学习", "5分", "每缺1次扣1分", "查资料", "学习记录；签到表", "=D3", "每月"],
            ["党建", "活动", "主题党日", "５", "一次1分，最高5分", "查资料", "照片", None, None],
            ["小计", None, None, "=SUM(D3:D4)", None, None, None, None, None],
            ["总计", None, None, "10分", None, None, None, None, None],
        ]
    )
    assert draft.problems == []
    found = [
        (line.criterion.code, line.criterion.kind, scoring.plain(line.criterion.max_points)) for line in draft.lines
    ]
    assert found == [
        ("A", "group", "0"), ("A-1", "group", "0"), ("A-1-1", "deduct", "5"), ("A-2", "group", "0"), ("A-2-1", "count", "5")
    ]  # fmt: skip
    first = draft.lines[2].criterion
    assert (first.verify, first.evidence_hints, first.note) == ("查资料", ["学习记录", "签到表"], "每月")
    assert draft.rubric.total_points == 10


def test_sum_that_does_not_fit_is_told_before_the_import():
    draft = read_rows([["项目", "考核内容", "分值"], ["组织", "三会一课", 30], ["合计", None, 100]])
    assert [str(problem) for problem in draft.unsound] == ["各维度合计30分，与总分100分不符。"]
