"""The worked examples of docs/scoring.md, recomputed."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from standards import ranking, scoring

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "scoring.md"
EXAMPLES = [
    (match.group(1), yaml.safe_load(match.group(1)))
    for match in re.finditer(r"^```yaml\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.M | re.S)
]


def number(value):
    return None if value is None else Decimal(str(value))


def numbers(values):
    return [number(value) for value in values]


def item(given):
    rules = tuple(scoring.Rule(name, name, number(points)) for name, points in given.get("细则", {}).items())
    return scoring.Item("1", given["类型"], number(given.get("分值", 0)), rules=rules)


def check_item(given):
    if "拒绝" in given:
        with pytest.raises(scoring.AnswerError) as caught:
            scoring.score_item(item(given["指标"]), given["作答"])
        assert caught.value.code == given["拒绝"]
    else:
        assert scoring.score_item(item(given["指标"]), given["作答"]) == number(given["得分"])


def dimension(given):
    only = given.get("只适用", {})
    items = tuple(
        scoring.Item(name, scoring.POINTS, number(points), lines=frozenset({only[name]} if name in only else ()))
        for name, points in given["指标"].items()
    )
    return scoring.Group(given["名称"], given["名称"], items, number(given["封顶"]), given.get("加分", False))


def check_sheet(given):
    form = given["评分表"]
    sheet = scoring.Sheet(tuple(dimension(d) for d in form["维度"]), number(form["满分"]), form.get("折算", False))
    result = scoring.score_sheet(
        sheet.for_line(form.get("警种", "")), {name: number(points) for name, points in given["得分"].items()}
    )
    assert list(result.missing) == given.get("缺项", [])
    if result.final:
        assert result.dimensions == {name: number(points) for name, points in given["维度得分"].items()}
        assert result.total == number(given["总分"])


def check_panel(given):
    result = ranking.panel_score(numbers(given["评委分"]), given["合成"])
    assert (list(result.used), result.value) == (numbers(given["计入"]), number(given["结果"]))


def check_visits(given):
    assert ranking.over_time(numbers(given["各次考评"]), given["多次合成"]) == number(given["结果"])


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


CHECKS = {
    "指标": check_item,
    "评分表": check_sheet,
    "评委分": check_panel,
    "各次考评": check_visits,
    "构成": check_final,
    "同分次序": check_ranking,
    "总成绩": check_pass,
}


@pytest.mark.parametrize(("text", "given"), EXAMPLES)
def test_example_of_the_document_is_what_the_code_computes(text, given):
    CHECKS[next(iter(given))](given)


def test_document_shows_every_kind_and_every_step():
    assert {next(iter(given)) for _, given in EXAMPLES} == set(CHECKS)
    kinds = {given["指标"]["类型"] for _, given in EXAMPLES if "指标" in given}
    assert kinds == {*scoring.SCORED_KINDS, scoring.VETO, scoring.PLAIN}
