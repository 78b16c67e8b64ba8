from dataclasses import replace
from decimal import Decimal

import pytest

from standards import scoring
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


def test_count_without_a_cap_stops_where_nobody_can_mean_it():
    item = replace(COUNT, max_points=D(0), rules=(Rule("7", "走访", D(5)),))
    assert scoring.score_item(item, {"times": {"7": "1999"}}) == 9995
    with pytest.raises(scoring.AnswerError) as caught:
        scoring.score_item(item, {"times": {"7": "2999"}})
    assert caught.value.message == "合计14995分，过大，请核对所填的次数或数值。"


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


# The line


def test_line_is_passed_by_reaching_it():
    cases = [(D(90), D(90)), (D("89.99"), D(90)), (None, D(90)), (D(10), None), (None, None)]
    assert [scoring.passes(score, line) for score, line in cases] == [True, False, False, True, False]


# Three levels, only the highest, weights, stars, vetoes


def test_groups_are_capped_at_every_level():
    inner = dimension("A1", {"a": 10, "b": 10}, 15)
    form = sheet(Group("A", "A", (inner, Item("c", scoring.POINTS, D(10))), D(20)))
    result = scoring.score_sheet(form, {"a": D(10), "b": D(9), "c": D(8)})
    assert (result.dimensions, result.total) == ({"A1": D(15), "A": D(20)}, D(20))
    assert form.reachable == 20


def test_highest_only_takes_one_part_of_a_group_and_may_be_negative():
    highest = dimension("A", {"a": 20, "b": 12}, pick=scoring.HIGHEST)
    assert scoring.score_sheet(sheet(highest), {"a": D(5), "b": D(12)}).total == 12
    assert scoring.score_sheet(sheet(highest), {"a": D(-5), "b": D(-12)}).total == -5
    assert scoring.score_sheet(sheet(highest), {"a": D(5)}).missing == ("b",)
    assert highest.reachable == 20


def test_a_group_left_empty_by_the_line_counts_nothing():
    only = Item("b", scoring.POINTS, D(40), lines=frozenset({"派出所"}))
    form = sheet(Group("A", "A", (Group("A1", "A1", (only,), pick=scoring.HIGHEST), Item("c", scoring.POINTS, D(5)))))
    assert scoring.score_sheet(form.for_line("机关"), {"c": D(4)}).dimensions == {"A1": D(0), "A": D(4)}


def test_weights_are_applied_before_rescaling_and_capping():
    half = dimension("A", {"a": 80}, weight=D(50))
    bonus = dimension("B", {"b": 30}, bonus=True, weight=D(50))
    given_points = {"a": D(60), "b": D(30)}
    assert scoring.score_sheet(sheet(half, bonus), given_points).total == 45
    assert scoring.score_sheet(sheet(half, bonus, rescale=True), given_points).total == 90
    assert scoring.score_sheet(sheet(half, bonus, total_points=D(40), capped=True), given_points).total == 40
    assert sheet(half, bonus).reachable == 40


def test_the_star_line_looks_at_the_points_before_weighting():
    form = sheet(dimension("A", {"a": 80}, weight=D(50), line=D(64)))
    assert scoring.score_sheet(form, {"a": D(64)}).won == ("A",)
    assert scoring.score_sheet(form, {"a": D("63.5")}).lost == ("A",)


def test_failed_vetoes_are_told_and_never_added():
    vetoes = (
        Item("v", scoring.VETO, effect=scoring.DISQUALIFY), Item("w", scoring.VETO, effect=scoring.CAP_GRADE, caps_at="良好"),
        Item("x", scoring.VETO, effect=scoring.CAP_GRADE, caps_at="良好"), Item("y", scoring.VETO),
    )  # fmt: skip
    form = sheet(Group("A", "A", (Item("a", scoring.POINTS, D(10)), *vetoes)))
    clean = scoring.score_sheet(form, {"a": D(8), "v": D(1), "w": D(1), "x": D(1)})
    assert (clean.total, clean.failed, clean.vetoed, clean.caps, clean.missing) == (D(8), (), (), (), ())
    failed = scoring.score_sheet(form, {"a": D(8), "v": D(0), "w": D(0), "x": D(0), "y": D(0)})
    assert (failed.total, failed.failed, failed.vetoed, failed.caps) == (D(8), ("v", "w", "x"), ("v",), ("良好",))
    assert scoring.score_sheet(form, {"a": D(8)}).missing == ("v", "w", "x")


# Measured lines


def measured(**fields):
    numbers = {name: D(value) for name, value in fields.items() if name in ("points", "threshold", "per", "first")}
    return Rule("7", "满意率", **{"points": D(1), "threshold": D(90), **fields, **numbers})


@pytest.mark.parametrize(
    ("value", "full", "begun", "exact"),
    [
        ("90", "0", "0", "0"),
        ("95", "0", "0", "0"),
        ("89.99", "0", "1", "0.001"),
        ("80.01", "0", "1", "0.999"),
        ("80", "1", "1", "1"),
        ("75", "1", "2", "1.5"),
        ("-10", "10", "10", "10"),
    ],
)
def test_steps_below_the_threshold(value, full, begun, exact):
    ways = [scoring.FULL_STEPS, scoring.BEGUN_STEPS, scoring.IN_PROPORTION]
    worth = [measured(per="10", steps=steps).worth(D(value)) for steps in ways]
    assert worth == [D(full), D(begun), D(exact)]


def test_crossing_counts_once_and_steps_stop_at_the_most():
    assert measured(per="10", first="0.5").worth(D("89.99")) == D("0.5")
    assert measured(per="10", first="0.5", max_times=2).worth(D(0)) == D("2.5")
    assert measured(first="0.5").worth(D(1)) == D("1.5")
    assert measured(above=True, per="5").worth(D(101)) == 2


@pytest.mark.parametrize("typed", ["87%", " 87 ％", "８７", 87, "87.0"])
def test_measured_values_are_read_as_people_type_them(typed):
    item = Item("1", scoring.DEDUCT, D(10), rules=(replace(measured(per="1"), unit="%"),))
    assert scoring.score_item(item, {"times": {"7": typed}}) == 7


def test_percent_sign_is_no_number_of_anything_else():
    item = Item("1", scoring.DEDUCT, D(10), rules=(replace(measured(per="1"), unit="件"),))
    assert refusal(item, {"times": {"7": "6%"}}) == "not_a_number"


@pytest.mark.parametrize(
    ("typed", "code"), [("九成", "not_a_number"), ("10000000000", "out_of_range"), ("NaN", "not_a_number")]
)
def test_measured_values_that_cannot_be_used_are_refused(typed, code):
    assert refusal(Item("1", scoring.DEDUCT, D(10), rules=(measured(),)), {"times": {"7": typed}}) == code


def test_a_measured_value_left_out_makes_the_item_missing():
    item = Item("1", scoring.DEDUCT, D(10), rules=(measured(), Rule("8", "缺席", D(1))))
    assert scoring.score_item(item, {"times": {"8": "2"}}) is None
    assert scoring.score_item(item, {"times": {"7": "90"}}) == 10
