"""The discipline inspectors: 无问题, and the veto by two people."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from applications.models import Application, Clearance, VetoRecord
from applications.services import inspecting
from applications.states import BEFORE_STEP, Status
from branches.models import AuditEntry, Notice
from tests.road import fresh

DESK = reverse("applications:inspection")
CLEAR = reverse("applications:clear")
VETOES = reverse("applications:vetoes")


@pytest.fixture
def submitted(applications, road):
    return [road.to(applications[code], "submitted") for code in ("A-1", "A-2", "B-1")]


@pytest.fixture
def proposed(submitted, cast):
    return inspecting.propose_veto(submitted[0], basis="查实违纪。", by=cast.inspector)


# Services


def test_clear_records_once_per_point(submitted, cast):
    inspecting.clear(submitted[0], point="recommend", remark="", by=cast.inspector)
    inspecting.clear(submitted[0], point="recommend", remark="复核", by=cast.inspector2)
    inspecting.clear(submitted[0], point="review", remark="", by=cast.inspector)
    assert list(Clearance.objects.order_by("pk").values_list("point", "remark")) == [
        ("recommend", "复核"), ("review", ""),
    ]  # fmt: skip
    assert AuditEntry.objects.filter(action="veto.clear").count() == 3


def test_clear_all_names_whom_it_passed_over_and_why(applications, road, cast):
    codes = ("A-1", "A-2", "A-3", "B-1", "B-2")
    many = [road.to(applications[code], "submitted") for code in codes]
    road.veto(many[0])
    inspecting.propose_veto(many[1], basis="反映待查。", by=cast.inspector)
    kept = inspecting.clear(many[2], point="recommend", remark="早先", by=cast.inspector2)
    outcome = inspecting.clear_all(many, point="recommend", remark="批量", by=cast.inspector)
    assert (outcome.number, outcome.skipped) == (2, {
        "现为“已否决”": ["甲县城关所"], "有待确认的否决": ["甲县东关所"], "此前已有该时点的意见": ["甲县刑侦大队"],
    })  # fmt: skip
    given = Clearance.objects.exclude(pk=kept.pk).values_list("application", "remark", "cleared_by")
    assert set(given) == {(each.pk, "批量", cast.inspector.pk) for each in many[3:]}
    kept.refresh_from_db()
    assert (kept.remark, kept.cleared_by) == ("早先", cast.inspector2)
    assert AuditEntry.objects.filter(action="veto.clear").count() == 3


@pytest.mark.parametrize("number", [1, 3])
def test_clear_all_asks_the_same_of_any_number(submitted, cast, number, django_assert_num_queries):
    many = submitted[:number]
    with django_assert_num_queries(9):
        inspecting.clear_all(many, point="recommend", remark="", by=cast.inspector)


STEPS = {  # the point of a clearance: the last status in which it can be taken back, the first in which it cannot
    "recommend": ("checked", "recommended"), "review": ("recommended", "in_review"), "name": ("published", "named"),
}  # fmt: skip


@pytest.mark.parametrize("point", STEPS)
def test_a_mistaken_clearance_is_taken_back_until_its_step(applications, cast, point):
    application, (last, first) = applications["A-1"], STEPS[point]
    Application.objects.filter(pk=application.pk).update(status=first)
    clearance = inspecting.clear(application, point=point, remark="", by=cast.inspector)
    with pytest.raises(ValidationError) as refusal:
        inspecting.unclear(clearance, reason="看错了支部", by=cast.inspector2)
    assert (refusal.value.code, Clearance.objects.count()) == ("step_taken", 1)
    Application.objects.filter(pk=application.pk).update(status=last)
    stale = Clearance.objects.get()
    inspecting.unclear(clearance, reason="看错了支部", by=cast.inspector2)
    entry = AuditEntry.objects.get(action="veto.unclear")
    assert (Clearance.objects.count(), entry.changes) == (0, {"point": point, "reason": "看错了支部"})
    with pytest.raises(ValidationError) as refusal:
        inspecting.unclear(stale, reason="看错了支部", by=cast.inspector)
    assert refusal.value.code == "gone"


def test_whether_it_can_be_taken_back_does_not_tell_what_is_sealed():
    sealed = {"in_review", "selected", "reserve", "not_selected"}
    for statuses in BEFORE_STEP.values():
        assert len(sealed & set(statuses)) in (0, 4)


def test_taking_back_needs_a_reason(submitted, cast):
    clearance = inspecting.clear(submitted[0], point="recommend", remark="", by=cast.inspector)
    with pytest.raises(ValidationError) as refusal:
        inspecting.unclear(clearance, reason=" ", by=cast.inspector)
    assert (refusal.value.code, Clearance.objects.count()) == ("no_reason", 1)


def test_propose_changes_nothing_for_the_branch(proposed, submitted):
    assert fresh(submitted[0]).status == Status.SUBMITTED
    assert Notice.objects.filter(kind="application.vetoed").count() == 0


def test_propose_needs_a_basis_and_only_one_stands_open(proposed, submitted, cast):
    with pytest.raises(ValidationError) as refusal:
        inspecting.propose_veto(submitted[1], basis=" ", by=cast.inspector)
    assert refusal.value.code == "no_basis"
    with pytest.raises(ValidationError) as refusal:
        inspecting.propose_veto(submitted[0], basis="又一条", by=cast.inspector2)
    assert refusal.value.code == "already_proposed"
    assert VetoRecord.objects.count() == 1


def test_propose_looks_at_the_row_not_at_the_stale_page(submitted, cast, road):
    stale = submitted[0]
    road.veto(fresh(stale))
    with pytest.raises(ValidationError) as refusal:
        inspecting.propose_veto(stale, basis="又一条", by=cast.inspector)
    assert refusal.value.code == "conflict"


@pytest.mark.parametrize("service", [inspecting.confirm_veto, inspecting.dismiss_veto])
def test_the_same_person_cannot_decide(proposed, cast, service):
    with pytest.raises(ValidationError) as refusal:
        service(proposed, remark="属实", by=cast.inspector)
    assert refusal.value.code == "same_person"
    assert VetoRecord.objects.get().state == "proposed"


def test_the_database_refuses_the_same_person_too(proposed, cast):
    with pytest.raises(IntegrityError), transaction.atomic():
        VetoRecord.objects.filter(pk=proposed.pk).update(
            state="confirmed", decided_by=cast.inspector, decided_at=timezone.now()
        )


LIVE = ["preparing", "submitted", "checked", "recommended", "in_review", "selected", "reserve",
        "not_selected", "published", "named"]  # fmt: skip


@pytest.mark.parametrize("status", LIVE)
def test_veto_takes_out_at_once_from_every_live_status(applications, cast, status):
    application = applications["A-1"]
    Application.objects.filter(pk=application.pk).update(status=status)
    record = inspecting.propose_veto(fresh(application), basis="查实违纪。", by=cast.inspector)
    inspecting.confirm_veto(record, remark="属实。", by=cast.inspector2)
    assert (fresh(application).status, record.state, record.status_before) == (Status.VETOED, "confirmed", status)
    told = set(Notice.objects.filter(kind="application.vetoed").values_list("recipient", flat=True))
    assert {cast.secretary.pk, cast.clerk.pk, cast.committee_clerk.pk, cast.committee_head.pk} <= told
    assert cast.other_head.pk not in told


@pytest.mark.parametrize("status", ["withdrawn", "vetoed"])
def test_what_is_over_cannot_be_vetoed(applications, cast, status):
    application = applications["A-1"]
    Application.objects.filter(pk=application.pk).update(status=status)
    with pytest.raises(ValidationError) as refusal:
        inspecting.propose_veto(fresh(application), basis="查实违纪。", by=cast.inspector)
    assert refusal.value.code == "conflict"


def test_confirm_remembers_the_status_of_that_moment(proposed, submitted, road, cast):
    road.accept(submitted[0])
    inspecting.confirm_veto(proposed, remark="属实", by=cast.inspector2)
    assert proposed.status_before == "checked"
    assert AuditEntry.objects.get(action="application.veto").changes["status"] == ["checked", "vetoed"]


def test_the_slower_of_two_deciders_is_told(proposed, cast, submitted):
    first, second = (VetoRecord.objects.get(pk=proposed.pk) for _ in range(2))
    inspecting.dismiss_veto(first, remark="不实", by=cast.inspector2)
    with pytest.raises(ValidationError) as refusal:
        inspecting.confirm_veto(second, remark="属实", by=cast.inspector2)
    assert (refusal.value.code, fresh(submitted[0]).status) == ("decided", Status.SUBMITTED)


def test_after_a_dismissal_a_new_one_may_be_proposed(proposed, cast, submitted):
    inspecting.dismiss_veto(proposed, remark="不实", by=cast.inspector2)
    inspecting.propose_veto(submitted[0], basis="新的事实", by=cast.inspector2)
    assert VetoRecord.objects.filter(state="proposed").count() == 1


# The desk


def codes(page):
    return [row["application"].branch.code for row in page.context["rows"]]


def test_desk_lists_what_is_submitted(client_of, cast, submitted):
    assert codes(client_of(cast.inspector).get(DESK)) == ["A-1", "A-2", "B-1"]


@pytest.mark.parametrize("who", ["secretary", "committee_head", "campaign_admin", "expert", "outsider"])
def test_desk_is_for_inspectors(client_of, cast, submitted, who):
    assert client_of(getattr(cast, who)).get(DESK).status_code == 403
    assert client_of(getattr(cast, who)).post(CLEAR, {}).status_code == 403


@pytest.mark.parametrize("rows", [1, 3])
def test_desk_query_count(client_of, cast, submitted, rows, django_assert_num_queries):
    inspecting.clear_all(submitted, point="recommend", remark="", by=cast.inspector)
    Application.objects.filter(pk__in=[each.pk for each in submitted[rows:]]).update(status=Status.PREPARING)
    client = client_of(cast.inspector)
    client.get(DESK)
    with django_assert_num_queries(17):
        assert len(codes(client.get(DESK))) == rows


def test_desk_filters_by_missing_opinion_and_county(client_of, cast, bureau, submitted):
    inspecting.clear(submitted[0], point="recommend", remark="", by=cast.inspector)
    client = client_of(cast.inspector)
    assert codes(client.get(DESK, {"missing": "recommend"})) == ["A-2", "B-1"]
    assert codes(client.get(DESK, {"missing": "review"})) == ["A-1", "A-2", "B-1"]
    assert codes(client.get(DESK, {"county": bureau.county_b.path})) == ["B-1"]
    assert codes(client.get(DESK, {"q": submitted[1].branch.name[:4]})) == ["A-2"]


def test_ticked_ones_are_cleared(client_of, cast, submitted):
    data = {"point": "recommend", "remark": "", "application": [each.pk for each in submitted[:2]]}
    assert client_of(cast.inspector).post(CLEAR, data).status_code == 302
    assert set(Clearance.objects.values_list("application", "point", "cleared_by")) == {
        (each.pk, "recommend", cast.inspector.pk) for each in submitted[:2]
    }


def test_nothing_ticked_is_said_and_the_remark_kept(client_of, cast, submitted):
    page = client_of(cast.inspector).post(CLEAR, {"point": "review", "remark": "已查询信访"})
    assert page.status_code == 422
    assert "请先勾选支部。" in page.content.decode()
    assert "已查询信访" in page.content.decode()


def test_a_vetoed_one_among_the_ticked_is_passed_over_and_named(client_of, cast, submitted, road):
    road.veto(submitted[1])
    data = {"point": "recommend", "application": [each.pk for each in submitted]}
    page = client_of(cast.inspector).post(CLEAR, data, follow=True)
    assert [str(message) for message in page.context["messages"]] == [
        "已对2个支部出具“推荐前”无问题意见。", "没有办理（现为“已否决”）：甲县东关所。",
    ]  # fmt: skip
    assert Clearance.objects.count() == 2


def test_all_that_the_filters_leave_are_cleared_also_on_other_pages(client_of, cast, bureau, submitted, monkeypatch):
    monkeypatch.setattr("applications.views.inspection.PER_PAGE", 1)
    client, address = client_of(cast.inspector), f"{CLEAR}?county={bureau.county_a.path}"
    assert client.get(DESK, {"county": bureau.county_a.path}).context["number"] == 2
    data = {"point": "review", "scope": "all", "number": 3}
    page = client.post(address, data)
    assert (page.status_code, Clearance.objects.count()) == (422, 0)
    assert "符合条件的支部有变化，现在是2个；请核对后再办理。" in page.content.decode()
    client.post(address, {**data, "number": 2})
    assert set(Clearance.objects.values_list("application__branch__code", flat=True)) == {"A-1", "A-2"}


def test_a_clearance_is_taken_back_on_its_page(client_of, cast, submitted):
    clearance = inspecting.clear(submitted[0], point="recommend", remark="", by=cast.inspector)
    client, address = client_of(cast.inspector2), reverse("applications:unclear", args=[clearance.pk])
    assert address in client.get(DESK).content.decode()
    assert client.post(address, {"reason": ""}).context["form"].has_error("reason", "required")
    assert client_of(cast.committee_head).get(address).status_code == 404
    assert client.post(address, {"reason": "看错了支部"}).url.startswith(DESK)
    assert Clearance.objects.count() == 0


def test_the_page_says_when_it_is_too_late_to_take_it_back(client_of, cast, submitted):
    clearance = inspecting.clear(submitted[0], point="recommend", remark="", by=cast.inspector)
    Application.objects.filter(pk=submitted[0].pk).update(status=Status.RECOMMENDED)
    client, address = client_of(cast.inspector), reverse("applications:unclear", args=[clearance.pk])
    assert address not in client.get(DESK).content.decode()
    page = client.post(address, {"reason": "看错了支部"}).content.decode()
    assert "意见不能收回" in page
    assert Clearance.objects.count() == 1


# The veto pages


def test_propose_page(client_of, cast, submitted):
    url = reverse("applications:propose_veto", args=[submitted[0].pk])
    client = client_of(cast.inspector)
    assert client.get(url).status_code == 200
    assert client.post(url, {"basis": ""}).context["form"].has_error("basis", "required")
    answer = client.post(url, {"basis": "查实违纪。"})
    assert answer.url == reverse("applications:veto", args=[VetoRecord.objects.get().pk])
    page = client.post(url, {"basis": "再提一次"})
    assert page.context["form"].has_error("__all__", "already_proposed")
    assert "再提一次" in page.content.decode()


def test_propose_page_is_for_inspectors(client_of, cast, submitted):
    url = reverse("applications:propose_veto", args=[submitted[0].pk])
    assert client_of(cast.committee_head).get(url).status_code == 403
    assert client_of(cast.other_head).get(url).status_code == 404


def test_the_proposer_is_told_that_another_must_confirm(client_of, cast, proposed):
    url = reverse("applications:veto", args=[proposed.pk])
    mine, other = client_of(cast.inspector).get(url), client_of(cast.inspector2).get(url)
    assert "须由另一名纪检督察确认" in mine.content.decode()
    assert (mine.context["may_decide"], other.context["may_decide"]) == (False, True)
    assert "即刻变为“已否决”" in other.content.decode()
    assert client_of(cast.campaign_admin).get(url).context["may_decide"] is False
    assert client_of(cast.committee_head).get(url).status_code == 403


def test_confirm_page_by_the_second_person(client_of, cast, proposed, submitted):
    url = reverse("applications:confirm_veto", args=[proposed.pk])
    assert client_of(cast.campaign_admin).post(url, {"confirm-remark": "属实"}).status_code == 403
    page = client_of(cast.inspector).post(url, {"confirm-remark": "属实"})
    assert page.context["confirm_form"].has_error("__all__", "same_person")
    client_of(cast.inspector2).post(url, {"confirm-remark": "属实"})
    assert fresh(submitted[0]).status == Status.VETOED


def test_dismiss_page_by_the_second_person(client_of, cast, proposed, submitted):
    client_of(cast.inspector2).post(
        reverse("applications:dismiss_veto", args=[proposed.pk]), {"dismiss-remark": "不实"}
    )
    proposed.refresh_from_db()
    assert (proposed.state, proposed.decision_remark) == ("dismissed", "不实")
    assert fresh(submitted[0]).status == Status.SUBMITTED


@pytest.mark.parametrize("rows", [1, 3])
def test_veto_list_query_count(client_of, cast, submitted, rows, django_assert_num_queries):
    for application in submitted[:rows]:
        inspecting.propose_veto(application, basis="查实违纪。", by=cast.inspector)
    client = client_of(cast.inspector2)
    client.get(VETOES)
    with django_assert_num_queries(7):
        assert len(client.get(VETOES).context["page_obj"]) == rows
