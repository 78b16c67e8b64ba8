"""Fragments drawn once: the same text as the template's own, escaped, and never an outdated one."""

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from standards import answers, drawing, radar
from standards.models import Criterion, Rubric
from tests import factories

HOLES = ("url", "name", "uncite")


def test_stencil_is_what_the_template_shows():
    given = {"url": "/a/?b=1&c=2", "name": "<b>'照片\"</b>.png", "uncite": "/x/"}
    for editable in (True, False):
        drawn = drawing.stencil("applications/_chip.html", *HOLES, editable=editable).fill(**given)
        assert drawn == render_to_string("applications/_chip.html", {**given, "editable": editable})


def test_stencil_takes_what_is_drawn_already_as_it_is():
    filled = drawing.stencil("applications/_chip.html", *HOLES, editable=False)
    assert "<i>1</i>" in filled.fill(url="", name=mark_safe("<i>1</i>"), uncite=0)  # noqa: S308


def test_answer_input_is_the_fragment_for_every_kind_and_answer(db):
    rubric = factories.wide_rubric()
    given = factories.wide_answers(rubric)
    for leaf in rubric.leaves_for(""):
        for answer in ({}, given.get(leaf.code, {})):
            for context in ({"disabled": False}, {"disabled": True}, {"disabled": False, "error": "有误"}):
                entry = answers.entry(leaf, answer)
                plain = render_to_string("standards/_answer.html", {"entry": entry, "error": "", **context})
                assert drawing.answer_input(entry, **context) == drawing.answer_input(entry, **context) == plain


def test_answers_kept_drawn_are_few(db):
    leaf = factories.tiny_rubric().leaves_for("")[0]
    for number in range(3 * drawing.MOST_ANSWERS):
        drawing.answer_input(answers.entry(leaf, {"points": str(number)}))
    assert len(leaf.drawn_answers) <= drawing.MOST_ANSWERS


def test_published_criterion_is_drawn_once_and_a_draft_anew(db):
    name = "applications/_criterion_text.html"
    rubric = factories.tiny_rubric()
    first, again = (Rubric.objects.get(pk=rubric.pk).leaves_for("")[0] for _ in range(2))
    drawing.fixed(first, name)
    assert again.drawn is first.drawn
    draft = factories.draft_outline("DRAFT")
    leaf = draft.leaves_for("")[0]
    assert leaf.title in drawing.fixed(leaf, name)
    Criterion.objects.filter(pk=leaf.pk).update(title="改过的名称")
    changed = next(each for each in Rubric.objects.get(pk=draft.pk).leaves_for("") if each.pk == leaf.pk)
    assert "改过的名称" in drawing.fixed(changed, name)


def test_address_is_the_address(db):
    assert drawing.address("applications:uncite", 1024) == "/applications/citations/1024/uncite/"


# The radar


def rows(*values):
    return [(str(number), f"维度{number}", value, "10") for number, value in enumerate(values)]


def test_radar_puts_full_points_at_the_rim_and_none_at_the_centre():
    drawn = radar.radar(rows("10", "0", "5", "-3"))
    top, right, bottom, left = drawn.axes
    center = f"{drawn.center_x}.0,{drawn.center_y}.0"
    assert top.point == f"{drawn.center_x}.0,{drawn.center_y - radar.RADIUS}.0"
    assert (right.point, left.point) == (center, center)
    assert bottom.point == f"{drawn.center_x}.0,{drawn.center_y + radar.RADIUS / 2}"
    assert drawn.surface == " ".join(axis.point for axis in drawn.axes)


def test_radar_of_two_dimensions_is_a_table_only():
    drawn = radar.radar(rows("1", "2"))
    page = render_to_string("shared/_radar.html", {"radar": drawn, "title": "各维度得分"})
    assert (drawn.drawn, "<svg" in page, page.count("data-axis=")) == (False, False, 2)


def test_radar_labels_stand_in_two_short_lines():
    found = radar.radar(
        [("1", "标题", "1", "0"), ("2", "带出一支好队伍", "1", "2"), ("3", "一二三四五六七八九十", "1", "2")]
    )
    assert [[text for text, _ in axis.lines] for axis in found.axes] == [
        ["标题"], ["带出一支", "好队伍"], ["一二三四", "五六七…"],
    ]  # fmt: skip
