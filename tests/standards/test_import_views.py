"""Taking a workbook in by the browser: uploaded, shown, confirmed; nothing written before, nothing lost in between."""

import datetime
from urllib.parse import unquote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from branches.models import AuditEntry
from standards.models import Criterion, Rubric, RubricUpload
from standards.services import importing
from standards.workbooks import reading
from tests import factories
from tests.standards.test_workbooks import FOLDER, hash_of, own
from tests.standards.test_workbooks_refused import PDF, changed, put

PAGE = "/campaigns/rubrics/import/"


@pytest.fixture
def office(client_of, cast):
    return client_of(cast.campaign_admin)


def upload(client, content, name="标准.xlsx"):
    return client.post(PAGE, {"file": SimpleUploadedFile(name, content)})


def uploaded(client, content):
    """The page after the upload, its address."""
    answer = upload(client, content)
    assert answer.status_code == 302, answer.context["form"].errors
    return answer.url


def good(code):
    return (FOLDER / f"{code}.xlsx").read_bytes()


def test_dry_run_writes_nothing_and_confirming_makes_the_draft(office, cast):
    before = Rubric.objects.count(), Criterion.objects.count()
    url = uploaded(office, good("Z4"))
    page = office.get(url)
    assert (Rubric.objects.count(), Criterion.objects.count()) == before
    assert (page.context["version"], page.context["items"], page.context["unsound"]) == (1, 8, [])
    assert page.content.decode().count('<article class="criterion') == 8
    answer = office.post(f"{url}confirm/")
    made = Rubric.objects.get(code="Z4")
    assert (answer.status_code, answer.url) == (302, made.get_absolute_url())
    assert (made.status, hash_of(made)) == ("draft", hash_of(own("Z4").as_rubric()))
    assert RubricUpload.objects.count() == 0
    assert AuditEntry.objects.get(action="rubric.import").actor == cast.campaign_admin


def test_second_click_on_confirm_makes_no_second_rubric(office):
    url = uploaded(office, good("Z4"))
    kept = RubricUpload.objects.get()
    office.post(f"{url}confirm/")
    assert office.post(f"{url}confirm/").status_code == 404
    # The lost race: both clicks had read the upload before either deleted it.
    with pytest.raises(importing.ValidationError) as refusal:
        importing.confirm_upload(kept, own("Z4"), by=kept.owner)
    assert refusal.value.code == "used"
    assert Rubric.objects.filter(code="Z4").count() == 1


def test_problems_are_listed_and_cannot_be_confirmed(office):
    url = uploaded(office, changed(put("指标", "F4", -3)))
    page = office.get(url).content.decode()
    assert "这份表格有1个问题，什么都没有写入" in page
    assert "分值是-3，须不小于0。" in page
    assert "确认导入为草稿" not in page
    answer = office.post(f"{url}confirm/")
    assert (answer.status_code, Rubric.objects.filter(code="Z1").count()) == (200, 0)
    assert RubricUpload.objects.count() == 1


@pytest.mark.parametrize(("content", "words"), [(PDF, "从内容看，这不是"), (b"", "文件是空的")])
def test_what_is_no_workbook_is_not_kept(office, content, words):
    answer = upload(office, content)
    assert answer.status_code == 200
    assert answer.context["form"].errors["file"][0].startswith(words)
    assert RubricUpload.objects.count() == 0


def test_upload_without_a_file_says_what_to_do(office):
    assert office.post(PAGE, {}).context["form"].errors["file"] == ["请先选择要导入的文件。"]


def test_unsound_totals_are_told_with_their_row_and_may_be_imported(office):
    url = uploaded(office, changed(put("指标", "F4", 9)))
    assert "“指标”表第3行 A1：下级合计39分，与本级分值40分不符。" in office.get(url).content.decode()
    office.post(f"{url}confirm/")
    assert Rubric.objects.get(code="Z1").status == "draft"


PLAIN = {"code": "SZ-1", "name": "沙洲考核表", "total_points": "100"}


def test_plain_sheet_shows_every_guess_and_its_words(office):
    page = office.get(uploaded(office, good("Z7"))).content.decode()
    assert page.count('<select class="form-select"') == 11
    assert '依据：<span class="import-words">每少1次扣0.5分</span>' in page
    assert "没有找到说明计分方式的字句，按打分处理" in page


def test_plain_sheet_is_imported_as_confirmed(office):
    url = uploaded(office, good("Z7"))
    # Row 8 is guessed as 计次得分, row 4 as 全有或全无.
    office.post(f"{url}confirm/", PLAIN | {"kind-8": "points", "kind-4": "check"})
    made = Rubric.objects.get(code="SZ-1")
    kinds = {criterion.code: criterion.kind for criterion in made.outline}
    assert (made.name, kinds["A-1"], kinds["A-2"], kinds["B-2"]) == ("沙洲考核表", "check", "deduct", "points")
    assert list(made.criteria.get(code="B-2").rules.all()) == []


def test_plain_sheet_read_again_keeps_what_was_typed_and_writes_nothing(office):
    url = uploaded(office, good("Z7"))
    answer = office.post(f"{url}confirm/", PLAIN | {"kind-8": "points", "again": "1"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'value="SZ-1"' in page
    assert page.count('<option value="points" selected>') == 2
    assert Rubric.objects.filter(code="SZ-1").count() == 0


def test_plain_sheet_without_a_code_is_refused_and_loses_nothing(office):
    url = uploaded(office, good("Z7"))
    answer = office.post(
        f"{url}confirm/", {"code": "", "name": "改过的名称", "total_points": "100", "kind-9": "levels"}
    )
    page = answer.content.decode()
    assert list(answer.context["form"].errors) == ["code"]
    assert 'value="改过的名称"' in page
    assert "没有读出细则" in page
    assert RubricUpload.objects.count() == 1


def test_upload_is_its_owners_alone(office, client_of, cast):
    url = uploaded(office, good("Z4"))
    other = factories.UserFactory(unit=cast.campaign_admin.unit)
    factories.GrantFactory(user=other, role="campaign_admin", branch=cast.campaign_admin.role_grants.get().branch)
    assert client_of(other).get(url).status_code == 404
    assert client_of(cast.clerk).get(url).status_code == 403


def test_old_uploads_are_cleared_away(admin):
    old = importing.keep_upload(b"1", "旧.xlsx", by=admin)
    RubricUpload.objects.filter(pk=old.pk).update(created_at=timezone.now() - datetime.timedelta(days=8))
    for number in range(6):
        importing.keep_upload(b"1", f"{number}.xlsx", by=admin)
    assert list(RubricUpload.objects.values_list("name", flat=True)) == [
        "5.xlsx",
        "4.xlsx",
        "3.xlsx",
        "2.xlsx",
        "1.xlsx",
    ]


def test_export_and_template_are_workbooks_under_their_name(office, plans):
    answer = office.get(f"/campaigns/rubrics/{plans.R3.pk}/export/")
    assert unquote(answer["Content-Disposition"]) == f"attachment; filename*=utf-8''R3-第1版-{plans.R3.name}.xlsx"
    assert hash_of(reading.read(answer.content).as_rubric()) == plans.R3.content_hash
    template = office.get("/campaigns/rubrics/template/")
    assert unquote(template["Content-Disposition"]) == "attachment; filename*=utf-8''评分标准导入模板.xlsx"


@pytest.mark.parametrize("code", ["Z2", "Z1", "Z7"])
def test_query_count_of_the_dry_run_does_not_grow(office, code, django_assert_num_queries):
    url = uploaded(office, good(code))
    office.get(url)
    # session, user, grants, upload, newest version, unread notices
    with django_assert_num_queries(6):
        office.get(url)


@pytest.mark.parametrize("rows", [1, 3])
def test_query_count_of_the_import_page(office, cast, rows, django_assert_num_queries):
    for number in range(rows):
        importing.keep_upload(b"1", f"{number}.xlsx", by=cast.campaign_admin)
    office.get(PAGE)
    # session, user, grants, uploads, unread notices
    with django_assert_num_queries(5):
        page = office.get(PAGE)
    assert len(page.context["waiting"]) == rows
