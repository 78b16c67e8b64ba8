"""我的创建 in detail: what stands on each criterion, what came back and was mended, the one thing to do next."""

import pytest
from django.urls import reverse

from applications import progress
from applications.models import Application, CheckDecision, Citation, Evidence
from applications.services import planning, preparing
from tests.factories import days


def url(name, application, *more):
    return reverse(f"applications:{name}", args=[application.pk, *more])


def fresh(application):
    return Application.objects.for_work().get(pk=application.pk)


def marks(application):
    found = [mark for dimension in progress.Progress(fresh(application)).dimensions for mark in dimension.marks]
    return {mark.criterion.code: mark for mark in found}


@pytest.fixture
def paper(tiny_application, cast):
    return Evidence.objects.create(
        branch=tiny_application.branch, sha256="e" * 64, name="台账.pdf", content_type="application/pdf", size=1,
        uploaded_by=cast.clerk, file="x",
    )  # fmt: skip


# Completeness per criterion


def test_a_criterion_wants_words_evidence_and_a_score(tiny_application, cast, paper):
    leaf = tiny_application.track.rubric.leaves_for("")[0]
    states = []
    preparing.save_answer(tiny_application, leaf, answer={"points": "10"}, remark="", version=0, by=cast.clerk)
    states.append(marks(tiny_application)[leaf.code])
    preparing.save_answer(tiny_application, leaf, answer={"points": "10"}, remark="已落实", version=1, by=cast.clerk)
    states.append(marks(tiny_application)[leaf.code])
    Citation.objects.create(application=tiny_application, criterion=leaf, evidence=paper)
    states.append(marks(tiny_application)[leaf.code])
    assert [(mark.answered, mark.told, mark.evidence, mark.done) for mark in states] == [
        (True, False, 0, False), (True, True, 0, False), (True, True, 1, True),
    ]  # fmt: skip
    assert states[0].points == "10"


def test_what_only_the_inspectors_say_is_not_counted(wide_application):
    shown = set(marks(wide_application))
    leaves = wide_application.track.rubric.leaves_for(wide_application.branch.line)
    asked = {leaf.code for leaf in leaves if leaf.asked or leaf.kind == "plain"}
    assert shown == asked
    assert any(leaf.code not in shown for leaf in leaves)


def test_page_counts_per_dimension_and_filters_what_is_left(client_of, cast, tiny_application, paper):
    leaf = tiny_application.track.rubric.leaves_for("")[0]
    preparing.save_answer(tiny_application, leaf, answer={"points": "10"}, remark="已落实", version=0, by=cast.clerk)
    Citation.objects.create(application=tiny_application, criterion=leaf, evidence=paper)
    client, anchor = client_of(cast.clerk), f"{url('assessment', tiny_application)}#c{leaf.pk}"
    page = client.get(url("detail", tiny_application))
    first = page.context["progress"].dimensions[0]
    assert (first.answered, first.told, first.cited, len(first.left)) == (1, 1, 1, len(first.marks) - 1)
    assert anchor in page.content.decode()
    assert anchor not in client.get(url("detail", tiny_application), {"left": ""}).content.decode()


@pytest.mark.parametrize("number", [1, 3])
def test_page_asks_the_same_for_any_number_of_answers(
    client_of, cast, tiny_application, paper, number, django_assert_num_queries
):
    for leaf in tiny_application.track.rubric.leaves_for("")[:number]:
        Citation.objects.create(application=tiny_application, criterion=leaf, evidence=paper)
    client = client_of(cast.clerk)
    client.get(url("detail", tiny_application))
    with django_assert_num_queries(16):
        client.get(url("detail", tiny_application))


# What was returned


def remarked(application, *codes):
    """The latest return said something of these criteria."""
    titles = {leaf.code: leaf.title for leaf in application.track.rubric.leaves_for("")}
    items = [{"code": code, "title": titles[code], "remark": "请补充", "self": "10", "checked": "8"} for code in codes]
    CheckDecision.objects.filter(application=application).update(items=items)


@pytest.fixture
def sent_back(tiny_application, road):
    application = road.send_back(road.to(tiny_application, "submitted"), reason="材料不全。")
    remarked(application, "A1", "A2")
    return fresh(application)


def test_remarks_lead_to_their_criteria(client_of, cast, sent_back):
    page = client_of(cast.clerk).get(url("detail", sent_back))
    leaf = next(leaf for leaf in sent_back.track.rubric.leaves_for("") if leaf.code == "A1")
    items = page.context["came_back"].remarks
    assert [(item.code, item.changed) for item in items] == [("A1", False), ("A2", False)]
    assert items[0].url == f"{url('assessment', sent_back)}#c{leaf.pk}"
    assert page.context["next"].title == "按退回意见修改“A1 打分”"


def test_a_mended_criterion_is_told_apart(client_of, cast, sent_back):
    leaf = next(leaf for leaf in sent_back.track.rubric.leaves_for("") if leaf.code == "A1")
    answer = sent_back.assessments.get(criterion=leaf)
    preparing.save_answer(
        sent_back, leaf, answer={"points": "5"}, remark="已补充", version=answer.version, by=cast.clerk
    )
    page = client_of(cast.clerk).get(url("detail", sent_back))
    assert [item.changed for item in page.context["came_back"].remarks] == [True, False]
    assert page.context["next"].title.startswith("按退回意见修改“A2")


def test_a_remark_on_a_criterion_that_is_no_more_leads_to_the_sheet(client_of, cast, sent_back):
    CheckDecision.objects.update(items=[{"code": "Z9", "title": "旧指标", "remark": "请补充"}])
    page = client_of(cast.clerk).get(url("detail", sent_back))
    assert [item.url for item in page.context["came_back"].remarks] == [url("assessment", sent_back)]


def test_earlier_returns_stay_in_the_history(client_of, cast, sent_back, road):
    road.send_back(road.submit(sent_back), reason="仍不全。")
    text = client_of(cast.clerk).get(url("detail", sent_back)).content.decode()
    assert ("材料不全。" in text, "仍不全。" in text, "退回2次" in text) == (True, True, True)


@pytest.mark.parametrize("number", [1, 3])
def test_a_returned_page_asks_the_same_for_any_number_of_remarks(
    client_of, cast, sent_back, number, django_assert_num_queries
):
    remarked(sent_back, *["A1", "A2", "A3"][:number])
    client = client_of(cast.clerk)
    client.get(url("detail", sent_back))
    with django_assert_num_queries(23):
        client.get(url("detail", sent_back))


# The state on every page, and the one next thing


@pytest.mark.parametrize("name", ["detail", "plan", "assessment", "evidence", "form", "preview"])
def test_every_page_says_the_state(client_of, cast, tiny_application, name):
    page = client_of(cast.clerk).get(url(name, tiny_application)).content.decode()
    assert page.count("草稿·未提交") == 1


@pytest.mark.parametrize("name", ["detail", "plan", "assessment", "evidence", "preview", "receipt"])
def test_every_page_of_a_submitted_application_shows_its_receipt(client_of, cast, tiny_application, road, name):
    application = road.to(tiny_application, "submitted")
    page = client_of(cast.clerk).get(url(name, application)).content.decode()
    assert f"已提交，等待核查 · 回执号 {application.receipt_number}" in page


def test_the_state_does_not_tell_a_decision_that_is_not_public(client_of, cast, tiny_application, road):
    application = road.to(tiny_application, "submitted")
    pages = []
    for status in ("in_review", "selected", "reserve", "not_selected"):
        Application.objects.filter(pk=application.pk).update(status=status)
        text = client_of(cast.secretary).get(url("plan", application)).content.decode()
        pages.append(text[text.index('<div class="state') : text.index('<nav class="tabs')])
    assert len(set(pages)) == 1
    assert "考评中" in pages[0]


def test_after_the_submission_a_measure_that_ran_out_comes_next(client_of, cast, tiny_application, road):
    application = road.fill(tiny_application)
    item = application.plan_items.get()
    application = road.submit(application)
    client = client_of(cast.clerk)
    assert client.get(url("detail", application)).context["next"] is None
    item.due_on = days(-4)
    item.save()
    step = client.get(url("detail", application)).context["next"]
    assert (step.title, step.url) == (f"登记“{item.measure}”的进展", url("measure", application, item.pk))
    planning.note_progress(item, by=cast.clerk, noted_on=days(0), done=True)
    assert client.get(url("detail", application)).context["next"] is None
