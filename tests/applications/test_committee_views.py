"""The committee's overview: scope, counts, filters, reminders, extensions, handing up."""

import re

import pytest
from django.urls import reverse

from applications.models import Application
from applications.services import extending
from applications.states import Status
from branches.models import AuditEntry, Notice
from standards.models import Extension
from tests import factories

PROGRESS = reverse("applications:progress")


def shown(response):
    """The branches on the page, by code, in their order."""
    keys = [
        key
        for _, rows in response.context["groups"]
        for row in rows
        for key in re.findall(r'name="application" value="(\d+)"', row)
    ]
    codes = dict(Application.objects.values_list("pk", "branch__code"))
    return [codes[int(key)] for key in keys]


def row_of(response, name):
    """The row of one branch as it is drawn."""
    return next(row for _, rows in response.context["groups"] for row in rows if name in row)


def test_progress_shows_the_own_subtree_grouped_by_county(client_of, cast, applications):
    page = client_of(cast.campaign_admin).get(PROGRESS)
    assert [county for county, _ in page.context["groups"]] == ["市局机关", "甲县分局", "乙县分局"]
    assert shown(client_of(cast.committee_clerk).get(PROGRESS)) == ["A-1", "A-2", "A-3"]
    assert shown(client_of(cast.other_head).get(PROGRESS)) == ["B-1", "B-2"]


@pytest.mark.parametrize("who", ["secretary", "clerk", "assessor", "expert", "outsider", "auditor", "system_admin"])
def test_progress_is_for_those_who_oversee(client_of, cast, applications, who):
    assert client_of(getattr(cast, who)).get(PROGRESS).status_code == 403


def test_progress_without_a_campaign_says_so(client_of, cast, plans):
    page = client_of(cast.campaign_admin).get(PROGRESS)
    assert (page.status_code, page.context["track"]) == (200, None)


def test_progress_counts_the_whole_scope_whatever_is_filtered(client_of, cast, applications, road):
    road.to(applications["A-1"], "checked")
    road.fill(applications["A-2"])
    page = client_of(cast.committee_head).get(PROGRESS, {"status": "ready"})
    assert shown(page) == ["A-2"]
    counts, numbers = page.context["counts"], page.context["numbers"]
    assert {key: counts[key] for key in ("total", "planned", "assessed", "apply", "check", "up", "owing", "returned")} == {
        "total": 3, "planned": 2, "assessed": 2, "apply": 1, "check": 1, "up": 0, "owing": 2, "returned": 0,
    }  # fmt: skip
    assert (numbers["total"], numbers["assessed"], numbers["apply"]) == (1, 1, 0)


def test_progress_filters_by_county_and_line(client_of, cast, bureau, applications):
    client = client_of(cast.campaign_admin)
    assert shown(client.get(PROGRESS, {"county": bureau.county_b.path})) == ["B-1", "B-2"]
    assert shown(client.get(PROGRESS, {"line": "派出所"})) == ["A-1", "A-2", "B-1"]
    assert len(shown(client.get(PROGRESS, {"line": "没有的警种"}))) == 7


def test_a_sealed_decision_cannot_be_found_by_filter_or_badge(client_of, cast, applications, road):
    road.to(applications["A-1"], "in_review")
    Application.objects.filter(pk=applications["A-1"].pk).update(status=Status.SELECTED)
    client = client_of(cast.committee_head)
    assert shown(client.get(PROGRESS, {"status": "in_review"})) == ["A-1"]
    assert shown(client.get(PROGRESS, {"status": "selected"})) == ["A-1", "A-2", "A-3"]  # no such choice
    assert b"status-selected" not in client.get(PROGRESS).content
    assert shown(client_of(cast.campaign_admin).get(PROGRESS, {"status": "selected"})) == ["A-1"]


@pytest.mark.parametrize("rows", [1, 3])
def test_progress_asks_the_same_queries_for_any_number_of_rows(
    client_of, cast, applications, road, rows, django_assert_num_queries
):
    for code in ["A-1", "A-2", "A-3"][:rows]:
        road.fill(applications[code])
    Application.objects.exclude(branch__code__in=["A-1", "A-2", "A-3"][:rows]).delete()
    client = client_of(cast.committee_head)
    client.get(PROGRESS)
    with django_assert_num_queries(19):  # the deadline is near: four of them for who is ready
        page = client.get(PROGRESS)
    assert len(shown(page)) == rows
    assert len(page.context["ready"].applications) == rows


def test_remind_reaches_the_branch_once_a_day(client_of, cast, applications):
    client, url = client_of(cast.committee_clerk), reverse("applications:remind")
    data = {"application": [applications["A-1"].pk]}
    client.post(url, data)
    client.post(url, data)
    reminders = Notice.objects.filter(kind="remind.manual")
    assert {notice.recipient for notice in reminders} == {cast.secretary, cast.clerk}
    assert reminders.count() == 2
    assert AuditEntry.objects.filter(action="application.remind").count() == 1
    row = row_of(client.get(PROGRESS), applications["A-1"].branch.short_name)
    assert (f"{cast.committee_clerk.name}已提醒" in row, 'name="only"' in row) == (True, False)


def test_remind_passes_over_what_is_out_of_scope_or_submitted(client_of, cast, applications, road):
    road.to(applications["A-1"], "submitted")
    data = {"application": [applications["A-1"].pk, applications["B-1"].pk, "x"]}
    client_of(cast.committee_clerk).post(reverse("applications:remind"), data)
    assert Notice.objects.filter(kind="remind.manual").count() == 0


def test_remind_is_not_for_inspectors(client_of, cast, applications):
    data = {"application": [applications["A-1"].pk]}
    assert client_of(cast.inspector).post(reverse("applications:remind"), data).status_code == 403


def test_nominate_button_and_act(client_of, cast, applications, road):
    office = road.to(applications["JG-1"], "checked")
    client = client_of(cast.headquarters_head)
    assert reverse("applications:nominate", args=[office.pk]) in client.get(PROGRESS).content.decode()
    assert client.post(reverse("applications:nominate", args=[office.pk])).status_code == 302
    office.refresh_from_db()
    assert office.status == Status.RECOMMENDED


def test_nominate_is_refused_on_the_ranked_road(client_of, cast, applications, road):
    ranked = road.to(applications["A-1"], "checked")
    page = client_of(cast.committee_head).post(reverse("applications:nominate", args=[ranked.pk]), follow=True)
    ranked.refresh_from_db()
    assert ranked.status == Status.CHECKED
    assert "排序推荐" in [str(message) for message in page.context["messages"]][0]


def test_forward_on_an_acceptance_track(client_of, cast, tiny_rubric, bureau, road):
    campaign = factories.CampaignFactory(code="ACC", status="open")
    track = factories.tiny_track(campaign, tiny_rubric, mode="acceptance")
    application = factories.ApplicationFactory(branch=bureau.a1, track=track)
    application = road.to(application, "checked")
    assert (
        client_of(cast.committee_clerk).post(reverse("applications:forward", args=[application.pk])).status_code == 403
    )
    client_of(cast.committee_head).post(reverse("applications:forward", args=[application.pk]))
    application.refresh_from_db()
    assert application.status == Status.RECOMMENDED


@pytest.mark.parametrize("name", ["nominate", "forward"])
def test_handing_up_is_404_out_of_scope_and_post_only(client_of, cast, applications, name):
    url = reverse(f"applications:{name}", args=[applications["A-1"].pk])
    assert client_of(cast.other_head).post(url).status_code == 404
    assert client_of(cast.committee_head).get(url).status_code == 405


def test_extend_gives_the_branch_more_time_and_tells_it(client_of, cast, applications):
    application = applications["A-1"]
    stage = application.stage("apply")
    url = reverse("applications:extend", args=[application.pk])
    client = client_of(cast.campaign_admin)
    assert client.get(url).status_code == 200
    client.post(url, {"stage": stage.pk, "until": factories.days(9), "reason": "专项行动"})
    extension = Extension.objects.get()
    assert (extension.branch, extension.until, extension.granted_by) == (
        application.branch, factories.days(9), cast.campaign_admin,
    )  # fmt: skip
    assert set(Notice.objects.filter(kind="stage.extended").values_list("recipient", flat=True)) == {
        cast.secretary.pk, cast.clerk.pk,
    }  # fmt: skip


def test_extension_of_the_ranking_goes_to_the_committee(cast, bureau, applications):
    application = applications["A-1"]
    extension = extending.extend_for(
        application, application.stage("recommend"), until=factories.days(9), reason="延期", by=cast.campaign_admin
    )
    assert extension.branch == bureau.county_a


def test_extend_keeps_what_was_typed_when_refused(client_of, cast, applications):
    application = applications["A-1"]
    url = reverse("applications:extend", args=[application.pk])
    data = {"stage": application.stage("apply").pk, "until": factories.days(1), "reason": "专项行动"}
    page = client_of(cast.campaign_admin).post(url, data)
    assert "须晚于原截止日" in page.context["form"].errors["until"][0]
    assert "专项行动" in page.content.decode()
    assert Extension.objects.count() == 0


def test_extend_is_for_the_campaign_admin(client_of, cast, applications):
    url = reverse("applications:extend", args=[applications["A-1"].pk])
    assert client_of(cast.committee_head).get(url).status_code == 403
    assert client_of(cast.other_head).get(url).status_code == 404
