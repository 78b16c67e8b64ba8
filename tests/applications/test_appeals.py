"""Appeals against a veto: who may take which step, and where a lifted veto leads from every status."""

import itertools

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from applications import states
from applications.models import Appeal, Application, Evidence, VetoRecord
from applications.services import appealing, inspecting, recommending
from applications.states import LIVE, Status
from branches.models import AuditEntry, Notice
from reviews.models import ResultRow, ResultSet
from reviews.services import results
from standards.models import Stage, Track
from tests import factories
from tests.road import fresh


def vetoed_from(application, status, cast):
    """The veto that took the application out of the status; `cast.inspector` proposed, `cast.inspector2` confirmed."""
    Application.objects.filter(pk=application.pk).update(status=status)
    record = inspecting.propose_veto(fresh(application), basis="查实违纪。", by=cast.inspector)
    return inspecting.confirm_veto(record, remark="属实。", told="一名民警受处分。", by=cast.inspector2)


def lift(veto, cast):
    """All the way: the secretary's appeal, looked into by who confirmed, decided by who proposed."""
    appeal = appealing.file_appeal(veto, grounds="事实有出入。", by=cast.secretary)
    appeal = appealing.find_appeal(appeal, finding="核对属实。", lifts=True, by=cast.inspector2)
    appealing.decide_appeal(appeal, remark="同意撤销。", by=cast.inspector)
    return fresh(veto.application)


@pytest.fixture
def veto(applications, cast):
    return vetoed_from(applications["A-1"], "submitted", cast)


@pytest.fixture
def filed(veto, cast):
    return appealing.file_appeal(veto, grounds="事实有出入。", by=cast.secretary)


@pytest.fixture
def third(bureau):
    user = factories.UserFactory(unit=bureau.city, name="第三名纪检")
    factories.GrantFactory(user=user, role="inspector", branch=bureau.city)
    return user


def refused(code, act, *args, **kwargs):
    with pytest.raises(ValidationError) as refusal:
        act(*args, **kwargs)
    assert refusal.value.code == code


# Where a lifted veto leads: written out, every status under every circumstance


def test_back_to_where_it_stood_unless_the_track_went_on_without_it():
    for before, decided, named, free in itertools.product(sorted(LIVE), *[(False, True)] * 3):
        expected = before
        if before in ("recommended", "in_review") and decided:
            expected = "not_selected"
        if before in ("selected", "published", "named") and not free:
            expected = "reserve"
        if before == "reserve" and named:
            expected = "not_selected"
        assert states.after_lifting(before, decided=decided, named=named, place_free=free) == expected


@pytest.mark.parametrize("status", sorted(LIVE - {"reserve"}))
def test_alone_on_the_track_everybody_comes_back_to_where_it_stood(applications, cast, status):
    veto = vetoed_from(applications["A-1"], status, cast)
    assert lift(veto, cast).status == status
    veto.refresh_from_db()
    assert (veto.state, veto.status_before) == ("lifted", status)
    entry = AuditEntry.objects.get(action=f"application.lift_{status}")
    assert (entry.changes["status"], entry.actor) == (["vetoed", status], cast.inspector)


@pytest.mark.parametrize("status", ["recommended", "in_review"])
def test_who_was_not_judged_while_the_track_was_decided_is_not_selected(applications, cast, status):
    veto = vetoed_from(applications["A-1"], status, cast)
    Application.objects.filter(pk=applications["A-2"].pk).update(status="selected")
    application = lift(veto, cast)
    assert application.status == Status.NOT_SELECTED
    # Not yet public: the branch cannot tell.
    told = Notice.objects.get(kind="application.appealed", recipient=cast.secretary).body
    assert "恢复为“考评中”" in told
    assert "未入选" not in told


@pytest.mark.parametrize("status", ["selected", "published", "named"])
def test_a_place_given_away_is_never_given_twice(tiny_track, applications, cast, status):
    assert tiny_track.quota == 2
    veto = vetoed_from(applications["A-1"], status, cast)
    Application.objects.filter(branch__code__in=["A-2", "A-3"]).update(status="selected")
    assert lift(veto, cast).status == Status.RESERVE
    assert Application.objects.filter(status__in=states.HOLDING).count() == tiny_track.quota


def test_acceptance_has_no_places_to_give_away(tiny_track, applications, cast):
    Track.objects.filter(pk=tiny_track.pk).update(mode="acceptance", quota=None, recommend_max=None)
    veto = vetoed_from(applications["A-1"], "named", cast)
    Application.objects.filter(branch__code__in=["A-2", "A-3"]).update(status="named")
    assert lift(veto, cast).status == Status.NAMED


def test_reserves_are_over_when_the_names_are_given(applications, cast):
    veto = vetoed_from(applications["A-1"], "reserve", cast)
    Application.objects.filter(branch__code="A-2").update(status="named")
    assert lift(veto, cast).status == Status.NOT_SELECTED


def test_a_returned_winner_is_the_first_to_move_up(tiny_track, applications, cast):
    """A-1 had won and comes back after its place was given away; the next free place is its own, before A-3."""
    result = ResultSet.objects.create(
        track=tiny_track, number=1, method={}, inputs=[], inputs_hash="", decided_at=timezone.now()
    )
    places = {"A-1": (1, None), "A-2": (2, None), "B-1": (3, 1), "A-3": (4, 2)}
    for code, (rank, order) in places.items():
        ResultRow.objects.create(
            result=result, application=applications[code], components=[], rank=rank, reserve_order=order,
            outcome="reserve" if order else "selected",
        )  # fmt: skip
    Application.objects.filter(branch__code="A-2").update(status="selected")
    Application.objects.filter(branch__code__in=["B-1", "A-3"]).update(status="reserve")
    veto = vetoed_from(applications["A-1"], "selected", cast)
    assert [each.branch.code for each in results.fill_vacancies(tiny_track, by=cast.campaign_admin)] == ["B-1"]
    assert lift(veto, cast).status == Status.RESERVE
    assert results.fill_vacancies(tiny_track, by=cast.campaign_admin) == []
    vetoed_from(applications["A-2"], "selected", cast)
    moved = results.fill_vacancies(tiny_track, by=cast.campaign_admin)
    assert [each.branch.code for each in moved] == ["A-1"]


def test_the_place_on_the_list_comes_back(tiny_track, bureau, applications, cast, road):
    first, second = (road.to(applications[code], "checked") for code in ("A-1", "A-2"))
    ranking = road.rank(tiny_track, bureau.county_a, [first, second], confirm=False)
    record = inspecting.propose_veto(first, basis="查实违纪。", by=cast.inspector)
    veto = inspecting.confirm_veto(record, remark="属实。", by=cast.inspector2)
    places = ranking.places.select_related("application__branch")
    assert recommending.obstacles(tiny_track, places.all()) == ["第1名甲县城关所已被一票否决，请移出。"]
    lift(veto, cast)
    assert recommending.obstacles(tiny_track, places.all()) == []
    recommending.confirm_ranking(ranking, version=ranking.version, by=cast.committee_head)
    assert fresh(first).status == Status.RECOMMENDED


# What the branch is told


def told_to(user):
    return Notice.objects.get(kind="application.appealed", recipient=user)


def test_while_applying_is_open_the_branch_is_told_to_go_on(applications, cast):
    lift(vetoed_from(applications["A-1"], "preparing", cast), cast)
    assert "请继续填写并在截止前由书记本人提交" in told_to(cast.secretary).body


def test_after_the_deadline_the_branch_is_told_to_ask_for_more_time(applications, cast):
    Stage.objects.filter(kind="apply").update(closes_on=factories.days(-1))
    lift(vetoed_from(applications["A-1"], "preparing", cast), cast)
    assert "申请延期，批准后再提交" in told_to(cast.secretary).body


def test_a_list_confirmed_meanwhile_is_not_opened_again(tiny_track, bureau, applications, cast, road):
    first, second = (road.to(applications[code], "checked") for code in ("A-1", "A-2"))
    record = inspecting.propose_veto(first, basis="查实违纪。", by=cast.inspector)
    veto = inspecting.confirm_veto(record, remark="属实。", by=cast.inspector2)
    road.rank(tiny_track, bureau.county_a, [second])
    assert lift(veto, cast).status == Status.CHECKED
    assert "推荐名单在此期间已确认锁定" in told_to(cast.secretary).body


def test_branch_committee_and_office_learn_of_the_decision(veto, cast):
    lift(veto, cast)
    told = set(Notice.objects.filter(kind="application.appealed").values_list("recipient", flat=True))
    people = ("secretary", "clerk", "committee_clerk", "committee_head", "campaign_admin")
    assert told == {getattr(cast, who).pk for who in people}


# Who takes which step


def test_the_steps_are_taken_by_those_who_did_not_take_the_same_one_before(filed, cast):
    refused("own_veto", appealing.find_appeal, filed, finding="属实", lifts=True, by=cast.inspector)
    found = appealing.find_appeal(filed, finding="属实", lifts=True, by=cast.inspector2)
    refused("own_veto", appealing.decide_appeal, found, remark="同意", by=cast.inspector2)
    assert appealing.decide_appeal(found, remark="同意", by=cast.inspector).state == "lifted"


def test_whoever_looked_into_it_does_not_decide(filed, cast, third):
    found = appealing.find_appeal(filed, finding="属实", lifts=False, by=third)
    refused("same_person", appealing.decide_appeal, found, remark="同意", by=third)
    refused("same_person", appealing.send_back_appeal, found, remark="不同意", by=third)
    with pytest.raises(IntegrityError), transaction.atomic():
        Appeal.objects.filter(pk=found.pk).update(decided_by=third)


@pytest.mark.parametrize("gone", ["inspector", "inspector2", None])
def test_any_two_inspectors_in_office_can_bring_it_to_an_end(filed, cast, third, gone):
    office = {cast.inspector, cast.inspector2, third} - ({getattr(cast, gone)} if gone else {third})
    pairs = []
    for finder, decider in itertools.permutations(office, 2):
        try:
            with transaction.atomic():
                found = appealing.find_appeal(Appeal.objects.get(pk=filed.pk), finding="属实", lifts=True, by=finder)
                appealing.decide_appeal(found, remark="同意", by=decider)
                pairs.append((finder, decider))
                raise IntegrityError  # undone, so that the next two can try
        except (ValidationError, IntegrityError):
            continue
    assert pairs


def test_upheld_leaves_everything_and_the_branch_does_not_appeal_twice(filed, veto, cast):
    found = appealing.find_appeal(filed, finding="不成立", lifts=False, by=cast.inspector2)
    assert appealing.decide_appeal(found, remark="维持", by=cast.inspector).state == "upheld"
    veto.refresh_from_db()
    assert (fresh(veto.application).status, veto.state) == (Status.VETOED, "confirmed")
    refused("again", appealing.file_appeal, veto, grounds="再申诉", by=cast.secretary)
    entered = appealing.file_appeal(veto, grounds="新的事实", appellant="支部党员", by=cast.inspector)
    assert (entered.appellant, entered.state) == ("支部党员", "filed")


def test_sent_back_it_is_looked_into_again(filed, cast):
    found = appealing.find_appeal(filed, finding="草率", lifts=True, by=cast.inspector2)
    again = appealing.send_back_appeal(found, remark="请核对时间", by=cast.inspector)
    assert (again.state, again.finding, again.proposed_by) == ("filed", "草率", None)
    assert appealing.find_appeal(again, finding="已核对", lifts=False, by=cast.inspector2).lifts is False


def test_only_one_appeal_is_open_and_only_against_a_standing_veto(filed, veto, cast):
    refused("open", appealing.file_appeal, veto, grounds="又一件", by=cast.secretary)
    refused("no_grounds", appealing.file_appeal, veto, grounds=" ", by=cast.secretary)
    VetoRecord.objects.filter(pk=veto.pk).update(state="lifted")
    refused("not_vetoed", appealing.file_appeal, veto, grounds="又一件", appellant="他人", by=cast.inspector)
    assert Appeal.objects.count() == 1


def test_the_slower_of_two_is_told(filed, cast, third):
    stale = [Appeal.objects.get(pk=filed.pk) for _ in range(2)]
    appealing.find_appeal(stale[0], finding="属实", lifts=True, by=cast.inspector2)
    refused("decided", appealing.find_appeal, stale[1], finding="不实", lifts=False, by=third)
    late = [Appeal.objects.get(pk=filed.pk) for _ in range(2)]
    appealing.decide_appeal(late[0], remark="同意", by=cast.inspector)
    written = AuditEntry.objects.count()
    refused("decided", appealing.decide_appeal, late[1], remark="同意", by=third)
    assert AuditEntry.objects.count() == written


def test_proofs_are_the_branchs_own(veto, bureau, cast):
    def file_of(branch):
        return Evidence.objects.create(
            branch=branch, sha256=f"{branch.pk:064d}", name="证明.pdf", content_type="application/pdf", size=1,
            uploaded_by=cast.secretary, file="a.pdf",
        )  # fmt: skip

    refused(
        "foreign_proof", appealing.file_appeal, veto, grounds="有出入", proofs=[file_of(bureau.b1)], by=cast.secretary
    )
    own = file_of(bureau.a1)
    appeal = appealing.file_appeal(veto, grounds="有出入", proofs=[own], by=cast.secretary)
    assert list(appeal.proofs.all()) == [own]
    assert AuditEntry.objects.get(action="appeal.file").changes["proofs"] == ["证明.pdf"]


# The pages


def url(name, pk):
    return reverse(f"applications:{name}", args=[pk])


def test_the_secretary_appeals_on_the_application(client_of, cast, veto):
    client, address = client_of(cast.secretary), url("appeal", veto.application_id)
    page = client.get(address).content.decode()
    assert "一名民警受处分。" in page
    assert "查实违纪" not in page
    assert client.post(address, {"grounds": ""}).status_code == 422
    client.post(address, {"grounds": "事实有出入。"})
    appeal = Appeal.objects.get()
    assert (appeal.filed_by, appeal.appellant) == (cast.secretary, "甲县城关所党支部")
    again = client.post(address, {"grounds": "再来一次"})
    assert (again.status_code, Appeal.objects.count()) == (422, 1)
    assert set(Notice.objects.filter(kind="veto.appeal").values_list("recipient", flat=True)) == {
        cast.inspector.pk, cast.inspector2.pk,
    }  # fmt: skip


def test_the_clerk_reads_and_does_not_appeal(client_of, cast, veto):
    client, address = client_of(cast.clerk), url("appeal", veto.application_id)
    assert "申诉由支部书记本人" in client.get(address).content.decode()
    assert client.post(address, {"grounds": "代提"}).status_code == 403
    assert client_of(cast.secretary_a2).get(address).status_code == 404


def test_without_a_veto_there_is_no_page(client_of, cast, applications):
    assert client_of(cast.secretary).get(url("appeal", applications["A-1"].pk)).status_code == 404


def test_two_inspectors_handle_it_and_the_branch_reads_the_outcome(client_of, cast, filed, veto):
    first, second = client_of(cast.inspector), client_of(cast.inspector2)
    case = url("appeal_case", filed.pk)
    assert "须由其他纪检督察人员复查" in first.get(case).content.decode()
    assert "复查申诉：甲县城关所" in second.get("/").content.decode()
    assert "复查申诉" not in first.get("/").content.decode()
    page = second.post(url("find_appeal", filed.pk), {"finding": "核对属实"})
    assert page.status_code == 422
    assert "核对属实" in page.content.decode()
    second.post(url("find_appeal", filed.pk), {"finding": "核对属实", "lifts": "1"})
    assert "决定申诉：甲县城关所" in first.get("/").content.decode()
    page = second.post(url("decide_appeal", filed.pk), {"decide-remark": "同意"})
    assert page.context["decide_form"].has_error("__all__", "own_veto")
    first.post(url("decide_appeal", filed.pk), {"decide-remark": "同意撤销"})
    assert fresh(veto.application).status == Status.SUBMITTED
    page = client_of(cast.secretary).get(url("appeal", veto.application_id)).content.decode()
    assert "否决已撤销，现状为“已申报”" in page
    assert "同意撤销" in page
    assert "核对属实" not in page


def test_an_inspector_enters_a_written_appeal(client_of, cast, veto):
    client, address = client_of(cast.inspector), url("enter_appeal", veto.pk)
    assert client.post(address, {"grounds": "来信"}).context["form"].has_error("appellant", "required")
    answer = client.post(address, {"grounds": "来信", "appellant": "支部党员"})
    assert answer.url == url("appeal_case", Appeal.objects.get().pk)
    assert client_of(cast.campaign_admin).get(address).status_code == 403


@pytest.mark.parametrize("rows", [1, 3])
def test_list_of_open_appeals_query_count(client_of, cast, applications, rows, django_assert_num_queries):
    for code in ("A-1", "A-2", "A-3")[:rows]:
        veto = vetoed_from(applications[code], "submitted", cast)
        appealing.file_appeal(veto, grounds="有出入", by=cast.secretary)
    client, address = client_of(cast.inspector2), f"{reverse('applications:vetoes')}?state=appealed"
    client.get(address)
    with django_assert_num_queries(7):
        assert len(client.get(address).context["page_obj"]) == rows


def test_a_decision_locks_the_application_before_the_appeal(filed, cast):
    """As the filing of an appeal does: in the other order the two could wait for each other."""
    found = appealing.find_appeal(filed, finding="核对属实。", lifts=True, by=cast.inspector2)
    appeal = Appeal.objects.select_related("veto__application").get(pk=found.pk)
    with CaptureQueriesContext(connection) as captured:
        appealing.decide_appeal(appeal, remark="同意。", by=cast.inspector)
    said = [query["sql"] for query in captured]
    locked = next(n for n, sql in enumerate(said) if 'FROM "applications_application"' in sql)
    assert locked < next(n for n, sql in enumerate(said) if sql.startswith('UPDATE "applications_appeal"'))
