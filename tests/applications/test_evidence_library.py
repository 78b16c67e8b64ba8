"""The library's page: filters, facts of several files, many citations, what may be discarded; too much at once."""

import io

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import ProtectedError
from django.urls import reverse
from django.utils import timezone

from applications.models import Citation, Evidence, Reader, Rectification, TaskRecord
from applications.services import evidence as services
from applications.views import picking
from branches.models import AuditEntry
from standards.models import StageTask
from tests import factories
from tests.uploads import PDF, office, photo, read, uploaded


@pytest.fixture
def library(tiny_application):
    return reverse("applications:evidence", args=[tiny_application.pk])


@pytest.fixture
def files(cast, tiny_application):
    """A photograph cited under A1, a minute, a report with a place."""

    def kept(name, content, content_type, sha256):
        return services.store_evidence(
            tiny_application.branch, by=cast.clerk, name=name, content_type=content_type, sha256=sha256 * 64,
            size=len(content), file=uploaded(name, content),
        )  # fmt: skip

    made = {
        "photo": kept("主题党日.jpg", photo(), "image/jpeg", "1"),
        "minutes": kept("会议记录.pdf", PDF, "application/pdf", "2"),
        "report": kept("总结.docx", office(), "application/vnd.openxmlformats-x", "3"),
    }
    services.describe_evidence(made["report"], {"place": "党员活动室"}, by=cast.clerk)
    services.cite(tiny_application, leaves(tiny_application)[0], made["photo"], by=cast.clerk)
    return made


def leaves(application):
    return application.track.rubric.leaves_for(application.branch.line)


def names(page):
    return [file.name for file in page.context["page_obj"]]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["总结.docx", "会议记录.pdf", "主题党日.jpg"]),
        ({"q": "记录"}, ["会议记录.pdf"]), ({"q": "活动室"}, ["总结.docx"]), ({"q": "总结 活动室"}, ["总结.docx"]),
        ({"q": "总结 没有"}, []),
        ({"kind": "photo"}, ["主题党日.jpg"]), ({"kind": "office"}, ["总结.docx"]), ({"kind": "film"}, []),
        ({"cited": "yes"}, ["主题党日.jpg"]), ({"cited": "no"}, ["总结.docx", "会议记录.pdf"]),
        ({"order": "oldest"}, ["主题党日.jpg", "会议记录.pdf", "总结.docx"]),
        ({"order": "size"}, ["主题党日.jpg", "总结.docx", "会议记录.pdf"]),
        ({"kind": "'; --", "order": "x", "under": "²"}, ["总结.docx", "会议记录.pdf", "主题党日.jpg"]),
    ],
)  # fmt: skip
def test_filters(client_of, cast, files, library, asked, found):
    assert names(client_of(cast.clerk).get(library, asked)) == found


def test_filter_by_criterion(client_of, cast, files, library, tiny_application):
    first, second = leaves(tiny_application)[:2]
    client = client_of(cast.clerk)
    assert names(client.get(library, {"under": first.pk})) == ["主题党日.jpg"]
    assert names(client.get(library, {"under": second.pk})) == []


def test_page_counts_and_says_where_everything_is_used(client_of, cast, files, library, tiny_application):
    task = StageTask.objects.filter(stage__track=tiny_application.track).first()
    TaskRecord.objects.create(
        application=tiny_application, task=task, held_on=timezone.localdate(), body="议定事项", minutes=files["minutes"],
        recorded_by=cast.clerk,
    )  # fmt: skip
    gap = Rectification.objects.create(application=tiny_application, gap="制度未上墙", created_by=cast.clerk)
    gap.proofs.add(files["photo"])
    for view in ("", "grid"):
        page = client_of(cast.committee_clerk).get(library, {"view": view})
        assert page.context["counts"] == [("照片", "photo", 1), ("PDF", "pdf", 1), ("Word、Excel、PPT", "office", 1)]
        uses = {file.name: [use.label for use in file.uses] for file in page.context["page_obj"]}
        leaf = leaves(tiny_application)[0]
        assert uses == {
            "总结.docx": [], "会议记录.pdf": [f"会议记录：{task.name}"],
            "主题党日.jpg": [f"{leaf.code} {leaf.title}", "整改：制度未上墙"],
        }  # fmt: skip


def test_facts_of_several_files_are_saved_at_once(client_of, cast, files, tiny_application):
    photo_, minutes = files["photo"], files["minutes"]
    data = {
        "row": [photo_.pk, minutes.pk], f"{photo_.pk}-caption": "三月主题党日", f"{photo_.pk}-place": "陵园",
        f"{minutes.pk}-caption": "不该存上", f"{minutes.pk}-taken_on": "2999-01-01",
    }  # fmt: skip
    url = reverse("applications:describe", args=[tiny_application.pk])
    answer = client_of(cast.clerk).post(url, data, headers={"X-Requested-With": "fetch"})
    assert (answer.status_code, answer.content.decode()) == (422, "“会议记录.pdf”：形成日期不能晚于今天。其余已保存。")
    photo_.refresh_from_db()
    minutes.refresh_from_db()
    assert (photo_.caption, photo_.place, minutes.caption) == ("三月主题党日", "陵园", "")
    assert client_of(cast.clerk).post(url, data | {f"{minutes.pk}-taken_on": ""}).status_code == 302
    minutes.refresh_from_db()
    assert minutes.caption == "不该存上"


def test_facts_of_another_branch_stay(client_of, cast, files, applications):
    url = reverse("applications:describe", args=[applications["A-2"].pk])
    pk = files["photo"].pk
    client_of(cast.secretary_a2).post(url, {"row": pk, f"{pk}-caption": "别人写的"})
    assert Evidence.objects.get(pk=pk).caption == ""


def test_saving_the_same_facts_again_writes_nothing(cast, files):
    before = AuditEntry.objects.count()
    services.describe_evidence(files["report"], {"place": "党员活动室"}, by=cast.clerk)
    assert AuditEntry.objects.count() == before


# Citing


def test_one_file_stands_for_many_criteria(client_of, cast, files, tiny_application):
    first, second, third = leaves(tiny_application)[:3]
    url = reverse("applications:citations", args=[tiny_application.pk, files["photo"].pk])
    page = client_of(cast.clerk).get(url)
    assert page.context["ticked"] == {first.pk}
    for _ in range(2):
        client_of(cast.clerk).post(url, {"criterion": [second.pk, third.pk, 987654]})
    assert set(Citation.objects.values_list("criterion", flat=True)) == {second.pk, third.pk}
    assert AuditEntry.objects.filter(action="evidence.uncite").count() == 1


def test_many_citations_are_refused_after_submission(client_of, cast, files, tiny_application, road):
    road.to(tiny_application, "submitted")
    url = reverse("applications:citations", args=[tiny_application.pk, files["photo"].pk])
    before = list(Citation.objects.values_list("pk"))
    answer = client_of(cast.clerk).post(url, {"criterion": []}, headers={"X-Requested-With": "fetch"})
    assert (answer.status_code, list(Citation.objects.values_list("pk"))) == (422, before)


def test_many_files_stand_for_one_criterion(client_of, cast, files, tiny_application):
    leaf = leaves(tiny_application)[1]
    url = reverse("applications:cite", args=[tiny_application.pk])
    chosen = [files["photo"].pk, files["minutes"].pk]
    assert client_of(cast.clerk).post(url, {"criterion": leaf.pk, "evidence": chosen}).status_code == 302
    assert set(Citation.objects.filter(criterion=leaf).values_list("evidence", flat=True)) == set(chosen)


def test_citing_a_file_just_discarded_is_said_in_words(cast, files, tiny_application):
    stale = files["report"]
    Evidence.objects.filter(pk=stale.pk).delete()
    with pytest.raises(ValidationError) as caught:
        services.cite(tiny_application, leaves(tiny_application)[1], stale, by=cast.clerk)
    assert caught.value.code == "gone"


# Discarding


def discard(client, application, *files):
    url = reverse("applications:discard", args=[application.pk])
    return client.post(url, {"evidence": [file.pk for file in files]}, follow=True)


def test_discard_takes_what_nothing_uses_and_frees_the_room(client_of, cast, files, tiny_application, media):
    before = services.used_bytes(tiny_application.branch)
    page = discard(client_of(cast.clerk), tiny_application, files["photo"], files["report"])
    assert sorted(str(message) for message in page.context["messages"]) == [
        "“主题党日.jpg”没有删除：正在被引用或作为记录的附件，请先取消引用。", "已删除1份没有用到的材料，空间已释放。",
    ]  # fmt: skip
    assert sorted(Evidence.objects.values_list("name", flat=True)) == ["主题党日.jpg", "会议记录.pdf"]
    assert before - services.used_bytes(tiny_application.branch) == files["report"].size
    assert not (media / files["report"].file.name).exists()
    assert AuditEntry.objects.get(action="evidence.discard").target == f"evidence:{files['report'].pk}"
    assert "“总结" not in discard(client_of(cast.clerk), tiny_application, files["report"]).content.decode()


def test_discard_takes_the_small_picture_along(cast, files, tiny_application, media):
    Citation.objects.all().delete()
    assert services.discard_evidence(tiny_application.branch, [files["photo"]], by=cast.clerk) == []
    assert not any((media / path).exists() for path in (files["photo"].file.name, files["photo"].thumbnail.name))


def test_discard_leaves_bytes_that_another_row_names(cast, files, tiny_application, bureau, media):
    Evidence.objects.create(
        branch=bureau.a2, sha256="3" * 64, name="同一份.docx", content_type="x", size=1, uploaded_by=cast.secretary_a2,
        file=files["report"].file.name,
    )  # fmt: skip
    services.discard_evidence(tiny_application.branch, [files["report"]], by=cast.clerk)
    assert (media / files["report"].file.name).exists()


def test_discard_keeps_what_a_record_a_proof_or_a_submission_names(cast, files, tiny_application, road):
    task = StageTask.objects.filter(stage__track=tiny_application.track).first()
    record = TaskRecord.objects.create(
        application=tiny_application, task=task, held_on=timezone.localdate(), body="议", minutes=files["minutes"],
        recorded_by=cast.clerk,
    )  # fmt: skip
    gap = Rectification.objects.create(application=tiny_application, gap="制度未上墙", created_by=cast.clerk)
    gap.proofs.add(files["report"])
    kept = services.discard_evidence(tiny_application.branch, list(files.values()), by=cast.clerk)
    assert len(kept) == 3
    record.delete()
    gap.delete()
    road.to(tiny_application, "submitted")
    Citation.objects.all().delete()
    kept = services.discard_evidence(tiny_application.branch, list(files.values()), by=cast.clerk)
    assert [(file.name, reason) for file, reason in kept] == [("主题党日.jpg", "已随申报提交，须留档备查")]


def test_discard_is_for_the_branch_only(client_of, cast, files, tiny_application, applications):
    assert discard(client_of(cast.committee_clerk), tiny_application, files["report"]).status_code == 403
    discard(client_of(cast.secretary_a2), applications["A-2"], files["report"])
    assert Evidence.objects.count() == 3


def test_the_database_too_refuses_to_lose_a_cited_file(files):
    with pytest.raises(ProtectedError):
        files["photo"].delete()


# The chooser in other forms


def test_choice_takes_ticked_and_new_files_and_tells_refusals(rf, cast, files, tiny_application, applications):
    foreign = services.store_evidence(
        applications["A-2"].branch, by=cast.secretary_a2, name="别家.pdf", content_type="application/pdf",
        sha256="9" * 64, size=1, file=uploaded("别家.pdf", PDF),
    )  # fmt: skip
    request = rf.post(
        "/", {"evidence": [files["photo"].pk, foreign.pk, "²"],
              "evidence_files": [uploaded("新.pdf", PDF + b" "), uploaded("假.pdf", b"MZ" * 9)]},
    )  # fmt: skip
    request.user = cast.clerk
    chosen, refusals = picking.take_choice(request, tiny_application.branch)
    assert [file.name for file in chosen] == ["主题党日.jpg", "新.pdf"]
    assert [text.split("：")[0] for text in refusals] == ["所选材料中有的已不在本支部材料库，请重新选择。", "假.pdf"]


def test_picker_lists_the_newest_and_says_when_there_are_more(cast, tiny_application, django_assert_num_queries):
    branch = tiny_application.branch
    Evidence.objects.bulk_create(
        Evidence(branch=branch, sha256=f"{n:064d}", name=f"{n}.pdf", content_type="application/pdf", size=1,
                 uploaded_by=cast.clerk, file="x")
        for n in range(picking.MOST + 5)
    )  # fmt: skip
    chosen = Evidence.objects.last()
    list(cast.clerk.grants)
    with django_assert_num_queries(2):
        found = picking.picker(branch, cast.clerk, chosen=[chosen.pk])
    assert (len(found["files"]), found["more"], found["chosen"]) == (picking.MOST, True, [chosen])


# Too much at once


def test_more_files_than_one_request_takes_are_refused_in_words_and_nothing_is_stored(client_of, cast, library, media):
    many = [SimpleUploadedFile(f"{n}.pdf", PDF) for n in range(101)]
    page = client_of(cast.clerk).post(library, {"files": many})
    assert (page.status_code, Evidence.objects.count()) == (400, 0)
    assert "一次选择的文件太多（最多100个），这一次一个也没有保存" in page.content.decode()
    assert [path for path in media.rglob("*") if path.is_file()] == []
    for file in many:
        file.seek(0)
    answer = client_of(cast.clerk).post(library, {"files": many}, headers={"X-Requested-With": "fetch"})
    assert (answer.status_code, answer["Content-Type"]) == (400, "text/plain; charset=utf-8")


def test_a_request_that_is_no_form_is_refused_in_words(client_of, cast, library):
    answer = client_of(cast.clerk).post(library, b"--x\r\nbroken", content_type="multipart/form-data; boundary=")
    assert (answer.status_code, "不完整或不正常" in answer.content.decode()) == (400, True)
    assert client_of(cast.clerk).get(library, headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("number", [3, 60])
def test_page_of_a_large_library_asks_as_often(
    client_of, cast, tiny_application, library, number, django_assert_num_queries
):
    factories.evidence_rows(tiny_application.branch, cast.clerk, number)
    client = client_of(cast.clerk)
    client.get(library)
    with django_assert_num_queries(18):
        page = client.get(library)
    assert (page.context["total"], len(page.context["page_obj"])) == (number, min(number, 40))


def test_names_in_every_script_come_back_whole(client_of, cast, tiny_application, library):
    given = [
        "活动 现场（一）.pdf",
        "བོད་ཡིག.pdf",
        "ئۇيغۇرچە.pdf",
        "Ünïcödé.pdf",
        "党旗🚩.pdf",
        "a;b's.pdf",
        "../../etc/passwd.pdf",
    ]
    for number, name in enumerate(given):
        file = io.BytesIO(PDF + b" " * number)
        file.name = name
        client_of(cast.clerk).post(library, {"files": file})
    stored = Evidence.objects.order_by("pk")
    assert [file.name for file in stored] == [*given[:5], "a;b's.pdf", "passwd.pdf"]
    for file in stored:
        answer = client_of(cast.clerk).get(reverse("applications:evidence_file", args=[file.pk]) + "?download=1")
        read(answer)
        assert answer["Content-Disposition"].startswith("attachment; filename")
        assert "\n" not in answer["Content-Disposition"]
        assert file.file.name.startswith(f"evidence/{tiny_application.branch_id}/{file.sha256}-")


def test_a_reviewer_does_not_read_what_the_branch_found_out_about_itself(
    client_of, cast, tiny_application, files, library
):
    entry = Rectification.objects.create(application=tiny_application, gap="台账不全", created_by=cast.clerk)
    entry.proofs.set([files["photo"]])
    Reader.objects.create(application=tiny_application, user=cast.assessor)
    said = client_of(cast.assessor).get(library).content.decode()
    assert files["photo"].name in said
    assert entry.gap not in said
    assert entry.gap in client_of(cast.committee_clerk).get(library).content.decode()
