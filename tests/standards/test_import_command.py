import io

import pytest
from django.core.management import CommandError, call_command
from openpyxl import load_workbook

from branches.models import AuditEntry
from standards.models import Criterion, Rubric
from standards.workbooks import reading
from tests.standards.test_workbooks import FOLDER, hash_of
from tests.standards.test_workbooks_refused import PDF, changed, put

pytestmark = pytest.mark.django_db


def run(command, *args, **options):
    out = io.StringIO()
    call_command(command, *args, stdout=out, **options)
    return out.getvalue()


def test_import_makes_a_draft_and_says_so():
    said = run("import_rubric", FOLDER / "Z2.xlsx")
    made = Rubric.objects.get(code="Z2")
    assert (made.version, made.status, made.based_on) == (1, "draft", None)
    assert said == f"已导入 {made}：草稿，11行。\n"
    entry = AuditEntry.objects.get(action="rubric.import")
    assert (entry.target, entry.changes) == (f"rubric:{made.pk}", {"version": 1, "criteria": 11})


def test_import_again_is_the_next_version_and_leaves_the_first_alone():
    run("import_rubric", FOLDER / "Z2.xlsx", publish=True)
    first = Rubric.objects.get(code="Z2")
    run("import_rubric", FOLDER / "Z2.xlsx")
    second = Rubric.objects.get(code="Z2", version=2)
    assert (second.status, second.based_on) == ("draft", first)
    assert hash_of(second) == first.content_hash == hash_of(Rubric.objects.get(pk=first.pk))


def test_import_under_another_code():
    run("import_rubric", FOLDER / "Z2.xlsx", code="NEW-1")
    assert list(Rubric.objects.filter(code__in=["Z2", "NEW-1"]).values_list("code", flat=True)) == ["NEW-1"]


def test_published_at_once():
    said = run("import_rubric", FOLDER / "Z7.xlsx", code="Z7", publish=True)
    made = Rubric.objects.get(code="Z7")
    assert (made.status, made.content_hash) == ("published", hash_of(made))
    assert "已发布" in said


def refused(path, **options):
    before = Rubric.objects.count(), Criterion.objects.count(), AuditEntry.objects.count()
    with pytest.raises(CommandError) as refusal:
        run("import_rubric", path, **options)
    assert (Rubric.objects.count(), Criterion.objects.count(), AuditEntry.objects.count()) == before
    assert refusal.value.returncode == 1
    return str(refusal.value).splitlines()


def test_every_problem_is_listed_and_nothing_imported(tmp_path):
    path = tmp_path / "bad.xlsx"
    path.write_bytes(changed(lambda book: [put("指标", "F4", -1)(book), put("细则", "C2", "x")(book)]))
    assert refused(path) == [
        "没有导入，数据库没有改动：",
        "· “指标”表第4行F列：分值是-1，须不小于0。",
        "· “细则”表第2行C列：“x”不是数字。请填写数字，例如 3 或 2.5。",
    ]


def test_unsound_rubric_becomes_a_draft_with_warnings_but_is_not_published(tmp_path):
    path = tmp_path / "unsound.xlsx"
    path.write_bytes(changed(put("指标", "F6", 19)))
    unsound = ["A1-3：最高等次20分，与分值19分不符。", "A：下级合计99分，与本级分值100分不符。"]
    unsound += ["A1：下级合计39分，与本级分值40分不符。", "各维度合计99.7分，与总分100分不符。"]
    refusal = refused(path, publish=True)
    assert sorted(refusal) == sorted(["没有导入，数据库没有改动：", *(f"· {each}" for each in unsound)])
    said = run("import_rubric", path).splitlines()[1:]
    assert sorted(said) == sorted(f"· 发布前还须改：{each}" for each in unsound)


def test_plain_sheet_needs_a_code():
    assert refused(FOLDER / "Z7.xlsx") == ["没有导入，数据库没有改动：", "· 没有填评分标准的编码。"]
    assert refused(FOLDER / "Z7.xlsx", code="太长" * 20)[1].startswith("· 编码只能用字母、数字和短横线")


def test_missing_file_and_no_workbook(tmp_path):
    assert refused(tmp_path / "none.xlsx")[1] == f"· 没有这个文件：{tmp_path / 'none.xlsx'}"
    (tmp_path / "pdf.xlsx").write_bytes(PDF)
    assert refused(tmp_path / "pdf.xlsx")[1].startswith("· 从内容看，这不是")


def test_export_writes_what_the_import_reads(tmp_path):
    run("import_rubric", FOLDER / "Z3.xlsx", publish=True)
    path = tmp_path / "out.xlsx"
    stored = Rubric.objects.get(code="Z3")
    assert run("export_rubric", "Z3", path) == f"已写出 {stored}：{path}\n"
    assert hash_of(reading.read(path.read_bytes()).as_rubric()) == stored.content_hash


def test_export_of_a_named_version(tmp_path):
    run("import_rubric", FOLDER / "Z3.xlsx")
    Rubric.objects.filter(code="Z3").update(name="第一版的名称")
    run("import_rubric", FOLDER / "Z3.xlsx")
    path = tmp_path / "out.xlsx"
    run("export_rubric", "Z3", path, rubric_version=1)
    assert load_workbook(path)["标准"]["B4"].value == "第一版的名称"


@pytest.mark.parametrize("options", [{}, {"rubric_version": 9}])
def test_export_of_nothing_is_refused(tmp_path, plans, options):
    with pytest.raises(CommandError, match="没有评分标准"):
        run("export_rubric", "R9" if not options else "R1", tmp_path / "out.xlsx", **options)


def test_export_to_nowhere_is_refused(tmp_path, plans):
    with pytest.raises(CommandError, match="写不进"):
        run("export_rubric", "R1", tmp_path / "none" / "out.xlsx")
