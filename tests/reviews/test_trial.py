import datetime
import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from applications.models import CheckItem
from branches.models import AuditEntry
from reviews import calculation, gathering, rescoring, trial
from reviews.models import PresentationSlot, Review, Score
from reviews.services import results
from standards import scoring
from standards.models import Criterion, GradeBand, Rubric, ScoreComponent, ScoreRule, Track
from tests import factories


@pytest.fixture
def page(client_of, cast, scored):
    """`page(**changes)`: the trial of the track as the office sees it."""
    client = client_of(cast.campaign_admin)
    url = reverse("reviews:trial", args=[scored.track.pk])
    return lambda **changes: client.get(url, changes)


def table(answer):
    """Name, today's place and final, the new ones and the crossing, in the order shown."""
    return [
        (line.name, line.now["rank"], line.now["final"], line.new["rank"], line.new["final"], line.crossing)
        for line in answer.context["page_obj"]
    ]


def text(answer):
    return re.sub(r"<[^>]*>|\s", "", answer.content.decode())


# Rules


def test_nothing_changed_shows_todays_table_alone(page, field):
    answer = page()
    assert (answer.status_code, answer.context["changes"]) == (200, [])
    assert [(line.name, line.now["rank"], line.new) for line in answer.context["page_obj"]] == [
        ("甲县城关所", 1, None), ("甲县东关所", 2, None), ("乙县城关所", 3, None), ("乙县交警中队", 4, None), ("政治部", 5, None),
    ]  # fmt: skip
    assert "现名次</th>" not in answer.content.decode()


def test_weights_move_the_ranking(page, scored, applications):
    # Today 0.3/0.4/0.3: A-1 27 + 32 + 24 = 83, A-2 24 + 32 + 28.5 = 84.5, B-1 81.
    scored.whole(applications["A-1"], "90", "80", "80")
    scored.whole(applications["A-2"], "80", "80", "95")
    scored.whole(applications["B-1"], "100", "75", "70")
    # 0.6/0.2/0.2: A-1 54 + 16 + 16 = 86, A-2 48 + 16 + 19 = 83, B-1 60 + 15 + 14 = 89
    answer = page(**{"w-check": "60", "w-visit": "20", "w-presentation": "20"})
    assert table(answer) == [
        ("乙县城关所", 3, "81.00", 1, "89.00", "in"),
        ("甲县城关所", 2, "83.00", 2, "86.00", ""),
        ("甲县东关所", 1, "84.50", 3, "83.00", "out"),
    ]
    assert answer.context["changes"] == [
        ("资料审核 权重%", "30", "60"), ("实地考评 权重%", "40", "20"), ("现场展示 权重%", "30", "20"),
    ]  # fmt: skip
    compared = answer.context["compared"]
    assert (compared.moved, len(compared.entering), len(compared.leaving)) == (2, 1, 1)
    said = text(answer)
    assert ("进入：乙县城关所" in said, "退出：甲县东关所" in said, "权重合计" in said) == (True, True, False)
    assert [line.moved for line in answer.context["page_obj"]] == [2, 0, -2]


def test_weights_that_do_not_add_up_are_said_and_divided_by_their_sum(page, scored, applications):
    scored.whole(applications["A-1"], "90", "80", "80")
    answer = page(**{"w-check": "10", "w-visit": "40", "w-presentation": "30"})
    # (10 × 90 + 40 × 80 + 30 × 80) / 80 = 81.25
    assert table(answer)[0][4] == "81.25"
    assert "权重合计80%，不是100%" in text(answer)


def test_panel_rules_quota_and_tie_breakers(page, scored, applications):
    one = scored.candidate(applications["A-1"])
    scored.visit(one, "70", "80", "81", "83", "100")  # trimmed 81.33, mean 82.8
    scored.present(one, "80")
    scored.whole(applications["A-2"], "90", "82", "80")
    assert [row[3] for row in table(page(**{"m-visit": "mean"}))] == [1, 2]
    assert table(page(**{"m-visit": "mean"}))[0][:1] == ("甲县城关所",)
    assert table(page(**{"t-visit": "6"}))[0][4] == "84.12"  # 27 + 0.4 × 82.8 + 24
    few = {row[0]: row[3:5] for row in table(page(**{"n-visit": "2"}))}
    assert few == {"甲县城关所": (1, "83.53"), "甲县东关所": (None, None)}
    answer = page(quota="1", reserves="0")
    assert [line.new["outcome"] for line in answer.context["page_obj"]] == ["selected", "not_selected"]


def test_order_of_the_tie_breakers(page, scored, applications):
    scored.whole(applications["A-1"], "90", "80", "80")
    scored.whole(applications["A-2"], "80", "80", "90")
    answer = page(b1="check", b2="", b3="")
    assert [(line.name, line.new["decided_by"]) for line in answer.context["page_obj"]] == [
        ("甲县城关所", "资料审核"), ("甲县东关所", "资料审核"),
    ]  # fmt: skip
    assert [line.now["rank"] for line in answer.context["page_obj"]] == [2, 1]


def test_grades_can_be_drawn_up_and_changed(page, scored, field):
    GradeBand.objects.create(track=scored.track, name="合格", order=1)
    changes = {"g1-name": "优秀", "g1-at_least": "85", "g2-name": "合格"}
    answer = page(**changes)
    assert [(line.now["grade"], line.new["grade"]) for line in answer.context["page_obj"]] == [
        ("合格", "优秀"), ("合格", "优秀"), ("合格", "合格"), ("合格", "合格"), ("合格", "合格"),
    ]  # fmt: skip
    assert "优秀：总分不足85分" in answer.content.decode()
    assert "等次变动2个：合格5→3，优秀0→2。" in text(answer)


def test_pass_line_takes_a_place_away(page, field):
    answer = page(pass_line="86")
    assert [(line.name, line.crossing) for line in answer.context["page_obj"]][:2] == [
        ("甲县城关所", ""), ("甲县东关所", "out"),
    ]  # fmt: skip
    assert "总分不足达标线86分" in answer.content.decode()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"w-visit": "很多"}, "w-visit"),
        ({"w-visit": ""}, "w-visit"),
        ({"w-visit": "101"}, "w-visit"),
        ({"w-visit": "NaN"}, "w-visit"),
        ({"w-visit": "9" * 40}, "w-visit"),
        ({"quota": "0"}, "quota"),
        ({"quota": "9" * 40}, "quota"),
        ({"m-visit": "median"}, "m-visit"),
        ({"o-visit": "x"}, "o-visit"),
        ({"b1": "visit", "b2": "visit"}, "b1"),
        ({"b1": "nothing"}, "b1"),
        ({"pass_grade": "优秀"}, "pass_grade"),
        ({"g1-name": "优秀", "g2-name": "优秀"}, "g1-name"),
        ({"g1-stars": "x"}, "g1-stars"),
        ({"w-check": "0", "w-visit": "0", "w-presentation": "0"}, "w-check"),
    ],
)
def test_what_cannot_be_read_is_said_at_its_field_and_todays_table_stays(page, field, changes, why):
    answer = page(**changes)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [why])
    assert f'id="why-{why}"' in answer.content.decode()
    assert [line.new for line in answer.context["page_obj"]] == [None] * 5
    assert all(
        f'value="{value}"' in answer.content.decode()
        for value in changes.values()
        if value not in ("", "median", "x", "visit", "nothing")
    )


@pytest.mark.parametrize(
    ("sort", "first"), [("new", "甲县城关所"), ("now", "甲县城关所"), ("name", "乙县交警中队"), ("junk", "甲县城关所")]
)
def test_sorting(page, field, sort, first):
    assert page(quota="1", sort=sort).context["page_obj"][0].name == first


def test_biggest_moves_first(page, scored, applications):
    scored.whole(applications["A-1"], "90", "80", "80")
    scored.whole(applications["A-2"], "80", "80", "95")
    scored.whole(applications["B-1"], "100", "75", "70")
    answer = page(**{"w-check": "100", "w-visit": "0", "w-presentation": "0", "sort": "moved"})
    # today A-2 84.5, A-1 83, B-1 81; by the check alone B-1, A-1, A-2
    assert [(line.name, line.moved) for line in answer.context["page_obj"]] == [
        ("甲县东关所", -2), ("乙县城关所", 2), ("甲县城关所", 0),
    ]  # fmt: skip


# Secrets and traces


def test_nothing_is_written(page, field, scored):
    before = (AuditEntry.objects.count(), Track.objects.get(pk=scored.track.pk).quota)
    page(quota="1", **{"w-visit": "50"})
    assert (AuditEntry.objects.count(), Track.objects.get(pk=scored.track.pk).quota) == before


def test_what_is_on_stage_is_left_out_of_both_tables(page, scored, applications):
    scored.whole(applications["A-1"], "60", "60", "98.76")
    on_stage = scored.candidate(applications["A-2"], "70")
    scored.visit(on_stage, "70")
    scored.present(on_stage, "73.37", closed=False)
    answer = page(quota="1")
    assert answer.context["base"].sealed == ["现场展示"]
    assert table(answer) == [("甲县东关所", 1, "70.00", 1, "70.00", ""), ("甲县城关所", 2, "60.00", 2, "60.00", "out")]
    assert ("73.37" in answer.content.decode(), "98.76" in answer.content.decode()) == (False, False)
    assert "分数密封" in answer.content.decode()
    PresentationSlot.objects.update(closed_at=timezone.now())
    assert page(quota="1").context["base"].sealed == []


def test_drafts_do_not_count(page, scored, applications):
    candidate = scored.candidate(applications["A-1"])
    scored.visit(candidate, "80", None)
    scored.present(candidate, "80")
    assert table(page(**{"n-visit": "2"}))[0][3:5] == (None, None)


def test_after_the_decision_it_starts_from_what_was_decided(page, field, scored, cast):
    decided = results.decide(results.freeze_results(scored.track, by=cast.campaign_admin), by=cast.campaign_admin)
    Track.objects.filter(pk=scored.track.pk).update(quota=5)
    answer = page(quota="1")
    assert (answer.context["base"].decided, answer.context["changes"]) == (decided, [("名额", "2", "1")])
    assert [line.crossing for line in answer.context["page_obj"]] == ["", "out", "", "", ""]


def test_before_anybody_is_reviewed_the_page_says_so(page, tiny_track):
    answer = page()
    assert (answer.status_code, "还没有进入考评的支部" in answer.content.decode()) == (200, True)


def test_only_the_office(client_of, cast, field, scored):
    url = reverse("reviews:trial", args=[scored.track.pk])
    assert [client_of(user).get(url).status_code for user in (cast.committee_head, cast.assessor, cast.auditor)] == [
        403
    ] * 3
    assert client_of(cast.campaign_admin).post(url).status_code in (200, 405)


# Points: another version of the rubric


def copy_of(rubric, **changed):
    """A draft made from the rubric, as “以此为蓝本新建” makes one; `changed` by criterion code."""
    copy = factories.RubricFactory(code=rubric.code, version=rubric.version + 1, based_on=rubric, name=rubric.name)
    new = {}
    for criterion in rubric.outline:
        rules = list(criterion.rules.all())
        parent = new.get(criterion.parent_id)
        fields = {
            f.name: getattr(criterion, f.name)
            for f in Criterion._meta.fields
            if f.name not in ("id", "rubric", "parent")
        }
        made = Criterion.objects.create(rubric=copy, parent=parent, **fields | changed.get(criterion.code, {}))
        new[criterion.pk] = made
        for rule in rules:
            values = {
                f.name: getattr(rule, f.name) for f in ScoreRule._meta.fields if f.name not in ("id", "criterion")
            }
            ScoreRule.objects.create(criterion=made, **values)
    return Rubric.objects.get(pk=copy.pk)


ANSWERS = {"A1": {"points": "24"}, "A2": "较好", "A3": 3, "A4": 2, "A5": {"met": True}, "B1": 1}


def answered(leaf, given):
    """The answer to one leaf of the tiny rubric: a level by its name, a count by its number."""
    rules = list(leaf.rules.all())
    if isinstance(given, str):
        return {"level": str(next(rule.pk for rule in rules if rule.label == given))}
    return {"times": {str(rules[0].pk): given}} if isinstance(given, int) else given


def give_scores(review, **changed):
    """Answers behind a stored total: 24 + 15 + 15 + 19 + 10 + 2 = 85 unless changed."""
    for leaf in review.component.leaves_for(review.application.branch.line):
        if leaf.asked:
            answer = answered(leaf, {**ANSWERS, **changed}[leaf.code])
            Score.objects.create(
                review=review, criterion=leaf, answer=answer, points=scoring.score_item(leaf.item, answer)
            )
    points = {str(pk): value for pk, value in review.scores.values_list("criterion_id", "points")}
    sheet = scoring.score_sheet(review.component.sheet, points)
    Review.objects.filter(pk=review.pk).update(total=sheet.total)
    return sheet.total


@pytest.fixture
def sheet(scored, applications):
    """One candidate with one visit whose sheet has its answers."""
    candidate = scored.whole(applications["A-1"], "90", "85", "80")
    review = Review.objects.get(visit__isnull=False)
    assert give_scores(review) == 85
    return candidate


def rescored(scored, rubric):
    component = ScoreComponent.objects.get(track=scored.track, source="visit")
    found = rescoring.rescore(component, rubric, gathering.inputs_of(scored.track))
    return found, [event["scores"] for part in found.parts.values() for event in part["events"]]


def test_the_same_points_on_a_copy_change_nothing(scored, sheet):
    found, scores = rescored(scored, copy_of(scored.track.rubric))
    assert (scores, found.notes, dict(found.missing)) == ([["85.00"]], [], {})


def test_points_are_scaled_and_other_kinds_scored_from_the_answer(scored, sheet):
    draft = copy_of(scored.track.rubric, A1={"max_points": 40}, A5={"max_points": 5})
    ScoreRule.objects.filter(criterion__rubric=draft, label="较好").update(points=12)
    ScoreRule.objects.filter(criterion__rubric=draft, label="每次").update(points=4)
    ScoreRule.objects.filter(criterion__rubric=draft, label="每少1次").update(points=1)
    # 24/30 × 40 = 32, 较好 12, 3 × 4 = 12, 20 − 2 × 1 = 18, 5, bonus 2: 81
    found, scores = rescored(scored, draft)
    assert scores == [["81.00"]]
    assert found.notes == [
        "A1 打分：30分改为40分，原得分按比例折算。", "A5 全有或全无：10分改为5分，按原作答重新计分。",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "step", "new", "scaled"),
    [
        ("24", "0.5", "30", "24.00"), ("24", "0.5", "15", "12.00"), ("24.5", "0.5", "15", "12.50"),
        ("24.5", "1", "30", "25.00"), ("30", "0.5", "7", "7.00"), ("0", "0.5", "60", "0.00"), ("1", "5", "30", "0.00"),
    ],
)  # fmt: skip
def test_scaling_stays_on_the_step_and_inside_the_range(old, step, new, scaled):
    before = Criterion(kind="points", max_points=Decimal(30), step=Decimal("0.5"))
    after = Criterion(kind="points", max_points=Decimal(new), step=Decimal(step), floor=Decimal(0))
    assert str(rescoring.converted(before, after, {"points": old})) == scaled


def test_what_has_no_answer_leaves_the_branch_incomplete_and_is_listed(page, scored, sheet):
    draft = copy_of(scored.track.rubric, A1={"kind": "check"}, A2={"code": "A9"})
    found, scores = rescored(scored, draft)
    assert (scores, dict(found.missing)) == ([[]], {"A1": 1, "A9": 1})
    assert found.notes == [
        "A1 打分：类型由“打分”改为“全有或全无”，原作答不能换算。", "A9 等次：新增的指标，没有作答。",
        "A2：新标准没有这些指标，原作答不再计分。",
    ]  # fmt: skip
    answer = page(**{"r-visit": draft.pk})
    assert table(answer) == [("甲县城关所", 1, "85.00", None, None, "out")]
    assert "实地考评A1（1份）" in text(answer)


def test_the_page_offers_other_versions_and_copies_and_uses_the_one_picked(page, scored, sheet):
    other = factories.RubricFactory(code="OTHER", based_on=scored.track.rubric)
    factories.RubricFactory(code="UNRELATED")
    draft = copy_of(scored.track.rubric, A1={"max_points": 15}, A={"max_points": 85})
    Rubric.objects.filter(pk=draft.pk).update(total_points=85)
    answer = page(**{"r-visit": draft.pk})
    offered = [key for key, _ in answer.context["form"].fields["r-visit"].choices]
    assert offered == ["", str(other.pk), str(draft.pk)]
    # 12 + 15 + 15 + 19 + 10 + 2 = 73 of 85 is 85.88: 27 + 34.35 + 24 = 85.35
    assert table(answer) == [("甲县城关所", 1, "85.00", 1, "85.35", "")]
    label = f"{draft.code} 第2版（草稿）小标准"
    assert answer.context["changes"] == [("实地考评 评分标准", "现行标准", label)]


def test_a_rubric_that_is_not_offered_is_refused(page, scored, sheet):
    stranger = factories.RubricFactory(code="STRANGER")
    copy_of(scored.track.rubric)
    answer = page(**{"r-visit": stranger.pk})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["r-visit"])


def test_the_check_is_rescored_from_the_committees_answers(page, scored, sheet, cast):
    for leaf in scored.track.rubric.leaves_for(""):
        if leaf.asked:
            answer = answered(leaf, ANSWERS[leaf.code])
            CheckItem.objects.create(application=sheet, criterion=leaf, answer=answer, checked_by=cast.committee_clerk)
    draft = copy_of(scored.track.rubric, A5={"max_points": 0})
    # 85 − 10 = 75 instead of the stored 90: 22.5 + 34 + 24 = 80.5
    assert table(page(**{"r-check": draft.pk}))[0][2:5] == ("85.00", 1, "80.50")


def test_lines_of_a_criterion_are_matched_by_wording_else_by_place(scored, sheet):
    draft = copy_of(scored.track.rubric)
    ScoreRule.objects.filter(criterion__rubric=draft, label="每次").update(label="每开展一次", points=2)
    assert rescored(scored, draft)[1] == [["76.00"]]  # 15 → 6
    ScoreRule.objects.filter(criterion__rubric=draft, label="较好").delete()
    found, scores = rescored(scored, Rubric.objects.get(pk=draft.pk))
    assert (scores, dict(found.missing)) == ([[]], {"A2": 1})


def test_vetoes_of_the_new_version_count(page, scored, sheet):
    draft = copy_of(scored.track.rubric, A6={"veto_effect": "disqualify"})
    found, scores = rescored(scored, draft)
    assert (scores, dict(found.missing)) == ([[]], {"A6": 1})
    old = scored.track.rubric.outline
    veto = next(criterion for criterion in old if criterion.code == "A6")
    Score.objects.create(
        review=Review.objects.get(visit__isnull=False), criterion=veto, answer={"met": False}, points=0
    )
    answer = page(**{"r-visit": draft.pk})
    assert [(line.new["outcome"], line.new["note"]) for line in answer.context["page_obj"]] == [
        ("disqualified", "发生取消资格的情形：A6 一票否决")
    ]


# Cost


def test_number_of_queries_does_not_grow_with_the_candidates(page, scored, applications):
    draft = copy_of(scored.track.rubric)

    def queries():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert page(**{"r-visit": draft.pk, "w-visit": "50"}).status_code == 200
        return len(captured)

    def add(code):
        candidate = scored.whole(applications[code], "90", "85", "80")
        give_scores(Review.objects.get(visit__isnull=False, application=candidate))

    add("A-1")
    page()
    counts = [queries()]
    for code in ("A-2", "B-1"):
        add(code)
        counts.append(queries())
    assert len(set(counts)) == 1
    assert counts[0] <= 25


def test_more_than_a_hundred_are_paged(page, scored, bureau):
    day = datetime.date(2026, 3, 1)
    for number in range(101):
        branch = factories.BranchFactory(parent=bureau.county_a, code=f"N-{number:03d}")
        application = factories.ApplicationFactory(branch=branch, track=scored.track)
        candidate = scored.candidate(application, check=str(50 + number / 4))
        scored.visit(candidate, "80", on=day)
    answer = page(**{"w-presentation": "0", "page": "2"})
    assert (len(answer.context["page_obj"]), answer.context["page_obj"].paginator.count) == (1, 101)
    assert "w-presentation=0" in answer.content.decode()


def test_both_tables_come_from_the_one_calculation(field, scored):
    base = trial.base_of(scored.track)
    compared = trial.compare(base, base.method)
    rows, _ = calculation.compute(gathering.method_of(scored.track), gathering.inputs_of(scored.track))
    assert [line.now for line in compared.lines] == [line.new for line in compared.lines] == rows
