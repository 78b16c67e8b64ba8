"""The check desk: services and pages."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from applications.models import Application, CheckDecision, CheckItem
from applications.services import checking, extending, submitting
from applications.states import Status
from branches import audit
from branches.models import AuditEntry, Notice
from standards.models import Extension, Stage
from tests import factories
from tests.road import answer_for, fresh

LIST = reverse("applications:check_list")


@pytest.fixture
def submitted(tiny_application, road):
    return road.to(tiny_application, "submitted")


def leaf_of(application, code):
    return next(leaf for leaf in application.track.rubric.leaves_for("") if leaf.code == code)


def code_of(refusal):
    return refusal.value.code


def save(application, leaf, answer, by, *, version=0, remark=""):
    return checking.save_check(application, leaf, answer=answer, remark=remark, version=version, by=by)


# Services


def test_save_check_scores_and_replaces(submitted, cast):
    leaf = leaf_of(submitted, "A1")
    save(submitted, leaf, {"points": "20"}, cast.committee_clerk, remark="缺记录")
    save(submitted, leaf, {"points": "25.5"}, cast.committee_head, version=1)
    item = CheckItem.objects.get(application=submitted, criterion=leaf)
    assert (item.points, item.remark, item.checked_by) == (Decimal("25.5"), "", cast.committee_head)
    assert item.version == 2
    assert AuditEntry.objects.filter(action="check.save").count() == 2


@pytest.mark.parametrize("seen", [0, 2])
def test_save_check_from_a_page_that_never_saw_the_colleagues_score(submitted, cast, seen):
    """The first save of two who had both opened the blank row counts; so does the later of two who saw the same one."""
    leaf = leaf_of(submitted, "A1")
    for version in range(seen + 1):
        save(submitted, leaf, {"points": "20"}, cast.committee_head, version=version, remark="缺记录")
    with pytest.raises(ValidationError) as refusal:
        save(submitted, leaf, {"points": "30"}, cast.committee_clerk, version=seen)
    assert code_of(refusal) == "stale"
    name = cast.committee_head.name
    assert refusal.value.messages == [f"“{leaf.title}”刚被{name}改过，请核对后再保存；您填写的内容还在。"]
    item = CheckItem.objects.get()
    assert (item.points, item.remark, item.checked_by, item.version) == (20, "缺记录", cast.committee_head, seen + 1)
    assert AuditEntry.objects.filter(action="check.save").count() == seen + 1


def test_save_check_of_an_item_that_is_gone_is_refused(submitted, cast):
    with pytest.raises(ValidationError) as refusal:
        save(submitted, leaf_of(submitted, "A1"), {"points": "30"}, cast.committee_clerk, version=3)
    assert (code_of(refusal), CheckItem.objects.count()) == ("stale", 0)


def test_save_check_costs_a_constant_number_of_queries(submitted, cast, django_assert_num_queries):
    save(submitted, leaf_of(submitted, "A5"), {"met": True}, cast.committee_clerk)  # reads the standard, once for all
    leaf = leaf_of(submitted, "A1")
    for version in (0, 1):
        with django_assert_num_queries(9):
            save(submitted, leaf, {"points": "20"}, cast.committee_clerk, version=version)


def test_save_check_refuses_what_cannot_be_scored(submitted, cast):
    with pytest.raises(ValidationError) as refusal:
        save(submitted, leaf_of(submitted, "A1"), {"points": "31"}, cast.committee_clerk)
    assert code_of(refusal) == "out_of_range"
    assert CheckItem.objects.count() == 0


@pytest.mark.parametrize("status", ["preparing", "checked", "vetoed"])
def test_save_check_only_while_submitted(tiny_application, cast, road, status):
    application = road.to(tiny_application, status)
    before = CheckItem.objects.count()
    with pytest.raises(ValidationError) as refusal:
        save(application, leaf_of(application, "A1"), {"points": "1"}, cast.committee_clerk)
    assert (code_of(refusal), CheckItem.objects.filter(points=1).count()) == ("conflict", 0)
    assert CheckItem.objects.count() == before


def test_adopt_takes_over_only_what_is_not_scored(submitted, cast):
    leaf = leaf_of(submitted, "A1")
    save(submitted, leaf, {"points": "10"}, cast.committee_clerk, remark="扣20分")
    number = checking.adopt_self_scores(submitted, by=cast.committee_clerk)
    assert number == 5
    assert CheckItem.objects.get(application=submitted, criterion=leaf).points == 10
    assert checking.check_score(submitted).missing == ()
    assert AuditEntry.objects.filter(action="check.adopt").count() == 1
    assert checking.adopt_self_scores(submitted, by=cast.committee_clerk) == 0


def test_adopt_keeps_a_remark_without_a_score(submitted, cast):
    leaf = leaf_of(submitted, "A1")
    save(submitted, leaf, {}, cast.committee_clerk, remark="待核")
    checking.adopt_self_scores(submitted, by=cast.committee_clerk)
    item = CheckItem.objects.get(application=submitted, criterion=leaf)
    assert (item.remark, item.points is not None) == ("待核", True)
    # The page that showed the remark alone, and the one that showed a blank row, must not write over the score.
    assert (item.version, CheckItem.objects.exclude(pk=item.pk).first().version) == (2, 1)


def test_return_needs_a_reason(submitted, cast):
    with pytest.raises(ValidationError) as refusal:
        checking.return_application(submitted, reason=" ", due_on=None, by=cast.committee_clerk)
    assert code_of(refusal) == "no_reason"


def test_return_counts_afresh_after_another_return(submitted, cast, road):
    stale = fresh(submitted)
    road.send_back(submitted)
    road.submit(submitted)
    checking.return_application(stale, reason="再改", due_on=None, by=cast.committee_head)
    assert fresh(submitted).returns == 2
    assert submitted.check_decisions.count() == 2


def test_return_with_a_later_date_extends_the_stage(submitted, cast):
    checking.return_application(submitted, reason="补材料", due_on=factories.days(8), by=cast.committee_clerk)
    assert Extension.objects.get().until == factories.days(8)


def test_return_never_shortens_an_extension(submitted, cast):
    stage = submitted.stage(Stage.Kind.APPLY)
    extending.extend_for(submitted, stage, until=factories.days(20), reason="专项行动", by=cast.campaign_admin)
    checking.return_application(fresh(submitted), reason="补材料", due_on=factories.days(8), by=cast.committee_clerk)
    assert Extension.objects.get().until == factories.days(20)


def test_return_after_the_stage_needs_a_date(submitted, cast):
    Stage.objects.filter(track=submitted.track, kind="apply").update(closes_on=factories.days(-1))
    with pytest.raises(ValidationError) as refusal:
        checking.return_application(fresh(submitted), reason="补材料", due_on=None, by=cast.committee_clerk)
    assert (code_of(refusal), fresh(submitted).status) == ("no_due_date", Status.SUBMITTED)
    checking.return_application(fresh(submitted), reason="补材料", due_on=factories.days(3), by=cast.committee_clerk)
    submitting.submit_application(fresh(submitted), by=cast.secretary)
    assert fresh(submitted).status == Status.SUBMITTED


def test_return_refuses_a_date_gone_by(submitted, cast):
    with pytest.raises(ValidationError) as refusal:
        checking.return_application(submitted, reason="补材料", due_on=factories.days(-1), by=cast.committee_clerk)
    assert code_of(refusal) == "past_due"


def accept(application, by, **facts):
    defaults = {"members": "核查员A", "checked_on": factories.days(0), "conclusion": "同意"}
    return checking.accept_application(application, **{**defaults, **facts}, by=by)


def test_accept_keeps_score_members_and_date(submitted, cast, road):
    road.check(submitted, "1")
    accept(submitted, cast.committee_clerk)
    decision = CheckDecision.objects.get(application=submitted)
    assert (decision.outcome, decision.score, decision.members) == ("accepted", fresh(submitted).check_score, "核查员A")
    assert Notice.objects.filter(kind="application.accepted").count() == 2


@pytest.mark.parametrize(
    ("share", "line", "facts", "code"),
    [(None, None, {}, "incomplete"), ("0.5", 90, {}, "below_line"), ("1", 90, {"members": " "}, "nobody")],
)
def test_accept_refuses_and_writes_nothing(submitted, cast, road, share, line, facts, code):
    submitted.track.check_line = line
    submitted.track.save()
    if share:
        road.check(submitted, share)
    written = AuditEntry.objects.count(), Notice.objects.count()
    with pytest.raises(ValidationError) as refusal:
        accept(fresh(submitted), cast.committee_clerk, **facts)
    assert (code_of(refusal), fresh(submitted).status) == (code, Status.SUBMITTED)
    assert (AuditEntry.objects.count(), Notice.objects.count()) == written
    assert CheckDecision.objects.count() == 0


def test_a_failed_inner_act_leaves_no_audit_entry(submitted, cast):
    with audit.recorded():
        with pytest.raises(ValidationError):
            accept(submitted, cast.committee_clerk)
        audit.record("probe", submitted, by=None)
    assert list(AuditEntry.objects.order_by("-seq").values_list("action", flat=True)[:2])[0] == "probe"
    assert AuditEntry.objects.filter(action="application.accept").count() == 0


# The list


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(("show", "queries"), [("", 12), ("done", 12)])
def test_check_list_query_count(client_of, cast, applications, road, rows, show, queries, django_assert_num_queries):
    for code in ["A-1", "A-2", "A-3"][:rows]:
        road.to(applications[code], "checked" if show else "submitted")
    client = client_of(cast.committee_head)
    client.get(LIST)
    with django_assert_num_queries(queries):
        assert len(client.get(LIST, {"show": show}).context["rows"]) == rows


def test_check_list_is_the_oldest_first_in_scope(client_of, cast, applications, road):
    for code in ["A-2", "B-1", "A-1"]:
        road.to(applications[code], "submitted")
    page = client_of(cast.committee_clerk).get(LIST)
    assert [each.branch.code for each, _ in page.context["rows"]] == ["A-2", "A-1"]
    assert client_of(cast.secretary).get(LIST).status_code == 403


# The desk


def desk(application):
    return reverse("applications:check", args=[application.pk])


def test_desk_shows_both_sides_and_only_the_committee_may_write(client_of, cast, submitted):
    assert client_of(cast.committee_clerk).get(desk(submitted)).context["open"] is True
    assert client_of(cast.campaign_admin).get(desk(submitted)).context["open"] is False
    assert client_of(cast.inspector).get(desk(submitted)).context["open"] is False
    assert client_of(cast.secretary).get(desk(submitted)).status_code == 403
    assert client_of(cast.other_head).get(desk(submitted)).status_code == 404


def test_desk_is_read_only_after_the_decision(client_of, cast, submitted, road):
    road.accept(submitted)
    page = client_of(cast.committee_clerk).get(desk(submitted))
    assert page.context["open"] is False
    assert b"<textarea" not in page.content


@pytest.mark.parametrize("cited", [0, 3])
def test_desk_query_count(client_of, cast, submitted, road, cited, django_assert_num_queries):
    from applications.models import Citation, Evidence

    for number, leaf in enumerate(submitted.track.rubric.leaves_for("")[:cited]):
        file = Evidence.objects.create(
            branch=submitted.branch, sha256=str(number), name="照片.jpg", content_type="image/jpeg", size=1,
            file="x", uploaded_by=cast.clerk,
        )  # fmt: skip
        Citation.objects.create(application=submitted, criterion=leaf, evidence=file)
    if cited:
        road.check(submitted)
    client = client_of(cast.committee_clerk)
    client.get(desk(submitted))
    with django_assert_num_queries(13):
        client.get(desk(submitted))


def test_second_look_shows_what_the_return_said(client_of, cast, submitted, road):
    road.send_back(submitted, "会议记录缺签名")
    road.submit(submitted)
    assert "会议记录缺签名" in client_of(cast.committee_clerk).get(desk(submitted)).content.decode()


def save_url(application):
    return reverse("applications:save_check", args=[application.pk])


def test_script_saves_one_criterion_and_gets_the_totals(client_of, cast, submitted):
    leaf = leaf_of(submitted, "A1")
    data = {"criterion": leaf.pk, f"c{leaf.pk}-points": "28", f"c{leaf.pk}-remark": "好"}
    answer = client_of(cast.committee_clerk).post(save_url(submitted), data, headers={"X-Requested-With": "fetch"})
    content = answer.json()
    assert (answer.status_code, content["earned"], content["total"]) == (200, {str(leaf.pk): "28"}, "28")
    assert (content["answered"], content["of"], content["final"]) == (1, 6, False)


def test_script_hears_what_is_wrong(client_of, cast, submitted):
    leaf = leaf_of(submitted, "A1")
    data = {"criterion": leaf.pk, f"c{leaf.pk}-points": "99"}
    answer = client_of(cast.committee_clerk).post(save_url(submitted), data, headers={"X-Requested-With": "fetch"})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [str(leaf.pk)])


def test_dimension_button_saves_the_good_rows_and_keeps_the_bad_as_typed(client_of, cast, submitted):
    good, bad = leaf_of(submitted, "A1"), leaf_of(submitted, "A3")
    rule = bad.rules.all()[0]
    data = {"criterion": [good.pk, bad.pk], f"c{good.pk}-points": "28", f"c{bad.pk}-t{rule.pk}": "三次"}
    page = client_of(cast.committee_clerk).post(save_url(submitted), data)
    assert page.status_code == 422
    assert CheckItem.objects.get().criterion == good
    assert 'value="三次"' in page.content.decode()


def test_untouched_rows_are_not_written_again(client_of, cast, submitted):
    leaf = leaf_of(submitted, "A1")
    data = {"criterion": leaf.pk, f"c{leaf.pk}-points": "28"}
    client = client_of(cast.committee_clerk)
    client.post(save_url(submitted), data)
    client.post(save_url(submitted), data)
    assert AuditEntry.objects.filter(action="check.save").count() == 1


def typed(leaf, points, version, remark=""):
    key = f"c{leaf.pk}"
    return {"criterion": leaf.pk, f"{key}-points": points, f"{key}-remark": remark, f"{key}-version": version}


def test_script_of_the_second_clerk_hears_what_the_first_one_saved(client_of, cast, submitted):
    leaf, headers = leaf_of(submitted, "A1"), {"X-Requested-With": "fetch"}
    first, second = client_of(cast.committee_head), client_of(cast.committee_clerk)
    saved = first.post(save_url(submitted), typed(leaf, "28", 0, "好"), headers=headers).json()
    assert saved["versions"] == {str(leaf.pk): 1}
    answer = second.post(save_url(submitted), typed(leaf, "5", 0), headers=headers)
    content = answer.json()
    assert (answer.status_code, list(content["errors"]), content["versions"]) == (409, [str(leaf.pk)], {})
    assert content["theirs"] == {
        str(leaf.pk): {
            "version": 1,
            "fields": {f"c{leaf.pk}-points": "28", f"c{leaf.pk}-remark": "好"},
            "earned": "28",
            "by": cast.committee_head.name,
        }
    }
    # The same as the first one saved is no conflict; neither is the own word once theirs has been seen.
    again = second.post(save_url(submitted), typed(leaf, "28", 0, "好"), headers=headers)
    assert (again.status_code, again.json()["versions"]) == (200, {str(leaf.pk): 1})
    mine = second.post(save_url(submitted), typed(leaf, "5", 1), headers=headers)
    assert (mine.status_code, mine.json()["versions"]) == (200, {str(leaf.pk): 2})
    assert CheckItem.objects.get().points == 5


def test_without_a_script_the_refused_row_stays_as_typed_and_counts_when_saved_once_more(client_of, cast, submitted):
    leaf, clerk = leaf_of(submitted, "A1"), client_of(cast.committee_clerk)
    save(submitted, leaf, {"points": "28"}, cast.committee_head, remark="好")
    page = clerk.post(save_url(submitted), typed(leaf, "5", 0, "缺签名"))
    words = page.content.decode()
    assert (page.status_code, CheckItem.objects.get().points) == (422, 28)
    assert f"刚被{cast.committee_head.name}改过" in words
    assert "现在保存的是：28分，说明：好；再次保存即以您填的为准。" in words
    assert ('value="5"' in words, ">缺签名</textarea>" in words) == (True, True)
    row = next(row for part in page.context["dimensions"] for row in part["rows"] if row.criterion == leaf)
    assert f'name="c{leaf.pk}-version" value="{row.version}"' in words
    assert clerk.post(save_url(submitted), typed(leaf, "5", row.version, "缺签名")).status_code == 302
    assert (CheckItem.objects.get().points, CheckItem.objects.get().remark) == (5, "缺签名")


def test_a_row_wrong_in_itself_keeps_the_version_it_was_opened_with(client_of, cast, submitted):
    """Otherwise putting the slip right would write over what the colleague saved and nobody was shown."""
    leaf, clerk = leaf_of(submitted, "A1"), client_of(cast.committee_clerk)
    save(submitted, leaf, {"points": "28"}, cast.committee_head)
    page = clerk.post(save_url(submitted), typed(leaf, "99", 0))
    assert f'name="c{leaf.pk}-version" value="0"' in page.content.decode()
    assert clerk.post(save_url(submitted), typed(leaf, "9", 0)).status_code == 422
    assert CheckItem.objects.get().points == 28


def test_adopt_button(client_of, cast, submitted):
    client_of(cast.committee_clerk).post(save_url(submitted), {"adopt": "self"})
    assert CheckItem.objects.filter(application=submitted).count() == 6


def test_return_page_keeps_what_was_typed(client_of, cast, submitted):
    url = reverse("applications:return", args=[submitted.pk])
    data = {
        "return-submission": submitted.submissions,
        "return-reason": "请补签名",
        "return-due_on": factories.days(-2),
    }
    page = client_of(cast.committee_clerk).post(url, data)
    assert page.status_code == 422
    assert "请补签名" in page.content.decode()
    assert fresh(submitted).status == Status.SUBMITTED


def test_return_page_refuses_a_submission_it_did_not_show(client_of, cast, submitted, road):
    road.send_back(submitted)
    road.submit(submitted)
    data = {"return-submission": 1, "return-reason": "请补签名"}
    page = client_of(cast.committee_clerk).post(reverse("applications:return", args=[submitted.pk]), data)
    assert page.context["return_form"].has_error("__all__", "conflict")
    assert page.context["return_form"]["submission"].value() == 2
    assert fresh(submitted).status == Status.SUBMITTED
    assert "已重新提交" in page.content.decode()


def test_accept_page_refused_still_shows_the_open_desk(client_of, cast, submitted):
    data = {
        "accept-submission": 1, "accept-members": "核查员A", "accept-checked_on": factories.days(0),
        "accept-conclusion": "同意",
    }  # fmt: skip
    page = client_of(cast.committee_clerk).post(reverse("applications:accept", args=[submitted.pk]), data)
    assert page.context["accept_form"].has_error("__all__", "incomplete")
    assert (page.context["open"], page.context["shown_status"]) == (True, Status.SUBMITTED)


def test_accept_page_leads_back_to_the_list(client_of, cast, submitted, road):
    road.check(submitted)
    data = {
        "accept-submission": 1, "accept-members": "核查员A", "accept-checked_on": factories.days(0),
        "accept-conclusion": "同意",
    }  # fmt: skip
    answer = client_of(cast.committee_clerk).post(reverse("applications:accept", args=[submitted.pk]), data)
    assert answer.url == f"{LIST}?track={submitted.track_id}"
    assert Application.objects.get(pk=submitted.pk).status == Status.CHECKED


def test_late_decision_keeps_the_words_and_says_what_happened(client_of, cast, submitted, road):
    road.accept(submitted)
    data = {"return-submission": 1, "return-reason": "请补签名"}
    page = client_of(cast.committee_clerk).post(reverse("applications:return", args=[submitted.pk]), data)
    assert page.status_code == 422
    assert "请补签名" in page.content.decode()
    assert page.context["return_form"].has_error("__all__", "conflict")


def test_next_and_previous_go_through_the_list_in_its_order(client_of, cast, applications, road):
    first, second = (road.to(applications[code], "submitted") for code in ("A-2", "A-1"))
    client = client_of(cast.committee_clerk)
    queues = [client.get(desk(each)).context["queue"] for each in (first, second)]
    assert [(queue.previous, queue.next) for queue in queues] == [
        (None, {"pk": second.pk, "name": second.branch.short_name}),
        ({"pk": first.pk, "name": first.branch.short_name}, None),
    ]
    assert "已是列表最后一个" in client.get(desk(second)).content.decode()


def test_answers_by_every_kind_are_scored(submitted, cast):
    for leaf in submitted.track.rubric.leaves_for(""):
        if leaf.asked:
            save(submitted, leaf, answer_for(leaf), cast.committee_clerk)
    assert checking.check_score(submitted).final is True
