"""Visits, approvals, plaques, terms of office and what was returned: who owes them, until when."""

import pytest

from applications.services import checking
from branches import obligations as branch_obligations
from branches import reminding
from branches.models import Branch, Notice
from branches.reminding import Schedule
from reviews import obligations
from reviews.models import Award
from standards.models import Track
from tests.factories import days


def lines(found):
    return [(todo.kind, todo.title, todo.user_id or todo.branch.code, todo.days_left) for todo in found]


def test_a_visit_to_come_is_owed_by_each_assessor_until_its_day(scored, applications):
    candidate = scored.candidate(applications["A-1"])
    scored.visit(candidate, "80", None)
    candidate.visits.update(visited_on=days(3))
    late = scored.people["visit"][1]
    assert lines(obligations.visits()) == lines(obligations.visits(late)) == [("visit", "到甲县城关所考评", late.pk, 3)]
    candidate.visits.update(visited_on=days(-1))
    assert list(obligations.visits()) == []


@pytest.mark.parametrize(("ends", "number"), [(91, 0), (90, 1), (0, 1), (-30, 1), (-400, 0)])
def test_a_term_that_ends_is_owed_by_its_branch(bureau, cast, ends, number):
    Branch.objects.filter(pk=bureau.a1.pk).update(term_ends_on=days(ends))
    assert len(list(branch_obligations.owed())) == len(list(branch_obligations.owed(cast.clerk))) == number
    assert list(branch_obligations.owed(cast.secretary_a2)) == list(branch_obligations.owed(cast.expert)) == []


@pytest.mark.parametrize(("ends", "told"), [(90, 2), (60, 0), (30, 2), (7, 2), (3, 0), (0, 2)])
def test_a_term_is_spoken_of_ninety_thirty_and_seven_days_before(bureau, cast, ends, told):
    Branch.objects.filter(pk=bureau.a1.pk).update(term_ends_on=days(ends))
    assert reminding.remind(branch_obligations.owed(), default=Schedule()) == told


def named(application, until):
    return Award.objects.create(
        application=application, title="试用称号", document_number="1", plaque_number=f"LG-{application.pk}",
        named_on=days(-700), valid_until=until, named_by=application.submitted_by,
    )  # fmt: skip


def test_plaques_are_prepared_by_the_branch_and_reviewed_by_the_office(applications, road, cast):
    for code, until in (("A-1", days(30)), ("A-2", days(45)), ("B-1", days(200))):
        road.to(applications[code], "submitted")
        applications[code].refresh_from_db()
        named(applications[code], until)
        type(applications[code]).objects.filter(pk=applications[code].pk).update(status="named")
    found = lines(obligations.plaques())
    assert found[0] == ("plaque.review", "组织2块“试用称号”牌匾的到期复核", "SJ", 30)
    assert sorted(line[2] for line in found[1:]) == ["A-1", "A-2"]
    assert [line[0] for line in lines(obligations.plaques(cast.secretary))] == ["plaque.own"]
    assert list(obligations.plaques(cast.secretary_b1)) == []
    assert len(list(obligations.plaques(cast.campaign_admin))) == 1


def test_what_was_returned_is_owed_by_the_day_that_was_named(tiny_application, road, cast):
    from applications import obligations as application_obligations

    road.to(tiny_application, "submitted")
    tiny_application.refresh_from_db()
    Track.objects.get(pk=tiny_application.track_id).stages.filter(kind="apply").update(closes_on=days(20))
    tiny_application = type(tiny_application).objects.for_work().get(pk=tiny_application.pk)
    checking.return_application(tiny_application, reason="请补佐证。", due_on=days(5), by=cast.committee_clerk)
    found = [todo for todo in application_obligations.branch_work(cast.secretary) if todo.kind == "returned"]
    assert [(todo.title, todo.days_left) for todo in found] == [("按退回意见修改后重新提交", 5)]


def test_a_return_in_the_night_takes_back_the_mail_about_the_submission(tiny_application, road, cast):
    road.to(tiny_application, "submitted")
    told = Notice.objects.filter(kind="application.submitted")
    assert {each.state for notice in told for each in notice.deliveries.all()} == {"pending"}
    fresh = type(tiny_application).objects.for_work().get(pk=tiny_application.pk)
    checking.return_application(fresh, reason="请补佐证。", due_on=days(5), by=cast.committee_clerk)
    assert {each.state for notice in told for each in notice.deliveries.all()} == {"cancelled"}
    back = Notice.objects.filter(kind="application.returned")
    assert {each.state for notice in back for each in notice.deliveries.all()} == {"pending"}


@pytest.mark.parametrize("number", [1, 7])
def test_everything_asks_the_same_queries_for_any_number(tiny_track, applications, number, django_assert_num_queries):
    keep = [application.pk for application in list(applications.values())[:number]]
    tiny_track.applications.exclude(pk__in=keep).delete()
    Branch.objects.grassroots().update(term_ends_on=days(10))
    list(obligations.everything())
    with django_assert_num_queries(EVERYTHING):
        found = list(obligations.everything())
    assert sum(todo.kind == "submit" for todo in found) == number


EVERYTHING = 32
