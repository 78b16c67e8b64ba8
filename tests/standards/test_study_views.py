"""The pages under /campaigns/study/: who sees what, the acts, and the cost of a list."""

import io

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from branches.models import Notice, RoleGrant
from branches.roles import Role
from standards.models import Acknowledgement, Rubric
from standards.services import campaigns, local_plans, study
from tests import factories

ENOUGH = {
    "studied_on": "2024-01-08", "officers_expected": "14", "officers_studied": "12", "officers_later": "2",
    "auxiliaries_expected": "9", "auxiliaries_studied": "7", "auxiliaries_later": "", "how": "党员大会集中学习",
}  # fmt: skip


@pytest.fixture
def plan(tiny_track):
    return tiny_track.campaign.publications.get()


def at(name, plan):
    return reverse(f"standards:{name}", args=[plan.pk])


def said(answer):
    return [str(message) for message in answer.context["messages"]]


# The branch


def test_the_road_of_a_branch(plan, bureau, cast, client_of):
    client = client_of(cast.secretary)
    assert "未签收" in client.get("/campaigns/study/").content.decode()
    answer = client.post(at("acknowledge", plan), {"branch": bureau.a1.pk}, follow=True)
    assert said(answer) == ["甲县城关所已签收。请组织学习，学习后登记民警、辅警的学习情况。"]
    form = client.get(at("study", plan)).context["form"]
    assert (form["officers_expected"].value(), form["auxiliaries_expected"].value()) == (14, 9)
    answer = client.post(at("study", plan), ENOUGH | {"mark": form["mark"].value()}, follow=True)
    assert answer.redirect_chain == [(f"/campaigns/study/{plan.pk}/", 302)]
    found = Acknowledgement.objects.get()
    assert (found.branch, found.officers_later, found.auxiliaries_later) == (bureau.a1, 2, 0)
    assert "还有2人未学" in answer.content.decode()


def test_pressing_sign_twice_is_harmless(plan, cast, client_of):
    client = client_of(cast.clerk)
    answers = [client.post(at("acknowledge", plan)).status_code for _ in range(2)]
    assert (answers, Acknowledgement.objects.count()) == ([302, 302], 1)


def test_the_form_begins_with_what_was_recorded(plan, bureau, cast, client_of):
    client = client_of(cast.clerk)
    client.post(at("acknowledge", plan))
    mark = Acknowledgement.objects.get().mark
    client.post(at("study", plan), ENOUGH | {"officers_expected": "15", "mark": mark})
    form = client.get(at("study", plan)).context["form"]
    assert (form["officers_expected"].value(), form["how"].value()) == (15, "党员大会集中学习")


def test_a_refusal_keeps_what_was_typed_and_stands_beside_its_field(plan, cast, client_of):
    client = client_of(cast.clerk)
    client.post(at("acknowledge", plan))
    answer = client.post(at("study", plan), ENOUGH | {"auxiliaries_studied": "10", "officers_studied": "13"})
    form = answer.context["form"]
    assert {name: list(errors) for name, errors in form.errors.items()} == {
        "officers_studied": ["民警实学13人、补学2人，合计15人，超过了应学14人；请核对人数。"],
        "auxiliaries_studied": ["辅警实学10人、补学0人，合计10人，超过了应学9人；请核对人数。"],
    }
    assert (form["how"].value(), Acknowledgement.objects.get().has_study) == ("党员大会集中学习", False)


def test_a_stale_form_is_told_once_and_then_taken(plan, cast, client_of):
    client, other = client_of(cast.clerk), client_of(cast.secretary)
    client.post(at("acknowledge", plan))
    mark = client.get(at("study", plan)).context["form"]["mark"].value()
    other.post(at("study", plan), ENOUGH | {"mark": mark})
    late = ENOUGH | {"how": "送学上门"}
    answer = client.post(at("study", plan), late | {"mark": mark})
    assert "由他人登记过" in answer.content.decode()
    answer = client.post(at("study", plan), late | {"mark": answer.context["form"]["mark"].value()})
    assert (answer.status_code, Acknowledgement.objects.get().how) == (302, "送学上门")


def test_study_before_signing_leads_to_signing(plan, cast, client_of):
    answer = client_of(cast.secretary).get(at("study", plan), follow=True)
    assert (said(answer), answer.redirect_chain[0][0]) == (
        ["请先签收，再登记学习情况。"],
        f"/campaigns/study/{plan.pk}/",
    )


def test_somebody_of_two_branches_signs_for_the_one_meant(plan, bureau, cast, client_of):
    RoleGrant.objects.create(user=cast.clerk, role=Role.CLERK, branch=bureau.a2)
    client = client_of(cast.clerk)
    client.post(at("acknowledge", plan), {"branch": bureau.a2.pk})
    assert Acknowledgement.objects.get().branch == bureau.a2
    assert client.post(at("acknowledge", plan), {"branch": bureau.b1.pk}).status_code == 404
    assert [row.branch.code for row in client.get(at("publication", plan)).context["own"]] == ["A-1", "A-2"]


def test_a_closed_campaign_shows_what_was_signed_and_takes_nothing_more(plan, bureau, cast, client_of):
    study.acknowledge(plan, bureau.a1, by=cast.secretary)
    campaigns.close_campaign(plan.campaign, by=cast.campaign_admin)
    client = client_of(cast.secretary)
    page = client.get(at("publication", plan)).content.decode()
    assert ("活动已结束，不再受理" in page, "登记学习情况</a>" in page) == (True, False)
    answer = client.post(at("study", plan), ENOUGH)
    assert answer.context["form"].non_field_errors() == ["“试用创建活动”已结束，不能再登记学习；已有记录全部保留。"]


# The committee


def test_a_committee_sees_its_branches_and_no_form_of_theirs(plan, bureau, cast, client_of):
    study.acknowledge(plan, bureau.a1, by=cast.secretary)
    context = client_of(cast.committee_clerk).get(at("publication", plan)).context
    assert [(row.branch.code, row.signed is not None) for row in context["rows"]] == [
        ("A-1", True), ("A-2", False), ("A-3", False),
    ]  # fmt: skip
    assert (context["own"], context["counties"], context["total"].unsigned) == ([], [], 2)


def test_the_list_shows_a_committee_how_far_its_branches_are(plan, bureau, cast, client_of):
    study.acknowledge(plan, bureau.a1, by=cast.secretary)
    study.publish_to_branches(
        plan.campaign, kind="local", title="乙县", body="", scope=bureau.county_b, by=cast.other_head
    )
    tallies = {
        key: [
            (tally.signed, tally.branches) for _, _, tally in client_of(user).get("/campaigns/study/").context["lines"]
        ]
        for key, user in (("head", cast.committee_head), ("admin", cast.campaign_admin))
    }
    assert tallies == {"head": [(1, 3)], "admin": [(0, 2), (1, 7)]}


def test_a_committees_plan_is_linked_from_its_publication(plan, bureau, cast, client_of):
    own = local_plans.save_local_plan(
        plan.campaign, bureau.county_a, title="甲县方案", body="另加两项。", by=cast.committee_head, publish=True
    )
    client = client_of(cast.secretary)
    assert client.get(at("publication", plan.campaign.publications.get(number=2))).context["plan"] == own
    assert client.get(at("publication", plan)).context["plan"] is None


def test_a_revision_leads_to_what_was_changed(plan, cast, client_of):
    client = client_of(cast.secretary)
    link = reverse("standards:rubric_diff", args=[plan.campaign.tracks.get().rubric_id])
    Rubric.objects.filter(tracks__campaign=plan.campaign).update(version=2)
    assert link not in client.get(plan.get_absolute_url()).text
    change = study.publish_to_branches(plan.campaign, kind="change", title="修订", body="", by=None)
    assert link in client.get(change.get_absolute_url()).text


def test_somebody_without_branch_or_committee_reads_the_text_alone(plan, cast, client_of):
    answer = client_of(cast.expert).get(at("publication", plan))
    assert (answer.context["own"], "total" in answer.context) == ([], False)
    assert "请学习《试用创建活动实施方案》" in answer.content.decode()


def test_urging_all_that_the_filter_shows(plan, bureau, cast, client_of):
    study.acknowledge(plan, bureau.a1, by=cast.secretary)
    client = client_of(cast.campaign_admin)
    client.post(at("remind_study", plan) + "?state=unsigned&q=甲县")
    urged = Notice.objects.filter(kind=study.MANUAL).values_list("recipient__name", flat=True)
    assert sorted(urged) == sorted([cast.secretary_a2.name, cast.secretary_a3.name])


def test_urging_one(plan, bureau, cast, client_of):
    client = client_of(cast.committee_head)
    client.post(at("remind_study", plan), {"branch": bureau.a2.pk})
    assert Notice.objects.get(kind=study.MANUAL).recipient == cast.secretary_a2
    row = client.get(at("publication", plan)).context["rows"][1]
    assert (row.branch, row.reminded_today) == (bureau.a2, True)
    answer = client.post(at("remind_study", plan), {"branch": bureau.b1.pk}, follow=True)
    assert said(answer) == ["没有可催办的支部：都已签收并登记学习、今天已催办过，或没有在任的书记和经办人。"]
    assert Notice.objects.filter(kind=study.MANUAL).count() == 1


def test_the_workbook_is_what_the_filter_shows(plan, bureau, cast, client_of):
    study.acknowledge(plan, bureau.a1, by=cast.secretary)
    answer = client_of(cast.committee_clerk).get(at("coverage_xlsx", plan) + "?state=unsigned")
    assert answer["Content-Type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    sheet = load_workbook(io.BytesIO(answer.getvalue())).worksheets[0]
    assert [row[2] for row in sheet.values][1:3] == ["A-2", "A-3"]
    assert sheet.max_row == 4  # header, two branches, total


# What it costs


@pytest.fixture
def many(plan, bureau, cast):
    """Another county with as many branches as asked for, each signed and urged."""

    def make(number):
        county = factories.BranchFactory(parent=bureau.city, kind="committee", code="C", short_name="丙县分局")
        head = factories.UserFactory(unit=county)
        RoleGrant.objects.create(user=head, role=Role.COMMITTEE_HEAD, branch=county)
        for _ in range(number):
            branch = factories.BranchFactory(parent=county)
            user = factories.UserFactory(unit=branch)
            RoleGrant.objects.create(user=user, role=Role.SECRETARY, branch=branch)
            study.acknowledge(plan, branch, by=user)
            study.remind_study(plan, [branch], by=head)
        return head

    return make


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(("name", "queries"), [("publication", 12), ("coverage_xlsx", 10)])
def test_the_committees_list_costs_the_same_for_any_number(
    plan, many, client_of, rows, name, queries, django_assert_num_queries
):
    client = client_of(many(rows))
    client.get("/campaigns/study/")
    with django_assert_num_queries(queries):
        answer = client.get(at(name, plan))
    if name == "publication":
        assert len(answer.context["rows"]) == rows


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(("key", "queries"), [("secretary", 8), ("committee_head", 8), ("campaign_admin", 8)])
def test_the_list_of_publications_costs_the_same_for_any_number(
    plan, cast, client_of, rows, key, queries, django_assert_num_queries
):
    for number in range(rows - 1):
        study.publish_to_branches(plan.campaign, kind="change", title=f"修订{number}", body="", by=None)
    client = client_of(cast.everybody[key])
    client.get("/campaigns/study/")
    with django_assert_num_queries(queries):
        answer = client.get("/campaigns/study/")
    assert len(answer.context["lines"]) == rows
