"""The worked examples of docs/scoring.md, recomputed."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from standards import ranking, scoring, wording

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "scoring.md"
EXAMPLES = [
    (match.group(1), yaml.safe_load(match.group(1)))
    for match in re.finditer(r"^```yaml\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.M | re.S)
]


def number(value):
    return None if value is None else Decimal(str(value))


def numbers(values):
    return [number(value) for value in values]


PICKS = {"最高": scoring.HIGHEST}
STEPS = {"按一档": scoring.BEGUN_STEPS, "按比例": scoring.IN_PROPORTION}


def rule(name, given):
    """A line: its points alone, or everything that is said of it."""
    if not isinstance(given, dict):
        return scoring.Rule(name, name, number(given))
    return scoring.Rule(
        name, name, number(given["分值"]), given.get("最多"), number(given.get("界限")), number(given.get("每档")),
        given.get("方向") == "高于", STEPS.get(given.get("零头"), scoring.FULL_STEPS), number(given.get("越界", 0)),
        given.get("单位", "次"),
    )  # fmt: skip


def veto(key, outcome):
    """A veto and what follows: 取消资格, or the name of the highest grade that is left."""
    if outcome is None:
        return scoring.Item(key, scoring.VETO)
    if outcome == "取消资格":
        return scoring.Item(key, scoring.VETO, effect=scoring.DISQUALIFY)
    return scoring.Item(key, scoring.VETO, effect=scoring.CAP_GRADE, caps_at=outcome)


def item(given):
    if given["类型"] == scoring.VETO:
        return veto("1", given.get("后果"))
    return scoring.Item(
        "1", given["类型"], number(given.get("分值", 0)), number(given.get("步长", "0.5")), number(given.get("最低分", 0)),
        tuple(rule(name, line) for name, line in given.get("细则", {}).items()),
        pick=PICKS.get(given.get("计法"), scoring.SUM),
    )  # fmt: skip


def check_item(given):
    made = item(given["指标"])
    if "细则写法" in given:
        assert [wording.rule_sentence(line, made.kind) for line in made.rules] == given["细则写法"]
    if "拒绝" in given:
        with pytest.raises(scoring.AnswerError) as caught:
            scoring.score_item(made, given["作答"])
        assert caught.value.code == given["拒绝"]
        return
    assert scoring.score_item(made, given["作答"]) == number(given["得分"])
    if "写法" in given:
        assert wording.answer_words(made, given["作答"]) == given["写法"]


def group(given):
    only = given.get("只适用", {})
    items = tuple(
        scoring.Item(name, scoring.POINTS, number(points), lines=frozenset({only[name]} if name in only else ()))
        for name, points in given.get("指标", {}).items()
    )
    vetoes = tuple(veto(name, outcome) for name, outcome in given.get("否决", {}).items())
    return scoring.Group(
        given["名称"], given["名称"], (*(group(below) for below in given.get("下级", ())), *items, *vetoes),
        number(given["封顶"]), given.get("加分", False), PICKS.get(given.get("计法"), scoring.SUM),
        number(given.get("得星线")), number(given.get("权重", 100)),
    )  # fmt: skip


def check_sheet(given):
    form = given["评分表"]
    sheet = scoring.Sheet(
        tuple(group(top) for top in form["维度"]),
        number(form["满分"]),
        form.get("折算", False),
        form.get("封总分", False),
    )
    result = scoring.score_sheet(
        sheet.for_line(form.get("警种", "")), {name: number(points) for name, points in given["得分"].items()}
    )
    assert list(result.missing) == given.get("缺项", [])
    if result.final:
        assert result.dimensions == {name: number(points) for name, points in given["维度得分"].items()}
        assert result.total == number(given["总分"])
    for name, found in (("得星", result.won), ("取消资格", result.vetoed), ("限制等次", result.caps)):
        if name in given:
            assert list(found) == given[name]


def check_panel(given):
    result = ranking.panel_score(numbers(given["评委分"]), given["合成"])
    assert (list(result.used), result.value) == (numbers(given["计入"]), number(given["结果"]))


def check_visits(given):
    months = given.get("月份", ())
    assert ranking.over_time(numbers(given["各次考评"]), given["多次合成"], months) == number(given["结果"])


def check_final(given):
    components = [
        ranking.Component(c["名称"], number(c["权重"]), number(c["得分"]), number(c.get("满分", 100)))
        for c in given["构成"]
    ]
    assert ranking.final_score(components) == number(given["总成绩"])


def check_ranking(given):
    entries = [ranking.Entry(e["支部"], number(e["总成绩"]), tuple(numbers(e["比较"]))) for e in given["参评"]]
    placings = ranking.rank(entries, given["同分次序"])
    assert {p.key: p.rank for p in placings} == given["名次"]
    if "由何项分出" in given:
        assert {p.key: p.decided_by for p in placings} == given["由何项分出"]
    result = ranking.cut(placings, given["名额"], given.get("候补", 0))
    assert sorted(result.contested) == sorted(given["待定"])
    if not result.contested:
        assert [list(result.selected), list(result.reserves), list(result.others)] == [
            given["入选"],
            given["候补名单"],
            given["未入选"],
        ]


def check_pass(given):
    assert scoring.passes(number(given["总成绩"]), number(given["达标线"])) is given["通过"]


def check_grades(given):
    bands = [
        ranking.Band(
            band["名称"], number(band.get("总分")), number(band.get("比例")), band.get("得星"), number(band.get("各维度")),
            band.get("单项", ""), number(band.get("单项不低于")), band.get("单项", ""),
        )
        for band in given["等次"]
    ]  # fmt: skip
    standings = [
        ranking.Standing(
            one["支部"], one["名次"], number(one["总成绩"]), one.get("得星", 0), number(one.get("最低维度")),
            {name: number(score) for name, score in one.get("单项得分", {}).items()}, tuple(one.get("限制等次", ())),
        )
        for one in given["定等"]
    ]  # fmt: skip
    graded = ranking.grade(standings, bands)
    assert {key: each.grade for key, each in graded.items()} == given["结果"]
    assert {key: each.note for key, each in graded.items()} == given["说明"]


CHECKS = {
    "指标": check_item,
    "评分表": check_sheet,
    "评委分": check_panel,
    "各次考评": check_visits,
    "构成": check_final,
    "同分次序": check_ranking,
    "总成绩": check_pass,
    "等次": check_grades,
}


@pytest.mark.parametrize(("text", "given"), EXAMPLES)
def test_example_of_the_document_is_what_the_code_computes(text, given):
    CHECKS[next(iter(given))](given)


def test_document_shows_every_kind_and_every_step():
    assert {next(iter(given)) for _, given in EXAMPLES} == set(CHECKS)
    kinds = {given["指标"]["类型"] for _, given in EXAMPLES if "指标" in given}
    assert kinds == {*scoring.SCORED_KINDS, scoring.VETO, scoring.PLAIN}


def test_document_shows_every_oddity():
    """Each word of the format stands in at least one example, so that nothing the arithmetic knows goes unexplained."""
    items = [given["指标"] for _, given in EXAMPLES if "指标" in given]
    lines = [line for each in items for line in each.get("细则", {}).values() if isinstance(line, dict)]
    assert {word for line in lines for word in line} == {
        "分值", "单位", "最多", "界限", "每档", "方向", "零头", "越界",
    }  # fmt: skip
    assert {line.get("零头") for line in lines} == {None, *STEPS}
    assert {(each["类型"], each.get("计法")) for each in items} >= {("count", "最高"), ("deduct", "最高")}
    sheets = [given["评分表"] for _, given in EXAMPLES if "评分表" in given]
    assert {word for sheet in sheets for word in sheet} == {"满分", "维度", "折算", "警种", "封总分"}
    tops = [top for sheet in sheets for top in sheet["维度"]]
    below = [part for top in tops for part in top.get("下级", ())]
    assert {word for each in (*tops, *below) for word in each} == {
        "名称", "封顶", "加分", "权重", "得星线", "计法", "下级", "指标", "只适用", "否决",
    }  # fmt: skip
    bands = [band for _, given in EXAMPLES for band in given.get("等次", ())]
    assert {word for band in bands for word in band} == {"名称", "总分", "比例", "得星", "各维度", "单项", "单项不低于"}
    assert {given["多次合成"] for _, given in EXAMPLES if "各次考评" in given} == {"mean", "last", "monthly"}
