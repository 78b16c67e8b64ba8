import pytest
from django.urls import reverse

from standards.models import Campaign, Rubric
from tests import factories

APPROVAL = {"approved_by": "市局党委", "approval_number": "党发〔2026〕6号", "approved_on": "2026-01-05"}


def page(campaign):
    return f"/campaigns/{campaign.pk}/"


@pytest.fixture
def admin(client_of, cast):
    return client_of(cast.campaign_admin)


@pytest.fixture
def clerk(client_of, cast):
    return client_of(cast.clerk)


def test_campaigns_in_draft_are_seen_by_the_office_alone(admin, clerk, plans):
    assert len(admin.get("/campaigns/").context["page_obj"].object_list) == 2
    assert len(clerk.get("/campaigns/").context["page_obj"].object_list) == 0


def test_campaign_in_draft_is_404_to_others(client_of, cast, plans):
    codes = {key: client_of(user).get(page(plans.S2)).status_code for key, user in cast.everybody.items()}
    assert {key for key, code in codes.items() if code == 200} == {"campaign_admin"}
    assert set(codes.values()) == {200, 404}


def test_campaign_once_open_is_everybodys(client_of, cast, s2_track):
    codes = {client_of(user).get(page(s2_track.campaign)).status_code for user in cast.everybody.values()}
    assert codes == {200}


@pytest.mark.parametrize("rows", [1, 3])
def test_campaigns_query_count(clerk, plans, tiny_rubric, rows, django_assert_num_queries):
    for number in range(rows):
        campaign = factories.CampaignFactory(code=f"T{number}")
        factories.tiny_track(campaign, tiny_rubric)
        Campaign.objects.filter(pk=campaign.pk).update(status="open")
    clerk.get("/campaigns/")
    # session, user, grants, count, campaigns, tracks, stages, extensions, unread notices
    with django_assert_num_queries(9):
        found = clerk.get("/campaigns/").context["page_obj"]
    assert len(found.object_list) == rows


@pytest.mark.parametrize("code", ["S1", "S2"])
def test_campaign_query_count_is_the_same_for_one_track_and_four(clerk, plans, code, django_assert_num_queries):
    Campaign.objects.update(status="open")
    campaign = Campaign.objects.get(code=code)
    clerk.get(page(campaign))
    # session, user, grants, campaign, tracks, stages, tasks, extensions, components, their rubrics, grades, honours,
    # local plans, unread notices
    with django_assert_num_queries(15):
        clerk.get(page(campaign))


def test_campaign_lists_what_keeps_it_from_opening(admin, plans):
    assert admin.get(page(plans.S2)).context["missing"] == ["尚未登记批准依据（批准机关、文号、日期）。"]


def test_campaign_names_the_tie_rule_in_words(admin, plans):
    (track,) = admin.get(page(plans.S2)).context["tracks"]
    assert track.breaker_names == [
        track.components.get(source="visit").name,
        track.components.get(source="presentation").name,
        "自评与考评差值小者",
    ]


def test_approval_is_recorded_and_the_campaign_ready(admin, plans):
    assert admin.post(f"{page(plans.S2)}approval/", APPROVAL)["Location"] == page(plans.S2)
    assert admin.get(page(plans.S2)).context["missing"] == []
    plans.S2.refresh_from_db()
    assert plans.S2.approval_number == "党发〔2026〕6号"


@pytest.mark.parametrize(
    ("change", "field"), [({"approval_number": ""}, "approval_number"), ({"approved_on": "2999-01-01"}, "approved_on")]
)
def test_approval_refusals_keep_what_was_typed(admin, plans, change, field):
    answer = admin.post(f"{page(plans.S2)}approval/", APPROVAL | change)
    form = answer.context["form"]
    assert (answer.status_code, list(form.errors), form["approved_by"].value()) == (200, [field], "市局党委")


def test_approval_of_an_open_campaign_is_refused(admin, s2_track):
    answer = admin.post(f"{page(s2_track.campaign)}approval/", APPROVAL)
    assert answer.status_code == 200
    assert "批准依据不能再改" in answer.content.decode()


@pytest.mark.parametrize("step", ["approval", "close"])
def test_steps_of_others_are_403(client_of, cast, s2_track, step):
    codes = {
        key: client_of(user).post(f"{page(s2_track.campaign)}{step}/", {}).status_code
        for key, user in cast.everybody.items()
        if key != "campaign_admin"
    }
    assert set(codes.values()) == {403}


def test_close_ends_the_campaign_once(admin, s2_track):
    url = f"{page(s2_track.campaign)}close/"
    admin.post(url)
    assert Campaign.objects.get(pk=s2_track.campaign_id).status == "closed"
    again = admin.post(url, follow=True)
    assert [str(m) for m in again.context["messages"]][-1] == "只有进行中的活动可以结束；请刷新页面查看最新状态。"


def rubric_page(rubric):
    return reverse("standards:rubric", args=[rubric.pk])


@pytest.mark.parametrize("code", ["R1", "R2", "R3"])
def test_rubric_shows_every_criterion_once(clerk, plans, code):
    rubric = getattr(plans, code)
    sections = clerk.get(rubric_page(rubric)).context["sections"]
    shown = [row.pk for section in sections for row in section["rows"] if row.kind != "group"]
    assert shown == [leaf.pk for top in rubric.dimensions for leaf in top.leaves]


def test_rubric_query_count(clerk, plans, django_assert_num_queries):
    clerk.get(rubric_page(plans.R1))
    # session, user, grants, rubric, its other versions, unread notices; what is published is read once per process
    with django_assert_num_queries(6):
        clerk.get(rubric_page(plans.R1))


def test_rubric_in_draft_is_404_to_others(admin, clerk, plans):
    Rubric.objects.filter(pk=plans.R1.pk).update(status="draft")
    assert (admin.get(rubric_page(plans.R1)).status_code, clerk.get(rubric_page(plans.R1)).status_code) == (200, 404)
