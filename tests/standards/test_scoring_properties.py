"""What holds of the arithmetic for any numbers and any answers."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from standards import scoring, wording
from standards.scoring import Group, Item, Rule, Sheet

D = Decimal
PICKS = [scoring.SUM, scoring.HIGHEST]

halves = st.integers(0, 200).map(lambda n: D(n) / 2)


@given(st.lists(halves, min_size=1, max_size=8), st.integers(1, 100).map(D))
def test_dimension_never_exceeds_its_cap(values, cap):
    items = tuple(Item(str(i), scoring.POINTS, D(100)) for i in range(len(values)))
    result = scoring.score_sheet(Sheet((Group("A", "A", items, cap),)), {str(i): v for i, v in enumerate(values)})
    assert result.total == result.dimensions["A"] == min(sum(values), cap)


@given(st.text(max_size=30) | st.floats() | st.integers() | st.decimals())
def test_any_input_is_scored_within_range_or_refused(typed):
    count = Item("1", scoring.COUNT, rules=(Rule("7", "一次", D(1)),))
    for item, answer in ((Item("1", scoring.POINTS, D(4)), {"points": typed}), (count, {"times": {"7": typed}})):
        try:
            value = scoring.score_item(item, answer)
        except scoring.AnswerError:
            continue
        assert value is None or 0 <= value <= (4 if item.kind == scoring.POINTS else scoring.MOST_TIMES)


positive = st.integers(1, 2000).map(lambda n: D(n) / 100)
rules_measured = st.builds(
    Rule, st.just("7"), st.just("满意率"), positive, st.none() | st.integers(1, 5), positive, st.none() | positive,
    st.booleans(), st.sampled_from([scoring.FULL_STEPS, scoring.BEGUN_STEPS, scoring.IN_PROPORTION]), st.just(D(0)) | positive,
)  # fmt: skip


@given(rules_measured, st.integers(-5000, 5000), st.integers(0, 5000))
def test_further_over_the_threshold_never_counts_less(rule, cents, further):
    value, away = D(cents) / 100, D(further) / 100
    beyond = value + away if rule.above else value - away
    assert 0 <= rule.worth(value) <= rule.worth(beyond)


@given(rules_measured, st.integers(-5000, 5000))
def test_full_steps_count_least_and_begun_ones_most(rule, cents):
    full, exact, begun = (
        replace(rule, steps=steps).worth(D(cents) / 100)
        for steps in (scoring.FULL_STEPS, scoring.IN_PROPORTION, scoring.BEGUN_STEPS)
    )
    assert full <= exact <= begun


@given(st.lists(st.tuples(halves, st.integers(0, 20)), min_size=1, max_size=5))
def test_the_highest_line_is_one_of_the_lines_and_no_more_than_their_sum(lines):
    rules = tuple(Rule(str(i), "行", worth) for i, (worth, _) in enumerate(lines))
    answer = {"times": {str(i): times for i, (_, times) in enumerate(lines)}}
    highest, together = (
        scoring.score_item(Item("1", scoring.COUNT, rules=rules, pick=pick), answer)
        for pick in (scoring.HIGHEST, scoring.SUM)
    )
    assert highest in [scoring.cents(worth * times) for worth, times in lines]
    assert highest <= together


@st.composite
def trees(draw, path, depth=3):
    """A group of up to three levels with an answer to each of its items; keys tell where each stands."""
    parts, answers = [], {}
    for number in range(draw(st.integers(1, 3))):
        key = f"{path}.{number}"
        if depth > 1 and draw(st.booleans()):
            below, more = draw(trees(key, depth=depth - 1))
            parts.append(below)
            answers |= more
        else:
            most = draw(halves)
            parts.append(Item(key, scoring.POINTS, most))
            answers[key] = draw(st.sampled_from([D(0), most / 2, most]))
    cap = draw(st.none() | halves)
    return Group(path, "", tuple(parts), cap, pick=draw(st.sampled_from(PICKS))), answers


@given(st.integers(1, 3).flatmap(lambda number: st.tuples(*(trees(str(n)) for n in range(number)))), st.booleans())
def test_no_sheet_earns_more_than_can_be_reached(tops, capped):
    form = Sheet(tuple(group for group, _ in tops), capped=capped)
    result = scoring.score_sheet(form, {key: value for _, answers in tops for key, value in answers.items()})
    assert result.final is True
    for group in form.groups:
        assert 0 <= result.dimensions[group.key] <= group.reachable
    assert 0 <= result.total <= form.reachable
    assert result.total <= (100 if capped else form.reachable)


kinds = st.sampled_from([scoring.POINTS, scoring.LEVELS, scoring.COUNT, scoring.DEDUCT, scoring.CHECK, scoring.VETO])
typed_answers = st.fixed_dictionaries({}, optional={
    "points": st.text(max_size=6) | st.integers(0, 9).map(str), "level": st.sampled_from(["7", "8", ""]),
    "times": st.dictionaries(st.sampled_from(["7", "8"]), st.text(max_size=4) | st.integers(0, 12).map(str)),
    "met": st.booleans(),
})  # fmt: skip


@given(kinds, rules_measured, typed_answers, st.sampled_from(PICKS))
def test_every_answer_has_words_that_agree_with_its_points(kind, rule, answer, pick):
    item = Item("1", kind, D(10), rules=(rule, Rule("8", "缺席", D("0.5"))), pick=pick, effect=scoring.DISQUALIFY)
    words = wording.answer_words(item, answer)
    try:
        value = scoring.score_item(item, answer)
    except scoring.AnswerError:
        assert words == "填写有误"
        return
    assert (words == "未评") is (value is None)
    assert words
