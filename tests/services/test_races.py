"""Real races on PostgreSQL: parallel connections, row locks, one winner, nothing acknowledged ever lost."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, close_old_connections, connection, transaction
from django.utils import timezone

from applications.models import (
    Appeal,
    Application,
    Assessment,
    CheckItem,
    Clearance,
    Recommendation,
    Snapshot,
    Supersession,
)
from applications.services import appealing, checking, inspecting, preparing, recommending, submitting, superseding
from applications.states import Status
from branches import audit
from branches.models import AuditEntry, Notice
from branches.roles import Role
from reviews.models import ResultRow, ResultSet, Review
from reviews.services import results, scoring_desk
from standards.models import Rubric, ScoreComponent, Track
from standards.services import rubrics as rubric_services
from standards.services import versions
from tests import factories
from tests.road import fresh

pytestmark = [
    pytest.mark.services,
    pytest.mark.django_db(transaction=True),
    # Decided before any fixture: a transactional test cannot be emptied on SQLite, where the log refuses every DELETE.
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL: SQLite has one writer at a time"),
    pytest.mark.xdist_group("races"),
]

APPLICATIONS = 20


def race(*acts):
    """Run all at once, each in a thread with a connection of its own; returns results or ValidationErrors in order."""
    start = threading.Barrier(len(acts))

    def run(act):
        try:
            start.wait(timeout=30)
            return act()
        except ValidationError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result(timeout=120) for future in [pool.submit(run, act) for act in acts]]


def winners(results):
    return [each for each in results if not isinstance(each, ValidationError)]


def codes(results):
    return sorted(each.code for each in results if isinstance(each, ValidationError))


def check_chain():
    close_old_connections()
    checked, wrong = audit.verify()
    assert (checked, wrong) == (AuditEntry.objects.count(), "")


def test_two_submit_the_same_application(tiny_application, cast, road):
    road.fill(tiny_application)
    first, second = fresh(tiny_application), fresh(tiny_application)
    results = race(
        lambda: submitting.submit_application(first, by=cast.secretary),
        lambda: submitting.submit_application(second, by=cast.secretary),
    )
    assert (len(winners(results)), codes(results)) == (1, ["conflict"])
    assert Snapshot.objects.filter(application=tiny_application).count() == 1
    assert AuditEntry.objects.filter(action="application.submit").count() == 1
    assert Notice.objects.filter(kind="application.submitted").count() == 2
    check_chain()


def test_two_heads_confirm_the_same_list(tiny_track, applications, bureau, cast, road):
    ordered = [road.to(applications[code], "checked") for code in ("A-1", "A-2")]
    ranking = recommending.list_for(tiny_track, bureau.county_a)
    recommending.save_ranking(ranking, ordered, reasons={}, version=0, by=cast.committee_clerk)
    heads = [cast.committee_head, factories.UserFactory(unit=bureau.county_a)]
    factories.GrantFactory(user=heads[1], role=Role.COMMITTEE_HEAD, branch=bureau.county_a)

    def confirm(head):
        again = recommending.list_for(tiny_track, bureau.county_a)
        return lambda: recommending.confirm_ranking(again, version=1, by=head)

    results = race(*(confirm(head) for head in heads))
    assert (len(winners(results)), codes(results)) == (1, ["confirmed"])
    assert {fresh(each).status for each in ordered} == {Status.RECOMMENDED}
    assert AuditEntry.objects.filter(action="recommendation.confirm").count() == 1
    check_chain()


def test_saving_and_confirming_a_list_at_once(tiny_track, applications, bureau, cast, road):
    """Either the order was changed before, and the confirmation is refused; or it was confirmed as it stood."""
    first, second = (road.to(applications[code], "checked") for code in ("A-1", "A-2"))
    saved = recommending.list_for(tiny_track, bureau.county_a)
    recommending.save_ranking(saved, [first], reasons={}, version=0, by=cast.committee_clerk)
    one, two = (recommending.list_for(tiny_track, bureau.county_a) for _ in range(2))
    results = race(
        lambda: recommending.save_ranking(one, [second], reasons={}, version=1, by=cast.committee_clerk),
        lambda: recommending.confirm_ranking(two, version=1, by=cast.committee_head),
    )
    assert len(winners(results)) == 1
    confirmed = not isinstance(results[1], ValidationError)
    assert codes(results) == (["confirmed"] if confirmed else ["stale"])
    assert [fresh(each).status for each in (first, second)] == ["recommended" if confirmed else "checked", "checked"]
    check_chain()


def test_a_veto_and_a_submission_at_once(tiny_application, cast, road):
    road.fill(tiny_application)
    record = inspecting.propose_veto(tiny_application, basis="查实违纪。", by=cast.inspector)
    application = fresh(tiny_application)
    race(
        lambda: submitting.submit_application(application, by=cast.secretary),
        lambda: inspecting.confirm_veto(record, remark="属实。", by=cast.inspector2),
    )
    record.refresh_from_db()
    assert fresh(application).status == Status.VETOED
    assert record.status_before == ("submitted" if Snapshot.objects.exists() else "preparing")
    check_chain()


@pytest.fixture
def writer(bureau):
    """Writes for every branch of the bureau."""
    user = factories.UserFactory(unit=bureau.city)
    factories.GrantFactory(user=user, role=Role.SECRETARY, branch=bureau.city)
    return user


@pytest.fixture
def crowd(tiny_track, bureau, road, writer, monkeypatch):
    """Twenty applications that lack nothing, filled in by one person."""
    monkeypatch.setattr(road, "person", lambda *_: writer)
    missing = APPLICATIONS - Application.objects.filter(track=tiny_track).count()
    for number in range(missing):
        branch = factories.BranchFactory(
            parent=bureau.county_b, code=f"B-{number + 10}", line="派出所", solid_grade="达标"
        )
        factories.ApplicationFactory(branch=branch, track=tiny_track)
    return [road.fill(each) for each in Application.objects.for_work().filter(track=tiny_track)]


def storm(application, leaf, writer, saved, raging):
    """Save one answer over and over until the submission shuts the door; note what was acknowledged."""
    version = Assessment.objects.get(application=application, criterion=leaf).version
    for turn in range(1, 60):
        points = str(turn % 31)
        try:
            preparing.save_answer(
                application, leaf, answer={"points": points}, remark=f"第{turn}次", version=version, by=writer
            )
        except ValidationError as refusal:
            assert refusal.code == "conflict"
            return
        version += 1
        saved[application.pk].append(points)
        if turn == 3:
            raging.set()


def submit_amid(application, writer, raging):
    assert raging.wait(timeout=60)
    return submitting.submit_application(application, by=writer)


def test_twenty_submissions_amid_storms_of_saves_lose_nothing(crowd, tiny_track, writer):
    leaf = next(leaf for leaf in tiny_track.rubric.leaves_for("") if leaf.code == "A1")
    saved = {application.pk: [] for application in crowd}
    before = AuditEntry.objects.filter(action="assessment.save").count()
    acts = []
    for application in crowd:
        mine, theirs = fresh(application), fresh(application)
        raging = threading.Event()
        acts.append(lambda mine=mine, raging=raging: storm(mine, leaf, writer, saved, raging))
        acts.append(lambda theirs=theirs, raging=raging: submit_amid(theirs, writer, raging))
    results = race(*acts)
    assert codes(results) == []
    assert set(Application.objects.filter(pk__in=saved).values_list("status", flat=True)) == {"submitted"}
    assert Snapshot.objects.count() == APPLICATIONS
    for application in crowd:
        answer = Assessment.objects.get(application=application, criterion=leaf)
        frozen = [
            item
            for dimension in application.snapshots.get().content["assessment"]["dimensions"]
            for item in dimension["items"]
            if item["code"] == "A1"
        ]
        assert frozen[0]["points"] == f"{answer.points:f}".rstrip("0").rstrip(".")
        acknowledged = saved[application.pk]
        assert len(acknowledged) >= 3
        assert (answer.answer["points"], answer.version) == (acknowledged[-1], 1 + len(acknowledged))
    acknowledged = sum(map(len, saved.values()))
    assert AuditEntry.objects.filter(action="assessment.save").count() == before + acknowledged
    check_chain()


def test_two_clerks_score_the_same_blank_item(tiny_application, cast, road):
    application = road.to(tiny_application, "submitted")
    leaf = next(leaf for leaf in application.track.rubric.leaves_for("") if leaf.code == "A1")

    def score(points, by):
        mine = fresh(application)
        return lambda: checking.save_check(mine, leaf, answer={"points": points}, remark="", version=0, by=by)

    results = race(score("10", cast.committee_clerk), score("20", cast.committee_head))
    assert (len(winners(results)), codes(results)) == (1, ["stale"])
    item = CheckItem.objects.get(application=application)
    assert (item.points, item.checked_by, item.version) == (
        winners(results)[0].points,
        winners(results)[0].checked_by,
        1,
    )
    assert AuditEntry.objects.filter(action="check.save").count() == 1
    check_chain()


def test_a_clerk_scores_while_a_colleague_adopts_the_branchs_answers(tiny_application, cast, road):
    """Whoever is first stays: the clerk's score is not adopted over, the adopted one not written over unseen."""
    application = road.to(tiny_application, "submitted")
    leaf = next(leaf for leaf in application.track.rubric.leaves_for("") if leaf.code == "A1")
    mine, theirs = fresh(application), fresh(application)
    results = race(
        lambda: checking.save_check(mine, leaf, answer={"points": "3"}, remark="", version=0, by=cast.committee_clerk),
        lambda: checking.adopt_self_scores(theirs, by=cast.committee_head),
    )
    item = CheckItem.objects.get(application=application, criterion=leaf)
    saved = not isinstance(results[0], ValidationError)
    assert codes(results) == ([] if saved else ["stale"])
    assert (item.points == 3, item.version) == (saved, 1)
    assert CheckItem.objects.filter(application=application).count() == 6
    check_chain()


def test_one_assessor_saves_the_same_item_from_two_devices(tiny_application, cast, road):
    application = road.to(tiny_application, "recommended")
    panel = road.assign(application.track, ScoreComponent.Source.VISIT, [application])
    visit = scoring_desk.schedule_visit(
        panel, fresh(application), kind="dynamic", visited_on=timezone.localdate(), note="", by=cast.campaign_admin
    )
    review = scoring_desk.start_review(panel.assignments.first(), visit=visit)
    leaf = next(leaf for leaf in scoring_desk.leaves_of(review) if leaf.code == "A1")

    def score(points):
        mine = Review.objects.get(pk=review.pk)
        return lambda: scoring_desk.save_score(
            mine, leaf, answer={"points": points}, remark="", version=0, by=review.reviewer
        )

    results = race(score("10"), score("20"))
    assert (len(winners(results)), codes(results)) == (1, ["stale"])
    score = review.scores.get()
    review.refresh_from_db()
    assert (score.points, score.version, review.total) == (winners(results)[0].points, 1, score.points)
    assert AuditEntry.objects.filter(action="score.save").count() == 1
    check_chain()


def test_a_standard_is_replaced_while_a_branch_saves(tiny_application, tiny_track, cast):
    """Either the answer was there before, and the replacement is refused as no longer what was seen; or it came after,
    and is refused as one to the old standard. Never an answer that belongs to no standard."""
    draft = versions.copy_rubric(tiny_track.rubric, by=cast.campaign_admin)
    new = rubric_services.publish_rubric(Rubric.objects.get(pk=draft.pk), by=cast.campaign_admin)
    leaf = tiny_track.rubric.leaves_for("")[0]
    seen = superseding.preview_supersession(tiny_track, new).digest
    stale = fresh(tiny_application)
    results = race(
        lambda: superseding.supersede_rubric(
            tiny_track, new, reason="按新要求修订。", due_on=None, seen=seen, by=cast.campaign_admin
        ),
        lambda: preparing.save_answer(stale, leaf, answer={"points": "3"}, remark="", version=0, by=cast.secretary),
    )
    replaced = not isinstance(results[0], ValidationError)
    assert (len(winners(results)), codes(results)) == (1, ["superseded" if replaced else "changed"])
    assert Assessment.objects.filter(application=tiny_application).count() == (0 if replaced else 1)
    assert fresh(tiny_application).track.rubric == (new if replaced else tiny_track.rubric)
    check_chain()


def test_two_replace_the_same_standard(tiny_track, cast):
    draft = versions.copy_rubric(tiny_track.rubric, by=cast.campaign_admin)
    new = rubric_services.publish_rubric(Rubric.objects.get(pk=draft.pk), by=cast.campaign_admin)
    seen = superseding.preview_supersession(tiny_track, new).digest
    tracks = [Track.objects.select_related("campaign", "rubric").get(pk=tiny_track.pk) for _ in range(2)]

    def replace(track):
        return lambda: superseding.supersede_rubric(
            track, new, reason="按新要求修订。", due_on=None, seen=seen, by=cast.campaign_admin
        )

    results = race(*map(replace, tracks))
    assert (len(winners(results)), codes(results)) == (1, ["not_newer"])
    assert Supersession.objects.count() == 1
    check_chain()


def test_a_veto_while_the_head_confirms(tiny_track, applications, bureau, cast, road):
    """Either the veto came first, and the list is not confirmed; or the list was, and the veto takes it out of that."""
    ordered = [road.to(applications[code], "checked") for code in ("A-1", "A-2")]
    ranking = road.rank(tiny_track, bureau.county_a, ordered[::-1], confirm=False)
    record = inspecting.propose_veto(ordered[0], basis="查实违纪。", by=cast.inspector)
    results = race(
        lambda: recommending.confirm_ranking(ranking, version=ranking.version, by=cast.committee_head),
        lambda: inspecting.confirm_veto(record, remark="属实。", by=cast.inspector2),
    )
    confirmed = not isinstance(results[0], ValidationError)
    assert codes(results) == ([] if confirmed else ["conflict"])
    record.refresh_from_db()
    assert record.status_before == ("recommended" if confirmed else "checked")
    assert [fresh(each).status for each in ordered] == ["vetoed", "recommended" if confirmed else "checked"]
    check_chain()


def test_a_sixth_place_by_a_second_transaction(tiny_track, applications, bureau, cast, road):
    """Past the service, straight into the table: of two that want the last place only one gets it, and there is no more."""
    ordered = [road.to(applications[code], "checked") for code in ("A-1", "A-2", "A-3")]
    ranking = road.rank(tiny_track, bureau.county_a, ordered[:1], confirm=False)
    Track.objects.filter(pk=tiny_track.pk).update(recommend_max=2)

    def insert(application):
        def act():
            try:
                with transaction.atomic():
                    return Recommendation.objects.create(list=ranking, application=application, rank=2, limit=2)
            except IntegrityError:
                raise ValidationError("taken", code="taken") from None

        return act

    results = race(insert(ordered[1]), insert(ordered[2]))
    assert (len(winners(results)), codes(results)) == (1, ["taken"])
    assert list(ranking.places.values_list("rank", flat=True)) == [1, 2]


def test_a_clearance_is_taken_back_while_the_head_confirms(tiny_track, applications, bureau, cast, road):
    """The list is confirmed with the word standing, or the word is gone and the list is not confirmed."""
    Track.objects.filter(pk=tiny_track.pk).update(clearance_points=["recommend"])
    application = road.to(applications["A-1"], "checked")
    clearance = inspecting.clear(application, point="recommend", remark="", by=cast.inspector)
    ranking = road.rank(Track.objects.get(pk=tiny_track.pk), bureau.county_a, [application], confirm=False)
    results = race(
        lambda: recommending.confirm_ranking(ranking, version=ranking.version, by=cast.committee_head),
        lambda: inspecting.unclear(clearance, reason="看错了支部", by=cast.inspector2),
    )
    confirmed = not isinstance(results[0], ValidationError)
    assert codes(results) == (["step_taken"] if confirmed else ["not_cleared"])
    assert Clearance.objects.exists() is confirmed
    check_chain()


def test_a_reserve_moves_up_while_the_winner_comes_back(tiny_track, applications, cast):
    """One place, two who may have it: never more holders than places, and nobody is lost."""
    Track.objects.filter(pk=tiny_track.pk).update(quota=1)
    track = Track.objects.get(pk=tiny_track.pk)
    result = ResultSet.objects.create(
        track=track, number=1, method={}, inputs=[], inputs_hash="", decided_at=timezone.now()
    )
    for rank, (code, order) in enumerate((("A-1", None), ("B-1", 1)), 1):
        ResultRow.objects.create(
            result=result, application=applications[code], components=[], rank=rank, reserve_order=order,
            outcome="reserve" if order else "selected",
        )  # fmt: skip
        Application.objects.filter(branch__code=code).update(status="reserve" if order else "selected")
    record = inspecting.propose_veto(fresh(applications["A-1"]), basis="查实违纪。", by=cast.inspector)
    veto = inspecting.confirm_veto(record, remark="属实。", by=cast.inspector2)
    appeal = appealing.file_appeal(veto, grounds="有出入。", by=cast.secretary)
    appeal = appealing.find_appeal(appeal, finding="属实。", lifts=True, by=cast.inspector2)
    race(
        lambda: appealing.decide_appeal(appeal, remark="同意。", by=cast.inspector),
        lambda: results.fill_vacancies(track, by=cast.campaign_admin),
    )
    standing = {code: fresh(applications[code]).status for code in ("A-1", "B-1")}
    assert sorted(standing.values()) == ["reserve", "selected"]
    check_chain()


def test_two_inspectors_decide_the_same_appeal(tiny_application, bureau, cast, road):
    road.veto(tiny_application)
    appeal = appealing.file_appeal(tiny_application.vetoes.get(), grounds="有出入。", by=cast.secretary)
    appealing.find_appeal(appeal, finding="属实。", lifts=True, by=cast.inspector2)
    third = factories.UserFactory(unit=bureau.city)
    factories.GrantFactory(user=third, role=Role.INSPECTOR, branch=bureau.city)
    first, second = (Appeal.objects.select_related("veto__application").get(pk=appeal.pk) for _ in range(2))
    outcome = race(
        lambda: appealing.decide_appeal(first, remark="同意。", by=cast.inspector),
        lambda: appealing.decide_appeal(second, remark="同意。", by=third),
    )
    assert (len(winners(outcome)), codes(outcome)) == (1, ["decided"])
    assert fresh(tiny_application).status == Status.PREPARING
    assert AuditEntry.objects.filter(action="appeal.lift").count() == 1
    check_chain()
