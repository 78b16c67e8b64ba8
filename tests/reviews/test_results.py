import datetime
import io
import threading
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from applications.models import Application
from applications.services import inspecting, preparing
from applications.states import Status
from branches.models import AuditEntry, Notice
from reviews.models import Approval, Award, Conflict, PublicNotice, ResultRow, ResultSet
from reviews.services import results, scoring_desk
from standards.models import ScoreComponent, Track
from tests import factories
from tests.reviews.conftest import Scored
from tests.road import Road

TODAY = timezone.localdate


def code_of(refusal):
    return refusal.value.error_list[0].code


def rows_of(result):
    """Branch code, final, rank and outcome in order of place."""
    return [(row.application.branch.code, str(row.final), row.rank, row.outcome) for row in result.rows.all()]


def statuses(track):
    found = Application.objects.filter(track=track).exclude(status=Status.PREPARING)
    return dict(found.values_list("branch__code", "status"))


def end_notices(track):
    past = {"opens_on": TODAY() - datetime.timedelta(9), "closes_on": TODAY() - datetime.timedelta(1)}
    PublicNotice.objects.filter(track=track).update(**past)


# By hand: 0.3 × 90 + 0.4 × visit + 0.3 × 80 = 51 + 0.4 × visit; one highest and one lowest dropped from five on.
@pytest.mark.parametrize(
    ("totals", "visit", "final", "dropped"),
    [
        (["80"], "80.00", "83.00", []),
        (["80", "81"], "80.50", "83.20", []),
        (["80", "81", "83"], "81.33", "83.53", []),
        (["70", "80", "81", "83", "100"], "81.33", "83.53", ["70.00", "100.00"]),
        (["60", "80", "81", "82", "83", "84", "99.5"], "82.00", "83.80", ["60.00", "99.50"]),
        (["80", "80", "80", "80", "80"], "80.00", "83.00", ["80.00", "80.00"]),
    ],
)
def test_final_by_number_of_reviewers(scored, applications, cast, totals, visit, final, dropped):
    candidate = scored.candidate(applications["A-1"])
    scored.visit(candidate, *totals)
    scored.present(candidate, "80")
    row = results.freeze_results(scored.track, by=cast.campaign_admin).rows.get()
    parts = {part["source"]: part for part in row.components}
    assert [parts[source]["score"] for source in ("check", "visit", "presentation")] == ["90.00", visit, "80.00"]
    assert parts["visit"]["events"][0]["dropped"] == dropped
    assert str(row.final) == final


def test_visits_over_time_are_averaged(scored, applications, cast):
    candidate = scored.candidate(applications["A-1"])
    scored.visit(candidate, "80", "81", "83", on=TODAY() - datetime.timedelta(30))  # 81.33
    scored.visit(candidate, "90")  # (81.33 + 90) / 2 = 85.665 → 85.67
    scored.present(candidate, "80")
    row = results.freeze_results(scored.track, by=cast.campaign_admin).rows.get()
    assert (row.components[1]["score"], str(row.final)) == ("85.67", "85.27")  # 51 + 34.268


def test_last_visit_alone_counts_where_the_component_says_so(scored, applications, cast):
    ScoreComponent.objects.filter(track=scored.track, source="visit").update(over_time="last")
    candidate = scored.candidate(applications["A-1"])
    scored.visit(candidate, "95", on=TODAY())
    scored.visit(candidate, "70", on=TODAY() - datetime.timedelta(30))
    scored.present(candidate, "80")
    row = results.freeze_results(scored.track, by=cast.campaign_admin).rows.get()
    assert row.components[1]["score"] == "95.00"


def test_weights_rank_and_cut(field, scored, cast):
    result = results.freeze_results(scored.track, by=cast.campaign_admin)
    assert rows_of(result) == [
        ("A-1", "90.00", 1, "selected"), ("A-2", "85.00", 2, "selected"), ("B-1", "80.00", 3, "reserve"),
        ("B-2", "75.00", 4, "not_selected"), ("JG-1", "70.00", 5, "not_selected"),
    ]  # fmt: skip
    assert result.blocked == ""


def test_ties_are_parted_by_the_breakers_in_order(scored, applications, cast):
    # All 83.00: visit parts the third from the others, presentation the first two.
    scored.whole(applications["A-1"], "90", "80", "80")
    scored.whole(applications["A-2"], "80", "80", "90")
    scored.whole(applications["B-1"], "90", "83", "76")
    result = results.freeze_results(scored.track, by=cast.campaign_admin)
    assert [(r.application.branch.code, str(r.final), r.rank, r.decided_by) for r in result.rows.all()] == [
        ("B-1", "83.00", 1, "实地考评"), ("A-2", "83.00", 2, "实地考评"), ("A-1", "83.00", 3, "现场展示"),
    ]  # fmt: skip


def test_ties_go_to_the_smaller_gap_between_own_and_panel_score(scored, applications, cast):
    scored.whole(applications["A-1"], "80", "80", "80", own="99")
    scored.whole(applications["A-2"], "80", "80", "80", own="81")
    result = results.freeze_results(scored.track, by=cast.campaign_admin)
    assert [(r.application.branch.code, r.decided_by) for r in result.rows.all()] == [
        ("A-2", "自评与考评差值小者"), ("A-1", "自评与考评差值小者"),
    ]  # fmt: skip


def test_contested_cut_blocks_the_decision(scored, applications, cast):
    scored.whole(applications["A-1"], "90", "90", "90")
    scored.whole(applications["A-2"], "80", "80", "80")
    scored.whole(applications["B-1"], "80", "80", "80")
    result = results.freeze_results(scored.track, by=cast.campaign_admin)
    assert result.blocked.startswith("第2名前后有2个支部同分")
    with pytest.raises(ValidationError) as refusal:
        results.decide(result, by=cast.campaign_admin)
    assert code_of(refusal) == "blocked"
    assert set(statuses(scored.track).values()) == {"in_review"}


def test_missing_component_is_incomplete_and_unranked(scored, applications, cast):
    scored.whole(applications["A-1"], "60", "60", "60")
    scored.visit(scored.candidate(applications["A-2"], "99"), "99")
    result = results.freeze_results(scored.track, by=cast.campaign_admin)
    assert sorted(rows_of(result)) == [("A-1", "60.00", 1, "selected"), ("A-2", "None", None, "incomplete")]
    with pytest.raises(ValidationError) as refusal:
        results.decide(result, by=cast.campaign_admin)
    assert code_of(refusal) == "unfinished"
    assert set(statuses(scored.track).values()) == {"in_review"}
    results.decide(result, by=cast.campaign_admin, reason="该支部未参加展示。")
    assert statuses(scored.track) == {"A-1": "selected", "A-2": "not_selected"}


def test_naming_waits_for_the_inspectors_word(field, scored, road, cast):
    scored.track.clearance_points = ["name"]
    scored.track.save()
    results.decide(results.freeze_results(scored.track, by=cast.campaign_admin), by=cast.campaign_admin)
    road.publish(scored.track)
    road.approve(scored.track)
    with pytest.raises(ValidationError) as refusal:
        results.name_winners(scored.track, by=cast.campaign_admin)
    assert [error.code for error in refusal.value.error_list] == ["not_cleared", "not_cleared"]
    for application in Application.objects.filter(track=scored.track, status="published"):
        inspecting.clear(application, point="name", remark="", by=cast.inspector)
    assert len(results.name_winners(scored.track, by=cast.campaign_admin)) == 2
    assert "reserve" not in statuses(scored.track).values()


def test_drafts_and_conflicted_scores_never_count(scored, applications, cast):
    candidate = scored.candidate(applications["A-1"])
    sheets = scored.visit(candidate, "80", "20", None)
    scored.present(candidate, "80")
    Conflict.objects.create(application=candidate, user=sheets[1].reviewer, reason="declared")
    row = results.freeze_results(scored.track, by=cast.campaign_admin).rows.get()
    assert row.components[1]["events"][0]["scores"] == ["80.00"]


def test_nothing_is_computed_while_a_branch_is_on_stage(scored, applications, cast):
    candidate = scored.candidate(applications["A-1"])
    scored.present(candidate, "80", closed=False)
    with pytest.raises(ValidationError) as refusal:
        results.freeze_results(scored.track, by=cast.campaign_admin)
    assert code_of(refusal) == "on_stage"


def test_decide_moves_everyone_and_audits(field, scored, cast):
    result = results.freeze_results(scored.track, by=cast.campaign_admin)
    results.decide(result, by=cast.campaign_admin)
    assert statuses(scored.track) == {
        "A-1": "selected", "A-2": "selected", "B-1": "reserve", "B-2": "not_selected", "JG-1": "not_selected",
    }  # fmt: skip
    assert AuditEntry.objects.filter(action="result.decide").count() == 1


def test_veto_between_freezing_and_deciding_makes_the_set_stale(field, scored, cast):
    result = results.freeze_results(scored.track, by=cast.campaign_admin)
    record = inspecting.propose_veto(field["A-1"], basis="查实违纪", by=cast.inspector)
    inspecting.confirm_veto(record, remark="属实", by=cast.inspector2)
    with pytest.raises(ValidationError) as refusal:
        results.decide(result, by=cast.campaign_admin)
    assert code_of(refusal) == "stale"
    again = results.freeze_results(scored.track, by=cast.campaign_admin)
    results.decide(again, by=cast.campaign_admin)
    assert (again.number, statuses(scored.track)["B-1"]) == (2, "selected")


def test_twenty_winners_and_three_reserves(tiny_track, bureau, cast):
    Track.objects.filter(pk=tiny_track.pk).update(quota=20, reserves=3)
    scored = Scored(tiny_track, bureau.city, cast.campaign_admin)
    for number in range(25):
        branch = factories.BranchFactory(parent=bureau.county_a, code=f"N-{number:02d}")
        application = factories.ApplicationFactory(branch=branch, track=tiny_track)
        scored.whole(application, str(60 + number), str(60 + number), str(60 + number))
    results.decide(results.freeze_results(tiny_track, by=cast.campaign_admin), by=cast.campaign_admin)
    counts = {
        status: list(statuses(tiny_track).values()).count(status) for status in ("selected", "reserve", "not_selected")
    }
    assert counts == {"selected": 20, "reserve": 3, "not_selected": 2}
    decided = ResultSet.objects.get(decided_at__isnull=False)
    reserves = decided.rows.filter(outcome="reserve").order_by("reserve_order")
    assert [(row.reserve_order, row.rank) for row in reserves] == [(1, 21), (2, 22), (3, 23)]


def test_acceptance_names_all_who_pass(s1_track, bureau, cast, road):
    scored = Scored(s1_track, bureau.city, cast.campaign_admin)
    marks = {"a1": "89.99", "a2": "90", "a3": "95", "b1": "100", "b2": "90.01"}
    for key, mark in marks.items():
        application = Application.objects.get(track=s1_track, branch=getattr(bureau, key))
        scored.visit(scored.candidate(application, None), mark)
    result = results.freeze_results(s1_track, by=cast.campaign_admin)
    assert [row.outcome for row in result.rows.order_by("rank")] == ["selected"] * 4 + ["not_selected"]
    results.decide(result, by=cast.campaign_admin)
    assert results.fill_vacancies(s1_track, by=cast.campaign_admin) == []
    road.publish(s1_track, over=True)
    assert [award.plaque_number for award in road.name(s1_track)] == [f"四强2021-00{n}" for n in (1, 2, 3, 4)]


def test_acceptance_fails_whoever_lacks_a_component_with_a_line(scored, applications, cast):
    Track.objects.filter(pk=scored.track.pk).update(mode="acceptance", quota=None, pass_line=60)
    scored.track.components.filter(source="presentation").update(weight=0, pass_line=60)
    scored.track.components.filter(source="check").update(weight=60)
    scored.visit(scored.candidate(applications["A-1"], "90"), "90")
    assert results.freeze_results(scored.track, by=cast.campaign_admin).rows.get().outcome == "not_selected"


# Freezing again, replaying


def test_a_second_set_stands_beside_the_first(field, scored, cast):
    first = results.freeze_results(scored.track, by=cast.campaign_admin)
    scored.visit(field["JG-1"], "100")
    second = results.freeze_results(scored.track, by=cast.campaign_admin)
    assert (first.number, second.number, first.inputs_hash == second.inputs_hash) == (1, 2, False)


def test_replay_is_identical(field, scored, cast, capsys):
    result = results.freeze_results(scored.track, by=cast.campaign_admin)
    assert results.replay(ResultSet.objects.get(pk=result.pk)) == []
    call_command("replay_results", result.pk)
    call_command("replay_results", "--all")
    assert capsys.readouterr().out.count("一致") == 2


@pytest.mark.parametrize(
    "change", [{"final": Decimal("89.99")}, {"rank": 2}, {"outcome": "reserve"}, {"components": []}]
)
def test_replay_detects_a_tampered_row(field, scored, cast, change):
    result = results.freeze_results(scored.track, by=cast.campaign_admin)
    ResultRow.objects.filter(result=result, rank=1).update(**change)
    with pytest.raises(CommandError):
        call_command("replay_results", result.pk, stdout=io.StringIO())


def test_replay_detects_tampered_inputs(field, scored, cast):
    result = results.freeze_results(scored.track, by=cast.campaign_admin)
    result.inputs[0]["check"] = "100.00"
    ResultSet.objects.filter(pk=result.pk).update(inputs=result.inputs)
    assert results.replay(ResultSet.objects.get(pk=result.pk))[0] == "输入与冻结时的哈希不符。"


def test_freeze_command_by_track_code(field, scored, capsys):
    call_command("freeze_results", "T")
    assert (ResultSet.objects.get().rows.count(), ResultSet.objects.get().frozen_by) == (5, None)
    with pytest.raises(CommandError):
        call_command("freeze_results", "nothing")


# Vacancies, publishing, approving, naming


def decided(scored, cast):
    return results.decide(results.freeze_results(scored.track, by=cast.campaign_admin), by=cast.campaign_admin)


def veto(application, cast):
    fresh = Application.objects.for_work().get(pk=application.pk)
    record = inspecting.propose_veto(fresh, basis="查实违纪", by=cast.inspector)
    inspecting.confirm_veto(record, remark="属实", by=cast.inspector2)


def test_vacancy_is_filled_before_publishing(field, scored, cast):
    results.freeze_results(scored.track, by=cast.campaign_admin)  # an undecided set must not disturb the order
    decided(scored, cast)
    veto(field["A-1"], cast)
    with pytest.raises(ValidationError) as refusal:
        results.publish(scored.track, opens_on=TODAY(), closes_on=TODAY(), body="公示", by=cast.campaign_admin)
    assert code_of(refusal) == "vacancy"
    assert [a.branch.code for a in results.fill_vacancies(scored.track, by=cast.campaign_admin)] == ["B-1"]
    assert results.fill_vacancies(scored.track, by=cast.campaign_admin) == []


def test_open_veto_stops_publishing(field, scored, cast):
    decided(scored, cast)
    inspecting.propose_veto(field["A-1"], basis="待查", by=cast.inspector)
    with pytest.raises(ValidationError) as refusal:
        results.publish(scored.track, opens_on=TODAY(), closes_on=TODAY(), body="公示", by=cast.campaign_admin)
    assert code_of(refusal) == "open_veto"


def test_who_moves_up_after_publishing_has_a_notice_of_its_own(field, scored, cast, road):
    decided(scored, cast)
    road.publish(scored.track, over=True)
    veto(field["A-2"], cast)
    results.fill_vacancies(scored.track, by=cast.campaign_admin)
    end_notices(scored.track)
    with pytest.raises(ValidationError) as refusal:
        road.name(scored.track)
    assert code_of(refusal) == "unpublished"
    second = road.publish(scored.track)
    assert (second.number, [a.branch.code for a in second.applications.all()]) == (2, ["B-1"])
    with pytest.raises(ValidationError) as refusal:
        approve(scored.track, cast)
    assert code_of(refusal) == "notice_running"
    end_notices(scored.track)
    assert len(road.name(scored.track)) == 2
    with pytest.raises(ValidationError) as refusal:
        results.fill_vacancies(scored.track, by=cast.campaign_admin)
    assert code_of(refusal) == "approved"


def approve(track, cast, on=None):
    return results.record_approval(
        track, approved_by="市局党委", number="党发〔2026〕30号", approved_on=on or TODAY(), by=cast.campaign_admin
    )


def test_branches_learn_their_outcome_with_the_notice(field, scored, cast, road):
    decided(scored, cast)

    def labels():
        found = Application.objects.for_work().filter(pk__in=[a.pk for a in field.values()])
        return {a.branch.code: a.status_label_for(cast.secretary) for a in found}

    assert set(labels().values()) == {"考评中"}
    assert Notice.objects.filter(kind="application.published").count() == 0
    road.publish(scored.track)
    assert labels() == {"A-1": "公示", "A-2": "公示", "B-1": "候补", "B-2": "未入选", "JG-1": "未入选"}


def test_closing_day_is_counted_in_working_days(scored, cast):
    # National day 2025 with Mid-Autumn: 1 to 8 October are free, 28 September and 11 October are worked.
    assert results.closing_day(scored.track, datetime.date(2025, 9, 29)) == datetime.date(2025, 10, 13)


def test_unknown_calendar_asks_for_the_date(field, scored, cast):
    decided(scored, cast)
    with pytest.raises(ValidationError) as refusal:
        results.publish(scored.track, opens_on=datetime.date(2095, 3, 1), body="公示", by=cast.campaign_admin)
    assert code_of(refusal) == "calendar_unpublished"


def test_approval_waits_for_the_notice_and_is_dated_after_it(field, scored, cast, road):
    decided(scored, cast)
    with pytest.raises(ValidationError) as refusal:
        approve(scored.track, cast)
    assert code_of(refusal) == "unpublished"
    road.publish(scored.track, over=True)
    with pytest.raises(ValidationError) as refusal:
        approve(scored.track, cast, on=TODAY() - datetime.timedelta(3))
    assert code_of(refusal) == "approved_early"


def test_naming_gives_plaques_validity_and_notices(field, scored, cast, road):
    decided(scored, cast)
    road.publish(scored.track, over=True)
    awards = road.name(scored.track)
    assert [award.plaque_number for award in awards] == ["试用-001", "试用-002"]
    assert awards[0].valid_until.year == TODAY().year + 2
    assert Notice.objects.filter(kind="application.named", recipient=cast.secretary).count() == 1


def test_plaques_of_two_tracks_with_one_prefix_stay_apart(field, scored, cast, road, bureau):
    earlier = factories.ApplicationFactory(
        branch=bureau.office2, track=factories.tiny_track(scored.track.campaign, scored.track.rubric, code="U")
    )
    today = TODAY()
    Award.objects.create(
        application=earlier, title="试用称号", document_number="1号", plaque_number="试用-007", named_on=today,
        valid_until=today, named_by=cast.campaign_admin,
    )  # fmt: skip
    decided(scored, cast)
    road.publish(scored.track, over=True)
    assert [award.plaque_number for award in road.name(scored.track)] == ["试用-008", "试用-009"]


# Lost races: the second of two people acts on a page that is out of date


def test_deciding_twice_is_refused(field, scored, cast):
    result = results.freeze_results(scored.track, by=cast.campaign_admin)
    stale = ResultSet.objects.get(pk=result.pk)
    results.decide(result, by=cast.campaign_admin)
    with pytest.raises(ValidationError) as refusal:
        results.decide(stale, by=cast.campaign_admin)
    assert code_of(refusal) == "decided"
    with pytest.raises(ValidationError) as refusal:
        results.freeze_results(scored.track, by=cast.campaign_admin)
    assert code_of(refusal) == "decided"


def test_publishing_twice_is_refused(field, scored, cast, road):
    decided(scored, cast)
    road.publish(scored.track)
    with pytest.raises(ValidationError) as refusal:
        road.publish(scored.track)
    assert (code_of(refusal), PublicNotice.objects.count()) == ("published", 1)


def test_approving_and_naming_twice_is_refused(field, scored, cast, road):
    decided(scored, cast)
    road.publish(scored.track, over=True)
    road.name(scored.track)
    with pytest.raises(ValidationError) as refusal:
        approve(scored.track, cast)
    assert (code_of(refusal), Approval.objects.count()) == ("approved", 1)
    with pytest.raises(ValidationError) as refusal:
        results.name_winners(scored.track, by=cast.campaign_admin)
    assert (code_of(refusal), Award.objects.count()) == ("nobody", 2)


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_parallel_freezes_and_decisions_on_postgresql(pg_only, field, scored, cast):
    def together(work, number):
        outcomes, barrier = [], threading.Barrier(number)

        def run():
            barrier.wait()
            try:
                outcomes.append(work())
            except ValidationError as refusal:
                outcomes.append(refusal.error_list[0].code)
            finally:
                connection.close()

        threads = [threading.Thread(target=run) for _ in range(number)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return outcomes

    admin = cast.campaign_admin
    numbers = together(lambda: results.freeze_results(scored.track, by=admin).number, 4)
    assert sorted(numbers) == [1, 2, 3, 4]
    result = ResultSet.objects.order_by("number").first()
    outcomes = together(lambda: results.decide(ResultSet.objects.get(pk=result.pk), by=admin).pk, 4)
    assert sorted(map(str, outcomes)) == sorted([str(result.pk), "decided", "decided", "decided"])


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_parallel_finish_and_decide_agree_on_postgresql(pg_only, field, scored, cast, applications):
    """A sheet handed in while the office decides either counts, making the set stale, or is refused."""
    late = scored.visit(field["JG-1"], None)[0]
    result = results.freeze_results(scored.track, by=cast.campaign_admin)
    outcomes, barrier = {}, threading.Barrier(2)

    def run(name, work):
        barrier.wait()
        try:
            work()
            outcomes[name] = "done"
        except ValidationError as refusal:
            outcomes[name] = refusal.error_list[0].code
        finally:
            connection.close()

    type(late).objects.filter(pk=late.pk).update(total=0)
    road = Road(cast)
    road.score(late, final=False)
    work = {
        "finish": lambda: scoring_desk.finish_review(late, comment="", by=late.reviewer),
        # With a reason, as the office must be able to win: an open sheet alone refuses the decision otherwise.
        "decide": lambda: results.decide(result, by=cast.campaign_admin, reason="不再等待"),
    }
    threads = [threading.Thread(target=run, args=item) for item in work.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes in ({"finish": "done", "decide": "stale"}, {"finish": "not_in_review", "decide": "done"})


def test_track_without_a_panel_goes_on_to_plaques_by_its_checks_alone(cast, bureau, road):
    """Everything by the check: the office lets all that were handed up enter, freezes, decides and names."""
    track = factories.tiny_track(factories.CampaignFactory(), factories.tiny_rubric("CHECKED"), mode="acceptance")
    track.components.exclude(source="check").delete()
    track.components.update(weight=100)
    preparing.open_campaign(track.campaign, by=cast.campaign_admin)
    one, two = (Application.objects.get(track=track, branch=node) for node in (bureau.a1, bureau.b1))
    road.to(one, "recommended")
    road.to(two, "recommended")
    assert results.enter_review(track, by=cast.campaign_admin) == 2
    with pytest.raises(ValidationError) as refusal:
        results.enter_review(track, by=cast.campaign_admin)
    assert code_of(refusal) == "nobody"
    road.decide(track)
    road.publish(track, over=True)
    assert len(road.name(track)) == 2


def test_track_with_a_panel_is_entered_by_assignment_only(tiny_track, cast):
    with pytest.raises(ValidationError) as refusal:
        results.enter_review(tiny_track, by=cast.campaign_admin)
    assert code_of(refusal) == "has_panels"
