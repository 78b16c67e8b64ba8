"""The matrix's filters and columns, who is ready and is told so, and more time for several branches at once."""

import datetime
import re

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from applications import obligations, ready
from applications.columns import columns
from applications.completeness import gaps
from applications.models import Application, TaskRecord
from applications.services import extending, planning, reminding
from applications.states import Status
from branches.models import AuditEntry, Notice, RoleGrant
from standards.models import Extension, Stage, StageTask
from tests import factories
from tests.applications.test_committee_views import PROGRESS, row_of, shown
from tests.road import fresh

MEETING = StageTask.Kind.MEMBERS_MEETING
REMIND, EXTEND_MANY = reverse("applications:remind"), reverse("applications:extend_many")


def close_apply(track, days):
    Stage.objects.filter(track=track, kind="apply").update(closes_on=factories.days(days))


def meeting(track):
    return StageTask.objects.get(stage__track=track, kind=MEETING)


def column(track, user, label):
    return next(each for each in columns(track, user) if each.label == label)


@pytest.fixture
def clerk(client_of, cast):
    return client_of(cast.committee_clerk)


# Filters


def test_what_is_missing_is_found_by_its_column(clerk, applications, road, tiny_track, cast):
    road.fill(applications["A-1"])
    key = column(tiny_track, cast.committee_clerk, meeting(tiny_track).name).key
    assert shown(clerk.get(PROGRESS, {"missing": key})) == ["A-2", "A-3"]
    assert shown(clerk.get(PROGRESS, {"missing": "assessed"})) == ["A-2", "A-3"]
    road.submit(applications["A-1"])
    assert shown(clerk.get(PROGRESS, {"missing": "check"})) == ["A-1"]
    assert shown(clerk.get(PROGRESS, {"missing": "nothing"})) == ["A-1", "A-2", "A-3"]


def test_a_meeting_with_too_few_is_missing_and_marked_as_such(clerk, applications, road, tiny_track, cast):
    StageTask.objects.filter(pk=meeting(tiny_track).pk).update(min_attendance=80)
    road.fill(applications["A-1"])  # 9 of 10
    road.fill(applications["A-2"])
    TaskRecord.objects.filter(application=applications["A-2"]).update(present=7)
    key = column(tiny_track, cast.committee_clerk, meeting(tiny_track).name).key
    page = clerk.get(PROGRESS, {"missing": key})
    assert shown(page) == ["A-2", "A-3"]
    assert "到会率不到80%" in row_of(page, applications["A-2"].branch.short_name)
    assert clerk.get(PROGRESS).context["numbers"][key] == 1


@pytest.mark.parametrize(("present", "expected", "enough"), [(8, 10, True), (7, 10, False), (2, 3, True), (0, 0, True)])
def test_the_column_and_the_gate_agree_on_attendance(applications, tiny_track, cast, present, expected, enough):
    StageTask.objects.filter(pk=meeting(tiny_track).pk).update(min_attendance=66 if expected == 3 else 80)
    application, task = fresh(applications["A-1"]), meeting(tiny_track)
    planning.record_task(
        application, task, by=cast.secretary, held_on=factories.days(0), expected=expected, present=present, body="会议"
    )
    found = column(fresh(application).track, cast.committee_clerk, task.name)
    assert Application.objects.filter(found.done, pk=application.pk).exists() is enough
    assert any(gap.task == task.pk for gap in gaps(fresh(application))) is not enough


def test_only_overdue_leaves_out_who_was_given_more_time(clerk, applications, bureau, tiny_track, cast):
    close_apply(tiny_track, -1)
    assert shown(clerk.get(PROGRESS, {"missing": "apply", "late": "on"})) == ["A-1", "A-2", "A-3"]
    stage = applications["A-1"].stage("apply")
    give = {"until": factories.days(3), "reason": "汛期", "granted_by": cast.campaign_admin}
    Extension.objects.create(stage=stage, branch=bureau.a1, **give)
    page = clerk.get(PROGRESS, {"late": "on"})
    assert shown(page) == ["A-2", "A-3"]
    assert "已逾期" not in row_of(clerk.get(PROGRESS), applications["A-1"].branch.short_name)
    Extension.objects.create(stage=stage, branch=bureau.county_a, **give)
    assert shown(clerk.get(PROGRESS, {"late": "on"})) == []


def test_name_returned_and_order(clerk, applications, road):
    road.to(applications["A-3"], "submitted")
    road.send_back(applications["A-3"])
    road.assess(applications["A-2"], "0.5")
    name = applications["A-2"].branch.name
    assert shown(clerk.get(PROGRESS, {"q": name[2:5]})) == ["A-2"]
    assert shown(clerk.get(PROGRESS, {"returned": "on"})) == ["A-3"]
    assert shown(clerk.get(PROGRESS, {"sort": "score"})) == ["A-3", "A-2", "A-1"]
    assert shown(clerk.get(PROGRESS, {"sort": "idle"}))[-1] == "A-2"
    assert [county for county, _ in clerk.get(PROGRESS, {"sort": "recent"}).context["groups"]] == [""]


def test_the_filter_stands_in_the_address_of_the_next_page(clerk, applications, monkeypatch):
    monkeypatch.setattr("applications.views.committee.PER_PAGE", 2)
    page = clerk.get(PROGRESS, {"missing": "apply", "sort": "name"}).content.decode()
    assert re.search(r'href="\?missing=apply&amp;sort=name&amp;page=2"', page)


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(
    ("given", "queries"), [({"missing": "apply"}, 21), ({"late": "on"}, 21), ({"status": "ready"}, 23)]
)
def test_filtering_costs_the_same_for_any_number_of_rows(
    clerk, applications, road, rows, given, queries, django_assert_num_queries
):
    kept = ["A-1", "A-2", "A-3"][:rows]
    Application.objects.exclude(branch__code__in=kept).delete()
    for code in kept:
        road.fill(applications[code])
    close_apply(applications["A-1"].track, -1 if "late" in given else 2)
    clerk.get(PROGRESS)
    with django_assert_num_queries(queries):
        page = clerk.get(PROGRESS, given)
    assert shown(page) == kept


# 齐备未提交


def test_ready_means_what_the_gate_means(applications, road, tiny_track):
    for code in ("A-1", "A-2", "A-3"):
        road.fill(applications[code])
    Application.objects.filter(pk=applications["A-2"].pk).update(form_data={})
    TaskRecord.objects.filter(application=applications["A-3"]).delete()
    found = {each.branch.code for each in ready.ready(Application.objects.all(), fresh(applications["A-1"]).track)}
    assert found == {code for code, each in applications.items() if not gaps(fresh(each))} == {"A-1"}


def test_the_line_counts_too(applications, road, tiny_track):
    tiny_track.self_line = 90
    tiny_track.save()
    road.fill(applications["A-1"], "0.95")
    road.fill(applications["A-2"], "0.5")
    track = fresh(applications["A-1"]).track
    assert [each.branch.code for each in ready.ready(Application.objects.all(), track)] == ["A-1"]


@pytest.mark.parametrize(("days", "shows"), [(11, False), (10, True), (0, True), (-3, True), (-8, False)])
def test_the_list_stands_on_top_in_the_days_around_the_deadline(clerk, applications, road, tiny_track, days, shows):
    road.fill(applications["A-1"])
    close_apply(tiny_track, days)
    page = clerk.get(PROGRESS)
    assert ("ready" in page.context and bool(page.context["ready"].applications)) is shows
    assert ("只差书记提交" in page.content.decode()) is shows


def test_one_click_tells_exactly_these_secretaries_once_a_day(clerk, cast, applications, road):
    road.fill(applications["A-1"])
    data = {"track": applications["A-1"].track_id, "ready": "1"}
    page = clerk.post(REMIND, data, follow=True, headers={"referer": f"http://testserver{PROGRESS}"})
    notice = Notice.objects.get(kind="remind.ready")
    assert (notice.recipient, notice.sender) == (cast.secretary, cast.committee_clerk)
    assert notice.title.startswith("内容已齐备，只差书记提交")
    assert "请抓紧办理" not in notice.title + notice.body
    assert f"{cast.committee_clerk.name}已提醒" in page.content.decode()
    again = clerk.post(REMIND, data, follow=True, headers={"referer": f"http://testserver{PROGRESS}"})
    assert Notice.objects.filter(kind="remind.ready").count() == 1
    assert "今天已经提醒过" in again.content.decode()


def test_who_is_not_ready_any_more_is_passed_over(applications, road, cast):
    road.fill(applications["A-1"])
    stale = fresh(applications["A-1"])
    road.submit(applications["A-1"])
    with pytest.raises(ValidationError) as refusal:
        reminding.remind_ready([fresh(stale), fresh(applications["A-2"])], by=cast.committee_clerk)
    assert (refusal.value.code, Notice.objects.filter(kind="remind.ready").count()) == ("nobody", 0)


@pytest.mark.parametrize(("days", "owing"), [(4, []), (3, ["ready"]), (0, ["ready"]), (-1, [])])
def test_the_committee_owes_a_reminder_in_the_last_days(applications, road, tiny_track, cast, days, owing):
    road.fill(applications["A-1"])
    close_apply(tiny_track, days)
    assert [each.kind for each in obligations.owed(cast.committee_clerk)] == owing
    assert [each.kind for each in obligations.owed(cast.other_head)] == []


@pytest.mark.parametrize("rows", [1, 3])
def test_asking_who_owes_it_costs_the_same(applications, road, tiny_track, cast, rows, django_assert_num_queries):
    close_apply(tiny_track, 2)
    for code in ["A-1", "A-2", "A-3"][:rows]:
        road.fill(applications[code])
    user = type(cast.committee_clerk).objects.get(pk=cast.committee_clerk.pk)
    assert user.roles
    with django_assert_num_queries(9):
        assert [each.title[:1] for each in obligations.unsubmitted(user)] == [str(rows)]


# Reminders


def test_all_that_fit_the_filter_are_urged_across_the_pages(clerk, applications, road, monkeypatch):
    monkeypatch.setattr("applications.views.committee.PER_PAGE", 1)
    road.fill(applications["A-1"])
    data = {"track": applications["A-1"].track_id, "missing": "assessed", "every": "1", "application": "7"}
    page = clerk.post(REMIND, data, follow=True)
    told = set(Notice.objects.filter(kind="remind.manual").values_list("about", flat=True))
    assert told <= {f"application:{applications[code].pk}" for code in ("A-2", "A-3")} and told
    assert f"已催办{len(told)}个支部" in page.content.decode()


def test_the_confirmation_names_the_number(clerk, applications, road):
    road.to(applications["A-1"], "submitted")
    page = clerk.get(PROGRESS).content.decode()
    assert "催办全部2个未提交支部" in page
    assert "向全部2个未提交支部（不只本页）" in page


def test_what_became_of_each_is_told(client_of, cast, applications, road):
    road.to(applications["A-2"], "submitted")
    RoleGrant.objects.filter(branch=applications["A-1"].branch).delete()
    urged = [fresh(applications[code]) for code in ("A-1", "A-2", "B-1")]
    found = reminding.remind_branches(urged, by=cast.campaign_admin)
    assert [[each.branch.code for each in part] for part in found] == [["B-1"], [], ["A-1"], ["A-2"]]
    words = "".join(found.words("书记和经办人"))
    assert ("没有在任的书记和经办人" in words, applications["A-1"].branch.short_name in words) == (True, True)
    assert AuditEntry.objects.filter(action="application.remind").count() == 1


# More time


def test_the_office_extends_for_several_at_once(client_of, cast, applications):
    client = client_of(cast.campaign_admin)
    ticked = {"application": [applications["A-1"].pk, applications["B-1"].pk], "track": applications["A-1"].track_id}
    page = client.post(EXTEND_MANY, ticked)
    assert (page.status_code, len(page.context["applications"]), Extension.objects.count()) == (200, 2, 0)
    facts = {"stage": applications["A-1"].stage("apply").pk, "until": factories.days(9), "reason": "专项行动"}
    assert client.post(EXTEND_MANY, {**ticked, **facts}).status_code == 302
    assert {each.branch.code for each in Extension.objects.all()} == {"A-1", "B-1"}
    assert Notice.objects.filter(kind="stage.extended", recipient=cast.secretary).count() == 1


def test_one_date_that_is_not_later_extends_nobody(cast, applications):
    both = [fresh(applications[code]) for code in ("A-1", "B-1")]
    with pytest.raises(ValidationError) as refusal:
        extending.extend_for_all(
            both, both[0].stage("apply"), until=factories.days(1), reason="汛期", by=cast.campaign_admin
        )
    assert (refusal.value.code, Extension.objects.count()) == ("not_later", 0)


def test_a_ranking_is_extended_once_for_the_committee(cast, applications, bureau):
    both = [fresh(applications[code]) for code in ("A-1", "A-2")]
    stage = both[0].stage("recommend")
    extending.extend_for_all(both, stage, until=factories.days(20), reason="汛期", by=cast.campaign_admin)
    assert Extension.objects.get().branch == bureau.county_a


def test_a_committee_asks_and_the_office_finds_the_form_filled_in(client_of, cast, applications):
    stage = applications["A-1"].stage("apply")
    data = {
        "application": [applications["A-1"].pk, applications["B-1"].pk], "stage": stage.pk,
        "until": factories.days(9), "reason": "专项行动",
    }  # fmt: skip
    assert client_of(cast.committee_clerk).post(EXTEND_MANY, data).status_code == 302
    assert Extension.objects.count() == 0
    notice = Notice.objects.filter(kind="stage.asked").get(recipient=cast.campaign_admin)
    assert applications["A-1"].branch.short_name in notice.body
    assert applications["B-1"].branch.short_name not in notice.body  # out of the clerk's scope
    page = client_of(cast.campaign_admin).get(notice.url)
    assert [each.branch.code for each in page.context["applications"]] == ["A-1"]
    assert page.context["form"]["until"].value() == factories.days(9).isoformat()


def test_extending_without_a_choice_leads_back(clerk, applications):
    assert clerk.post(EXTEND_MANY, {"track": applications["A-1"].track_id}).url == PROGRESS


@pytest.mark.parametrize("sort", ["recent", "idle"])
def test_a_sealed_step_shows_neither_in_the_order_nor_by_its_time(client_of, cast, applications, sort):
    now = timezone.now()
    for days, code in enumerate(("A-1", "A-2"), 1):
        handed_up_at = now - datetime.timedelta(days=days)
        Application.objects.filter(pk=applications[code].pk).update(status="in_review", handed_up_at=handed_up_at)
    client, office = client_of(cast.committee_clerk), client_of(cast.campaign_admin)

    def rows(of):
        page = of.get(PROGRESS, {"sort": sort})
        return shown(page), [row_of(page, applications[code].branch.short_name) for code in ("A-1", "A-2")]

    before, known = rows(client), rows(office)
    # Both reserves, and one of them moves up: whichever it is, nothing changes places.
    for days, code, status in ((1, "A-1", Status.RESERVE), (2, "A-2", Status.SELECTED)):
        at = now + datetime.timedelta(days=days)
        Application.objects.filter(pk=applications[code].pk).update(status=status, updated_at=at)
    assert rows(client) == before
    assert rows(office) != known
