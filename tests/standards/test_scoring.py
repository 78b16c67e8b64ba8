from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standards import ranking, scoring
from standards.ranking import Component, Entry
from standards.scoring import Group, Item, Rule, Sheet

D = Decimal


def points(**fields):
    return Item("1", scoring.POINTS, **{"max_points": D(4), **fields})


def refusal(item, answer):
    with pytest.raises(scoring.AnswerError) as caught:
        scoring.score_item(item, answer)
    return caught.value.code


# Items


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("3.5", "3.5"),
        (" 3.5 ", "3.5"),
        (3.5, "3.5"),
        (0, "0"),
        ("0", "0"),
        ("4", "4"),
        ("3.50", "3.5"),
        ("３．５", "3.5"),
        ("３。５", "3.5"),
        ("3，5", "3.5"),
        ("-0", "0"),
    ],
)
def test_points_are_read_as_people_type_them(typed, value):
    assert scoring.score_item(points(), {"points": typed}) == D(value)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("3.3", "off_step"),
        ("0.25", "off_step"),
        ("1e-400", "off_step"),
        ("4.5", "out_of_range"),
        ("-0.5", "out_of_range"),
        ("1e400", "out_of_range"),
        ("三分", "not_a_number"),
        ("3分", "not_a_number"),
        ("3.5.1", "not_a_number"),
        ("NaN", "not_a_number"),
        ("Infinity", "not_a_number"),
        ("sNaN", "not_a_number"),
        (True, "not_a_number"),
        ([3], "not_a_number"),
    ],
)
def test_points_that_cannot_be_scored_are_refused(typed, code):
    assert refusal(points(), {"points": typed}) == code


def test_refusal_tells_what_is_allowed():
    with pytest.raises(scoring.AnswerError) as caught:
        scoring.score_item(points(), {"points": "9"})
    assert caught.value.message == "应在 0 至 4 分之间。"
    with pytest.raises(scoring.AnswerError) as caught:
        scoring.score_item(points(), {"points": "3.3"})
    assert caught.value.message == "须是 0.5 的整数倍。"


def test_points_below_zero_need_a_floor_that_allows_them():
    assert scoring.score_item(points(floor=D(-2)), {"points": "-1.5"}) == D("-1.5")
    assert refusal(points(floor=None), {"points": "-1.5"}) == "out_of_range"


def test_points_without_a_step_are_kept_to_two_decimals():
    assert scoring.score_item(points(step=D(0)), {"points": "3.005"}) == D("3.01")


@pytest.mark.parametrize("answer", [None, {}, {"points": None}, {"points": ""}, {"remark": "已办"}])
def test_unanswered_points_are_missing_and_not_zero(answer):
    assert scoring.score_item(points(), answer) is None


LEVELS = Item("1", scoring.LEVELS, D(20), rules=(Rule("7", "好", D(20)), Rule("8", "差", D(0))))


def test_level_gives_its_points():
    assert scoring.score_item(LEVELS, {"level": "7"}) == 20
    assert scoring.score_item(LEVELS, {"level": 8}) == 0
    assert scoring.score_item(LEVELS, {"level": ""}) is None
    assert refusal(LEVELS, {"level": "9"}) == "unknown_level"


COUNT = Item("1", scoring.COUNT, D(5), rules=(Rule("7", "市级", D("0.5"), max_times=8), Rule("8", "省级", D(2))))


@pytest.mark.parametrize(
    ("times", "value"),
    [({}, "0"), ({"7": 3}, "1.5"), ({"7": "３", "8": 1}, "3.5"), ({"7": 8, "8": 4}, "5"), ({"7": "", "8": None}, "0")],
)
def test_count_multiplies_and_stops_at_the_cap(times, value):
    assert scoring.score_item(COUNT, {"times": times}) == D(value)


def test_count_without_a_cap_goes_on():
    item = Item("1", scoring.COUNT, rules=(Rule("7", "一次", D(5)),))
    assert scoring.score_item(item, {"times": {"7": 30}}) == 150


@pytest.mark.parametrize(
    ("times", "code"),
    [
        ({"7": 9}, "too_many_times"),
        ({"7": -1}, "bad_times"),
        ({"8": "1.5"}, "bad_times"),
        ({"8": 10_000}, "bad_times"),
        ({"8": "1e400"}, "bad_times"),
        ({"8": "9" * 40}, "bad_times"),
        ({"8": "两次"}, "not_a_number"),
    ],
)
def test_times_that_cannot_be_counted_are_refused(times, code):
    assert refusal(COUNT, {"times": times}) == code


def test_deduct_starts_at_the_points_and_stops_at_the_floor():
    rules = (Rule("7", "每少1次", D("0.5")), Rule("8", "未制定", D(1)))
    item = Item("1", scoring.DEDUCT, D(2), rules=rules)
    assert scoring.score_item(item, {}) is None
    assert scoring.score_item(item, {"times": {}}) == 2
    assert scoring.score_item(item, {"times": {"7": 1, "8": 1}}) == D("0.5")
    assert scoring.score_item(item, {"times": {"7": 9}}) == 0
    below = Item("1", scoring.DEDUCT, D(2), floor=None, rules=rules)
    assert scoring.score_item(below, {"times": {"7": 9}}) == D("-2.5")


def test_check_is_all_or_nothing():
    item = Item("1", scoring.CHECK, D(2))
    assert [scoring.score_item(item, {"met": met}) for met in (True, False, None)] == [2, 0, None]


@pytest.mark.parametrize("kind", [scoring.VETO, scoring.PLAIN, scoring.GROUP])
def test_kinds_without_points_never_score(kind):
    assert scoring.score_item(Item("1", kind, D(5)), {"met": True, "points": "5"}) is None


# Sheets


def sheet(*dimensions, **fields):
    return Sheet(tuple(dimensions), **fields)


def dimension(key, items, cap=None, **fields):
    return Group(key, key, tuple(Item(k, scoring.POINTS, D(m)) for k, m in items.items()), cap and D(cap), **fields)


def test_sheet_sums_items_into_dimensions_and_dimensions_into_the_total():
    result = scoring.score_sheet(
        sheet(dimension("A", {"a": 10, "b": 10}), dimension("B", {"c": 5})), {"a": D("8.5"), "b": D(9), "c": D("4.5")}
    )
    assert result.dimensions == {"A": D("17.5"), "B": D("4.5")}
    assert (result.total, result.missing, result.final) == (D(22), (), True)


def test_missing_item_makes_the_sheet_not_final():
    result = scoring.score_sheet(sheet(dimension("A", {"a": 10, "b": 10})), {"a": D(8), "b": None})
    assert (result.total, result.missing, result.final) == (D(8), ("b",), False)


def test_zero_is_an_answer():
    result = scoring.score_sheet(sheet(dimension("A", {"a": 10})), {"a": D(0)})
    assert (result.total, result.final) == (D(0), True)


def test_veto_carries_no_points_and_is_never_missing():
    veto = Item("v", scoring.VETO, D(50))
    form = sheet(Group("A", "A", (Item("a", scoring.POINTS, D(10)), veto)))
    assert scoring.score_sheet(form, {"a": D(8)}).total == 8
    assert scoring.score_sheet(form, {"a": D(8), "v": D(50)}).total == 8
    assert scoring.score_sheet(form, {"a": D(8)}).final is True


def test_bonus_is_added_on_top_up_to_its_cap():
    form = sheet(dimension("A", {"a": 100}, 100), dimension("B", {"b": 8, "c": 8}, 10, bonus=True))
    assert scoring.score_sheet(form, {"a": D(95), "b": D(2), "c": D(1)}).total == 98
    assert scoring.score_sheet(form, {"a": D(95), "b": D(8), "c": D(8)}).total == 105


def lined(rescale):
    plain_item = Item("a", scoring.POINTS, D(60))
    street = Item("b", scoring.POINTS, D(40), lines=frozenset({"派出所"}))
    return Sheet((Group("A", "A", (plain_item, street)),), rescale=rescale)


def test_item_of_another_line_is_left_out():
    assert [i.key for i in lined(False).for_line("机关").asked_items] == ["a"]
    assert [i.key for i in lined(False).for_line("派出所").asked_items] == ["a", "b"]
    result = scoring.score_sheet(lined(False).for_line("机关"), {"a": D(50)})
    assert (result.total, result.final) == (D(50), True)


def test_rescale_stretches_what_applies_to_the_full_points():
    assert scoring.score_sheet(lined(True).for_line("机关"), {"a": D(50)}).total == D("83.33")
    assert scoring.score_sheet(lined(True).for_line("派出所"), {"a": D(50), "b": D(30)}).total == D(80)


def test_rescale_leaves_the_bonus_as_it_is():
    form = Sheet((*lined(True).dimensions, dimension("B", {"c": 10}, 10, bonus=True)), rescale=True)
    assert scoring.score_sheet(form.for_line("机关"), {"a": D(30), "c": D(5)}).total == D(55)


def test_rescale_with_nothing_that_applies_is_zero():
    only = Item("b", scoring.POINTS, D(40), lines=frozenset({"派出所"}))
    form = Sheet((Group("A", "A", (only,)),), rescale=True)
    assert scoring.score_sheet(form.for_line("机关"), {}).total == 0


# Rounding


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        ("0.005", "0.01"),
        ("0.015", "0.02"),
        ("0.025", "0.03"),
        ("90.1649", "90.16"),
        ("-0.005", "-0.01"),
        ("-0.001", "0.00"),
        ("7", "7.00"),
    ],
)
def test_rounding_is_half_up(value, rounded):
    assert str(scoring.cents(D(value))) == rounded


@pytest.mark.parametrize(
    ("value", "text"), [("3.00", "3"), ("2.50", "2.5"), ("100", "100"), ("1E+2", "100"), ("0.05", "0.05"), (None, "")]
)
def test_plain_writes_numbers_as_people_do(value, text):
    assert scoring.plain(value and D(value)) == text


# Panels


@pytest.mark.parametrize(
    ("scores", "method", "value", "used", "dropped"),
    [
        ("91.5", "trimmed", "91.5", "91.5", ""),
        ("90 91", "trimmed", "90.5", "90 91", ""),
        ("95 88 90", "trimmed", "91", "88 90 95", ""),
        ("97 88 92.5 80", "trimmed", "89.38", "80 88 92.5 97", ""),
        ("97 88 92.5 80 90", "trimmed", "90.17", "88 90 92.5", "80 97"),
        ("96 85 88 96 90 85 91", "trimmed", "90", "85 88 90 91 96", "85 96"),
        ("90 90 90 90 90", "trimmed", "90", "90 90 90", "90 90"),
        ("97 88 92.5 80 90", "mean", "89.5", "80 88 90 92.5 97", ""),
        ("0 0.01", "mean", "0.01", "0 0.01", ""),
    ],
)
def test_panel_score(scores, method, value, used, dropped):
    result = ranking.panel_score([D(s) for s in scores.split()], method)
    assert (result.value, result.used, result.dropped) == (
        D(value),
        tuple(D(s) for s in used.split()),
        tuple(D(s) for s in dropped.split()),
    )


def test_panel_says_what_it_did():
    five, four = [D(n) for n in (80, 88, 90, 92, 97)], [D(n) for n in (80, 88, 90, 92)]
    assert ranking.panel_score(five, "trimmed").note == "共5人评分，去掉一个最高分97和一个最低分80后取平均。"
    assert ranking.panel_score(four, "trimmed").note == "共4人评分，不足5人，不去最高最低分，直接取平均。"
    assert ranking.panel_score(four).note == "共4人评分，取平均。"


def test_trimming_starts_at_the_given_number_and_never_below_three():
    scores = [D(n) for n in (80, 90, 97)]
    assert ranking.panel_score(scores, "trimmed", trim_from=3).used == (D(90),)
    assert ranking.panel_score(scores[:2], "trimmed", trim_from=1).used == (D(80), D(90))


def test_panel_without_scores_has_none():
    assert ranking.panel_score([]) is None


def test_visits_are_combined_over_time():
    visits = [D(88), D("92.5"), D(90)]
    assert ranking.over_time(visits) == D("90.17")
    assert ranking.over_time(visits, ranking.LAST) == D(90)
    assert ranking.over_time([]) is None


# Final


def test_final_is_the_weighted_sum_of_components_on_a_scale_of_100():
    parts = [Component("a", D(30), D(90)), Component("b", D(40), D("90.17")), Component("c", D(30), D(46), D(50))]
    assert ranking.final_score(parts) == D("90.67")


def test_each_component_is_rounded_on_its_scale_before_weighing():
    # 1/3 → 33.33, not 33.333…: 33.33 × 50% + 100 × 50% = 66.665 → 66.67
    assert ranking.final_score([Component("a", D(50), D(1), D(3)), Component("b", D(50), D(100))]) == D("66.67")


def test_component_without_a_score_leaves_no_final():
    assert ranking.final_score([Component("a", D(30), D(90)), Component("b", D(70), None)]) is None


def test_component_without_weight_does_not_count():
    assert ranking.final_score([Component("a", D(0), None), Component("b", D(100), D(88))]) == D(88)
    assert ranking.final_score([Component("a", D(0), D(90))]) is None
    assert ranking.final_score([]) is None


# Ranks and cuts


def places(*entries, names=()):
    return [(p.key, p.rank, p.tied, p.decided_by) for p in ranking.rank(entries, names)]


def test_equal_finals_share_the_place_and_the_next_is_skipped():
    assert places(Entry("c", D(80)), Entry("b", D(90)), Entry("a", D(90))) == [
        ("a", 1, True, ""),
        ("b", 1, True, ""),
        ("c", 3, False, ""),
    ]


def test_tie_breakers_part_equal_finals_in_their_order():
    entries = (
        Entry("a", D(90), (D(88), D(85))),
        Entry("b", D(90), (D(88), D(86))),
        Entry("c", D(90), (D(89), D(1))),
        Entry("d", D(91), (D(0), D(0))),
    )
    assert places(*entries, names=("visit", "presentation")) == [
        ("d", 1, False, ""),
        ("c", 2, False, "visit"),
        ("b", 3, False, "visit"),
        ("a", 4, False, "presentation"),
    ]


def test_missing_tie_breaker_comes_after_any_value():
    assert [key for key, *_ in places(Entry("a", D(90), (None,)), Entry("b", D(90), (D(-5),)))] == ["b", "a"]


def test_finals_that_differ_only_in_writing_are_equal():
    assert [rank for _, rank, *_ in places(Entry("a", D("90")), Entry("b", D("90.00")))] == [1, 1]


def ranked(*finals):
    return ranking.rank([Entry(f"{i:02}", D(final)) for i, final in enumerate(finals)])


def test_cut_takes_the_quota_then_the_reserves():
    result = ranking.cut(ranked(95, 94, 93, 92), quota=2, reserves=1)
    assert (result.selected, result.reserves, result.others) == (("00", "01"), ("02",), ("03",))
    assert result.contested == ()


def test_tie_across_the_line_is_contested():
    assert ranking.cut(ranked(95, 93, 93, 93, 92), quota=2).contested == ("01", "02", "03")


@pytest.mark.parametrize("finals", [(93, 93, 92), (95, 93, 92), (95, 93)])
def test_tie_elsewhere_is_not_contested(finals):
    assert ranking.cut(ranked(*finals), quota=2).contested == ()


def test_line_is_passed_by_reaching_it():
    cases = [(D(90), D(90)), (D("89.99"), D(90)), (None, D(90)), (D(10), None), (None, None)]
    assert [scoring.passes(score, line) for score, line in cases] == [True, False, False, True, False]


# Properties


halves = st.integers(0, 200).map(lambda n: D(n) / 2)
hundredths = st.integers(0, 10_000).map(lambda n: D(n) / 100)
breakers = st.tuples(st.none() | st.integers(0, 3).map(D), st.none() | st.integers(0, 3).map(D))


@st.composite
def fields_of_entries(draw):
    rows = draw(st.lists(st.tuples(st.integers(0, 5).map(D), breakers), max_size=12))
    return [Entry(index, final, values) for index, (final, values) in enumerate(rows)]


@given(st.lists(hundredths, min_size=1, max_size=15).flatmap(lambda s: st.tuples(st.just(s), st.permutations(s))))
def test_order_of_scores_never_matters(pair):
    for method in (ranking.MEAN, ranking.TRIMMED):
        assert ranking.panel_score(pair[0], method) == ranking.panel_score(pair[1], method)


@given(st.lists(hundredths, min_size=1, max_size=15), st.integers(1, 9))
def test_trimmed_mean_lies_within_the_scores_that_count(scores, trim_from):
    result = ranking.panel_score(scores, ranking.TRIMMED, trim_from)
    assert min(scores) <= min(result.used) <= result.value <= max(result.used) <= max(scores)
    assert sorted((*result.used, *result.dropped)) == sorted(scores)
    assert len(result.dropped) == (2 if len(scores) >= max(trim_from, 3) else 0)


@given(fields_of_entries().flatmap(lambda e: st.tuples(st.just(e), st.permutations(e))))
def test_order_of_entries_never_matters(pair):
    assert ranking.rank(pair[0], ("x", "y")) == ranking.rank(pair[1], ("x", "y"))


@given(fields_of_entries())
def test_rank_is_one_more_than_the_number_of_better_entries(entries):
    def value(entry):
        return entry.final, [(b is not None, b or 0) for b in entry.breakers]

    by_key = {entry.key: value(entry) for entry in entries}
    placings = ranking.rank(entries)
    assert sorted(p.key for p in placings) == sorted(by_key)
    assert {p.key: p.rank for p in placings} == {
        key: 1 + sum(other > mine for other in by_key.values()) for key, mine in by_key.items()
    }
    assert {p.key for p in placings if p.tied} == {
        key for key, mine in by_key.items() if list(by_key.values()).count(mine) > 1
    }


@given(fields_of_entries(), st.integers(0, 15), st.integers(0, 5))
def test_cut_gives_every_place_to_exactly_one_list(entries, quota, reserves):
    placings = ranking.rank(entries)
    result = ranking.cut(placings, quota, reserves)
    assert result.selected + result.reserves + result.others == tuple(p.key for p in placings)
    assert len(result.selected) == min(quota, len(entries))
    assert len(result.reserves) == min(reserves, max(len(entries) - quota, 0))
    ranks = {p.key: p.rank for p in placings}
    across = {ranks[key] for key in result.selected} & {ranks[key] for key in (*result.reserves, *result.others)}
    assert {ranks[key] for key in result.contested} == across


@given(st.lists(halves, min_size=1, max_size=8), st.integers(1, 100).map(D))
def test_dimension_never_exceeds_its_cap(values, cap):
    items = tuple(Item(str(i), scoring.POINTS, D(100)) for i in range(len(values)))
    result = scoring.score_sheet(Sheet((Group("A", "A", items, cap),)), {str(i): v for i, v in enumerate(values)})
    assert result.total == result.dimensions["A"] == min(sum(values), cap)


@given(st.text(max_size=30) | st.floats() | st.integers() | st.decimals())
def test_any_input_is_scored_within_range_or_refused(typed):
    count = Item("1", scoring.COUNT, rules=(Rule("7", "一次", D(1)),))
    for item, answer in ((points(), {"points": typed}), (count, {"times": {"7": typed}})):
        try:
            value = scoring.score_item(item, answer)
        except scoring.AnswerError:
            continue
        assert value is None or 0 <= value <= (4 if item.kind == scoring.POINTS else scoring.MOST_TIMES)
