import datetime

import pytest
from django.core.exceptions import ValidationError

from branches import audit
from branches.models import AuditEntry
from standards.models import Campaign, Criterion, Extension, Rubric, Stage, Track
from standards.services import campaigns, rubrics


def refused(call, *args, **kwargs):
    """The codes with which a service refuses."""
    with pytest.raises(ValidationError) as caught:
        call(*args, **kwargs)
    return [error.code for error in caught.value.error_list]


def logged(action):
    return list(AuditEntry.objects.filter(action=action).order_by("seq"))


@pytest.fixture
def rubric(db):
    """A draft: two items of 10 points in one dimension of 20."""
    rubric = Rubric.objects.create(code="X1", name="试行标准", total_points=20)
    top = Criterion.objects.create(rubric=rubric, order=1, code="A", title="班子", kind="group", max_points=20)
    for order, code in enumerate(("A1", "A2"), 2):
        Criterion.objects.create(rubric=rubric, parent=top, order=order, code=code, title=code, max_points=10)
    return Rubric.objects.get(pk=rubric.pk)


# Rubrics


def test_publish_rubric_freezes_and_records_it(rubric, admin):
    rubrics.publish_rubric(rubric, by=admin)
    assert rubric.status == Rubric.Status.PUBLISHED
    assert rubric.published_at is not None
    assert len(rubric.content_hash) == 64
    (entry,) = logged("rubric.publish")
    assert (entry.actor, entry.changes) == (admin, {"content_hash": rubric.content_hash})


def test_publish_rubric_refuses_points_that_do_not_add_up(rubric, admin):
    Criterion.objects.filter(code="A2").update(max_points=9)
    assert refused(rubrics.publish_rubric, rubric, by=admin) == ["unsound", "unsound"]
    rubric.refresh_from_db()
    assert (rubric.status, logged("rubric.publish")) == (Rubric.Status.DRAFT, [])


def test_publish_rubric_lets_a_bonus_stand_apart(rubric, admin):
    Criterion.objects.create(rubric=rubric, order=9, code="B", title="加分", max_points=5, is_bonus=True)
    assert rubrics.publish_rubric(rubric, by=admin).status == Rubric.Status.PUBLISHED


def test_second_publish_from_a_stale_page_is_refused(rubric, admin):
    stale = Rubric.objects.get(pk=rubric.pk)
    rubrics.publish_rubric(rubric, by=admin)
    assert refused(rubrics.publish_rubric, stale, by=admin) == ["not_draft"]
    assert len(logged("rubric.publish")) == 1


def test_content_hash_changes_with_what_is_scored_by(rubric):
    def now():
        return rubrics.content_hash(Rubric.objects.get(pk=rubric.pk))

    first = now()
    assert now() == first
    Criterion.objects.filter(code="A1").update(text="换了文字")
    assert now() != first


# Approval


def test_record_approval_keeps_whose_decision_it_was(s2, admin, approval):
    campaigns.record_approval(s2, by=admin, **approval)
    assert (s2.approved_by, s2.approval_number, s2.approved_on) == tuple(approval.values())
    (entry,) = logged("campaign.approval")
    assert entry.changes == {
        "approved_by": "市局党委",
        "approval_number": "党发〔2023〕6号",
        "approved_on": "2023-02-20",
    }


def test_record_approval_after_opening_is_refused(s2, admin, approval):
    stale = Campaign.objects.get(pk=s2.pk)
    campaigns.record_approval(s2, by=admin, **approval)
    campaigns.open_campaign(s2, by=admin)
    late = {**approval, "approval_number": "另一文号"}
    assert refused(campaigns.record_approval, stale, by=admin, **late) == ["not_draft"]
    s2.refresh_from_db()
    assert s2.approval_number == "党发〔2023〕6号"


# Opening and closing


def test_loaded_plans_lack_only_their_approval(s1, s2):
    assert campaigns.missing_for_opening(s1) == ["尚未登记批准依据（批准机关、文号、日期）。"]
    assert campaigns.missing_for_opening(s2) == ["尚未登记批准依据（批准机关、文号、日期）。"]


def test_missing_for_opening_lists_every_reason(s2, strongest):
    Track.objects.filter(pk=strongest.pk).update(quota=None)
    Rubric.objects.filter(code="P1").update(status=Rubric.Status.DRAFT)
    strongest.stages.filter(kind=Stage.Kind.APPLY).update(closes_on=None)
    strongest.components.filter(source="check").update(weight=29)
    name = "最强支部·最美警队（2023年）"
    assert campaigns.missing_for_opening(s2) == [
        "尚未登记批准依据（批准机关、文号、日期）。",
        f"{name}：评分标准“现场展示评审表（建议）（P1 第1版）”尚未发布。",
        f"{name}：“自评申报”阶段没有截止日期。",
        f"{name}：计分构成的权重合计不是100%。",
        f"{name}：竞争评选须设名额。",
    ]


def test_missing_for_opening_without_stage_components_or_tracks(s2, strongest, db):
    strongest.stages.all().delete()
    strongest.components.all().delete()
    name = "最强支部·最美警队（2023年）"
    assert campaigns.missing_for_opening(s2)[1:] == [
        f"{name}：没有“自评申报”阶段。",
        f"{name}：计分构成的权重合计不是100%。",
    ]
    strongest.delete()
    assert campaigns.missing_for_opening(s2)[1:] == ["没有任何轨道。"]


def test_open_campaign_that_is_not_ready_is_refused_with_every_reason(s2, strongest, admin):
    Track.objects.filter(pk=strongest.pk).update(quota=None)
    assert refused(campaigns.open_campaign, s2, by=admin) == ["not_ready", "not_ready"]
    s2.refresh_from_db()
    assert (s2.status, logged("campaign.open")) == (Campaign.Status.DRAFT, [])


def test_open_campaign_opens_and_records_it(s2, admin, approval):
    campaigns.record_approval(s2, by=admin, **approval)
    campaigns.open_campaign(s2, by=admin)
    assert s2.status == Campaign.Status.OPEN
    assert s2.opened_at is not None
    (entry,) = logged("campaign.open")
    assert entry.changes == {"status": ["draft", "open"], "approval": "党发〔2023〕6号"}


def test_second_opening_from_a_stale_page_is_refused(s2, admin, approval):
    campaigns.record_approval(s2, by=admin, **approval)
    stale = Campaign.objects.get(pk=s2.pk)
    campaigns.open_campaign(s2, by=admin)
    opened_at = s2.opened_at
    assert refused(campaigns.open_campaign, stale, by=admin) == ["not_draft"]
    s2.refresh_from_db()
    assert s2.opened_at == opened_at
    assert len(logged("campaign.open")) == 1


def test_opening_judges_what_stands_in_the_database(s2, admin, approval):
    campaigns.record_approval(s2, by=admin, **approval)
    stale = Campaign.objects.get(pk=s2.pk)
    Campaign.objects.filter(pk=s2.pk).update(approval_number="")
    assert refused(campaigns.open_campaign, stale, by=admin) == ["not_ready"]
    assert Campaign.objects.get(pk=s2.pk).status == Campaign.Status.DRAFT


def test_close_campaign_ends_a_running_one_once(s2, admin, approval):
    assert refused(campaigns.close_campaign, s2, by=admin) == ["not_open"]
    campaigns.record_approval(s2, by=admin, **approval)
    campaigns.open_campaign(s2, by=admin)
    stale = Campaign.objects.get(pk=s2.pk)
    campaigns.close_campaign(s2, by=admin)
    assert s2.status == Campaign.Status.CLOSED
    assert refused(campaigns.close_campaign, stale, by=admin) == ["not_open"]
    assert [entry.changes for entry in logged("campaign.close")] == [{"status": ["open", "closed"]}]


# Extensions


@pytest.fixture
def stage(strongest):
    """推荐, until 2023-04-30."""
    return strongest.stages.get(kind=Stage.Kind.RECOMMEND)


def test_extend_stage_keeps_reason_and_grantor(stage, branch, admin):
    until = datetime.date(2023, 5, 5)
    extension = campaigns.extend_stage(stage, branch, until=until, reason="抗洪抢险", by=admin)
    assert (extension.until, extension.reason, extension.granted_by) == (until, "抗洪抢险", admin)
    (entry,) = logged("stage.extend")
    assert (entry.branch, entry.actor) == (branch, admin)
    assert entry.changes == {"until": "2023-05-05", "reason": "抗洪抢险"}


def test_extend_stage_again_replaces_the_first(stage, branch, admin):
    for number in (5, 8):
        campaigns.extend_stage(stage, branch, until=datetime.date(2023, 5, number), reason="抗洪抢险", by=admin)
    assert [e.until for e in Extension.objects.all()] == [datetime.date(2023, 5, 8)]
    assert len(logged("stage.extend")) == 2


def test_extend_stage_must_be_later_than_the_deadline(stage, branch, admin):
    until = datetime.date(2023, 4, 30)
    assert refused(campaigns.extend_stage, stage, branch, until=until, reason="无", by=admin) == ["not_later"]
    assert Extension.objects.count() == 0


def test_extend_stage_without_a_deadline_is_refused(s1, branch, admin):
    build = s1.tracks.get(code="T1-2020").stages.get(kind=Stage.Kind.BUILD)
    until = datetime.date(2023, 4, 30)
    assert refused(campaigns.extend_stage, build, branch, until=until, reason="无", by=admin) == ["no_deadline"]


def test_log_of_all_these_acts_is_an_unbroken_chain(stage, branch, s2, admin, approval):
    campaigns.extend_stage(stage, branch, until=datetime.date(2023, 5, 5), reason="抗洪抢险", by=admin)
    campaigns.record_approval(s2, by=admin, **approval)
    campaigns.open_campaign(s2, by=admin)
    assert audit.verify() == (AuditEntry.objects.count(), "")
