"""Two versions side by side: what is told of every change, on the screen and in the workbook."""

import io
from decimal import Decimal

import openpyxl
import pytest
from django.urls import reverse

from standards import differences
from standards.differences import ADDED, MOVED, REMOVED, REWEIGHTED, REWORDED, RULES
from standards.models import Criterion, Rubric, ScoreRule
from standards.services import versions


@pytest.fixture
def draft(tiny_rubric, cast):
    return versions.copy_rubric(tiny_rubric, by=cast.campaign_admin)


@pytest.fixture
def of(draft):
    return lambda code: Criterion.objects.get(rubric=draft, code=code)


def change(criterion, **fields):
    Criterion.objects.filter(pk=criterion.pk).update(**fields)


def compared(old, new):
    old, new = (Rubric.objects.get(pk=each.pk) for each in (old, new))
    return differences.compare(old.outline, new.outline)


def kinds(old, new):
    """Code → kinds of change, for what changed."""
    return {differences.one_of(each).code: each.kinds for each in compared(old, new) if each.kinds}


def fields(old, new, code):
    [found] = [each for each in compared(old, new) if differences.one_of(each).code == code]
    return [(field.label, field.before, field.after) for field in found.fields]


def test_a_copy_is_the_same(tiny_rubric, draft):
    assert kinds(tiny_rubric, draft) == {}
    assert differences.rubric_fields(tiny_rubric, draft) == []


def test_added_and_removed_stand_in_their_place(tiny_rubric, draft, of):
    of("A3").delete()
    Criterion.objects.create(rubric=draft, parent=of("A"), order=3, code="A2b", title="新", max_points=1)
    codes = [differences.one_of(each).code for each in compared(tiny_rubric, draft)]
    assert codes == ["A", "A1", "A2", "A3", "A2b", "A4", "A5", "A6", "A7", "B", "B1"]
    assert kinds(tiny_rubric, draft) == {"A3": (REMOVED,), "A2b": (ADDED,)}


def test_removed_at_the_very_top_comes_first(tiny_rubric, draft, of):
    of("A").delete()
    assert next(iter(compared(tiny_rubric, draft))).old.code == "A"


def test_reworded_and_reweighted(tiny_rubric, draft, of):
    change(of("A1"), text="打分的新标准原文", max_points=25)
    assert kinds(tiny_rubric, draft) == {"A1": (REWORDED, REWEIGHTED)}
    assert fields(tiny_rubric, draft, "A1") == [
        ("标准原文", "打分的标准原文", "打分的新标准原文"),
        ("分值", "30", "25"),
    ]


@pytest.mark.parametrize(
    ("change_to", "kind"),
    [
        ({"title": "x"}, REWORDED), ({"regulation": "条例"}, REWORDED), ({"evidence_hints": ["记录"]}, REWORDED),
        ({"weight": 50}, REWEIGHTED), ({"line": 20}, REWEIGHTED), ({"is_bonus": True}, REWEIGHTED),
        ({"kind": "check"}, RULES), ({"step": 1}, RULES), ({"floor": None}, RULES), ({"pick": "highest"}, RULES),
        ({"lines": ["刑侦"]}, RULES),
    ],
)  # fmt: skip
def test_every_field_belongs_to_a_kind_of_change(tiny_rubric, draft, of, change_to, kind):
    change(of("A1"), **change_to)
    assert kinds(tiny_rubric, draft) == {"A1": (kind,)}


def test_rules_beside_their_counterparts(tiny_rubric, draft, of):
    ScoreRule.objects.filter(criterion=of("A4"), label="每少1次").update(points=1)
    ScoreRule.objects.filter(criterion=of("A4"), label="每迟1次").delete()
    ScoreRule.objects.create(criterion=of("A4"), order=5, label="缺席", points=2, unit="人次")
    assert kinds(tiny_rubric, draft) == {"A4": (RULES,)}
    assert fields(tiny_rubric, draft, "A4") == [
        ("细则", "每少1次扣0.5分", "每少1次扣1分"),
        ("细则", "每迟1次扣0.25分", ""),
        ("细则", "", "缺席：扣2分/人次"),
    ]


def test_moved_under_another_parent(tiny_rubric, draft, of):
    change(of("A5"), parent=of("B"), order=99)
    assert kinds(tiny_rubric, draft) == {"A5": (MOVED,)}
    assert fields(tiny_rubric, draft, "A5") == [("位置", "A 基本项 之下", "B 加分项 之下")]


def test_moved_among_its_siblings_is_told_of_the_one_alone(tiny_rubric, draft, of):
    change(of("A1"), order=50)
    assert kinds(tiny_rubric, draft) == {"A1": (MOVED,)}


def test_renumbered_is_found_by_title_and_text(tiny_rubric, draft, of):
    change(of("A4"), code="A4x")
    assert kinds(tiny_rubric, draft) == {"A4x": (MOVED,)}
    assert fields(tiny_rubric, draft, "A4x") == [("编号", "A4", "A4x")]


def test_renumbered_parent_moves_nothing_below_it(tiny_rubric, draft, of):
    change(of("B"), code="C")
    assert kinds(tiny_rubric, draft) == {"C": (MOVED,)}


def test_the_whole(tiny_rubric, draft):
    draft.name, draft.total_points, draft.rescale = "新名", Decimal(110), True
    assert [(f.label, f.before, f.after) for f in differences.rubric_fields(tiny_rubric, draft)] == [
        ("名称", "小标准", "新名"), ("总分", "100", "110"), ("不适用项按比例折算", "否", "是"),
    ]  # fmt: skip


def test_matching_rules_by_label_then_place_never_across_units(tiny_rubric, draft, of):
    old = next(each for each in tiny_rubric.outline if each.code == "A4")
    first, second = old.rules.all()
    ScoreRule.objects.filter(criterion=of("A4"), label="每少1次").update(label="缺1次")
    ScoreRule.objects.filter(criterion=of("A4"), label="每迟1次").update(unit="人次")
    renamed = ScoreRule.objects.get(criterion=of("A4"), label="缺1次")
    assert differences.matching_rules(old, of("A4")) == {str(first.pk): str(renamed.pk)}
    assert second.unit == "次"


# Texts


def joined(run):
    return "".join(f"[{piece.text}]" if piece.changed else piece.text for piece in run)


@pytest.mark.parametrize(
    ("before", "after", "left", "right"),
    [
        ("每月开展主题党日", "每季开展主题党日", "每[月]开展主题党日", "每[季]开展主题党日"),
        ("不少于12次", "不少于8次", "不少于[12]次", "不少于[8]次"),
        ("", "新的", "", "[新的]"),
        ("旧的", "", "[旧的]", ""),
        ("一样", "一样", "一样", "一样"),
    ],
)
def test_pieces(before, after, left, right):
    assert tuple(map(joined, differences.pieces(before, after))) == (left, right)


def test_pieces_of_giant_texts_are_not_compared():
    run = differences.pieces("党" * 9000, "建" * 9000)
    assert [[piece.changed for piece in side] for side in run] == [[True], [True]]


# Pages


def page(name, rubric, **query):
    return reverse(f"standards:{name}", args=[rubric.pk], query=query)


@pytest.fixture
def admin(client_of, cast):
    return client_of(cast.campaign_admin)


def test_page_puts_the_older_left_whichever_is_asked(admin, tiny_rubric, draft, of):
    change(of("A1"), title="改了")
    for one, other in ((tiny_rubric, draft), (draft, tiny_rubric)):
        context = admin.get(page("rubric_diff", one, to=other.pk)).context
        assert (context["old"], context["new"], context["changed"]) == (tiny_rubric, draft, 1)


def test_page_compares_with_its_basis_unasked(admin, tiny_rubric, draft):
    assert admin.get(page("rubric_diff", draft)).context["other"] == tiny_rubric


def test_page_filters(admin, tiny_rubric, draft, of):
    change(of("A1"), title="改了")
    change(of("A2"), max_points=19)

    def shown(show):
        changes = admin.get(page("rubric_diff", draft, to=tiny_rubric.pk, show=show)).context["changes"]
        return [differences.one_of(each).code for each in changes]

    assert (shown(""), shown(REWORDED), shown(REWEIGHTED), shown(ADDED)) == (["A1", "A2"], ["A1"], ["A2"], [])
    assert len(shown("all")) == 10


def test_page_does_not_show_a_draft_to_others(client_of, cast, tiny_rubric, draft):
    answer = client_of(cast.clerk).get(page("rubric_diff", tiny_rubric, to=draft.pk))
    assert (answer.status_code, answer.context["other"]) == (200, None)


@pytest.mark.parametrize("rows", [1, 3])
def test_page_query_count(admin, tiny_rubric, draft, of, rows, django_assert_num_queries):
    for code in ("A1", "A2", "A3")[:rows]:
        change(of(code), title="改了")
    admin.get(page("rubric_diff", draft, to=tiny_rubric.pk))
    # session, user, grants, rubric, others, the draft's criteria and rules, unread notices
    with django_assert_num_queries(8):
        admin.get(page("rubric_diff", draft, to=tiny_rubric.pk))


def test_workbook_has_numbers_and_no_formula(admin, tiny_rubric, draft, of):
    change(of("A1"), text='=HYPERLINK("http://x","y")', max_points=25)
    change(of("A2"), title="+1", text="坏\x0b字")
    answer = admin.get(page("rubric_diff_xlsx", draft, to=tiny_rubric.pk))
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    changes, whole = book["改动"], book["全文对照"]
    rows = [[cell.value for cell in row] for row in changes.iter_rows(min_row=2)]
    assert rows[:2] == [
        ["A1", "打分", "改写、调整分值", "标准原文", "打分的标准原文", '=HYPERLINK("http://x","y")'],
        ["A1", "打分", "改写、调整分值", "分值", 30, 25],
    ]
    assert {cell.data_type for row in changes.iter_rows() for cell in row} == {"s", "n"}
    assert changes["F2"].quotePrefix
    assert (changes.freeze_panes, whole.freeze_panes, whole.max_row) == ("C2", "B2", 11)
    assert whole["K4"].value == "坏字"


def test_workbook_of_nothing_is_404(admin, tiny_rubric):
    for to in ("", "x", "99999999999999", tiny_rubric.pk):
        assert admin.get(page("rubric_diff_xlsx", tiny_rubric, to=to)).status_code == 404
