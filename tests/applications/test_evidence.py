"""The material library: upload, scope, files, citations."""

import urllib.parse

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from applications.models import Citation, Evidence, Reader
from applications.services import evidence as services
from branches.models import AuditEntry
from tests.uploads import PDF, office, photo, uploaded


def library(application):
    return reverse("applications:evidence", args=[application.pk])


def stored(application, by, name="会议记录.pdf", sha256="a" * 64, size=10, content=PDF):
    return services.store_evidence(
        application.branch, by=by, name=name, content_type="application/pdf", sha256=sha256, size=size,
        file=uploaded(name, content),
    )  # fmt: skip


def leaf(application, code="A1"):
    return next(c for c in application.track.rubric.leaves_for("派出所") if c.code == code)


def cited(application, by):
    evidence = stored(application, by)
    return services.cite(application, leaf(application), evidence, by=by)


def test_upload_of_many_answers_for_each_and_stores_only_the_good(client_of, cast, tiny_application):
    files = [
        uploaded("活动.jpg", photo()), uploaded("假的.pdf", b"MZ" * 50), uploaded("空的.docx", b""),
        uploaded("总结.docx", office()),
    ]  # fmt: skip
    page = client_of(cast.clerk).post(library(tiny_application), {"files": files})
    assert page.status_code == 200
    assert [(r["name"], r["ok"]) for r in page.context["results"]] == [
        ("活动.jpg", True), ("假的.pdf", False), ("空的.docx", False), ("总结.docx", True),
    ]  # fmt: skip
    assert sorted(Evidence.objects.values_list("name", flat=True)) == ["总结.docx", "活动.jpg"]


def test_upload_by_script_gets_json_and_cites_at_once(client_of, cast, tiny_application):
    data = {"files": uploaded("活动.jpg", photo()), "criterion": leaf(tiny_application).pk}
    answer = client_of(cast.clerk).post(library(tiny_application), data, headers={"X-Requested-With": "fetch"})
    citation = Citation.objects.get()
    assert answer.json()["results"] == [
        {"ok": True, "name": "活动.jpg", "message": "已上传", "pk": citation.evidence_id}
    ]
    assert (answer.json()["room"]["left"], answer.json()["room"]["percent"]) == ("2 GB", 0)
    assert [chip["name"] for chip in answer.json()["chips"]] == ["活动.jpg"]


def test_upload_of_the_same_content_is_stored_once(client_of, cast, tiny_application):
    for name in ("活动.jpg", "另一个名字.jpg"):
        client_of(cast.clerk).post(library(tiny_application), {"files": uploaded(name, photo())})
    assert list(Evidence.objects.values_list("name", flat=True)) == ["活动.jpg"]
    assert AuditEntry.objects.filter(action="evidence.upload").count() == 1


def test_upload_beyond_the_limits_is_refused(client_of, cast, tiny_application, settings):
    settings.EVIDENCE_MAX_BYTES = 20
    page = client_of(cast.clerk).post(library(tiny_application), {"files": uploaded("大.pdf", PDF)})
    assert [r["message"] for r in page.context["results"]] == ["文件有1 KB，超过单个文件上限1 KB；请压缩或拆分后再传。"]
    settings.EVIDENCE_MAX_BYTES, settings.BRANCH_QUOTA_BYTES = 1000, 20
    page = client_of(cast.clerk).post(library(tiny_application), {"files": uploaded("大.pdf", PDF)})
    assert ["空间不足" in r["message"] for r in page.context["results"]] == [True]
    assert Evidence.objects.count() == 0


def test_upload_is_for_the_branch_only(client_of, cast, tiny_application):
    page = client_of(cast.committee_clerk).post(library(tiny_application), {"files": uploaded("甲.pdf", PDF)})
    assert (page.status_code, Evidence.objects.count()) == (403, 0)


@pytest.mark.parametrize("number", [1, 3])
def test_library_asks_the_same_number_of_queries(client_of, cast, tiny_application, number, django_assert_num_queries):
    for n in range(number):
        evidence = stored(tiny_application, cast.clerk, name=f"{n}.pdf", sha256=str(n) * 64)
        services.cite(tiny_application, leaf(tiny_application), evidence, by=cast.clerk)
    client = client_of(cast.clerk)
    client.get(library(tiny_application))
    with django_assert_num_queries(18):
        page = client.get(library(tiny_application))
    assert len(page.context["page_obj"]) == number


def test_chooser_shows_what_is_cited_under_the_criterion(client_of, cast, tiny_application):
    citation = cited(tiny_application, cast.clerk)
    page = client_of(cast.clerk).get(
        library(tiny_application), {"criterion": citation.criterion_id}, headers={"HX-Request": "true"}
    )
    assert [template.name for template in page.templates][0] == "applications/_chooser.html"
    assert [file.here for file in page.context["page_obj"]] == [citation]


def test_criterion_of_another_rubric_is_ignored(client_of, cast, tiny_application, plans):
    page = client_of(cast.clerk).get(library(tiny_application), {"criterion": plans.R3.criteria.first().pk})
    assert page.context["criterion"] is None


# The file itself


def file_url(evidence):
    return reverse("applications:evidence_file", args=[evidence.pk])


def test_file_comes_with_safe_headers_and_leaves_a_trace(client_of, cast, tiny_application):
    evidence = stored(tiny_application, cast.clerk)
    response = client_of(cast.committee_clerk).get(file_url(evidence))
    assert b"".join(response.streaming_content) == PDF
    quoted = urllib.parse.quote("会议记录.pdf")
    assert {name: response[name] for name in ("Content-Disposition", "Content-Type", "Cache-Control", "X-Content-Type-Options")} == {
        "Content-Disposition": f"inline; filename*=utf-8''{quoted}",
        "Content-Type": "application/pdf",
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }  # fmt: skip
    entry = AuditEntry.objects.get(action="evidence.view")
    assert (entry.actor, entry.target) == (cast.committee_clerk, f"evidence:{evidence.pk}")


def test_file_a_browser_cannot_show_is_downloaded(client_of, cast, tiny_application):
    client_of(cast.clerk).post(library(tiny_application), {"files": uploaded("总结.docx", office())})
    response = client_of(cast.clerk).get(file_url(Evidence.objects.get()))
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    response.close()


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("secretary", 200), ("clerk", 200), ("committee_clerk", 200), ("committee_head", 200), ("inspector", 200),
        ("campaign_admin", 200), ("secretary_a2", 404), ("other_head", 404), ("headquarters_head", 404),
        ("assessor", 404), ("expert", 404), ("system_admin", 404), ("auditor", 404), ("outsider", 404),
    ],
)  # fmt: skip
def test_file_follows_the_scope(client_of, cast, tiny_application, who, status):
    response = client_of(getattr(cast, who)).get(file_url(stored(tiny_application, cast.clerk)))
    response.close()
    assert response.status_code == status


def test_reviewer_sees_what_is_cited_in_the_application_given_and_nothing_else(client_of, cast, tiny_application):
    seen = cited(tiny_application, cast.clerk).evidence
    hidden = stored(tiny_application, cast.clerk, name="未引用.pdf", sha256="b" * 64)
    Reader.objects.create(application=tiny_application, user=cast.assessor)
    client = client_of(cast.assessor)
    response = client.get(file_url(seen))
    assert b"".join(response.streaming_content)
    assert (response.status_code, client.get(file_url(hidden)).status_code) == (200, 404)


# Captions and citations


def test_caption_is_saved_and_audited(client_of, cast, tiny_application):
    evidence = stored(tiny_application, cast.clerk)
    url = reverse("applications:caption", args=[evidence.pk])
    assert client_of(cast.clerk).post(url, {"caption": " 十月支委会 "}).status_code == 302
    evidence.refresh_from_db()
    assert evidence.caption == "十月支委会"
    assert AuditEntry.objects.get(action="evidence.describe").changes == {"caption": ["", "十月支委会"]}
    assert client_of(cast.committee_clerk).post(url, {"caption": "改"}).status_code == 403


def test_cite_and_uncite_by_button(client_of, cast, tiny_application):
    evidence, client = stored(tiny_application, cast.clerk), client_of(cast.clerk)
    cite = reverse("applications:cite", args=[tiny_application.pk])
    data = {"criterion": leaf(tiny_application).pk, "evidence": evidence.pk}
    for _ in range(2):
        assert client.post(cite, data).status_code == 302
    citation = Citation.objects.get()
    uncite = reverse("applications:uncite", args=[citation.pk])
    assert client.get(uncite).status_code == 405
    answer = client.post(uncite, headers={"X-Requested-With": "fetch"})
    assert (answer.json()["chips"], Citation.objects.count()) == ([], 0)
    assert Evidence.objects.count() == 1


def test_cite_only_what_belongs_to_the_branch(cast, applications):
    foreign = stored(applications["A-2"], cast.secretary_a2)
    with pytest.raises(ValidationError) as caught:
        services.cite(applications["A-1"], leaf(applications["A-1"]), foreign, by=cast.clerk)
    assert caught.value.code == "foreign_evidence"


def test_cite_after_submission_is_refused(client_of, cast, tiny_application, road):
    evidence = stored(tiny_application, cast.clerk)
    road.to(tiny_application, "submitted")
    answer = client_of(cast.clerk).post(
        reverse("applications:cite", args=[tiny_application.pk]),
        {"criterion": leaf(tiny_application).pk, "evidence": evidence.pk}, headers={"X-Requested-With": "fetch"},
    )  # fmt: skip
    assert (answer.status_code, Citation.objects.count()) == (422, 0)


def test_uncite_of_another_branch_is_out_of_scope(client_of, cast, tiny_application):
    url = reverse("applications:uncite", args=[cited(tiny_application, cast.clerk).pk])
    assert client_of(cast.secretary_a2).post(url).status_code == 404
    assert client_of(cast.committee_clerk).post(url).status_code == 403
