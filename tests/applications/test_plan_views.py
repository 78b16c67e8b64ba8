"""The plan: written and filed by the branch, followed through the year, read and remarked on by its committee."""

import pytest
from django.urls import reverse
from django.utils import timezone

from applications.models import Application, PlanItem, PlanProgress, PlanRemark
from applications.services import planning
from branches.models import AuditEntry, Notice
from tests.factories import days


def url(name, application, *more):
    return reverse(f"applications:{name}", args=[application.pk, *more])


def plan_data(*rows, initial=0, **more):
    data = {"form-TOTAL_FORMS": len(rows), "form-INITIAL_FORMS": initial, **more}
    for n, row in enumerate(rows):
        data |= {f"form-{n}-{name}": value for name, value in row.items()}
    return data


GOOD = {
    "measure": "每月开展主题党日",
    "indicator": "次数",
    "target": "12",
    "responsible": "支委B",
    "due_on": "2026-12-31",
}


def test_plan_saves_rows_and_leaves_out_empty_ones(client_of, cast, application):
    data = plan_data({}, GOOD, {}, {**GOOD, "measure": "走访"}, {**GOOD, "measure": "不要了", "DELETE": "on"})
    assert client_of(cast.clerk).post(url("plan", application), data).status_code == 302
    assert list(PlanItem.objects.values_list("order", "measure")) == [(1, "每月开展主题党日"), (2, "走访")]


def test_plan_with_a_gap_keeps_what_was_typed(client_of, cast, application):
    page = client_of(cast.clerk).post(url("plan", application), plan_data({"measure": "只写了措施"}, {}))
    form = page.context["formset"].forms[0]
    assert (page.status_code, form["measure"].value()) == (200, "只写了措施")
    assert {name: list(errors) for name, errors in form.errors.items()} == {
        "responsible": ["请填写责任人。"], "due_on": ["请填写完成时限。"],
    }  # fmt: skip
    assert PlanItem.objects.count() == 0


def test_plan_emptied_row_goes_away(client_of, cast, application):
    client = client_of(cast.clerk)
    client.post(url("plan", application), plan_data(GOOD))
    client.post(url("plan", application), plan_data({"measure": ""}, initial=1))
    assert PlanItem.objects.count() == 0


def test_plan_more_rows_without_script_judges_nothing(client_of, cast, application):
    page = client_of(cast.clerk).post(url("plan", application), plan_data({"measure": "半句"}, more="1"))
    assert (len(page.context["formset"].forms), PlanItem.objects.count()) == (4, 0)
    assert page.context["formset"].forms[0]["measure"].value() == "半句"


def test_plan_save_and_file(client_of, cast, application):
    client = client_of(cast.clerk)
    client.post(url("plan", application), plan_data(GOOD, file="1"))
    application.refresh_from_db()
    assert application.plan_filed_at is not None
    actions = AuditEntry.objects.filter(action__startswith="plan.").order_by("seq")
    assert list(actions.values_list("action", flat=True)) == ["plan.save", "plan.file"]


def test_plan_without_a_measure_cannot_be_filed(client_of, cast, application):
    page = client_of(cast.clerk).post(url("plan", application), plan_data({}, file="1"))
    assert page.context["errors"] == ["计划里还没有创建措施，请至少填写一条再报备。"]
    answer = client_of(cast.clerk).post(url("file_plan", application))
    application.refresh_from_db()
    assert (answer.status_code, application.plan_filed_at) == (302, None)


def test_plan_on_a_stale_page_overwrites_nothing(client_of, cast, application):
    client = client_of(cast.clerk)
    mark = client.get(url("plan", application)).context["mark"]
    client_of(cast.secretary).post(url("plan", application), plan_data(GOOD, mark=mark))
    page = client.post(url("plan", application), plan_data({**GOOD, "measure": "我的"}, mark=mark))
    assert (page.status_code, PlanItem.objects.get().measure) == (200, "每月开展主题党日")
    assert page.context["formset"].forms[0]["measure"].value() == "我的"
    client.post(url("plan", application), plan_data({**GOOD, "measure": "我的"}, mark=page.context["mark"]))
    assert PlanItem.objects.get().measure == "我的"


def test_plan_is_for_the_branch_to_change(client_of, cast, application):
    answer = client_of(cast.committee_clerk).post(url("plan", application), plan_data(GOOD))
    assert (answer.status_code, PlanItem.objects.count()) == (403, 0)


def test_plan_rows_keep_their_measures(client_of, cast, application):
    client = client_of(cast.clerk)
    client.post(url("plan", application), plan_data(GOOD, {**GOOD, "measure": "走访"}))
    first, second = PlanItem.objects.order_by("order")
    page = client.get(url("plan", application))
    assert [form.initial["item"] for form in page.context["formset"].forms[:2]] == [first.pk, second.pk]
    data = plan_data({**GOOD, "item": second.pk, "target": "20"}, {**GOOD, "item": first.pk}, mark=page.context["mark"])
    client.post(url("plan", application), data)
    assert list(PlanItem.objects.order_by("order").values_list("pk", "target")) == [(second.pk, "20"), (first.pk, "12")]


@pytest.fixture
def filed(application, cast):
    """Two measures, the first long due, filed."""
    rows = [
        {"measure": "每月开展主题党日", "indicator": "次数", "baseline": "8", "target": "12次", "responsible": "支委B",
         "due_on": days(-3)},
        {"measure": "走访", "responsible": "支委C", "due_on": days(60)},
    ]  # fmt: skip
    planning.save_plan(application, rows, by=cast.clerk)
    return planning.file_plan(application, by=cast.clerk)


def note(**changed):
    today = timezone.localdate().isoformat()
    return {"noted_on": today, "actual": "10次", "note": "开展主题党日10次。", **changed}


def test_filed_plan_shows_its_progress_and_edits_on_demand(client_of, cast, filed):
    client = client_of(cast.clerk)
    page = client.get(url("plan", filed))
    assert (page.context["editing"], page.context["summary"].words) == (False, "2条措施，完成0条，逾期1条")
    assert "已逾期3天" in page.content.decode()
    assert client.get(url("plan", filed), {"edit": ""}).context["editing"] is True


def test_progress_is_noted_after_the_submission_too(client_of, cast, filed):
    Application.objects.filter(pk=filed.pk).update(status="submitted")
    application, item = filed, filed.plan_items.first()
    answer = client_of(cast.clerk).post(url("measure", application, item.pk), note(done="on"))
    item.refresh_from_db()
    assert (answer["Location"], item.actual) == (f"{url('plan', application)}#m{item.pk}", "10次")
    assert (item.done_on, item.percent) == (timezone.localdate(), 50)
    page = client_of(cast.committee_clerk).get(url("plan", application)).content.decode()
    assert "开展主题党日10次。" in page
    assert "登记进展</a>" not in page


def test_progress_twice_is_one_entry(client_of, cast, filed):
    item = filed.plan_items.first()
    for _ in range(2):
        client_of(cast.clerk).post(url("measure", filed, item.pk), note())
    assert PlanProgress.objects.count() == 1


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"noted_on": days(2).isoformat()}, "noted_on", "future"),
        ({"noted_on": ""}, "noted_on", "required"),
        ({"actual": "", "note": ""}, "__all__", "nothing_noted"),
    ],
)
def test_progress_says_what_is_wrong_and_keeps_the_rest(client_of, cast, filed, changed, field, code):
    item = filed.plan_items.first()
    page = client_of(cast.clerk).post(url("measure", filed, item.pk), note(**changed))
    errors = page.context["form"].errors.as_data()
    assert {name: [error.code for error in found] for name, found in errors.items()} == {field: [code]}
    assert PlanProgress.objects.count() == 0


def test_measure_of_another_branch_is_404(client_of, cast, filed, applications):
    item = filed.plan_items.first()
    assert client_of(cast.clerk).get(url("measure", applications["A-1"], item.pk)).status_code == 404


def test_a_fixed_plan_has_no_rows_to_write_in(client_of, cast, filed, road):
    application = road.to(filed, "submitted")
    client = client_of(cast.clerk)
    assert client.get(url("plan", application), {"edit": ""}).context["editing"] is False
    page = client.post(url("plan", application), plan_data(GOOD))
    assert "报备过的措施和目标不再改动" in page.content.decode()
    assert application.plan_items.filter(indicator="次数").count() == 1


def test_committee_remarks_on_a_plan(client_of, cast, filed):
    client = client_of(cast.committee_clerk)
    for _ in range(2):
        assert client.post(url("remark_on_plan", filed), {"text": "请补充量化目标。"}).status_code == 302
    assert PlanRemark.objects.get().made_by == cast.committee_clerk
    told = Notice.objects.filter(kind="plan.remark").order_by("recipient")
    assert [notice.recipient for notice in told] == [cast.secretary, cast.clerk]
    page = client_of(cast.clerk).get(url("plan", filed))
    assert "请补充量化目标。" in page.content.decode()
    assert page.context["remark_form"] is None


def test_remark_needs_words_and_the_committee(client_of, cast, filed):
    assert client_of(cast.clerk).post(url("remark_on_plan", filed), {"text": "好"}).status_code == 403
    page = client_of(cast.committee_clerk).post(url("remark_on_plan", filed), {"text": ""}, follow=True)
    assert [str(message) for message in page.context["messages"]] == ["请填写给支部的意见。"]
    assert PlanRemark.objects.count() == 0


@pytest.mark.parametrize("number", [1, 3])
def test_plan_asks_the_same_number_of_queries(client_of, cast, application, number, django_assert_num_queries):
    rows = [{**GOOD, "measure": f"措施{n}", "due_on": days(9)} for n in range(number)]
    planning.save_plan(application, rows, by=cast.clerk)
    planning.file_plan(application, by=cast.clerk)
    for item in application.plan_items.all():
        for text in ("一", "二")[:number]:
            planning.note_progress(item, by=cast.clerk, noted_on=days(0), note=text)
    client = client_of(cast.clerk)
    client.get(url("plan", application))
    with django_assert_num_queries(13):
        client.get(url("plan", application))
