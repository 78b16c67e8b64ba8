"""A rubric with every kind and oddity on the branch's page, the check desk, the preview and the printed form."""

import io
import re
from decimal import Decimal

import pypdf
import pytest
from django.urls import reverse

from applications import pdf, snapshots
from applications.models import Application, Assessment
from standards import answers
from tests import factories
from tests.applications import contents

FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture
def given(wide_track):
    return factories.wide_answers(wide_track.rubric)


@pytest.fixture
def leaves(wide_track):
    return {leaf.code: leaf for leaf in wide_track.rubric.leaves_for("派出所")}


@pytest.fixture
def client(client_of, cast):
    return client_of(cast.clerk)


@pytest.fixture
def officer(client_of, cast):
    return client_of(cast.committee_clerk)


def fields(leaf, answer, **more):
    """What the page sends for one criterion."""
    return {**answers.shown(leaf, answer), f"c{leaf.pk}-remark": "", f"c{leaf.pk}-version": 0, **more}


def text_of(response):
    return re.sub(r"\s+", "", re.sub(r"<[^>]*>", "", response.content.decode()))


def assess(client, application, leaves, given):
    """Each dimension by its own button, as without JavaScript."""
    for top in application.track.rubric.dimensions:
        data = {"dimension": top.pk}
        for leaf in top.leaves:
            data.update(fields(leaf, given.get(leaf.code, {})))
        answer = client.post(reverse("applications:assessment", args=[application.pk]), data)
        assert answer.status_code == 302
    return Application.objects.for_work().get(pk=application.pk)


# The branch's page


def test_every_kind_is_answered_on_the_branchs_page(client, wide_application, leaves, given):
    done = assess(client, wide_application, leaves, given)
    assert (done.self_score, done.self_complete) == (Decimal("90.80"), True)
    assert done.self_detail == {
        "dimensions": {"A": "45.80", "C": "70.00", "B": "10.00", "V": "0"}, "won": ["C"], "vetoed": [], "caps": ["良好"],
    }  # fmt: skip
    page = client.get(reverse("applications:assessment", args=[wide_application.pk]))
    assert page.context["warnings"] == ["V2 一般违纪已发生：最高评为“良好”"]
    shown = {row.criterion.code: row.entry.answer for d in page.context["dimensions"] for row in d["rows"]}
    assert {code: answer for code, answer in shown.items() if answer} == given
    text = text_of(page)
    for words in (
        "A1组织生活满分30分·得25.3分", "A2表彰满分20分·只取最高一项·得12分", "满分60分·得星线48分·得45.8分·差2.2分得星☆",
        "满分80分·按50%计入总分·得星线64分·得70分·已得星★", "加分项，最多加10分·得10分", "V2一般违纪已发生：最高评为“良好”",
        "低于90%的，扣0.5分，每低10%再扣1分", "扣0.5分/人次，最多计10人次", "最多40分，只取最高一项；没有的填0", "发生即取消资格",
    ):  # fmt: skip
        assert words in text, words


def test_blank_page_offers_each_kind_its_own_control(client, wide_application, leaves):
    html = client.get(reverse("applications:assessment", args=[wide_application.pk])).content.decode()
    kinds = re.findall(r'class="answer answer-(\w+)" data-answer="(\d+)"', html)
    assert kinds == [(leaf.kind, leaf.key) for leaf in leaves.values()]
    names = {name: kind for kind, name in re.findall(r'<input[^>]*type="(text|radio)"[^>]*name="(c\d+-[^"]*)"', html)}
    wanted = {}
    for leaf in leaves.values():
        kind = "radio" if leaf.kind in ("levels", "check", "veto") else "text"
        wanted |= dict.fromkeys(answers.shown(leaf, {}), kind)
    assert names == wanted
    assert " checked" not in html


WRONG = [
    ("A11", {"points": "9.33"}, "须是 0.1 的整数倍。"),
    ("A11", {"points": "11"}, "应在 0 至 10 分之间。"),
    ("A12", {"level": "0"}, "请选择列出的等次。"),
    ("A13", {"times": ("1.5", "")}, "“缺席”须填 0 至 9999 的整数（人次）。"),
    ("A13", {"times": ("11", "")}, "“缺席”最多计 10 人次。"),
    ("A3", {"times": ("九成", "1")}, "“满意率”请填写实际数值，例如 90。"),
    ("A3", {"times": ("90", "99999999999")}, "“投诉”的数值过大，请核对。"),
]


def answer_of(leaf, given):
    if "times" in given:
        rules = leaf.rules.all()
        return {"times": {str(rule.pk): value for rule, value in zip(rules, given["times"], strict=True)}}
    return given


@pytest.mark.parametrize(("code", "typed", "message"), WRONG)
def test_each_kind_says_what_is_wrong_at_its_field(client, wide_application, leaves, code, typed, message):
    leaf = leaves[code]
    data = fields(leaf, answer_of(leaf, typed))
    url = reverse("applications:save_answer", args=[wide_application.pk, leaf.pk])
    refusal = client.post(url, data, headers=FETCH)
    assert (refusal.status_code, refusal.json()["message"]) == (400, f"{leaf.title}：{message}")
    top = next(top for top in wide_application.track.rubric.dimensions if leaf in top.leaves)
    page = client.post(
        reverse("applications:assessment", args=[wide_application.pk]), {**data, "dimension": top.pk}
    ).content.decode()
    assert f'id="c{leaf.pk}-say" data-say>{leaf.title}：{message}</p>' in page
    wrong = re.findall(r'name="([^"]*)"[^>]*aria-invalid="true"', page)
    named = [f"c{leaf.pk}-t{rule.pk}" for rule in leaf.rules.all() if f"“{rule.label}”" in message]
    assert wrong == (named or [f"c{leaf.pk}-points"] * (leaf.kind == "points"))
    assert Assessment.objects.count() == 0


def test_a_veto_is_saved_without_points_to_show(client, wide_application, leaves):
    leaf = leaves["V1"]
    url = reverse("applications:save_answer", args=[wide_application.pk, leaf.pk])
    answer = client.post(url, fields(leaf, {"met": False}), headers=FETCH).json()
    assert (answer["earned"], answer["total"], answer["answered"]) == ("", "0", 1)
    assert answer["warnings"] == ["V1 严重违纪已发生：取消资格"]
    assert [group["star"] for group in answer["groups"]] == ["差48分得星 ☆", "", "", "差64分得星 ☆", "", ""]


def test_an_incomplete_measured_answer_is_kept_and_open(client, wide_application, leaves):
    leaf = leaves["A3"]
    url = reverse("applications:save_answer", args=[wide_application.pk, leaf.pk])
    answer = client.post(url, fields(leaf, answer_of(leaf, {"times": ("87", "")})), headers=FETCH).json()
    assert (answer["version"], answer["earned"], answer["answered"]) == (1, "", 0)
    assert Assessment.objects.get().points is None


# The check desk


def test_every_kind_is_answered_on_the_check_desk(officer, road, wide_application, leaves, given):
    application = road.to(wide_application, "submitted")
    url = reverse("applications:save_check", args=[application.pk])
    data = {"criterion": [leaf.pk for leaf in leaves.values()]}
    for code, leaf in leaves.items():
        data |= fields(leaf, given.get(code, {}))
    answer = officer.post(url, data, headers=FETCH).json()
    assert (answer["total"], answer["answered"], answer["of"], answer["errors"]) == ("90.8", 14, 14, {})
    assert answer["warnings"] == ["V2 一般违纪已发生：最高评为“良好”"]
    assert {leaves[code].key for code in ("V1", "V2")} & set(answer["earned"]) == set()
    page = officer.get(reverse("applications:check", args=[application.pk]))
    text = text_of(page)
    assert "A2表彰满分20分·只取最高一项·得12分" in text
    assert "已得星★" in text
    assert "每项：2项×3＝得6分" in text  # what the branch said, in words
    shown = {row.criterion.code: row.entry.answer for d in page.context["dimensions"] for row in d["rows"]}
    assert {code: value for code, value in shown.items() if value} == given


@pytest.mark.parametrize(("code", "typed", "message"), WRONG)
def test_check_desk_says_what_is_wrong(officer, road, wide_application, leaves, code, typed, message):
    application, leaf = road.to(wide_application, "submitted"), leaves[code]
    data = {"criterion": leaf.pk, **fields(leaf, answer_of(leaf, typed))}
    answer = officer.post(reverse("applications:save_check", args=[application.pk]), data, headers=FETCH)
    assert (answer.status_code, answer.json()["errors"]) == (422, {leaf.key: f"{leaf.title}：{message}"})


def test_adopting_the_branchs_answers_takes_vetoes_too(officer, client, road, wide_application, leaves, given):
    assess(client, wide_application, leaves, given)
    application = road.to(Application.objects.for_work().get(pk=wide_application.pk), "submitted")
    officer.post(reverse("applications:save_check", args=[application.pk]), {"adopt": "self"})
    items = {item.criterion.code: item.answer for item in application.check_items.select_related("criterion")}
    assert items == given


# On paper


PRINTED = [
    "A1组织生活3025.3",
    "A11党课质量109.3无",
    "A12台账108较好（8分）",
    "A13参会108缺席：2人次×0.5＝扣1分；每少1次：1次×1＝扣1分；合计扣2分",
    "A2表彰2012只取最高一项",
    "A3群众评价108.5满意率87%，低于90%，扣0.5分；投诉6件，高于3件，扣1分；合计扣1.5分",
    "业务实绩8070按50%计入总分，得星线64分，已得星★",
    "C1经验推广4030市级推广：2次×15＝得30分",
    "加分1010加分项，最多加10分",
    "V1严重违纪否决—未发生",
    "V2一般违纪否决—发生（最高评为“良好”）",
    "V3纪检情况否决—由纪检督察认定",
    "V4说明——无",
    "合计（16项）10090.8",
    "一票否决：V2一般违纪已发生：最高评为“良好”。",
]


def test_every_kind_has_its_line_on_the_printed_form(client, wide_application, leaves, given):
    content = snapshots.content_of(assess(client, wide_application, leaves, given))
    snapshot = contents.snapshot(
        {**contents.content(), "schema": content["schema"], "assessment": content["assessment"]}
    )
    reader = pypdf.PdfReader(io.BytesIO(pdf.render(snapshot)))
    text = re.sub(r"\s", "", "".join(page.extract_text() for page in reader.pages))
    assert [line for line in PRINTED if line not in text] == []
    assert pdf.missing_glyphs(snapshot) == set()


def test_unanswered_items_are_printed_as_such(wide_application):
    content = snapshots.content_of(wide_application)
    snapshot = contents.snapshot({**contents.content(), "schema": 2, "assessment": content["assessment"]})
    text = re.sub(r"\s", "", re.sub(r"<[^>]*>", "", pdf.html_of(snapshot)))
    assert "A12台账10未评无" in text
    assert "V1严重违纪否决—未评" in text
    assert "业务实绩800按50%计入总分，得星线64分，未得星" in text


def test_preview_shows_the_same_lines(client, wide_application, leaves, given):
    assess(client, wide_application, leaves, given)
    text = text_of(client.get(reverse("applications:preview", args=[wide_application.pk])))
    for words in (
        "A2表彰（只取最高一项）12/20", "A12台账较好（8分）8/10", "V1严重违纪未发生", "V3纪检情况由纪检督察认定", "V4说明不打分",
        "业务实绩：70/80分·按50%计入总分，得星线64分，已得星★", "V2一般违纪已发生：最高评为“良好”",
    ):  # fmt: skip
        assert words in text, words


def test_a_snapshot_of_the_first_schema_is_still_printed():
    made = contents.content()
    assert made["schema"] == 1
    html = pdf.html_of(contents.snapshot(made))
    assert 'class="subgroup"' not in html
    assert "一票否决：" not in html
