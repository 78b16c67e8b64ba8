"""Whether a rubric may be published: what is wrong, where, and what is only worth a warning."""

from standards import soundness
from standards.models import Criterion, Rubric
from tests import factories


def rubric_of(*rows, **fields):
    """A draft of one dimension of 60 points; a row is (code, points, 警种)."""
    rubric = factories.RubricFactory(**{"total_points": 60, **fields})
    top = Criterion.objects.create(rubric=rubric, order=1, code="A", title="维度", kind="group", max_points=60)
    for order, (code, points, lines) in enumerate(rows, 2):
        Criterion.objects.create(
            rubric=rubric, parent=top, order=order, code=code, title=code, text="原文", kind="points",
            max_points=points, lines=lines,
        )  # fmt: skip
    return Rubric.objects.get(pk=rubric.pk)


def said(rubric):
    return [(str(problem), problem.warning) for problem in soundness.problems(rubric)]


def test_parts_that_add_up_are_sound(db):
    assert said(rubric_of(("A1", 40, []), ("A2", 20, []))) == []


def test_parts_nobody_can_reach_keep_from_publishing(db):
    assert said(rubric_of(("A1", 40, []), ("A2", 10, []))) == [
        ("A：下级合计50分，与本级分值60分不符。", False),
        ("各维度合计50分，与总分60分不符。", False),
    ]


def test_items_of_one_line_left_out_without_rescaling_only_warn(db):
    assert said(rubric_of(("A1", 40, []), ("A2", 20, ["派出所"]))) == [
        ("A：下级合计40分，与本级分值60分不符（其他警种）。", True),
        ("各维度合计40分，与总分60分不符（其他警种）。", True),
    ]


def test_more_than_can_count_for_one_line_keeps_from_publishing(db):
    """The cap of the dimension would swallow the rest."""
    assert said(rubric_of(("A1", 40, []), ("A2", 20, []), ("A3", 10, ["交警"]))) == [
        ("A：下级合计70分，与本级分值60分不符（交警）。", False)
    ]


def test_rescaling_asks_no_sums(db):
    assert said(rubric_of(("A1", 40, []), ("A2", 5, ["派出所"]), rescale=True)) == []
