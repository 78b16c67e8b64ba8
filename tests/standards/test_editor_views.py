"""The standards editor's pages, with and without JavaScript."""

import json
import re
from decimal import Decimal

import pytest
from django.http import QueryDict

from standards.forms.editing import CriterionForm
from standards.models import Criterion, Rubric, ScoreRule
from standards.services import editing
from standards.views import conflicts
from tests import factories

FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture
def rubric(db):
    return factories.draft_outline()


@pytest.fixture
def admin(client_of, cast):
    return client_of(cast.campaign_admin)


def page(rubric, rest=""):
    return f"/campaigns/rubrics/{rubric.pk}/edit/{rest}"


def of(rubric, code):
    return rubric.criteria.get(code=code)


def own(rubric, code):
    return page(rubric, f"{of(rubric, code).pk}/")


def filled(criterion, **changes):
    """What the criterion's form sends, with these fields changed."""
    values = {name: values for name, values in conflicts.criterion_data(criterion).items() if values}
    return {**values, **{name: value for name, value in changes.items() if value is not None}}


def wide(count):
    """A draft of `count` criteria: dimensions of 25 each."""
    rubric = factories.RubricFactory(code=f"W{count}")
    made = []
    for number in range(count):
        top = made[number - number % 25] if number % 25 else None
        made.append(
            Criterion.objects.create(
                rubric=rubric, parent=top, order=number + 1, code=f"W{number}", title=f"第{number}项", text="原文",
                kind="points" if top else "group", max_points=1 if top else 24,
            )
        )  # fmt: skip
    return rubric


# Looking


def test_a_blank_draft_opens_in_the_editor(admin):
    new = {"code": "NEW", "name": "新标准", "total_points": "100"}
    answer = admin.post("/campaigns/rubrics/new/", new, follow=True)
    assert answer.redirect_chain == [(page(Rubric.objects.get(code="NEW")), 302)]
    assert "草稿已建立" in answer.text


def test_outline_shows_every_row_with_points_and_sums(admin, rubric):
    html = admin.get(page(rubric)).content.decode()
    assert re.findall(r'node-code">([^<]+)<', html) == [each.code for each in rubric.outline]
    assert re.findall(r"合计(\d+)</span>", html) == ["60", "30", "30", "40"]
    assert "相符" in html
    assert '<form class="crit-form"' not in html


def test_outline_warns_where_sums_and_total_differ(admin, rubric):
    Criterion.objects.filter(code="A1-1").update(max_points=7)
    found = admin.get(page(rubric))
    assert (found.context["bar"]["gap"], found.context["bar"]["over"], found.context["bar"]["blocking"]) == (
        "3",
        False,
        3,
    )
    assert "还差3分" in found.content.decode()
    marked = {node.criterion.code: node.off for node in found.context["nodes"]}
    assert marked == {"A": True, "B": False}


def test_published_rubric_is_shown_with_the_way_to_a_draft(admin, plans):
    html = admin.get(page(plans.R3)).content.decode()
    assert f"/campaigns/rubrics/{plans.R3.pk}/copy/" in html
    assert "criterion_edit" not in html and "editor.js" not in html and "node-handle" not in html


def test_others_are_refused(client_of, cast, rubric, plans):
    assert client_of(cast.clerk).get(page(rubric)).status_code == 404
    assert client_of(cast.clerk).get(page(plans.R3)).status_code == 403


@pytest.mark.parametrize("count", [26, 78, 1000])
def test_outline_query_count_is_the_same_for_any_length(admin, django_assert_num_queries, count):
    rubric = wide(count)
    admin.get(page(rubric))
    # session, user, grants, rubric, criteria, rules, unread notices
    with django_assert_num_queries(7):
        found = admin.get(page(rubric))
    assert found.content.decode().count('class="node-row') == count


@pytest.mark.parametrize("count", [26, 78])
def test_saving_query_count_is_the_same_for_any_length(admin, django_assert_num_queries, count):
    rubric = wide(count)
    leaf = of(rubric, "W3")
    admin.post(own(rubric, "W3"), filled(leaf, title="一"), headers=FETCH)
    leaf.refresh_from_db()
    url, sent = own(rubric, "W3"), filled(leaf, title="二")
    # session, user, grants; rubric, criterion, rules, 警种; a savepoint and its release; lock, criterion, rules, code,
    # update, revision; three for the log; the criterion afresh; rubric, criteria, rules for the sums
    with django_assert_num_queries(22):
        answer = admin.post(url, sent, headers=FETCH)
    assert answer.json()["version"] == 3


@pytest.mark.parametrize("view", ["secretary", "assessor", "paper"])
def test_preview_shows_every_criterion_in_a_constant_number_of_queries(admin, django_assert_num_queries, view):
    rubric = factories.draft_outline()
    admin.get(f"/campaigns/rubrics/{rubric.pk}/preview/?as={view}")
    # session, user, grants, rubric, criteria, rules, unread notices
    with django_assert_num_queries(7):
        html = admin.get(f"/campaigns/rubrics/{rubric.pk}/preview/?as={view}").content.decode()
    titles = [each.title for each in rubric.outline if not each.is_group]
    assert [title for title in titles if title in html] == titles


# One criterion


def test_criterion_form_opens_inside_the_outline_and_alone(admin, rubric):
    inside = admin.get(own(rubric, "A1-2"), headers=FETCH).content.decode()
    alone = admin.get(own(rubric, "A1-2")).content.decode()
    assert ("<html" in inside, "<html" in alone) == (False, True)
    assert re.findall(r'name="(rules-\d+-label)" value="([^"]*)"', inside) == [
        ("rules-0-label", "好"),
        ("rules-1-label", "较好"),
    ]
    assert len(re.findall(r'name="rules-\d+-label"', alone)) == 5  # three empty ones to write in


def test_save_answers_with_sums_and_problems(admin, rubric):
    leaf = of(rubric, "A1-1")
    answer = admin.post(own(rubric, "A1-1"), filled(leaf, max_points="7"), headers=FETCH).json()
    keys = {code: str(of(rubric, code).pk) for code in ("A", "A1", "B")}
    assert (answer["version"], answer["revision"]) == (2, 1)
    assert [answer["sums"][keys[code]] for code in ("A", "A1", "B")] == [["57", True], ["27", True], ["40", False]]
    assert sorted(answer["marks"]) == sorted([keys["A"], keys["A1"]])
    assert "还差3分" in answer["bar"]
    assert "7分" in answer["row"]


def test_save_without_script_goes_back_to_the_row(admin, rubric):
    leaf = of(rubric, "A1-1")
    answer = admin.post(own(rubric, "A1-1"), filled(leaf, title="班子配齐"))
    assert answer["Location"] == f"{page(rubric)}#n{leaf.pk}"
    assert of(rubric, "A1-1").title == "班子配齐"


def test_form_sent_back_untouched_changes_nothing(admin, rubric):
    for leaf in rubric.criteria.all():
        admin.post(own(rubric, leaf.code), filled(leaf), headers=FETCH)
    assert set(rubric.criteria.values_list("version", flat=True)) == {1}


def test_save_takes_every_field(admin, rubric, bureau):
    leaf = of(rubric, "A2-1")
    given = {
        "code": "甲-1", "title": "三会一课制度", "text": "第一行\r\n第二行", "kind": "count", "max_points": "１２。５",
        "step": "0.1", "floor": "", "pick": "highest", "line": "8", "weight": "50", "is_bonus": "on",
        "veto_effect": "cap", "veto_cap": "较好", "method": "看、听", "verify": "现场", "strong": "党员队伍强",
        "evidence_hints": "台账\r\n\r\n照片 ", "lines": ["派出所"], "more_lines": "网安，警航", "regulation": "党章第三十一条",
        "note": "只计本年", "version": "1", "rules-4-label": "出勤率", "rules-4-points": "1", "rules-4-unit": "%",
        "rules-4-threshold": "90", "rules-4-per": "10", "rules-4-steps": "begun", "rules-4-first": "0.5",
        "rules-4-max_times": "3", "rules-4-above": "on", "rules-9-label": "", "rules-9-points": "",
    }  # fmt: skip
    assert admin.post(own(rubric, "A2-1"), given, headers=FETCH).status_code == 200
    leaf.refresh_from_db()
    assert {name: getattr(leaf, name) for name in editing.CRITERION_CONTENT} == {
        "code": "甲-1", "title": "三会一课制度", "text": "第一行\n第二行", "kind": "count", "max_points": Decimal("12.5"),
        "step": Decimal("0.1"), "floor": None, "pick": "highest", "line": 8, "weight": 50, "is_bonus": True,
        "veto_effect": "cap", "veto_cap": "较好", "method": "看、听", "verify": "现场", "strong": "党员队伍强",
        "evidence_hints": ["台账", "照片"], "lines": ["派出所", "网安", "警航"], "regulation": "党章第三十一条",
        "note": "只计本年",
    }  # fmt: skip
    (rule,) = leaf.rules.all()
    assert {name: getattr(rule, name) for name in editing.RULE_CONTENT} == {
        "label": "出勤率", "points": 1, "max_times": 3, "unit": "%", "threshold": 90, "per": 10, "above": True,
        "steps": "begun", "first": Decimal("0.5"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("max_points", "-1", "不能是负数；扣分的细则也填正数。"),
        ("max_points", "十分", "请填写数字，例如 3 或 2.5。"),
        ("max_points", "1.234", "最多两位小数。"),
        ("max_points", "1e30", "不能大于9999。"),
        ("floor", "NaN", "请填写数字，例如 3 或 2.5。"),
        ("weight", "101", "不能大于100。"),
        ("code", "", "请填写这一栏。"),
        ("code", "B1", "编号“B1”已用在另一项上，请换一个。"),
        ("code", "甲" * 21, "最多20个字，现有21个字。"),
        ("title", "长" * 81, "最多80个字，现有81个字。"),
        ("kind", "stars", "请选择列出的一种。"),
        ("title", "空\x00", "含有不能保存的字符，请重新输入。"),
    ],
)
def test_impossible_values_are_refused_at_their_field_and_kept(admin, rubric, field, value, text):
    leaf = of(rubric, "A1-1")
    answer = admin.post(own(rubric, "A1-1"), filled(leaf, **{field: value}), headers=FETCH)
    assert (answer.status_code, answer.json()["errors"]) == (400, {field: [text]})
    html = admin.post(own(rubric, "A1-1"), filled(leaf, **{field: value, "note": "写了很久"})).content.decode()
    assert text in html
    assert 'value="写了很久"' in html
    assert of(rubric, "A1-1").version == 1


def test_impossible_rules_are_refused_in_their_row(admin, rubric):
    sent = filled(of(rubric, "A2-1"), **{"rules-0-points": "-1", "rules-0-max_times": "零", "rules-1-points": "2"})
    answer = admin.post(own(rubric, "A2-1"), sent, headers=FETCH)
    assert answer.json()["errors"] == {
        "__all__": ["计分细则里有不能保存的内容，请看标红处。"],
        "rules-0-points": ["不能是负数；扣分的细则也填正数。"],
        "rules-0-max_times": ["请填写1至9999的整数，不限就留空。"],
        "rules-1-label": ["请写明这一条，例如“好”或“每少1次”。"],
    }


def test_many_rules_are_kept_and_more_than_can_be_kept_are_refused(admin, rubric):
    leaf = of(rubric, "A2-1")
    for number in range(60 - leaf.rules.count()):
        ScoreRule.objects.create(criterion=leaf, order=10 + number, label=f"情形{number}", points=1)
    assert admin.post(own(rubric, "A2-1"), filled(leaf, title="改名"), headers=FETCH).status_code == 200
    assert (of(rubric, "A2-1").title, leaf.rules.count()) == ("改名", 60)
    more = {f"rules-{100 + number}-label": "又一条" for number in range(41)}
    answer = admin.post(own(rubric, "A2-1"), filled(of(rubric, "A2-1"), **more), headers=FETCH)
    assert answer.json()["errors"]["__all__"] == ["一项最多100条细则，现有101条；请分成几项。"]
    assert leaf.rules.count() == 60


def test_a_row_numbered_beyond_all_numbers_is_no_row():
    assert CriterionForm({f"rules-{'9' * 5000}-label": "x", "rules-2-label": "y"}).rules[0].prefix == "rules-2"


# Two people


def test_conflict_shows_both_versions_of_what_differs(admin, rubric):
    leaf = of(rubric, "A1-2")
    mine = filled(leaf, title="我的名称", **{"rules-0-label": "优秀"})
    admin.post(own(rubric, "A1-2"), filled(leaf, title="对方名称", note="对方说明"), headers=FETCH)
    for headers in (FETCH, {}):
        answer = admin.post(own(rubric, "A1-2"), mine, headers=headers)
        assert answer.status_code == 409
        # Nothing was written into 说明 here, so the other's comes first there.
        assert [tuple(row.values())[1:] for row in answer.context["rows"]] == [
            ("名称", "我的名称", "对方名称", False),
            ("说明", "（空）", "对方说明", True),
            ("计分细则", "优秀 20分/次\n较好 15分/次", "好 20分/次\n较好 15分/次", False),
        ]
    assert of(rubric, "A1-2").title == "对方名称"


def test_conflict_is_solved_field_by_field(admin, rubric):
    leaf = of(rubric, "A1-2")
    mine = filled(leaf, title="我的名称", **{"rules-0-label": "优秀"})
    admin.post(own(rubric, "A1-2"), filled(leaf, title="对方名称", note="对方说明"), headers=FETCH)
    form = admin.post(own(rubric, "A1-2"), mine).context
    sent = QueryDict(mutable=True)
    for name, value in form["hidden"]:
        sent.appendlist(name, value)
    sent.update({"choose-title": "mine", "choose-note": "theirs", "choose-rules": "mine"})
    answer = admin.post(own(rubric, "A1-2"), sent.urlencode(), content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 302
    saved = of(rubric, "A1-2")
    assert (saved.title, saved.note, [rule.label for rule in saved.rules.all()]) == (
        "我的名称",
        "对方说明",
        ["优秀", "较好"],
    )


def test_answer_lost_on_the_way_is_no_conflict(admin, rubric):
    leaf = of(rubric, "A1-1")
    sent = filled(leaf, title="一样")
    versions = [admin.post(own(rubric, "A1-1"), sent, headers=FETCH).json()["version"] for _ in range(2)]
    assert versions == [2, 2]


def test_head_conflict_and_its_solution(admin, rubric):
    mark = editing.head_mark(rubric)
    first = admin.post(page(rubric, "head/"), {"name": "甲", "total_points": "100", "mark": mark}, headers=FETCH)
    assert first.json()["version"] == editing.head_mark(Rubric.objects.get(pk=rubric.pk))
    second = admin.post(page(rubric, "head/"), {"name": "乙", "total_points": "90", "mark": mark})
    assert second.status_code == 409
    sent = dict(second.context["hidden"]) | {"choose-name": "theirs", "choose-total_points": "mine"}
    assert admin.post(page(rubric, "head/"), sent).status_code == 302
    rubric.refresh_from_db()
    assert (rubric.name, rubric.total_points) == ("甲", Decimal(90))


# The outline


def test_add_answers_with_the_new_row_and_its_place(admin, rubric):
    answer = admin.post(page(rubric, "add/"), {"after": of(rubric, "A1-1").pk}, headers=FETCH).json()
    assert (answer["parent"], answer["position"], answer["message"]) == (
        of(rubric, "A1").pk,
        1,
        "已新增“A1-3 新指标”。",
    )
    assert f'id="n{answer["pk"]}"' in answer["html"]


def test_move_says_where_the_criterion_now_stands(admin, rubric):
    answer = admin.post(f"{own(rubric, 'A1-1')}move/", {"to": "down"}, headers=FETCH).json()
    assert answer["message"] == "“A1-1 班子配备”现在在“A1 班子建设”下第2项，共2项。"


def test_drag_from_a_page_that_is_behind_is_refused(admin, rubric):
    admin.post(page(rubric, "add/"), headers=FETCH)
    sent = {"parent": of(rubric, "A2").pk, "position": 0, "revision": 0}
    answer = admin.post(f"{own(rubric, 'A1-1')}move/", sent, headers=FETCH)
    assert (answer.status_code, answer.content.decode()[:9]) == (422, "大纲刚被他人改动；")
    assert of(rubric, "A1-1").parent == of(rubric, "A1")


def test_delete_and_undo(admin, rubric):
    before = [each.code for each in rubric.outline]
    answer = admin.post(f"{own(rubric, 'A1')}delete/", {"revision": 0}, headers=FETCH).json()
    assert answer["message"] == "已删除“A1 班子建设”和下面的2项。"
    assert [each.code for each in Rubric.objects.get(pk=rubric.pk).outline] == ["A", *before[4:]]
    back = admin.post(page(rubric, "restore/"), {"undo": answer["undo"]}, headers=FETCH).json()
    assert (back["position"], back["html"].count('class="node-row')) == (0, 3)
    assert [each.code for each in Rubric.objects.get(pk=rubric.pk).outline] == before


def test_undo_works_for_its_own_rubric_and_unchanged_only(admin, rubric):
    undo = admin.post(f"{own(rubric, 'B2')}delete/", headers=FETCH).json()["undo"]
    other = factories.draft_outline("OTHER")
    assert admin.post(page(other, "restore/"), {"undo": undo}, headers=FETCH).status_code == 404
    assert admin.post(page(rubric, "restore/"), {"undo": f"{undo}x"}, headers=FETCH).status_code == 422
    assert other.criteria.count() == 10


def test_delete_without_script_offers_the_undo_on_the_page(admin, rubric):
    found = admin.post(f"{own(rubric, 'B2')}delete/")
    assert (found.status_code, found.context["deleted"]) == (200, "已删除“B2 违纪违法”。")
    assert admin.post(page(rubric, "restore/"), {"undo": found.context["undo"]}).status_code == 302
    assert rubric.criteria.count() == 10


def test_points_move_from_one_to_another(admin, rubric):
    giver, taker = of(rubric, "A1-2"), of(rubric, "A1-1")
    answer = admin.post(page(rubric, "points/"), {"giver": giver.pk, "taker": taker.pk, "points": "5"})
    assert answer["Location"] == page(rubric)
    assert (of(rubric, "A1-2").max_points, of(rubric, "A1-1").max_points) == (15, 15)


@pytest.mark.parametrize(
    ("changes", "field", "text"),
    [
        ({"points": "99"}, "points", "“A1-2 民主评议”只有20分，不够移出99分。"),
        ({"points": ""}, "points", "请填写要移动的分值。"),
        ({"taker": ""}, "taker", "请选择一项指标。"),
        ({"taker": "giver"}, "taker", "请选择两个不同的指标。"),
    ],
)
def test_points_move_refuses_at_the_field(admin, rubric, changes, field, text):
    giver, taker = of(rubric, "A1-2").pk, of(rubric, "A1-1").pk
    sent = {"giver": giver, "taker": taker, "points": "5", **changes}
    sent["taker"] = giver if sent["taker"] == "giver" else sent["taker"]
    assert admin.post(page(rubric, "points/"), sent).context["form"].errors == {field: [text]}


def test_every_act_on_a_published_rubric_is_refused_in_words(admin, plans):
    leaf = plans.R3.leaves_for("")[0]
    for rest in (
        "head/",
        "add/",
        "points/",
        f"{leaf.pk}/",
        *(f"{leaf.pk}/{act}/" for act in ("move", "duplicate", "delete")),
    ):
        answer = admin.post(page(plans.R3, rest), {"to": "up"}, headers=FETCH)
        assert (rest, answer.status_code) == (rest, 422)
        assert "不能再改" in answer.content.decode()


def test_form_has_a_field_for_everything_a_criterion_says():
    assert set(editing.CRITERION_CONTENT) == set(CriterionForm().fields) - {"version", "more_lines"}
    assert json.dumps(sorted(CriterionForm().empty_rule.fields)) == json.dumps(sorted(("pk", *editing.RULE_CONTENT)))
