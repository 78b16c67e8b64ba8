"""A return with remarks, what the branch changes, and the second look that shows nothing but that; the list's order."""

import re

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from applications.models import Application, CheckDecision, CheckItem, Citation, Evidence
from applications.services import checking, preparing, submitting
from applications.states import Status
from branches.models import Notice
from tests import factories
from tests.applications.test_checking import LIST, accept, desk, leaf_of, save, save_url, typed
from tests.road import fresh


@pytest.fixture
def submitted(tiny_application, road):
    return road.to(tiny_application, "submitted")


@pytest.fixture
def clerk(client_of, cast):
    return client_of(cast.committee_clerk)


def send_back(application, by, *codes, **facts):
    items = [(leaf_of(application, code), f"{code}请补材料") for code in codes]
    facts = {"reason": "请按意见修改", "due_on": None, **facts}
    return checking.return_application(fresh(application), items=items, by=by, **facts)


def mend(application, by, code, remark):
    """The branch writes another remark on one criterion."""
    application = fresh(application)
    answer = application.assessments.get(criterion__code=code)
    preparing.save_answer(
        application, answer.criterion, answer=answer.answer, remark=remark, version=answer.version, by=by
    )


def again(application, cast, *codes):
    for code in codes:
        mend(application, cast.secretary, code, f"{code}已补齐")
    submitting.submit_application(fresh(application), by=cast.secretary)
    return fresh(application)


def rows(page):
    return {row.criterion.code: row for part in page.context["dimensions"] for row in part["rows"]}


# The return


def test_return_keeps_the_remarks_and_tells_them(submitted, cast):
    save(submitted, leaf_of(submitted, "A1"), {"points": "20"}, cast.committee_clerk, remark="内部意见")
    send_back(submitted, cast.committee_clerk, "A1", "A3", due_on=factories.days(4))
    decision = CheckDecision.objects.get()
    own = {each.criterion.code: each.points for each in submitted.assessments.select_related("criterion")}
    assert (decision.submission, decision.reason) == (1, "请按意见修改")
    assert decision.items == [
        {"code": "A1", "title": "打分", "remark": "A1请补材料", "self": f"{own['A1'].normalize():f}", "checked": "20"},
        {"code": "A3", "title": "计次", "remark": "A3请补材料", "self": f"{own['A3'].normalize():f}", "checked": ""},
    ]
    notice = Notice.objects.filter(kind="application.returned").first()
    assert "（第1次）" in notice.title
    assert "· A1 打分：A1请补材料\n· A3 计次：A3请补材料\n请在" in notice.body
    assert "内部意见" not in notice.body


def test_a_remark_alone_is_reason_enough(submitted, cast):
    send_back(submitted, cast.committee_clerk, "A1", reason="")
    assert CheckDecision.objects.get().reason == "请按逐项意见修改。"


def test_a_criterion_of_another_standard_goes_back_to_nobody(submitted, cast, wide_track):
    foreign = wide_track.rubric.leaves_for("")[0]
    with pytest.raises(ValidationError) as refusal:
        checking.return_application(
            submitted, reason="改", due_on=None, items=[(foreign, "改")], by=cast.committee_clerk
        )
    assert (refusal.value.code, fresh(submitted).status) == ("foreign_criterion", Status.SUBMITTED)


def returning(application, *ticked, **said):
    data = {"return-submission": application.submissions, "return-reason": "", "return-item": list(ticked)}
    return data | {f"return-said-{key}": text for key, text in said.items()}


def test_the_page_sends_back_what_was_ticked_with_the_words_as_edited(clerk, submitted, cast):
    first, second = leaf_of(submitted, "A1"), leaf_of(submitted, "A2")
    save(submitted, first, {"points": "20"}, cast.committee_clerk, remark="缺签名")
    save(submitted, second, {}, cast.committee_clerk, remark="不必告诉支部")
    lines = {each.code: each for each in clerk.get(desk(submitted)).context["return_lines"]}
    assert {code: (each.text, each.ticked) for code, each in lines.items()} == {
        "A1": ("缺签名", True), "A2": ("不必告诉支部", True),
    }  # fmt: skip
    data = returning(submitted, first.key, **{first.key: "请补签名", second.key: "不必告诉支部"})
    answer = clerk.post(reverse("applications:return", args=[submitted.pk]), data)
    assert answer.status_code == 302
    assert [(item["code"], item["remark"]) for item in CheckDecision.objects.get().items] == [("A1", "请补签名")]


def test_a_ticked_line_without_words_is_refused_and_nothing_typed_is_lost(clerk, submitted, cast):
    first, second = leaf_of(submitted, "A1"), leaf_of(submitted, "A2")
    data = returning(submitted, first.key, **{first.key: " ", second.key: "请补台账"})
    page = clerk.post(reverse("applications:return", args=[submitted.pk]), data)
    assert page.status_code == 422
    assert page.context["return_form"].has_error("__all__", "blank")
    lines = {each.code: (each.text.strip(), each.ticked) for each in page.context["return_lines"]}
    assert lines == {"A1": ("", True), "A2": ("请补台账", False)}
    assert fresh(submitted).status == Status.SUBMITTED


def test_nothing_at_all_is_no_return(clerk, submitted):
    page = clerk.post(reverse("applications:return", args=[submitted.pk]), returning(submitted))
    assert page.context["return_form"].has_error("__all__", "no_reason")


def test_returns_are_counted_where_they_are_read(clerk, submitted, cast):
    send_back(submitted, cast.committee_clerk, "A1")
    again(submitted, cast, "A1")
    send_back(submitted, cast.committee_clerk, "A1")
    application = again(submitted, cast)
    page = clerk.get(desk(application))
    assert [number for number, _ in page.context["decisions"]] == [2, 1]
    assert "这将是第3次退回" in page.content.decode()


# The second look


def test_a_first_look_shows_everything(clerk, submitted):
    page = clerk.get(desk(submitted))
    assert page.context["look"] is None
    assert len(rows(page)) == len(submitted.track.rubric.leaves_for(""))


def test_a_second_look_shows_what_changed_and_what_was_remarked_on(clerk, submitted, cast, road):
    road.check(submitted)
    send_back(submitted, cast.committee_clerk, "A1", "A2")
    application = again(submitted, cast, "A2", "A3")
    page = clerk.get(desk(application))
    found = rows(page)
    assert list(found) == ["A1", "A2", "A3"]
    assert {code: (bool(row.changes), bool(row.remarked), row.stale) for code, row in found.items()} == {
        "A1": (False, True, False), "A2": (True, True, True), "A3": (True, False, True),
    }  # fmt: skip
    [change] = found["A3"].changes
    assert (change.before, change.after) == ("已落实。", "A3已补齐")
    words = page.content.decode()
    assert [words.count(f">{mark}</span> 退回时的意见") for mark in ("已改", "未改")] == [1, 1]
    assert words.count("支部已改，请重核") == 2
    assert found["A2"].item is not None  # what was scored is still there
    assert len(rows(clerk.get(desk(application), {"all": 1}))) == len(application.track.rubric.leaves_for(""))


def test_new_evidence_is_a_change(clerk, submitted, cast, road):
    send_back(submitted, cast.committee_clerk, "A1")
    file = Evidence.objects.create(
        branch=submitted.branch, sha256="e" * 64, name="签到表.pdf", content_type="application/pdf", size=1, file="x",
        uploaded_by=cast.clerk,
    )  # fmt: skip
    Citation.objects.create(application=submitted, criterion=leaf_of(submitted, "A5"), evidence=file)
    found = rows(clerk.get(desk(again(submitted, cast))))
    assert list(found) == ["A1", "A5"]
    assert found["A5"].changes[0].after == "签到表.pdf"


def test_facts_beside_the_criteria_are_listed(clerk, submitted, cast):
    send_back(submitted, cast.committee_clerk, "A1")
    field = submitted.track.form_fields.filter(kind="line").first()
    Application.objects.filter(pk=submitted.pk).update(form_data={**fresh(submitted).form_data, field.key: "平安先锋"})
    facts = dict(clerk.get(desk(again(submitted, cast))).context["look"].facts)
    assert [(change.label, change.after) for change in facts["申报内容"]] == [(field.label, "平安先锋")]


def test_scored_anew_the_flag_goes(clerk, submitted, cast, road):
    road.check(submitted)
    send_back(submitted, cast.committee_clerk, "A1")
    application = again(submitted, cast, "A1")
    leaf, item = leaf_of(application, "A1"), CheckItem.objects.get(application=application, criterion__code="A1")
    assert [jump.code for jump in clerk.get(desk(application)).context["desk"].stale] == ["A1"]
    clerk.post(save_url(application), typed(leaf, "25", item.version))
    assert clerk.get(desk(application)).context["desk"].stale == []


def test_standing_by_a_score_is_a_save_of_its_own(clerk, submitted, cast, road):
    road.check(submitted)
    send_back(submitted, cast.committee_clerk, "A1")
    application = again(submitted, cast, "A1")
    item = CheckItem.objects.get(application=application, criterion__code="A1")
    points = f"{item.points.normalize():f}"
    data = {**typed(item.criterion, points, item.version), "keep": item.criterion.key}
    answer = clerk.post(save_url(application), data, headers={"X-Requested-With": "fetch"}).json()
    assert answer["saved"] == [item.criterion.key]
    kept = CheckItem.objects.get(pk=item.pk)
    assert (kept.points, kept.version, kept.checked_by) == (item.points, item.version + 1, cast.committee_clerk)
    assert clerk.get(desk(application)).context["desk"].stale == []
    again_answer = clerk.post(save_url(application), data, headers={"X-Requested-With": "fetch"})
    assert again_answer.status_code == 409  # the page that stood by an older version


def test_nothing_is_there_to_stand_by(submitted, cast):
    with pytest.raises(ValidationError) as refusal:
        checking.confirm_check(submitted, leaf_of(submitted, "A1"), version=0, by=cast.committee_clerk)
    assert (refusal.value.code, CheckItem.objects.count()) == ("nothing", 0)


def test_after_a_withdrawal_the_scores_given_before_count_as_a_look(clerk, submitted, cast):
    save(submitted, leaf_of(submitted, "A1"), {"points": "20"}, cast.committee_clerk)
    submitting.withdraw_application(fresh(submitted), by=cast.secretary)
    submitting.reopen_application(fresh(submitted), by=cast.secretary)
    page = clerk.get(desk(again(submitted, cast, "A1")))
    assert list(rows(page)) == ["A1"]
    assert rows(page)["A1"].stale is True


def test_a_withdrawal_nobody_had_looked_at_is_a_first_look(clerk, submitted, cast):
    submitting.withdraw_application(fresh(submitted), by=cast.secretary)
    submitting.reopen_application(fresh(submitted), by=cast.secretary)
    assert clerk.get(desk(again(submitted, cast, "A1"))).context["look"] is None


def test_remarks_of_the_first_round_are_not_sent_twice(clerk, submitted, cast):
    for code in ("A1", "A2", "A3"):
        save(submitted, leaf_of(submitted, code), {}, cast.committee_clerk, remark=f"{code}缺材料")
    send_back(submitted, cast.committee_clerk, "A1", "A2")
    lines = clerk.get(desk(again(submitted, cast, "A1"))).context["return_lines"]
    assert {each.code: each.ticked for each in lines} == {"A1": False, "A2": True, "A3": False}


@pytest.mark.parametrize("changed", [1, 3])
def test_a_second_look_costs_the_same_whatever_changed(
    clerk, submitted, cast, road, changed, django_assert_num_queries
):
    road.check(submitted)
    send_back(submitted, cast.committee_clerk, "A1")
    application = again(submitted, cast, *["A1", "A2", "A3"][:changed])
    clerk.get(desk(application))
    with django_assert_num_queries(15):
        page = clerk.get(desk(application))
    assert len(rows(page)) == changed


# The list and its order


@pytest.fixture
def waiting(applications, road):
    """Three submitted in this order: A-3, A-1, A-2, with their self-scores."""
    return [road.to(applications[code], "submitted") for code in ("A-3", "A-1", "A-2")]


def test_the_desk_goes_through_the_list_as_it_was_filtered_and_ordered(clerk, waiting):
    third, first, second = waiting
    page = clerk.get(desk(third))
    assert (page.context["queue"].next["pk"], page.context["queue"].previous) == (first.pk, None)
    page = clerk.get(desk(third), {"sort": "late"})
    assert (page.context["queue"].next, page.context["queue"].previous["pk"]) == (None, first.pk)
    assert f'href="{desk(first)}?sort=late"' in page.content.decode()
    page = clerk.get(desk(third), {"again": "again"})
    assert page.context["queue"].rows == []


def test_concluding_leads_back_to_the_same_list_or_on_to_the_next(clerk, waiting, road):
    third, first, second = waiting
    for each in waiting:
        road.check(each)
    facts = {"submission": 1, "members": "核查员A", "checked_on": factories.days(0), "conclusion": "同意"}
    data = {f"accept-{key}": value for key, value in facts.items()}
    url = f"{reverse('applications:accept', args=[third.pk])}?sort=name"
    answer = clerk.post(url, {**data, "then": "next"})
    assert answer.status_code == 302
    assert re.match(rf"{desk(first)}\?sort=name|{desk(second)}\?sort=name", answer.url)
    answer = clerk.post(f"{reverse('applications:accept', args=[first.pk])}?sort=name", data)
    assert answer.url == f"{LIST}?sort=name&track={first.track_id}"
    last = clerk.post(reverse("applications:accept", args=[second.pk]), {**data, "then": "next"}, follow=True)
    assert "这是待核查列表里的最后一个" in last.content.decode()


def test_the_list_tells_first_submissions_from_later_ones(clerk, waiting, cast):
    send_back(waiting[1], cast.committee_clerk, "A1")
    again(waiting[1], cast, "A1")
    found = clerk.get(LIST, {"again": "again"}).context["rows"]
    assert [each.branch.code for each, _ in found] == ["A-1"]
    found = clerk.get(LIST, {"again": "first", "sort": "late"}).context["rows"]
    assert [each.branch.code for each, _ in found] == ["A-2", "A-3"]


# The record


def test_the_record_has_members_date_scores_and_conclusion(clerk, submitted, cast, road):
    url = reverse("applications:check_record", args=[submitted.pk])
    assert "核查还没有通过" in clerk.get(url).content.decode()
    road.check(submitted, "1")
    accept(submitted, cast.committee_clerk, conclusion="核查属实，同意通过。")
    words = clerk.get(url).content.decode()
    total = f"{fresh(submitted).check_score.normalize():f}"
    assert all(text in words for text in ("核查员A", "核查属实，同意通过。", f"核查{total}分", "党委负责人（签字）"))


def test_missing_ones_are_listed_with_a_way_to_each(clerk, submitted, cast):
    save(submitted, leaf_of(submitted, "A1"), {"points": "20"}, cast.committee_clerk)
    page = clerk.get(desk(submitted))
    missing = [jump["code"] for jump in page.context["missing"]]
    assert missing == ["A2", "A3", "A4", "A5", "B1"]
    assert f'href="#c{leaf_of(submitted, "A2").key}"' in page.content.decode()
