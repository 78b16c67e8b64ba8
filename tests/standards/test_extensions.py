"""Taking an extension back, and the page that lists them: who has one, until when, why, who granted it."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from branches.models import AuditEntry, Notice
from standards import deadlines
from standards.models import Extension, Stage
from standards.services import campaigns, extensions
from tests import factories


@pytest.fixture
def stage(tiny_track):
    return tiny_track.stages.get(kind=Stage.Kind.APPLY)


@pytest.fixture
def extension(stage, bureau, cast):
    return campaigns.extend_stage(stage, bureau.a1, until=factories.days(9), reason="抗洪抢险", by=cast.campaign_admin)


def page(client_of, user, track):
    return client_of(user).get(reverse("standards:extensions", args=[track.pk]))


def test_taking_it_back_restores_the_stages_own_date(extension, stage, bureau, cast):
    extensions.revoke_extension(extension, reason="汛情解除", by=cast.campaign_admin)
    assert deadlines.last_day(Stage.objects.get(pk=stage.pk), bureau.a1) == stage.closes_on
    entry = AuditEntry.objects.get(action="stage.unextend")
    assert (entry.branch_id, entry.changes["reason"]) == (bureau.a1.pk, "汛情解除")
    assert entry.changes["until"] == [factories.days(9).isoformat(), stage.closes_on.isoformat()]
    told = Notice.objects.filter(kind="stage.unextended")
    assert sorted(told.values_list("recipient__name", flat=True)) == sorted([cast.secretary.name, cast.clerk.name])
    assert told[0].body == f"理由：汛情解除\n现在的截止日：{stage.closes_on:%Y年%m月%d日}24时。"


def test_granting_again_shortens_it(extension, stage, bureau, cast):
    campaigns.extend_stage(stage, bureau.a1, until=factories.days(7), reason="改为七天", by=cast.campaign_admin)
    assert [(each.until, each.reason) for each in Extension.objects.all()] == [(factories.days(7), "改为七天")]


@pytest.mark.parametrize("reason", ["", "  "])
def test_without_a_reason_nothing_is_taken_back(extension, cast, reason):
    with pytest.raises(ValidationError) as refusal:
        extensions.revoke_extension(extension, reason=reason, by=cast.campaign_admin)
    assert (refusal.value.code, Extension.objects.count()) == ("no_reason", 1)


@pytest.mark.parametrize(("until", "closes"), [(-1, -5), (5, 5), (5, 9)])
def test_what_has_run_out_or_gives_nothing_is_left_alone(extension, stage, cast, until, closes):
    Extension.objects.update(until=factories.days(until))
    Stage.objects.filter(pk=stage.pk).update(closes_on=factories.days(closes))
    with pytest.raises(ValidationError) as refusal:
        extensions.revoke_extension(extension, reason="误批", by=cast.campaign_admin)
    assert (refusal.value.code, Extension.objects.count()) == ("over", 1)
    assert extensions.is_running(Extension.objects.select_related("stage").get()) is False


def test_the_slower_of_two_is_told(extension, cast):
    extensions.revoke_extension(extension, reason="误批", by=cast.campaign_admin)
    stale = Extension(pk=extension.pk or 1, stage=extension.stage, branch=extension.branch)
    with pytest.raises(ValidationError) as refusal:
        extensions.revoke_extension(stale, reason="误批", by=cast.campaign_admin)
    assert (refusal.value.code, AuditEntry.objects.filter(action="stage.unextend").count()) == ("gone", 1)


def test_the_branch_reads_who_granted_it_why_and_until_when(extension, cast):
    today, until = timezone.localdate(), factories.days(9)
    assert Extension.objects.get().words == (
        f"已延期至{until.year}年{until.month}月{until.day}日24时"
        f"（抗洪抢险；{cast.campaign_admin.name}{today.month}月{today.day}日批准）"
    )


# The page


def test_each_sees_the_extensions_of_its_own_scope(extension, stage, bureau, cast, tiny_track, client_of):
    campaigns.extend_stage(stage, bureau.county_b, until=factories.days(8), reason="全县", by=cast.campaign_admin)
    shown = {
        key: [each.branch.code for each, _, _ in page(client_of, cast.everybody[key], tiny_track).context["lines"]]
        for key in (
            "campaign_admin",
            "committee_head",
            "other_head",
            "secretary",
            "secretary_a2",
            "secretary_b1",
            "expert",
        )
    }
    assert shown == {
        "campaign_admin": ["A-1", "B"], "committee_head": ["A-1"], "other_head": ["B"], "secretary": ["A-1"],
        "secretary_a2": [], "secretary_b1": ["B"], "expert": [],
    }  # fmt: skip


def test_the_campaign_page_counts_what_one_may_see(extension, stage, bureau, cast, tiny_track, client_of):
    campaigns.extend_stage(stage, bureau.b1, until=factories.days(8), reason="全县", by=cast.campaign_admin)
    counts = {
        key: client_of(cast.everybody[key]).get(tiny_track.campaign.get_absolute_url()).context["extensions"]
        for key in ("campaign_admin", "committee_head", "secretary_a2")
    }
    assert counts == {"campaign_admin": {tiny_track.pk: 2}, "committee_head": {tiny_track.pk: 1}, "secretary_a2": {}}


def test_only_the_office_is_offered_and_may_take_it_back(extension, cast, tiny_track, client_of):
    offered = {
        key: "确定撤销" in page(client_of, cast.everybody[key], tiny_track).content.decode()
        for key in ("campaign_admin", "committee_head", "secretary")
    }
    assert offered == {"campaign_admin": True, "committee_head": False, "secretary": False}
    url = reverse("standards:revoke_extension", args=[extension.pk])
    assert client_of(cast.committee_head).post(url, {"reason": "误批"}).status_code == 403
    assert client_of(cast.other_head).post(url, {"reason": "误批"}).status_code == 404
    client = client_of(cast.campaign_admin)
    for reason in ("", " ", "误批\x00", "长" * 201):
        assert client.post(url, {"reason": reason}).status_code == 302
    assert Extension.objects.count() == 1
    answer = client.post(url, {"reason": "误批"}, follow=True)
    assert answer.redirect_chain == [(reverse("standards:extensions", args=[tiny_track.pk]), 302)]
    assert Extension.objects.count() == 0


@pytest.mark.parametrize("rows", [1, 3])
def test_the_page_costs_the_same_for_any_number(
    stage, bureau, cast, tiny_track, client_of, rows, django_assert_num_queries
):
    for branch in (bureau.a1, bureau.a2, bureau.b1)[:rows]:
        campaigns.extend_stage(stage, branch, until=factories.days(9), reason="汛期", by=cast.campaign_admin)
    client = client_of(cast.campaign_admin)
    client.get("/campaigns/")
    with django_assert_num_queries(7):
        answer = client.get(reverse("standards:extensions", args=[tiny_track.pk]))
    assert len(answer.context["lines"]) == rows
