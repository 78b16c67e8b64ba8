"""Who owes what, in which state; and that asking costs the same for one and for many."""

import pytest

from applications import obligations
from applications.models import Application
from applications.services import inspecting, recommending, rectifying
from applications.states import Status
from branches.models import Notice
from branches.reminding import remind
from standards.deadlines import deadline_for, end_of
from standards.models import Campaign, Extension, Stage
from tests import factories


def kinds(user):
    return [todo.kind for todo in obligations.owed(user)]


def test_a_branch_owes_plan_meeting_and_submission(tiny_application, cast):
    todos = list(obligations.owed(cast.secretary))
    assert [todo.kind for todo in todos] == ["task.plan", "task.members_meeting", "submit"]
    assert {todo.branch for todo in todos} == {tiny_application.branch}
    assert todos[2].due == end_of(factories.days(5))
    assert kinds(cast.clerk) == kinds(cast.secretary)


def test_what_is_done_is_no_longer_owed(tiny_application, cast, road):
    road.fill(tiny_application)
    assert [todo.title for todo in obligations.owed(cast.secretary)] == ["自评已完成，请核对并提交申报"]


# status of a1's application on the ranked road: who owes what
OWED = {
    "submitted": {"committee_clerk": ["check"], "committee_head": ["check"]},
    "checked": {"committee_clerk": ["recommend"], "committee_head": ["recommend"]},
    "recommended": {},
    "in_review": {},
    "selected": {},
    "published": {},
    "named": {},
    "withdrawn": {},
    "vetoed": {},
}


@pytest.mark.parametrize("status", OWED)
def test_who_owes_what_in_each_status(tiny_application, cast, status):
    Application.objects.exclude(pk=tiny_application.pk).delete()
    Application.objects.filter(pk=tiny_application.pk).update(status=status)
    owing = {key: found for key, user in cast.everybody.items() if (found := kinds(user))}
    assert owing == OWED[status]


def test_preparing_is_owed_by_the_branch_alone(tiny_application, cast):
    Application.objects.exclude(pk=tiny_application.pk).delete()
    owing = {key for key, user in cast.everybody.items() if kinds(user)}
    assert owing == {"secretary", "clerk"}


def test_after_a_return_the_branch_owes_again(tiny_application, cast, road):
    road.send_back(road.to(tiny_application, "submitted"))
    assert [todo.title for todo in obligations.owed(cast.secretary)] == ["按退回意见修改后重新提交"]


def test_headquarters_owe_the_nomination_to_their_head(applications, cast):
    Application.objects.exclude(pk=applications["JG-1"].pk).delete()
    Application.objects.filter(pk=applications["JG-1"].pk).update(status=Status.CHECKED)
    owing = {key: found for key, user in cast.everybody.items() if (found := kinds(user))}
    assert owing == {"headquarters_head": ["handup.nominated"]}


def test_an_acceptance_track_owes_the_forwarding_to_the_head(tiny_rubric, bureau, cast):
    track = factories.tiny_track(factories.CampaignFactory(status="open"), tiny_rubric, mode="acceptance")
    factories.ApplicationFactory(branch=bureau.a1, track=track, status=Status.CHECKED)
    owing = {key: found for key, user in cast.everybody.items() if (found := kinds(user))}
    assert owing == {"committee_head": ["handup.forwarded"]}


def test_a_confirmed_list_is_no_longer_owed(applications, tiny_track, bureau, cast, road):
    first, second = (road.to(applications[code], "checked") for code in ("A-1", "A-2"))
    recommending.save_ranking(
        recommending.list_for(tiny_track, bureau.county_a), [first], reasons={}, version=0, by=cast.committee_clerk
    )
    assert kinds(cast.committee_head) == ["recommend"]
    road.rank(tiny_track, bureau.county_a, [first])
    assert (kinds(cast.committee_head), second.status) == ([], "checked")


def test_a_veto_is_owed_by_the_other_inspectors(tiny_application, cast):
    inspecting.propose_veto(tiny_application, basis="查实违纪。", by=cast.inspector)
    assert (kinds(cast.inspector), kinds(cast.inspector2)) == ([], ["veto"])


def test_an_extension_moves_what_the_branch_owes(tiny_application, cast):
    stage = tiny_application.stage("apply")
    Extension.objects.create(
        stage=stage,
        branch=tiny_application.branch,
        until=factories.days(12),
        reason="汛期",
        granted_by=cast.campaign_admin,
    )
    submit = {user: list(obligations.owed(user))[-1] for user in (cast.secretary, cast.secretary_a2)}
    assert submit[cast.secretary].due == end_of(factories.days(12))
    assert submit[cast.secretary_a2].due == end_of(factories.days(5))


def test_a_stage_not_begun_and_a_closed_campaign_owe_nothing(tiny_application, cast):
    Stage.objects.filter(track=tiny_application.track).update(opens_on=factories.days(2))
    assert kinds(cast.secretary) == []
    Stage.objects.filter(track=tiny_application.track).update(opens_on=factories.days(-2))
    Campaign.objects.filter(pk=tiny_application.track.campaign_id).update(status=Campaign.Status.CLOSED)
    assert kinds(cast.secretary) == []


def test_days_left_counts_calendar_days_to_the_last_day(tiny_application, cast):
    stage = tiny_application.stage("apply")
    for days in (1, 0, -1):
        Stage.objects.filter(pk=stage.pk).update(closes_on=factories.days(days))
        assert [todo.days_left for todo in obligations.owed(cast.secretary)][-1] == days
    stage.refresh_from_db()
    assert deadline_for(stage) == end_of(factories.days(-1))


def test_reminders_are_written_once_per_person_and_day(tiny_application, cast):
    Stage.objects.filter(track=tiny_application.track).update(closes_on=factories.days(3))
    for _ in range(2):
        remind(obligations.owed())
    mine = Notice.objects.filter(recipient=cast.secretary, kind__startswith="remind.")
    assert sorted(mine.values_list("kind", flat=True)) == [
        "remind.submit", "remind.task.members_meeting", "remind.task.plan",
    ]  # fmt: skip


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("status", ["preparing", "submitted", "checked"])
def test_owed_asks_the_same_queries_for_any_number(
    tiny_track, applications, cast, rows, status, django_assert_num_queries
):
    kept = [applications[code].pk for code in ("A-1", "A-2", "A-3")[:rows]]
    Application.objects.exclude(pk__in=kept).delete()
    Application.objects.filter(pk__in=kept).update(status=status)
    expected = {"preparing": 17, "submitted": 17, "checked": 13}[status]
    assert cast.campaign_admin.roles  # the grants are read once per request
    with django_assert_num_queries(expected):
        list(obligations.owed())


# 整改


def rectification(application, cast, *, due=None, by=None, gap="党课少一次"):
    return rectifying.open_rectification(
        application, gap=gap, cause="没有计划", measure="列入计划", responsible="支委B", due_on=due and factories.days(due),
        by=by or cast.clerk,
    )  # fmt: skip


def owed_of(user, kind):
    return [(todo.title, todo.days_left) for todo in obligations.owed(user) if todo.kind == kind]


def test_rectifications_near_and_past_their_date_are_owed_by_the_branch(tiny_application, cast):
    for due, gap in ((-30, "早就逾期"), (-5, "逾期"), (3, "将到期"), (7, "下周"), (8, "还早"), (None, "没有时限")):
        rectification(tiny_application, cast, due=due, gap=gap)
    expected = [("完成整改：早就逾期等2条", -30), ("整改：将到期", 3), ("整改：下周", 7)]
    assert owed_of(cast.secretary, "rectify") == expected
    assert owed_of(cast.clerk, "rectify") == expected
    assert owed_of(cast.committee_head, "rectify") == owed_of(cast.secretary_a2, "rectify") == []


def test_rectifications_remind_on_their_own_days(tiny_application, cast):
    for due, gap in ((-20, "早就逾期"), (-1, "昨天到期"), (3, "将到期"), (5, "还有五天")):
        rectification(tiny_application, cast, due=due, gap=gap)
    remind(obligations.owed())
    notice = Notice.objects.get(recipient=cast.clerk, kind="remind.rectify")
    assert [line.split("（")[0] for line in notice.body.splitlines()] == ["· 整改：昨天到期", "· 整改：将到期"]


def finish(entry, by):
    rectifying.finish_rectification(entry, done_on=factories.days(0), outcome="好了", version=entry.version, by=by)


def test_who_did_not_do_it_is_asked_to_review(tiny_application, cast):
    finish(rectification(tiny_application, cast, due=3), cast.clerk)
    assert owed_of(cast.secretary, "rectify.review") == [("复核整改：党课少一次", None)]
    assert owed_of(cast.clerk, "rectify.review") == owed_of(cast.committee_head, "rectify.review") == []


def test_what_the_secretary_did_waits_for_the_committee(tiny_application, cast):
    for gap in ("甲", "乙"):
        finish(rectification(tiny_application, cast, due=3, gap=gap), cast.secretary)
    assert owed_of(cast.secretary, "rectify.review") == []
    assert owed_of(cast.committee_clerk, "rectify.review") == [("复核已完成的整改：甲等2条", None)]
    assert owed_of(cast.other_head, "rectify.review") == []


def test_a_vetoed_branch_is_not_reminded(tiny_application, cast):
    rectification(tiny_application, cast, due=1)
    Application.objects.filter(pk=tiny_application.pk).update(status=Status.VETOED)
    assert owed_of(cast.secretary, "rectify") == []
