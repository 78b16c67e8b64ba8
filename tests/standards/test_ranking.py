"""Panels, final scores, ranks, the cut and grades: the edge cases, and what holds for any numbers."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standards import ranking
from standards.ranking import Band, Component, Entry, Standing

D = Decimal


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


def test_months_count_alike_however_often_they_were_visited():
    visits, months = [D(80), D(90), D(100)], ["2026-09", "2026-09", "2026-10"]
    assert ranking.over_time(visits, ranking.MONTHLY, months) == D("92.5")
    assert ranking.over_time(visits, ranking.MEAN, months) == 90


def test_monthly_is_rounded_once_at_the_end():
    # (1/3 + 1/3) / 2 is 0.333…; each month rounded first it would be the same, (2/3 + 0) / 2 not: 0.67 / 2 = 0.335 → 0.34
    assert ranking.over_time([D(1), D(1), D(0), D(0)], ranking.MONTHLY, ["a", "a", "a", "b"]) == D("0.33")


def test_monthly_needs_the_month_of_every_visit():
    with pytest.raises(ValueError, match="argument"):
        ranking.over_time([D(80), D(90)], ranking.MONTHLY, ["2026-09"])


# Final


def test_final_is_the_weighted_sum_of_components_on_a_scale_of_100():
    parts = [Component("a", D(30), D(90)), Component("b", D(40), D("90.17")), Component("c", D(30), D(46), D(50))]
    assert ranking.final_score(parts) == D("90.67")


def test_only_the_end_of_the_step_is_rounded():
    # 2/3 → 66.666… × 50% = 33.33; rounded on its own scale first it would be 66.67 × 50% = 33.335 → 33.34
    assert ranking.final_score([Component("a", D(50), D(2), D(3)), Component("b", D(50), D(0))]) == D("33.33")


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


# Grades

EXCELLENT, GOOD, REST = Band("优秀", share=D(50)), Band("良好", at_least=D(60)), Band("合格")


def grades(standings, bands):
    return {key: each.grade for key, each in ranking.grade(standings, bands).items()}


def row(*finals, **fields):
    """Standings as `rank` would place these finals."""
    placings = ranking.rank([Entry(index, D(final)) for index, final in enumerate(finals)])
    return [Standing(placing.key, placing.rank, D(finals[placing.key]), **fields) for placing in placings]


def test_nobody_is_graded_by_nobody_or_by_no_bands():
    assert ranking.grade([], [EXCELLENT]) == {}
    assert grades(row(90, 80), []) == {0: "", 1: ""}


@pytest.mark.parametrize(("number", "room"), [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2)])
def test_share_is_rounded_down(number, room):
    graded = grades(row(*range(90, 90 - number, -1)), [EXCELLENT, REST])
    assert list(graded.values()).count("优秀") == room


def test_equal_places_are_not_parted_and_nobody_overtakes_them():
    assert grades(row(90, 80, 80, 70), [EXCELLENT, GOOD, REST]) == {0: "优秀", 1: "良好", 2: "良好", 3: "良好"}
    assert grades(row(90, 90, 70, 60), [EXCELLENT, REST]) == {0: "优秀", 1: "优秀", 2: "合格", 3: "合格"}


def test_who_fails_a_condition_makes_room_for_the_next():
    rows = row(90, 80, 70, 60)
    rows[0] = Standing(0, 1, D(90), stars=1)
    rows[1:] = [Standing(each.key, each.rank, each.final, stars=3) for each in rows[1:]]
    assert grades(rows, [Band("优秀", share=D(50), stars=3), REST]) == {0: "合格", 1: "优秀", 2: "优秀", 3: "合格"}


def test_a_cap_that_names_no_band_is_left_alone():
    assert grades([Standing("a", 1, D(90), caps=("没有的等次",))], [EXCELLENT, REST]) == {"a": "合格"}
    assert grades(row(90, 80, caps=("良好",)), [EXCELLENT, GOOD, REST]) == {0: "良好", 1: "良好"}


def test_a_component_without_a_score_fails_its_condition():
    band = Band("优秀", component="mass", component_min=D(80), component_name="群众评议")
    graded = ranking.grade([Standing("a", 1, D(90), components={"mass": None}), Standing("b", 2, D(80))], [band, REST])
    assert {each.note for each in graded.values()} == {"优秀：群众评议不足80分"}


def test_dimensions_nobody_has_fail_their_condition():
    assert grades(row(90), [Band("优秀", each_dimension=D(60)), REST]) == {0: "合格"}
    assert grades(row(90, weakest=D(60)), [Band("优秀", each_dimension=D(60)), REST]) == {0: "优秀"}


# Properties


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


@given(st.lists(st.tuples(hundredths, st.sampled_from(["9", "10", "11"])), min_size=1, max_size=12))
def test_monthly_lies_between_the_lowest_and_the_highest(visits):
    values, months = [value for value, _ in visits], [month for _, month in visits]
    result = ranking.over_time(values, ranking.MONTHLY, months)
    assert min(values) <= result <= max(values)
    if len(set(months)) == len(months) or len(set(months)) == 1:
        assert result == ranking.over_time(values)


@st.composite
def standings(draw):
    finals = draw(st.lists(st.integers(0, 6), max_size=10))
    rows = row(*finals)
    return [
        Standing(
            each.key, each.rank, each.final, draw(st.integers(0, 3)), draw(st.none() | hundredths),
            caps=draw(st.sampled_from([(), (), ("二等",), ("三等",), ("二等", "三等")])),
        )
        for each in rows
    ]  # fmt: skip


conditions = {"at_least": st.integers(0, 6).map(D), "share": st.integers(0, 100).map(D), "stars": st.integers(0, 3)}
bands = st.tuples(
    *(st.builds(Band, st.just(name), **{key: st.none() | values for key, values in conditions.items()})
      for name in ("一等", "二等", "三等"))
)  # fmt: skip


@given(standings(), bands)
def test_grades_keep_shares_caps_and_equal_places(rows, given_bands):
    graded = ranking.grade(rows, given_bands)
    assert set(graded) == {each.key for each in rows}
    names = [band.name for band in given_bands]
    by_key = {each.key: each for each in rows}
    for band in given_bands:
        having = [by_key[key] for key, each in graded.items() if each.grade == band.name]
        if band.share is not None:
            assert len(having) * 100 <= band.share * len(rows)
        assert all(band.at_least is None or each.final >= band.at_least for each in having)
        assert all(band.stars is None or each.stars >= band.stars for each in having)
    for key, each in graded.items():
        if each.grade:
            assert all(names.index(each.grade) >= names.index(cap) for cap in by_key[key].caps)
        assert each.note or each.grade == names[0]
    for one in rows:
        for other in rows:
            same = (one.rank, one.stars, one.caps) == (other.rank, other.stars, other.caps)
            assert not same or graded[one.key].grade == graded[other.key].grade
