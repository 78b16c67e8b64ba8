"""Drafts on paper, the word to the secretary, what changed since, who took it back."""

import html
import io
import re

import pypdf
import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.urls import reverse

from applications import pdf, snapshots, tasks
from applications.models import Application, CheckDecision, Snapshot
from applications.services import submitting
from branches import jobs
from branches.models import AuditEntry, Job, Notice, RoleGrant
from tests.applications import contents


def url(name, application):
    return reverse(f"applications:{name}", args=[application.pk])


def fresh(application):
    return Application.objects.for_work().get(pk=application.pk)


def squeezed(data):
    pages = pypdf.PdfReader(io.BytesIO(data)).pages
    return re.sub(r"\s", "", "".join(page.extract_text() for page in pages))


# The draft on paper


def test_draft_says_what_the_official_form_says():
    made = contents.content()
    official = pdf.render(contents.snapshot(made))
    name = pdf.store_draft(7, made)
    with default_storage.open(name) as file:
        draft = file.read()
    stamps = re.compile(
        r"一式\d+份·回执号[\w-]+·第\d+次提交·内容哈希[0-9a-f]{12}|草稿·未提交，不作申报依据·内容哈希[0-9a-f]{12}"
        r"|本表按回执号[\w-]+的申报快照打印。内容哈希（SHA-256）：[0-9a-f]{64}|2023年4月18日|提交之日|草稿"
    )
    texts = [stamps.sub("", squeezed(data)) for data in (official, draft)]
    assert texts[0] == texts[1]
    assert squeezed(draft).count("草稿") >= len(pypdf.PdfReader(io.BytesIO(draft)).pages)
    assert "回执号" not in squeezed(draft)


def test_what_is_not_filled_in_is_not_printed_as_none(client_of, cast, tiny_application, road):
    road.fill(tiny_application)
    Application.objects.filter(pk=tiny_application.pk).update(form_data={"work": ""})
    content = snapshots.content_of(fresh(tiny_application))
    page = client_of(cast.clerk).get(url("preview", tiny_application)).content.decode()
    box = page[page.index('id="field-work"') :].partition("</div>")[0]
    assert "（未填写）" in box and "<p>无</p>" not in box
    assert "（未填写）" in pdf.draft_html(content)
    assert "（未填写）" not in pdf.html_of(contents.snapshot(content))


def test_one_submission_is_not_compared_with_itself(client_of, cast, tiny_application, road):
    road.fill(tiny_application)
    road.submit(tiny_application)
    page = client_of(cast.secretary).get(url("changes", tiny_application)).content.decode()
    assert "这份申报只提交过一次" in page and "第1次与第1次" not in page


def test_every_value_on_the_page_stands_on_paper(client_of, cast, tiny_application, road):
    road.fill(tiny_application)
    page = client_of(cast.clerk).get(url("preview", tiny_application)).content.decode()
    article = page[page.index("<article") : page.index("</article>")]
    draft = squeezed(pdf.typesetting.set_document(
        pdf.draft_html(snapshots.content_of(fresh(tiny_application))), pdf.SHEET, identifier="0" * 32
    ))  # fmt: skip
    cells = [re.sub(r"\s", "", html.unescape(text)) for cell in re.findall(r"<td[^>]*>(.*?)</td>", article, re.S)
             for text in re.split(r"<[^>]*>", cell)]  # fmt: skip
    numbers = re.compile(r"^([\d.]+)/([\d.]+)$")
    checked = 0
    for cell in cells:
        parts = numbers.findall(cell)
        for value in parts[0] if parts else [cell]:
            if value not in ("", "由纪检督察认定", "不打分"):
                assert value in draft, value
                checked += 1
    assert checked > 40


def test_same_content_is_set_once(client_of, cast, tiny_application, monkeypatch):
    told = []
    monkeypatch.setattr(tasks.render_draft, "delay", told.append)
    client = client_of(cast.clerk)
    assert [client.get(url("draft", tiny_application)).status_code for _ in range(2)] == [202, 202]
    job = Job.objects.get(task="applications.tasks.render_draft")
    assert len(job.target) <= 60
    tasks.render_draft(job.pk)
    page = client.get(url("draft", tiny_application))
    assert (page.status_code, "草稿" in page.content.decode(), Job.objects.count()) == (200, True, 1)
    assert Job.objects.get().state == Job.State.DONE
    answer = client.get(url("draft_pdf", tiny_application))
    assert b"".join(answer.streaming_content).startswith(b"%PDF")
    monkeypatch.setattr(pdf.typesetting, "set_document", lambda *args, **kwargs: pytest.fail("set twice"))
    pdf.store_draft(tiny_application.pk, snapshots.content_of(fresh(tiny_application)))


def test_draft_may_stand_in_its_own_page_and_nowhere_else(client_of, cast, tiny_application):
    pdf.store_draft(tiny_application.pk, snapshots.content_of(fresh(tiny_application)))
    client = client_of(cast.clerk)
    page, file = client.get(url("draft", tiny_application)), client.get(url("draft_pdf", tiny_application))
    assert "object-src 'self'" in page["Content-Security-Policy"]
    assert "object-src 'none'" in client.get(url("preview", tiny_application))["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in file["Content-Security-Policy"]
    assert (file["X-Frame-Options"], file["Cache-Control"]) == ("SAMEORIGIN", "private, no-store")


def test_draft_of_what_changed_meanwhile_is_not_made(client_of, cast, tiny_application, monkeypatch):
    monkeypatch.setattr(tasks.render_draft, "delay", lambda pk: None)
    client = client_of(cast.clerk)
    client.get(url("draft", tiny_application))
    submitting.save_form(tiny_application, {"theme": "改了"}, by=cast.clerk)
    tasks.render_draft(Job.objects.get().pk)
    assert (Job.objects.get().state, "又有改动" in Job.objects.get().error) == (Job.State.FAILED, True)
    assert client.get(url("draft", tiny_application)).status_code == 202
    assert Job.objects.filter(state=Job.State.QUEUED).count() == 1
    assert client.get(url("draft_pdf", tiny_application))["Location"] == url("draft", tiny_application)


def test_draft_that_failed_is_made_again_on_request_only(client_of, cast, tiny_application, monkeypatch):
    monkeypatch.setattr(tasks.render_draft, "delay", lambda pk: None)
    client = client_of(cast.clerk)
    client.get(url("draft", tiny_application))
    jobs.finish(jobs.claim(Job.objects.get().pk), error="字体缺失")
    assert client.get(url("draft", tiny_application)).context["failed"] is True
    assert client.post(url("draft", tiny_application)).context["failed"] is False
    assert Job.objects.count() == 2


def test_old_drafts_are_swept(tiny_application, monkeypatch):
    assert pdf.sweep_drafts() == 0
    name = pdf.store_draft(tiny_application.pk, snapshots.content_of(fresh(tiny_application)))
    assert (pdf.sweep_drafts(), default_storage.exists(name)) == (0, True)
    monkeypatch.setattr(pdf, "KEEP_DRAFTS", pdf.KEEP_DRAFTS * 0)
    assert pdf.sweep_drafts(pdf.KEEP_DRAFTS) == 1
    assert not default_storage.exists(name)


# The word to the secretary


def test_secretary_is_told_once_a_day(client_of, cast, tiny_application, road):
    road.fill(tiny_application)
    client = client_of(cast.clerk)
    for _ in range(2):
        assert client.post(url("ask_secretary", tiny_application))["Location"] == url("preview", tiny_application)
    notice = Notice.objects.get(kind=submitting.READY)
    assert (notice.recipient, notice.url) == (cast.secretary, url("preview", tiny_application))
    assert AuditEntry.objects.filter(action="application.ask_secretary").count() == 1
    assert "上次通知" in client.get(url("preview", tiny_application)).content.decode()


def test_secretary_is_not_told_of_gaps_nor_where_nobody_is(client_of, cast, tiny_application, road):
    def refused():
        with pytest.raises(ValidationError) as refusal:
            submitting.ask_secretary(fresh(tiny_application), by=cast.clerk)
        return refusal.value.code

    assert refused() == "incomplete"
    road.fill(tiny_application)
    RoleGrant.objects.filter(user=cast.secretary).delete()
    assert refused() == "nobody"


# Withdrawn, returned, submitted again


def test_withdrawal_keeps_who_and_when(client_of, cast, tiny_application, road):
    road.to(tiny_application, "submitted")
    client = client_of(cast.secretary)
    assert "想撤回" in client.get(url("receipt", tiny_application)).content.decode()
    client.post(url("withdraw", tiny_application))
    snapshot = Snapshot.objects.get()
    assert (snapshot.withdrawn_by, snapshot.withdrawn_at is None) == (cast.secretary, False)
    for name in ("receipt", "preview", "detail"):
        assert cast.secretary.name in client.get(url(name, tiny_application)).content.decode()
    assert "重新筹备" in client.get(url("receipt", tiny_application)).content.decode()


def test_stale_page_after_a_withdrawal_submits_nothing(client_of, cast, tiny_application, road):
    road.to(tiny_application, "submitted")
    submitting.withdraw_application(fresh(tiny_application), by=cast.secretary)
    answer = client_of(cast.secretary).post(url("submit", tiny_application), {"read": "yes"})
    assert (answer.status_code, Snapshot.objects.count()) == (409, 1)


@pytest.fixture
def returned(tiny_application, road, cast):
    """Sent back with remarks on two criteria."""
    application = road.send_back(road.to(tiny_application, "submitted"))
    items = [
        {"code": code, "title": f"指标{code}", "remark": "请补充", "self": "", "checked": ""} for code in ("A1", "A2")
    ]
    CheckDecision.objects.filter(application=application).update(items=items, submission=1)
    return fresh(application)


def test_preview_says_that_nothing_changed(client_of, cast, returned):
    page = client_of(cast.secretary).get(url("preview", returned))
    assert page.context["changes"] == []
    text = page.content.decode()
    assert [part in text for part in ("没有任何改动", 'name="unchanged"', "指标A1", "指标A2")] == [True] * 4


def test_preview_lists_what_changed_and_what_was_not_answered(client_of, cast, returned):
    returned.assessments.filter(criterion__code="A1").update(remark="已经补充")
    submitting.save_form(returned, {"theme": "新的主题"}, by=cast.clerk)
    page = client_of(cast.secretary).get(url("preview", returned))
    labels = {section: [change.label for change in group] for section, group in page.context["changes"]}
    assert labels["申报内容"] == ["创建主题"]
    assert [label.split("·")[-1] for label in labels["自评"]] == ["说明"]
    assert [item["code"] for item in page.context["unanswered"]] == ["A2"]
    text = page.content.decode()
    assert ('href="#field-theme"' in text, 'id="field-theme"' in text, 'name="unchanged"' in text) == (
        True,
        True,
        False,
    )


def test_every_change_links_to_a_place_on_the_page(client_of, cast, returned, road):
    snapshot = returned.snapshots.get()
    snapshot.content["branch"]["full_members"] = 99
    snapshot.content["road"], snapshot.content["plan"], snapshot.content["tasks"] = "自荐", [], []
    snapshot.content["evidence"] = [{"criterion": "A1", "name": "旧.pdf", "sha256": "f" * 64}]
    snapshot.content["assessment"]["total"] = "1"
    for field in snapshot.content["fields"]:
        field["value"] = "别的"
    snapshot.save()
    page = client_of(cast.secretary).get(url("preview", returned))
    text = page.content.decode()
    anchors = {change.anchor for _, group in page.context["changes"] for change in group}
    assert len(anchors) >= 7
    assert [anchor for anchor in anchors if f'id="{anchor}"' not in text] == []


def test_any_two_submissions_are_compared(client_of, cast, returned, road):
    submitting.save_form(returned, {"theme": "新的主题"}, by=cast.clerk)
    road.submit(returned)
    for who in ("clerk", "committee_clerk", "campaign_admin"):
        page = client_of(getattr(cast, who)).get(url("changes", returned))
        assert [change.after for _, group in page.context["changes"] for change in group] == ["新的主题"]
    client = client_of(cast.clerk)
    backwards = client.get(url("changes", returned), {"from": 2, "to": 1})
    assert backwards.context["changes"][0][1][0].before == "新的主题"
    assert client.get(url("changes", returned), {"from": 1, "to": 9}).status_code == 404
    assert "看与上一次的变化" in client.get(url("detail", returned)).content.decode()


def test_changes_without_a_second_submission(client_of, cast, tiny_application, road):
    client = client_of(cast.clerk)
    assert client.get(url("changes", tiny_application))["Location"] == url("detail", tiny_application)
    road.to(tiny_application, "submitted")
    assert "只提交过一次" in client.get(url("changes", tiny_application)).content.decode()
