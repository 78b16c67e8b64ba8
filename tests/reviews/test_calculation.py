"""Hand-computed cases of the whole calculation: on plain values first, then from the tables."""

import datetime
import json
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from applications.models import Application
from reviews import calculation, gathering
from reviews.models import PanelMember, ResultSet, Review
from reviews.services import results
from standards import scoring
from standards.models import Criterion, GradeBand, Rubric, ScoreComponent, Track
from standards.services import rubrics
from tests import factories

# The plain values: one method and the raw scores of candidates, as short as the case allows


def part(code, weight, source="visit", **changed):
    plain = {
        "code": code, "source": source, "name": f"{code}项", "weight": str(weight), "method": "mean", "trim_from": 5,
        "min_scores": 1, "over_time": "mean", "pass_line": None, "dimensions": [], "out_of": "100",
        "full": {"": {}}, "lines": {}, "vetoes": {}, "rubric": ["R", 1, ""],
    }  # fmt: skip
    return plain | changed


def band(name, **changed):
    nothing = dict.fromkeys(("at_least", "share", "stars", "each_dimension", "component_min"))
    return {"name": name, **nothing, "component": "", **changed}


def method(*parts, **changed):
    plain = {
        "mode": "acceptance", "quota": None, "reserves": 0, "pass_line": None, "pass_grade": "", "tie_breakers": [],
        "grade_component": "", "self_out_of": "100", "grades": [], "components": list(parts),
    }  # fmt: skip
    return plain | changed


def sheets(*scores, month="2026-03", details=()):
    return {"event": "visit:1", "month": month, "scores": list(scores), "details": list(details)}


def visits(*events):
    return {"events": list(events)}


def candidate(key, own="90", line="", **parts):
    return {"application": key, "line": line, "self": own, "parts": parts}


def all_at(*finals):
    """Candidates 1, 2, 3 … with these finals in one component `a`."""
    return [candidate(key, a={"score": final, "detail": {}}) for key, final in enumerate(finals, 1)]


def one(*args, **kwargs):
    rows, _ = calculation.compute(*args, **kwargs)
    (row,) = rows
    return row


def table(rows, *names):
    return [tuple(row[name] for name in names) for row in rows]


DIRECT = part("a", 100, source="check")


def test_two_visit_components_of_one_source_are_kept_apart():
    # 0.25 × 80 + 0.75 × 90 = 87.5
    row = one(
        method(part("dynamic", 25), part("onsite", 75)),
        [candidate(1, dynamic=visits(sheets("80")), onsite=visits(sheets("90")))],
    )
    assert [(c["code"], c["source"], c["score"]) for c in row["components"]] == [
        ("dynamic", "visit", "80.00"), ("onsite", "visit", "90.00"),
    ]  # fmt: skip
    assert row["final"] == "87.50"


def test_a_component_out_of_less_than_a_hundred_is_put_on_the_hundred_scale():
    # 30 of 40 is 75: 0.5 × 75 + 0.5 × 90 = 82.5
    row = one(
        method(part("a", 50, "check", out_of="40"), part("b", 50)),
        [candidate(1, a={"score": "30.00", "detail": {}}, b=visits(sheets("90")))],
    )
    assert row["final"] == "82.50"


@pytest.mark.parametrize("out_of", ["0", "0.00"])
def test_a_component_without_points_is_incomplete_and_breaks_nothing(out_of):
    row = one(method({**DIRECT, "out_of": out_of}), all_at("0.00"))
    assert (row["final"], row["outcome"]) == (None, "incomplete")


@pytest.mark.parametrize(
    ("over_time", "events", "score"),
    [
        ("mean", [("80", "84"), ("90", "92")], "86.50"),
        ("mean", [("80", "84"), ("90",)], None),
        ("mean", [("80",), ("90", "92")], None),
        ("monthly", [("80",), ("90", "92")], None),
        ("last", [("80",), ("90", "92")], "91.00"),
        ("last", [("80", "84"), ("90",)], None),
    ],
)
def test_an_event_scored_by_fewer_than_demanded_leaves_the_component_open(over_time, events, score):
    row = one(
        method(part("a", 100, min_scores=2, over_time=over_time)),
        [candidate(1, a=visits(*(sheets(*scores) for scores in events)))],
    )
    assert (row["components"][0]["score"], row["final"]) == (score, score)
    notes = [event["note"] for event in row["components"][0]["events"]]
    assert [("不足2人，本项视为资料不全" in note) for note in notes] == [len(scores) < 2 for scores in events]


def test_monthly_gives_every_month_the_same_say():
    # March (80 + 90) / 2 = 85, April 95: (85 + 95) / 2 = 90; the plain mean would be 88.33.
    events = [sheets("80", month="2026-03"), sheets("90", month="2026-03"), sheets("95", month="2026-04")]
    given = [candidate(1, a=visits(*events))]
    assert one(method(part("a", 100, over_time="monthly")), given)["final"] == "90.00"
    assert one(method(part("a", 100)), given)["final"] == "88.33"


# Grades


def test_grade_shares_never_part_equals():
    # 40 % of five are two places: 95 takes one, the two at 90 do not fit into the one left and go on together.
    bands = [band("优秀", share="40"), band("良好", share="60"), band("合格")]
    rows, _ = calculation.compute(method(DIRECT, grades=bands), all_at("95.00", "90.00", "90.00", "80.00", "70.00"))
    assert table(rows, "application", "rank", "grade", "note") == [
        (1, 1, "优秀", ""),
        (2, 2, "良好", "优秀：超出40%的比例且同分"),
        (3, 2, "良好", "优秀：超出40%的比例且同分"),
        (4, 4, "良好", "优秀：超出40%的比例"),
        (5, 5, "合格", "优秀：超出40%的比例；良好：超出60%的比例"),
    ]


@pytest.mark.parametrize(
    ("condition", "grade", "note"),
    [
        ({"at_least": "90"}, "优秀", ""),
        ({"at_least": "90.01"}, "合格", "优秀：总分不足90.01分"),
        ({"stars": 2}, "优秀", ""),
        ({"stars": 3}, "合格", "优秀：得星2个，不足3个"),
        ({"each_dimension": "60"}, "优秀", ""),
        ({"each_dimension": "60.01"}, "合格", "优秀：有维度不足60.01%"),
        ({"component": "b", "component_min": "85"}, "优秀", ""),
        ({"component": "b", "component_min": "85.5"}, "合格", "优秀：b项不足85.5分"),
    ],
)
def test_grade_conditions(condition, grade, note):
    detail = {"dimensions": {"D1": "18", "D2": "24", "D3": "12"}}
    graded = part("a", 100, full={"": {"D1": "20", "D2": "30", "D3": "20"}}, lines={"D1": "16", "D2": "24", "D3": "16"})
    row = one(
        method(graded, part("b", 0), grades=[band("优秀", **condition), band("合格")]),
        [candidate(1, a=visits(sheets("90", details=[detail])), b=visits(sheets("85")))],
    )
    assert (row["stars"], row["weakest"], row["grade"], row["note"]) == (2, "60.00", grade, note)


def test_stars_and_dimensions_come_from_the_component_the_plan_names():
    details = {"a": {"dimensions": {"D": "10"}}, "b": {"dimensions": {"D": "19"}}}
    parts = [part(code, 50, full={"": {"D": "20"}}, lines={"D": "16"}) for code in "ab"]
    given = [candidate(1, **{code: visits(sheets("90", details=[details[code]])) for code in "ab"})]
    assert [one(method(*parts, grade_component=named), given)["stars"] for named in ("", "a", "b")] == [0, 0, 1]


def test_dimensions_of_a_panel_are_combined_as_its_totals_are():
    # Each sheet's D: 15, 16, 18, 19, 20; the highest and lowest are dropped: 53 / 3 = 17.67 of 20.
    details = [{"dimensions": {"D": points}} for points in ("15", "16", "18", "19", "20")]
    graded = part("a", 100, method="trimmed", full={"": {"D": "20"}}, lines={"D": "17.67"})
    row = one(method(graded), [candidate(1, a=visits(sheets("80", "81", "82", "83", "84", details=details)))])
    assert (row["stars"], row["weakest"]) == (1, "88.35")


def test_a_dimension_that_does_not_apply_to_the_line_is_no_weakest_one():
    detail = {"dimensions": {"D1": "18", "D2": "0"}}
    graded = part("a", 100, full={"": {"D1": "20", "D2": "10"}, "机关": {"D1": "20", "D2": "0"}})
    given = [
        candidate(key, line=line, a=visits(sheets("90", details=[detail]))) for key, line in ((1, ""), (2, "机关"))
    ]
    rows, _ = calculation.compute(method(graded, grades=[band("优秀", each_dimension="80"), band("合格")]), given)
    assert sorted(table(rows, "application", "weakest", "grade")) == [(1, "0.00", "合格"), (2, "90.00", "优秀")]


def test_a_share_just_below_the_condition_is_not_rounded_up_to_it():
    detail = {"dimensions": {"D": "239.99"}}  # 79.9967 %
    row = one(
        method(part("a", 100, full={"": {"D": "300"}}), grades=[band("优秀", each_dimension="80"), band("合格")]),
        [candidate(1, a=visits(sheets("90", details=[detail])))],
    )
    assert row["grade"] == "合格"


# Vetoes


def test_a_failed_veto_that_caps_starts_at_its_band():
    bands = [band("优秀"), band("良好"), band("合格")]
    given = [candidate(1, a=visits(sheets("99", "98", details=[{}, {"caps": ["良好"]}])))]
    row = one(method(part("a", 100), grades=bands), given)
    assert (row["grade"], row["note"], row["rank"]) == ("良好", "优秀：有限制等次的情形，最高良好", 1)


def test_disqualified_is_neither_ranked_nor_counted_in_the_shares():
    vetoed = candidate(1, a=visits(sheets("99", details=[{"vetoed": ["V1"]}])))
    others = [candidate(key, a=visits(sheets(score))) for key, score in ((2, "90"), (3, "80"))]
    rows, _ = calculation.compute(
        method(part("a", 100, vetoes={"V1": "发生责任事故"}), grades=[band("优秀", share="50"), band("合格")]),
        [vetoed, *others],
    )
    assert table(rows, "application", "rank", "grade", "outcome", "note") == [
        (2, 1, "优秀", "selected", ""),
        (3, 2, "合格", "selected", "优秀：超出50%的比例"),
        (1, None, "", "disqualified", "发生取消资格的情形：V1 发生责任事故"),
    ]


def test_disqualified_leaves_the_place_to_the_next_in_a_competition():
    given = [
        candidate(1, a=visits(sheets("99", details=[{"vetoed": ["V1"]}]))),
        candidate(2, a=visits(sheets("90"))), candidate(3, a=visits(sheets("80"))),
    ]  # fmt: skip
    rows, blocked = calculation.compute(method(part("a", 100), mode="competition", quota=1, reserves=1), given)
    assert (table(rows, "application", "outcome", "reserve_order"), blocked) == (
        [(2, "selected", None), (3, "reserve", 1), (1, "disqualified", None)], "",
    )  # fmt: skip


# Who passes


@pytest.mark.parametrize(
    ("changed", "outcome", "note"),
    [
        ({}, "selected", "优秀：总分不足90分"),
        ({"pass_line": "85"}, "selected", "优秀：总分不足90分"),
        ({"pass_line": "85.5"}, "not_selected", "总分不足达标线85.5分；优秀：总分不足90分"),
        ({"pass_grade": "良好"}, "selected", "优秀：总分不足90分"),
        ({"pass_grade": "优秀"}, "not_selected", "等次不足优秀；优秀：总分不足90分"),
        ({"pass_grade": "不存在的等次"}, "selected", "优秀：总分不足90分"),
    ],
)
def test_acceptance_by_line_and_grade(changed, outcome, note):
    bands = [band("优秀", at_least="90"), band("良好", at_least="80"), band("合格")]
    row = one(method(DIRECT, grades=bands, **changed), all_at("85.00"))
    assert (row["grade"], row["outcome"], row["note"]) == ("良好", outcome, note)


def test_a_line_of_a_component_is_named_when_it_is_missed():
    row = one(method({**DIRECT, "pass_line": "86"}), all_at("85.00"))
    assert (row["outcome"], row["note"]) == ("not_selected", "a项不足达标线86分")


def test_a_line_holds_in_a_competition_too_and_the_place_goes_on():
    rows, blocked = calculation.compute(
        method(DIRECT, mode="competition", quota=2, reserves=1, pass_line="80"), all_at("95.00", "79.99", "70.00")
    )
    assert (table(rows, "application", "rank", "outcome"), blocked) == (
        [(1, 1, "selected"), (2, 2, "not_selected"), (3, 3, "not_selected")], "",
    )  # fmt: skip


# Ties


def test_more_stars_go_first_among_equals():
    given = [
        candidate(key, a=visits(sheets("90", details=[{"dimensions": {"D1": one, "D2": two}}])))
        for key, one, two in ((1, "20", "10"), (2, "16", "16"))
    ]
    graded = part("a", 100, full={"": {"D1": "20", "D2": "20"}}, lines={"D1": "16", "D2": "16"})
    rows, _ = calculation.compute(method(graded, tie_breakers=["stars"]), given)
    assert table(rows, "application", "rank", "stars", "decided_by") == [(2, 1, 2, "得星多者"), (1, 2, 1, "得星多者")]


def test_own_score_is_compared_on_the_hundred_scale():
    # Out of 120: 108 is 90, no gap at all; 100 is 83.33.
    given = [
        candidate(1, own="100", a={"score": "90.00", "detail": {}}),
        candidate(2, own="108", a={"score": "90.00", "detail": {}}),
    ]
    rows, _ = calculation.compute(method(DIRECT, tie_breakers=["self_gap"], self_out_of="120"), given)
    assert table(rows, "application", "rank") == [(2, 1), (1, 2)]


def test_nothing_depends_on_the_order_of_the_input():
    given = all_at("80.00", "90.00", "90.00", "70.00")
    plan = method(DIRECT, grades=[band("优秀", share="50"), band("合格")])
    assert calculation.compute(plan, given) == calculation.compute(plan, given[::-1])


# From the tables


@pytest.fixture
def starred(scored):
    """The track graded, with a line (得星线) and both kinds of veto in a rubric of its own for the visits."""
    rubric = factories.RubricFactory(code="STAR", total_points=100)
    tops = [("D1", 60, 48), ("D2", 40, 32)]
    for order, (code, points, line) in enumerate(tops, 1):
        Criterion.objects.create(
            rubric=rubric, order=order, code=code, title=code, text="原文", max_points=points, line=line
        )
    for order, (code, effect, cap) in enumerate((("V1", "disqualify", ""), ("V2", "cap", "合格")), 3):
        Criterion.objects.create(
            rubric=rubric,
            order=order,
            code=code,
            title="责任事故",
            text="原文",
            kind="veto",
            veto_effect=effect,
            veto_cap=cap,
        )
    rubrics.publish_rubric(Rubric.objects.get(pk=rubric.pk), by=None)
    ScoreComponent.objects.filter(track=scored.track, source="visit").update(rubric=rubric)
    Track.objects.filter(pk=scored.track.pk).update(grade_component="visit", tie_breakers=["stars"])
    for order, (name, stars) in enumerate((("优秀", 2), ("良好", 1), ("合格", None))):
        GradeBand.objects.create(track=scored.track, name=name, order=order, stars=stars)
    return scored


def details(first, second, **failed):
    return {"dimensions": {"D1": first, "D2": second}, "won": [], "vetoed": [], "caps": [], **failed}


def test_grades_stars_and_vetoes_are_frozen_and_replayed(starred, applications, cast):
    sheets_of = {
        "A-1": details("60", "30"), "A-2": details("50", "40"), "B-1": details("60", "40", vetoed=["V1"]),
        "B-2": details("60", "40", caps=["合格"]),
    }  # fmt: skip
    for code, detail in sheets_of.items():
        candidate_ = starred.whole(applications[code], "90", "90", "90")
        Review.objects.filter(application=candidate_, visit__isnull=False).update(detail=detail)
    frozen = results.freeze_results(starred.track, by=cast.campaign_admin)
    found = frozen.rows.values_list("application__branch__code", "grade", "stars", "outcome", "note")
    assert sorted(found) == [
        ("A-1", "良好", 1, "reserve", "优秀：得星1个，不足2个"),
        ("A-2", "优秀", 2, "selected", ""),
        ("B-1", "", 2, "disqualified", "发生取消资格的情形：V1 责任事故"),
        ("B-2", "合格", 2, "selected", "优秀：有限制等次的情形，最高合格；良好：有限制等次的情形，最高合格"),
    ]
    assert results.replay(ResultSet.objects.get(pk=frozen.pk)) == []
    decided = results.decide(frozen, by=cast.campaign_admin)
    assert Application.objects.get(pk=applications["B-1"].pk).status == "not_selected"
    assert results.replay(ResultSet.objects.get(pk=decided.pk)) == []


def test_a_sheet_keeps_only_what_the_method_looks_at(starred, applications):
    candidate_ = starred.whole(applications["A-1"], "90", "90", "90")
    Review.objects.update(detail=details("60", "30", caps=["合格"]))
    Application.objects.filter(pk=candidate_.pk).update(check_detail=details("1", "2"))

    def kept(**how):
        (row,) = gathering.inputs_of(Track.objects.get(pk=starred.track.pk), **how)
        return {
            code: given["detail"] if "detail" in given else given["events"][0]["details"]
            for code, given in row["parts"].items()
        }

    facts = {"dimensions": {"D1": "60", "D2": "30"}, "caps": ["合格"]}
    assert kept() == {"check": {}, "visit": [facts], "presentation": []}
    assert kept(whole=True) == {
        "check": {"dimensions": {"D1": "1", "D2": "2"}}, "visit": [facts], "presentation": [facts],
    }  # fmt: skip
    starred.track.grades.all().delete()
    Criterion.objects.filter(rubric__code="STAR").delete()
    ScoreComponent.objects.filter(track=starred.track).update(rubric=None)
    assert kept() == {"check": {}, "visit": [], "presentation": []}


def test_inputs_of_a_plan_without_grades_stay_small(field, scored):
    size = len(json.dumps(gathering.inputs_of(scored.track))) / 5
    assert size < 400


def test_number_of_queries_does_not_grow(scored, applications, django_assert_num_queries):
    for code in ("A-1", "A-2", "B-1"):
        scored.whole(applications[code], "90", "90", "90")
        with django_assert_num_queries(4):
            gathering.inputs_of(scored.track)


def test_a_part_of_the_sheet_is_added_up_as_its_own_sheet_would_be(scored, applications):
    ScoreComponent.objects.filter(track=scored.track, source="check").update(dimensions=["A"])
    candidate_ = scored.whole(applications["A-1"], "93", "80", "80")
    Application.objects.filter(pk=candidate_.pk).update(check_detail={"dimensions": {"A": "90", "B": "3"}})
    assert (
        calculation.compute(gathering.method_of(scored.track), gathering.inputs_of(scored.track))[0][0]["final"]
        == "83.00"
    )
    Application.objects.filter(pk=candidate_.pk).update(check_detail={})
    row = one(gathering.method_of(scored.track), gathering.inputs_of(scored.track))
    assert (row["components"][0]["score"], row["outcome"]) == (None, "incomplete")


@pytest.mark.parametrize(("dimensions", "share"), [(["A"], "100.00"), (["A", "B"], "103.00"), (["B"], "3.00")])
def test_share_of_a_line_that_lacks_items_is_stretched_like_a_panels_sheet(tiny_track, dimensions, share):
    # 机关 has no A1 of 30 points: 70 of the 70 that apply are the full 100, the bonus stands beside them.
    rubric = tiny_track.rubric
    copy = Rubric.objects.get(pk=rubric.pk)
    copy.rescale = True
    component = tiny_track.components.get(source="check")
    component.dimensions, component.rubric = dimensions, copy
    for top in copy.dimensions:
        for leaf in top.leaves:
            leaf.lines = ["派出所"] if leaf.code == "A1" else []
            leaf.__dict__.pop("item", None)
        top.__dict__.pop("group", None)
    detail = {"dimensions": {"A": "70", "B": "3"}}
    try:
        assert str(gathering._share(component, Decimal(73), detail, "机关")) == share
        full = gathering.part_of(component)["full"]
        assert full == {"": {"A": "70.00"}, "派出所": {"A": "100.00"}} if "A" in dimensions else {"": {}}
    finally:
        for top in copy.dimensions:
            for leaf in top.leaves:
                leaf.lines = []
                leaf.__dict__.pop("item", None)
            top.__dict__.pop("group", None)


def test_two_visit_components_have_panels_and_results_of_their_own(scored, applications, cast):
    track = scored.track
    ScoreComponent.objects.filter(track=track, source="visit").update(weight=10)
    dynamic = ScoreComponent.objects.create(
        track=track, source="visit", code="dynamic", name="动态考核", weight=30, order=9, over_time="monthly"
    )
    candidate_ = scored.whole(applications["A-1"], "90", "80", "80")
    onsite = scored.panels.pop("visit")
    scored.panels["visit"] = type(onsite).objects.create(
        track=track, component=dynamic, kind="assessors", name="动态组"
    )
    for user in scored.people["visit"]:
        PanelMember.objects.create(panel=scored.panels["visit"], user=user)
    scored.visit(candidate_, "60", on=datetime.date(2026, 3, 1))
    scored.visit(candidate_, "70", on=datetime.date(2026, 3, 31))
    scored.visit(candidate_, "95", on=datetime.date(2026, 4, 1))
    row = results.freeze_results(track, by=cast.campaign_admin).rows.get()
    # (65 + 95) / 2 = 80: 0.3 × 90 + 0.1 × 80 + 0.3 × 80 + 0.3 × 80 = 83
    assert [(c["code"], c["score"]) for c in row.components] == [
        ("check", "90.00"), ("visit", "80.00"), ("presentation", "80.00"), ("dynamic", "80.00"),
    ]  # fmt: skip
    assert str(row.final) == "83.00"


def test_a_months_name_comes_from_the_day_of_the_visit(scored, applications):
    candidate_ = scored.candidate(applications["A-1"])
    scored.visit(candidate_, "80", on=timezone.localdate())
    (row,) = gathering.inputs_of(scored.track)
    assert row["parts"]["visit"]["events"][0]["month"] == f"{timezone.localdate():%Y-%m}"
    assert scoring.plain(Decimal(row["parts"]["visit"]["events"][0]["scores"][0])) == "80"


# On the pages


def test_pages_show_grade_stars_and_why_not_better(starred, applications, cast, client_of, road):
    for code, detail in (("A-1", details("60", "30")), ("B-1", details("60", "40", vetoed=["V1"]))):
        candidate_ = starred.whole(applications[code], "90", "90", "90")
        Review.objects.filter(application=candidate_, visit__isnull=False).update(detail=detail)
    frozen = results.freeze_results(starred.track, by=cast.campaign_admin)
    office = client_of(cast.campaign_admin)
    answer = office.get(reverse("reviews:result", args=[frozen.pk]))
    page = answer.content.decode()
    assert answer.context["grades"] == [("优秀", 0), ("良好", 1), ("合格", 0), ("没有等次", 1)]
    assert answer.context["disqualified"] == 1
    assert [text in page for text in ("优秀：得星1个，不足2个", "发生取消资格的情形：V1 责任事故", "计算方法")] == [
        True
    ] * 3
    vetoed = frozen.rows.get(application__branch__code="B-1")
    row = office.get(reverse("reviews:result_row", args=[vetoed.pk])).content.decode()
    assert ("一票否决，未排名" in row, "V1 责任事故" in row) == (True, True)
    results.decide(frozen, by=cast.campaign_admin)
    notice = road.publish(starred.track, over=True)
    shown = office.get(reverse("reviews:public_notice", args=[notice.pk])).content.decode()
    assert ("甲县城关所党支部（良好）" in shown, "乙县城关所" in shown) == (True, False)
    road.name(starred.track)
    printed = office.get(reverse("reviews:awards"), {"print": 1}).content.decode()
    assert ('<th scope="col">等次</th>' in printed, "<td>良好</td>" in printed) == (True, True)


def test_a_change_of_grade_alone_is_a_difference_between_two_sets(starred, applications, cast, client_of):
    candidate_ = starred.whole(applications["A-1"], "90", "90", "90")
    sheet = Review.objects.filter(application=candidate_, visit__isnull=False)
    sheet.update(detail=details("60", "30"))
    results.freeze_results(starred.track, by=cast.campaign_admin)
    sheet.update(detail=details("60", "40"))
    second = results.freeze_results(starred.track, by=cast.campaign_admin)
    answer = client_of(cast.campaign_admin).get(reverse("reviews:result", args=[second.pk]), {"moved": 1})
    assert [(row.was_grade, row.grade) for row in answer.context["page_obj"]] == [("良好", "优秀")]
