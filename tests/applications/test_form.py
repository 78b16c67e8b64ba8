"""The 申报表: drafts, stale pages, reading through, submitting, the receipt and the PDF."""

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.urls import reverse
from kombu.exceptions import OperationalError

from applications import snapshots, tasks
from applications.models import Application, Snapshot
from applications.services import preparing
from applications.services.submitting import mark_of
from branches import jobs
from branches.models import AuditEntry, Job, Notice

FETCH = {"X-Requested-With": "fetch"}


def url(name, application):
    return reverse(f"applications:{name}", args=[application.pk])


@pytest.fixture(autouse=True)
def told(monkeypatch):
    """What the worker was told: no message leaves the tests."""
    calls = []
    monkeypatch.setattr(tasks.render_form, "delay", calls.append)
    # A test is one transaction that never commits.
    monkeypatch.setattr(transaction, "on_commit", lambda act: act())
    return calls


@pytest.fixture
def client(client_of, cast):
    return client_of(cast.clerk)


def typed(seen=None, **fields):
    """The whole form as sent; `seen` is what the page was showing (a form nobody had saved yet)."""
    values = {"theme": "党建引领", "work": "", **fields}
    marks = {f"v-{key}-version": mark_of((seen or {}).get(key, "")) for key in values}
    return {**{f"f-{key}": value for key, value in values.items()}, **marks}


# Drafts


def test_draft_takes_gaps_and_too_many_words(client, tiny_application):
    answer = client.post(url("form", tiny_application), typed(work="长" * 400))
    tiny_application.refresh_from_db()
    assert (answer.status_code, tiny_application.form_version) == (302, 1)
    assert tiny_application.form_data == {"theme": "党建引领", "work": "长" * 400}


def test_draft_counts_a_line_break_as_one_character(client, tiny_application):
    client.post(url("form", tiny_application), typed(work="一\r\n二"))
    tiny_application.refresh_from_db()
    assert tiny_application.form_data["work"] == "一\n二"


def test_draft_by_script_gets_the_new_version(client, tiny_application):
    first = client.post(url("form", tiny_application), typed(), headers=FETCH).json()
    again = client.post(url("form", tiny_application), typed(seen={"theme": "党建引领"}), headers=FETCH).json()
    assert first["version"] == again["version"] == mark_of("党建引领")
    assert AuditEntry.objects.get(action="form.save").changes == {"fields": {"theme": ["", "党建引领"]}}


def test_draft_page_shows_what_is_known_and_how_long_a_field_may_be(client, tiny_application):
    page = client.get(url("form", tiny_application))
    text = page.content.decode()
    assert [
        part in text for part in ("（书记）、支委B", "正式12名，预备1名", "甲县分局党委经办人", 'data-most="300"')
    ] == [True] * 4


def test_stale_page_keeps_what_was_typed_and_shows_the_other(client, client_of, cast, tiny_application):
    client_of(cast.secretary).post(url("form", tiny_application), typed(work="书记写的"))
    page = client.post(url("form", tiny_application), typed(theme="新主题", work="经办人写的"))
    rows = {row.key: row for row in page.context["rows"]}
    assert (page.status_code, rows["work"].field.value(), rows["work"].theirs) == (200, "经办人写的", "书记写的")
    assert "“创建主题”、“创建情况”刚在另一个页面" in page.context["errors"][0]
    tiny_application.refresh_from_db()
    assert tiny_application.form_data == {"theme": "党建引领", "work": "书记写的"}
    client.post(url("form", tiny_application), {**typed(theme="新主题", work="经办人写的"), **marks_on(page)})
    tiny_application.refresh_from_db()
    assert tiny_application.form_data == {"theme": "新主题", "work": "经办人写的"}


def marks_on(page):
    return {row.version.html_name: row.version.value() for row in page.context["rows"]}


def test_two_people_in_different_fields_are_no_conflict(client, client_of, cast, tiny_application):
    client_of(cast.secretary).post(url("form", tiny_application), typed(theme="书记定的主题"))
    answer = client.post(url("form", tiny_application), typed(theme="", work="经办人写的"))
    tiny_application.refresh_from_db()
    assert (answer.status_code, tiny_application.form_data) == (302, {"theme": "书记定的主题", "work": "经办人写的"})


def test_lost_race_in_one_field_saves_the_others(client, client_of, cast, tiny_application):
    client_of(cast.secretary).post(url("form", tiny_application), typed(theme="书记定的主题"))
    page = client.post(url("form", tiny_application), typed(theme="经办人的主题", work="经办人写的"))
    tiny_application.refresh_from_db()
    assert tiny_application.form_data == {"theme": "书记定的主题", "work": "经办人写的"}
    assert [row.theirs for row in page.context["rows"]] == ["书记定的主题", None]


def test_stale_script_gets_the_others_words(client, client_of, cast, tiny_application):
    client_of(cast.secretary).post(url("form", tiny_application), typed(work="书记写的"))
    sent = {"f-work": "经办人写的", "v-work-version": mark_of("")}
    answer = client.post(url("form", tiny_application), sent, headers=FETCH)
    theirs = answer.json()["theirs"]
    assert (answer.status_code, theirs["fields"]) == (409, {"f-work": "书记写的"})
    again = client.post(url("form", tiny_application), {**sent, "v-work-version": theirs["version"]}, headers=FETCH)
    tiny_application.refresh_from_db()
    assert (again.status_code, tiny_application.form_data["work"]) == (200, "经办人写的")


def test_script_saves_one_field_and_leaves_the_rest(client, tiny_application):
    client.post(url("form", tiny_application), typed(work="已有"))
    client.post(
        url("form", tiny_application),
        {"f-theme": "新", "v-theme-version": mark_of("党建引领")},
        headers=FETCH,
    )
    tiny_application.refresh_from_db()
    assert tiny_application.form_data == {"theme": "新", "work": "已有"}


def test_a_character_no_page_sends_is_refused_in_words(client, tiny_application):
    answer = client.post(url("form", tiny_application), {"f-theme": "a\x00b"}, headers=FETCH)
    assert (answer.status_code, "没有保存" in answer.json()["message"]) == (400, True)
    assert client.post(url("form", tiny_application), typed(theme="a\x00b")).status_code == 200


def test_form_is_closed_to_readers_and_after_submission(client, client_of, cast, tiny_application, road):
    assert client_of(cast.committee_clerk).get(url("form", tiny_application))["Location"] == url(
        "preview", tiny_application
    )
    assert client_of(cast.committee_clerk).post(url("form", tiny_application), typed()).status_code == 403
    road.to(tiny_application, "submitted")
    assert client.get(url("form", tiny_application)).status_code == 302
    answer = client.post(url("form", tiny_application), typed(work="改"), headers=FETCH)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


# Reading through and submitting


def test_preview_lists_what_is_missing_with_the_way_there(client, tiny_application):
    gaps = client.get(url("preview", tiny_application)).context["gaps"]
    meeting = tiny_application.tasks[1]
    assert gaps == [
        ("创建活动计划尚未报备。", url("plan", tiny_application)),
        ("“党员大会”尚未登记。", reverse("applications:task", args=[tiny_application.pk, meeting.pk])),
        ("自评还有6项未打分：A1、A2、A3、A4、A5等6项。", url("assessment", tiny_application)),
        ("申报表“创建主题”未填写（没有请填“无”）。", url("form", tiny_application)),
        ("申报表“创建情况”未填写（没有请填“无”）。", url("form", tiny_application)),
    ]


@pytest.mark.parametrize(("who", "offered"), [("secretary", True), ("clerk", False)])
def test_preview_offers_submitting_to_the_secretary_alone(client_of, cast, tiny_application, road, who, offered):
    road.fill(tiny_application)
    page = client_of(getattr(cast, who)).get(url("preview", tiny_application))
    assert ("确认提交" in page.content.decode(), "请书记本人登录提交" in page.content.decode()) == (
        offered,
        not offered,
    )


def submitting(client, application, **changed):
    seen = client.get(url("preview", application)).context["hash"]
    return client.post(url("submit", application), {"read": "yes", "hash": seen, **changed})


def test_submit_freezes_gives_a_receipt_and_has_the_pdf_made(client_of, cast, tiny_application, road, told):
    road.fill(tiny_application)
    client = client_of(cast.secretary)
    answer = submitting(client, tiny_application)
    snapshot, job = Snapshot.objects.get(), Job.objects.get()
    assert answer["Location"] == url("receipt", tiny_application)
    assert (job.task, job.target, job.owner, told) == (
        "applications.tasks.render_form", str(snapshot.pk), cast.secretary, [job.pk],
    )  # fmt: skip
    page = client.get(url("receipt", tiny_application)).content.decode()
    assert snapshot.receipt_number == f"TINY-{tiny_application.pk:06d}-1"
    shown = (snapshot.receipt_number, snapshot.hash, "<dd>已提交，等待核查</dd>")
    assert [text for text in shown if text not in page] == []


def test_submit_unread_or_incomplete_is_refused_on_the_page(client_of, cast, tiny_application, road):
    client = client_of(cast.secretary)
    answer = submitting(client, tiny_application, read="")
    assert (answer.status_code, answer.context["errors"]) == (
        422, ["请先逐页核对，勾选“本人已逐页核对”后再提交。"],
    )  # fmt: skip
    answer = submitting(client, tiny_application)
    assert (answer.status_code, len(answer.context["errors"]), Snapshot.objects.count()) == (422, 5, 0)


def test_submit_what_was_changed_since_it_was_read_is_refused(client_of, cast, tiny_application, road):
    road.fill(tiny_application)
    client = client_of(cast.secretary)
    seen = client.get(url("preview", tiny_application)).context["hash"]
    stored = Application.objects.get(pk=tiny_application.pk).form_data
    client_of(cast.clerk).post(url("form", tiny_application), typed(seen=stored, work="刚改的"))
    answer = submitting(client, tiny_application, hash=seen)
    assert (answer.status_code, Snapshot.objects.count()) == (409, 0)
    assert submitting(client, tiny_application).status_code == 302


def test_submit_is_for_the_secretary_in_person(client_of, cast, tiny_application, road):
    road.fill(tiny_application)
    for who, status in (("clerk", 403), ("committee_head", 403), ("secretary_a2", 404)):
        answer = client_of(getattr(cast, who)).post(url("submit", tiny_application), {"read": "yes"})
        assert (answer.status_code, Snapshot.objects.count()) == (status, 0)


def test_submit_twice_says_so_and_freezes_once(client_of, cast, tiny_application, road):
    road.fill(tiny_application)
    client = client_of(cast.secretary)
    seen = client.get(url("preview", tiny_application)).context["hash"]
    answers = [client.post(url("submit", tiny_application), {"read": "yes", "hash": seen}) for _ in range(2)]
    assert [answer["Location"] for answer in answers] == [url("receipt", tiny_application)] * 2
    assert Snapshot.objects.count() == 1
    assert "没有重复提交" in client.get(url("receipt", tiny_application)).content.decode()


def test_preview_after_submission_shows_the_frozen_content(client, tiny_application, road):
    road.to(tiny_application, "submitted")
    tiny_application.branch.full_members = 99
    tiny_application.branch.save()
    page = client.get(url("preview", tiny_application))
    assert page.context["paper"]["branch"]["full_members"] == "12"
    assert page.context["hash"] == Snapshot.objects.get().hash


def test_preview_shows_exactly_what_is_frozen(client, tiny_application, road):
    road.fill(tiny_application)
    page = client.get(url("preview", tiny_application))
    fresh = Application.objects.for_work().get(pk=tiny_application.pk)
    assert page.context["hash"] == snapshots.digest(snapshots.content_of(fresh))


def test_receipt_before_any_submission_goes_back(client, tiny_application):
    assert client.get(url("receipt", tiny_application))["Location"] == url("detail", tiny_application)


# The PDF


@pytest.fixture
def snapshot(tiny_application, road):
    road.to(tiny_application, "submitted")
    return Snapshot.objects.get()


def test_pdf_before_submission_explains(client, tiny_application):
    assert client.get(url("form_pdf", tiny_application))["Location"] == url("preview", tiny_application)


def test_pdf_is_ordered_once_while_it_is_waited_for(client, tiny_application, snapshot, told):
    for _ in range(3):
        assert client.get(url("form_pdf", tiny_application)).status_code == 202
    assert (Job.objects.count(), told) == (1, [Job.objects.get().pk])


def test_pdf_without_a_broker_waits_for_the_sweep(client, tiny_application, snapshot, monkeypatch):
    def refuse(pk):
        raise OperationalError("no broker")

    monkeypatch.setattr(tasks.render_form, "delay", refuse)
    assert client.get(url("form_pdf", tiny_application)).status_code == 202
    assert Job.objects.get().state == Job.State.QUEUED


def test_pdf_that_failed_is_made_again_on_request_only(client, tiny_application, snapshot, told):
    client.get(url("form_pdf", tiny_application))
    jobs.finish(jobs.claim(Job.objects.get().pk), error="字体缺失")
    assert client.get(url("form_pdf", tiny_application)).context["failed"] is True
    assert Job.objects.count() == 1
    assert client.post(url("form_pdf", tiny_application)).context["failed"] is False
    assert (Job.objects.count(), len(told)) == (2, 2)


def test_pdf_that_was_made_and_is_gone_is_made_again(client, tiny_application, snapshot):
    client.get(url("form_pdf", tiny_application))
    jobs.finish(jobs.claim(Job.objects.get().pk))
    assert client.get(url("form_pdf", tiny_application)).context["job"].state == Job.State.QUEUED


def test_pdf_is_handed_over_when_it_is_there(client, client_of, cast, tiny_application, snapshot):
    snapshot.pdf.save("forms/1.pdf", ContentFile(b"%PDF-1.7"))
    response = client.get(url("form_pdf", tiny_application))
    assert (b"".join(response.streaming_content), response["Cache-Control"]) == (b"%PDF-1.7", "private, no-store")
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert client.get(url("form_pdf", tiny_application), {"wait": "1"}).context["ready"] is True
    assert client_of(cast.secretary_a2).get(url("form_pdf", tiny_application)).status_code == 404


def test_returned_and_submitted_again_makes_a_second_receipt(client_of, cast, tiny_application, road):
    application = road.send_back(road.to(tiny_application, "submitted"))
    client = client_of(cast.secretary)
    assert submitting(client, application).context["errors"] == [
        "内容与上次提交完全相同，本次没有提交；确实要原样再交的，请勾选“不作修改，原样提交”。"
    ]
    submitting(client, application, unchanged="yes")
    assert list(Snapshot.objects.order_by("number").values_list("receipt_number", flat=True)) == [
        f"TINY-{application.pk:06d}-{number}" for number in (1, 2)
    ]
    assert Notice.objects.filter(kind="application.submitted", recipient=cast.committee_clerk).count() == 2


@pytest.mark.parametrize("number", [1, 3])
def test_preview_asks_the_same_number_of_queries(client, cast, tiny_application, number, django_assert_num_queries):
    leaves = [leaf for leaf in tiny_application.track.rubric.leaves_for("派出所") if leaf.code in ("A1", "A6", "A7")]
    for leaf in leaves[:number]:
        preparing.save_answer(tiny_application, leaf, answer={}, remark="说明", version=0, by=cast.clerk)
    client.get(url("preview", tiny_application))
    with django_assert_num_queries(18):
        client.get(url("preview", tiny_application))


def test_preview_names_what_the_printer_cannot_draw(client, tiny_application, road):
    road.fill(tiny_application)
    tiny_application.form_data = {**tiny_application.form_data, "theme": "䶮水先锋\ue000"}
    tiny_application.save()
    page = client.get(url("preview", tiny_application))
    assert page.context["unprintable"] == ["\ue000"]
