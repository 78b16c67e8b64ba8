import datetime

import chinese_calendar
import pytest

from standards import readiness
from standards.models import Criterion, GradeBand, Rubric, ScoreComponent, Stage, StageTask, Track
from standards.services import rubrics as rubric_services
from tests import factories

APPROVAL = "尚未登记批准依据（批准机关、文号、日期）。"


@pytest.fixture
def campaign(db):
    return factories.CampaignFactory(code="READY", basis="党发〔2026〕1号")


@pytest.fixture
def track(campaign, tiny_rubric):
    """Sound: a competition whose every rule is in order."""
    return factories.tiny_track(campaign, tiny_rubric)


def said(campaign, *, warning=False):
    """What is found, without the name of the only track, and the step that mends it."""
    found = [f for f in readiness.findings(campaign) if f.warning == warning]
    return [(f.text.split("：", 1)[1] if f.track else f.text, f.step) for f in found]


def test_a_sound_campaign_has_nothing_missing(campaign, track):
    assert (said(campaign), said(campaign, warning=True)) == ([], [])


def test_both_plans_lack_only_their_approval(plans):
    assert readiness.missing_for_opening(plans.S1) == [APPROVAL]
    assert readiness.missing_for_opening(plans.S2) == [APPROVAL]


def test_every_finding_names_its_track(campaign, track):
    Track.objects.filter(pk=track.pk).update(quota=None)
    (finding,) = [f for f in readiness.findings(campaign) if not f.warning]
    assert (finding.text, finding.step, finding.track) == ("试用称号：竞争评选须设名额。", "tracks", track.pk)


def test_without_tracks_or_basis(campaign):
    type(campaign).objects.filter(pk=campaign.pk).update(basis="")
    campaign.refresh_from_db()
    assert said(campaign) == [("没有任何轨道。", "tracks")]
    assert said(campaign, warning=True) == [("没有写明方案依据，也没有上传方案原件。", "basis")]


@pytest.mark.parametrize(
    ("change", "text", "step"),
    [
        ({"quota": None}, "竞争评选须设名额。", "tracks"),
        ({"quota": 0}, "竞争评选须设名额。", "tracks"),
        ({"recommend_min": 4}, "推荐上限3小于下限4。", "recommend"),
        ({"tie_breakers": ["visit", "gone"]}, "同分次序中的“gone”不是本轨道的计分构成。", "scoring"),
        ({"grade_component": "gone"}, "得星与维度所看的“gone”不是本轨道的计分构成。", "scoring"),
        ({"pass_grade": "合格"}, "命名最低等次“合格”不在等次表中。", "scoring"),
        ({"pass_line": 101}, "达标线101分高于满分100分。", "tracks"),
        ({"self_line": 106}, "自评达标线106分高于自评标准最高可得105分。", "tracks"),
        ({"check_line": "105.5"}, "核查达标线105.5分高于自评标准最高可得105分。", "tracks"),
    ],
)
def test_what_is_wrong_with_a_track(campaign, track, change, text, step):
    Track.objects.filter(pk=track.pk).update(**change)
    assert said(campaign) == [(text, step)]


@pytest.mark.parametrize("line", [100, 105])
def test_a_line_within_the_bonus_can_be_reached(campaign, track, line):
    Track.objects.filter(pk=track.pk).update(self_line=line)
    assert said(campaign) == []


@pytest.mark.parametrize(
    ("change", "text", "step"),
    [
        ({"reserves": 0}, "没有设候补名额，出现否决时不能递补。", "tracks"),
        ({"tie_breakers": []}, "没有设同分次序，名额线上同分时不能公示。", "scoring"),
        ({"notice_days": 0}, "没有设公示的工作日数。", "tracks"),
        ({"tie_breakers": ["stars"]}, "同分比较得星数，但自评标准没有设得星线。", "scoring"),
    ],
)
def test_what_is_only_warned_of(campaign, track, change, text, step):
    Track.objects.filter(pk=track.pk).update(**change)
    assert (said(campaign), said(campaign, warning=True)) == ([], [(text, step)])


def test_acceptance_without_a_line_or_with_a_quota_is_warned_of(campaign, tiny_rubric):
    track = factories.tiny_track(campaign, tiny_rubric, mode="acceptance", pass_line=None, quota=3)
    texts = [text for text, _ in said(campaign, warning=True)]
    assert texts == ["达标验收不设名额和候补，所填的不起作用。", "没有设达标线，也没有设命名最低等次，参评的都算达标。"]
    assert track.mode == "acceptance"


def test_unpublished_rubrics_are_named_once_each(campaign, track):
    other = factories.RubricFactory(code="OTHER", name="展示标准")
    track.components.filter(source="presentation").update(rubric=other)
    Rubric.objects.filter(pk=track.rubric_id).update(status="draft")
    assert said(campaign) == [
        ("评分标准“小标准（TINY 第1版）”尚未发布。", "tracks"),
        ("评分标准“展示标准（OTHER 第1版）”尚未发布。", "scoring"),
    ]


# Calendar


def test_apply_must_be_there_and_close(campaign, track):
    track.stages.filter(kind="apply").update(closes_on=None)
    assert said(campaign) == [("“自评申报”阶段没有截止日期。", "calendar")]
    track.stages.filter(kind="apply").delete()
    assert said(campaign) == [("没有“自评申报”阶段。", "calendar")]


@pytest.mark.parametrize(
    ("kind", "waits_for"),
    [("check", "自评申报"), ("onsite", "自评申报"), ("present", "自评申报"), ("recommend", "分局核查"), ("nominate", "分局核查")],
)  # fmt: skip
def test_a_stage_does_not_close_before_what_it_waits_for(campaign, track, kind, waits_for):
    closes, before = factories.days(3), factories.days(5)
    # Check itself closes with apply, so that only the pair in question is wrong.
    track.stages.filter(kind=kind).update(closes_on=closes)
    if kind == "check":
        track.stages.filter(kind__in=["recommend", "nominate", "forward"]).update(closes_on=before)
    name = Stage.Kind(kind).label
    text = f"“{name}”{closes.month}月{closes.day}日截止，早于“{waits_for}”的截止日{before.month}月{before.day}日。"
    assert said(campaign) == [(text, "calendar")]


def test_nothing_begins_without_an_opening_date(campaign, track):
    track.stages.update(opens_on=None)
    assert said(campaign) == [("所有阶段都没有开始日期，支部不会被纳入；至少给第一个阶段填开始日期。", "calendar")]


def test_missing_stages_are_warned_of(campaign, track):
    track.stages.filter(kind__in=["check", "recommend", "forward"]).delete()
    assert [text for text, _ in said(campaign, warning=True)] == [
        "没有“分局核查”阶段，办理不受日期限制。", "没有“排序推荐”阶段，办理不受日期限制。",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("most", "kept", "text"),
    [
        (None, "recommend", "日程中是“排序推荐”阶段，这里选的却是核查通过的全部上报，该阶段的日期不起作用；请改成一致。"),
        (3, "forward", "日程中是“上报”阶段，这里选的却是排序推荐，该阶段的日期不起作用；请改成一致。"),
    ],
)  # fmt: skip
def test_a_stage_of_the_other_way_to_hand_up_is_warned_of(campaign, track, most, kept, text):
    track.stages.filter(kind__in={"recommend", "forward"} - {kept}).delete()
    Track.objects.filter(pk=track.pk).update(recommend_max=most)
    assert said(campaign, warning=True) == [(text, "recommend")]


def test_attendance_is_asked_of_meetings_only(campaign, track):
    StageTask.objects.filter(stage__track=track, kind="plan").update(min_attendance=80)
    assert said(campaign) == [("任务“创建活动计划”不是会议，不能要求到会率。", "calendar")]


def test_a_proof_without_a_name_is_warned_of(campaign, track):
    StageTask.objects.filter(stage__track=track, kind="members_meeting").update(proof_required=True)
    assert said(campaign, warning=True) == [("任务“党员大会”须附证明，但没有写明附什么。", "calendar")]


def publish(track, opens, closes=None):
    Stage.objects.filter(track=track).update(opens_on=datetime.date(2026, 1, 1), closes_on=datetime.date(2026, 2, 1))
    Stage.objects.create(track=track, kind="publish", name="公示", order=20, opens_on=opens, closes_on=closes)


def test_public_notice_in_a_year_without_a_calendar_is_warned_of(campaign, track):
    publish(track, datetime.date(2049, 5, 1))
    text = "2049年的节假日安排尚未收录，公示期暂不能推算工作日，届时须直接填写截止日期。"
    assert (said(campaign), said(campaign, warning=True)) == ([], [(text, "calendar")])


def test_public_notice_over_the_year_s_end_names_the_year_that_is_missing(campaign, track, monkeypatch):
    def known(day):
        if day.year > 2026:
            raise NotImplementedError
        return day.weekday() < 5

    monkeypatch.setattr(chinese_calendar, "is_workday", known)
    publish(track, datetime.date(2026, 12, 29))
    text = "2027年的节假日安排尚未收录，公示期暂不能推算工作日，届时须直接填写截止日期。"
    assert said(campaign, warning=True) == [(text, "calendar")]


def test_public_notice_that_is_too_short_is_warned_of(campaign, track):
    # 1 June 2026 is a Monday: five working days after it end on Monday the 8th.
    publish(track, datetime.date(2026, 6, 1), datetime.date(2026, 6, 7))
    assert said(campaign, warning=True) == [("“公示”6月7日截止，不足5个工作日，应到6月8日。", "calendar")]
    Stage.objects.filter(track=track, kind="publish").update(closes_on=datetime.date(2026, 6, 8))
    assert said(campaign, warning=True) == []


# Components


def test_weights_make_a_hundred(campaign, track):
    track.components.filter(source="check").update(weight=29)
    assert said(campaign) == [("计分构成的权重合计不是100%。", "scoring")]


def test_a_total_without_a_panel_s_part_is_fine(campaign, track):
    track.components.exclude(source="check").delete()
    track.components.update(weight=100)
    Track.objects.filter(pk=track.pk).update(tie_breakers=["self_gap"])
    assert (said(campaign), said(campaign, warning=True)) == ([], [])


@pytest.mark.parametrize(
    ("source", "change", "text"),
    [
        ("visit", {"dimensions": ["A", "Z"]}, "“实地考评”所取的维度Z不在《小标准》中。"),
        ("visit", {"trim_from": 2}, "“实地考评”去掉最高最低分至少要3人。"),
        ("visit", {"pass_line": 106}, "“实地考评”的达标线高于最高可得105分。"),
        ("visit", {"dimensions": ["A"], "pass_line": 101}, "“实地考评”的达标线高于最高可得100分。"),
    ],
)
def test_what_is_wrong_with_a_component(campaign, track, source, change, text):
    track.components.filter(source=source).update(**change)
    assert said(campaign) == [(text, "scoring")]


def test_the_check_is_scored_by_the_track_s_own_rubric(campaign, track):
    track.components.filter(source="check").update(rubric=factories.tiny_rubric("OTHER"))
    assert said(campaign) == [("“资料审核”按轨道的自评标准计分，不能另选评分标准。", "scoring")]


# Grades


def grades(track, *bands):
    for order, (name, given) in enumerate(bands, 1):
        GradeBand.objects.create(track=track, name=name, order=order, **given)


def test_sound_grades(campaign, track):
    grades(
        track,
        ("优秀", {"at_least": 90, "share": 30, "component": "visit", "component_min": 80}),
        ("良好", {"at_least": 80}),
        ("其他", {}),
    )
    assert (said(campaign), said(campaign, warning=True)) == ([], [])


@pytest.mark.parametrize(
    ("bands", "text"),
    [
        ([("优秀", {}), ("合格", {"at_least": 60}), ("其他", {})], "等次“优秀”没有任何条件，排在它后面的等次永远轮不到。"),
        ([("优秀", {"share": 60}), ("良好", {"share": 41}), ("其他", {})], "各等次的比例合计超过100%。"),
        ([("良好", {"at_least": 80}), ("优秀", {"at_least": 90}), ("其他", {})], "等次应从高到低排列，分数线也应逐级降低。"),
        ([("优秀", {"component": "visit"}), ("其他", {})], "等次“优秀”没有任何条件，排在它后面的等次永远轮不到。"),
        ([("优秀", {"at_least": 90, "component": "x", "component_min": 1}), ("其他", {})], "等次“优秀”的单项“x”不是本轨道的计分构成。"),
        ([("优秀", {"at_least": 90, "component_min": 1}), ("其他", {})], "等次“优秀”的单项条件要同时写明哪一项和不低于多少分。"),
        ([("优秀", {"at_least": 101}), ("其他", {})], "等次“优秀”的分数线高于100分。"),
        ([("优秀", {"stars": 1}), ("其他", {})], "等次“优秀”要求得1星，但所看的标准只有0个设得星线的维度。"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_grades(campaign, track, bands, text):
    grades(track, *bands)
    assert said(campaign)[0] == (text, "scoring")


def test_a_last_grade_with_conditions_is_warned_of(campaign, track):
    grades(track, ("优秀", {"at_least": 90}), ("合格", {"at_least": 60}))
    text = "最末等次“合格”设有条件，达不到的支部没有等次。"
    assert (said(campaign), said(campaign, warning=True)) == ([], [(text, "scoring")])


def test_a_veto_caps_at_a_grade_of_the_track(campaign, track):
    rubric = factories.RubricFactory(code="CAPS", name="限等标准")
    Criterion.objects.create(rubric=rubric, order=1, code="A", title="打分", text="原文", max_points=100)
    Criterion.objects.create(
        rubric=rubric, order=2, code="V", title="限等", text="原文", kind="veto", veto_effect="cap", veto_cap="合格"
    )
    rubric_services.publish_rubric(Rubric.objects.get(pk=rubric.pk), by=None)
    track.components.filter(source="visit").update(rubric=rubric)
    assert said(campaign) == [("标准《限等标准》V限制的等次“合格”不在等次表中。", "scoring")]
    grades(track, ("优秀", {"at_least": 90}), ("合格", {}))
    assert said(campaign) == []


@pytest.mark.parametrize("number", [1, 3])
def test_findings_ask_the_same_number_of_queries_for_any_number_of_tracks(
    campaign, tiny_rubric, number, django_assert_num_queries
):
    for code in range(number):
        factories.tiny_track(campaign, tiny_rubric, code=f"T{code}")
    readiness.findings(campaign)
    # tracks, stages, tasks, components, grades, fields, honours
    with django_assert_num_queries(7):
        readiness.findings(campaign)
    assert ScoreComponent.objects.filter(track__campaign=campaign).count() == 3 * number
