"""The fields of a page become an answer, and an answer becomes the same fields again."""

import pytest

from standards import answers


def criterion(rubric, code):
    return next(c for c in rubric.leaves_for("") if c.code == code)


def rule(leaf, place=0):
    return leaf.rules.all()[place].pk


@pytest.mark.parametrize(
    ("code", "fields", "answer"),
    [
        ("A1", {"points": " 2.5 "}, {"points": "2.5"}),
        ("A1", {"points": "满分"}, {"points": "满分"}),
        ("A1", {"points": ""}, {}),
        ("A2", {"level": "9"}, {"level": "9"}),
        ("A2", {}, {}),
        ("A5", {"met": "yes"}, {"met": True}),
        ("A5", {"met": "no"}, {"met": False}),
        ("A5", {"met": "maybe"}, {}),
        ("A6", {"met": "yes"}, {}),
        ("A7", {"points": "3"}, {}),
    ],
)
def test_answer_from_the_fields_of_its_kind(tiny_rubric, code, fields, answer):
    leaf = criterion(tiny_rubric, code)
    data = {f"c{leaf.pk}-{name}": value for name, value in fields.items()}
    assert answers.answer_from(data, leaf) == answer


def test_times_are_kept_by_rule_and_blank_means_unanswered(tiny_rubric):
    leaf = criterion(tiny_rubric, "A4")
    first, second = rule(leaf), rule(leaf, 1)
    assert answers.answer_from({f"c{leaf.pk}-t{first}": "", f"c{leaf.pk}-t{second}": " "}, leaf) == {}
    assert answers.answer_from({f"c{leaf.pk}-t{first}": "0", f"c{leaf.pk}-t{second}": ""}, leaf) == {
        "times": {str(first): "0", str(second): ""}
    }


@pytest.mark.parametrize("code", ["A1", "A2", "A3", "A4", "A5", "A6", "A7"])
def test_shown_is_the_reverse(tiny_rubric, code):
    leaf = criterion(tiny_rubric, code)
    sample = {
        "A1": {"points": "2.5"}, "A2": {"level": str(rule(leaf)) if code == "A2" else ""},
        "A3": {"times": {str(r.pk): "2" for r in leaf.rules.all()}},
        "A4": {"times": {str(r.pk): "1" for r in leaf.rules.all()}}, "A5": {"met": False}, "A6": {}, "A7": {},
    }[code]  # fmt: skip
    assert answers.answer_from(answers.shown(leaf, sample), leaf) == sample


def test_shown_of_nothing_is_blank(tiny_rubric):
    leaf = criterion(tiny_rubric, "A5")
    assert answers.shown(leaf, None) == {f"c{leaf.pk}-met": ""}
