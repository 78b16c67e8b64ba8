"""Workbooks that must not come in: each with its own sentence, nothing written, nothing unpacked that should not be."""

import io
import tracemalloc
import zipfile

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from standards.models import Criterion, Rubric
from standards.services import importing
from standards.workbooks import reading, safety
from tests.standards.test_workbooks import FOLDER

GOOD = (FOLDER / "Z1.xlsx").read_bytes()
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n" * 20
OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600
ENTITY = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "{}"><!ENTITY y "&x;&x;&x;">]><worksheet>&y;</worksheet>'


def repacked(changes, content=GOOD):
    """The good workbook with parts replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in changes:
                new.writestr(name, old.read(name))
        for name, part in changes.items():
            new.writestr(name, part)
    return out.getvalue()


def types():
    return zipfile.ZipFile(io.BytesIO(GOOD)).read("[Content_Types].xml")


def sheet_xml(rows="", after=""):
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    return f"<worksheet {space}><sheetData>{rows}</sheetData>{after}</worksheet>"


def many_rows():
    return sheet_xml("".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in range(1, 100_001)))


THIRD = "xl/worksheets/sheet3.xml"
REFUSED = {
    "empty": (lambda: b"", "empty", "文件是空的"),
    "renamed_pdf": (lambda: PDF, "not_workbook", "从内容看，这不是"),
    "text": (lambda: "项目,分值".encode("gbk"), "not_workbook", "从内容看，这不是"),
    "old_xls": (lambda: OLD, "old_format", "旧版 Excel"),
    "encrypted": (lambda: OLD + "EncryptedPackage".encode("utf-16-le"), "encrypted", "打开密码"),
    "too_large": (lambda: b"PK\x03\x04" + b"x" * safety.MOST_BYTES, "too_large", "超过5MB"),
    "cut_short": (lambda: GOOD[:5000], "damaged", "已损坏"),
    "another_zip": (lambda: repacked({}, content=_zip_of("a.txt")), "not_workbook", "压缩包或别的文件"),
    "macros": (lambda: repacked({"xl/vbaProject.bin": b"x"}), "macros", "含有宏"),
    "macro_type": (
        lambda: repacked({"[Content_Types].xml": types().replace(b"sheet.main+xml", b"sheet.macroEnabled.main+xml")}),
        "macros", "含有宏",
    ),
    "bomb_ratio": (lambda: repacked({"xl/media/a.bin": b"\0" * 20_000_000}), "bomb", "异常庞大"),
    "bomb_size": (lambda: repacked({f"xl/media/{n}.bin": b"\0" * 300_000 for n in range(140)}), "bomb", "异常庞大"),
    "bomb_parts": (lambda: repacked({f"xl/media/{n}.bin": b"a" for n in range(400)}), "bomb", "异常庞大"),
    "entities": (lambda: repacked({THIRD: ENTITY.format("a" * 100)}), "entities", "实体定义"),
    "entities_utf16": (
        lambda: repacked({THIRD: ENTITY.replace("1.0", '1.0" encoding="UTF-16').format("a").encode("utf-16")}),
        "entities", "实体定义",
    ),
    "entities_elsewhere": (lambda: repacked({"xl/other.png": ENTITY.format("a")}), "entities", "实体定义"),
    "not_xml": (lambda: repacked({THIRD: "<worksheet><sheetData>"}), "damaged", "已损坏"),
    "rows": (lambda: repacked({THIRD: many_rows()}), "too_many_rows", "超过5000行"),
    "far_row": (
        lambda: repacked({THIRD: sheet_xml('<row r="900000"><c r="A900000"><v>1</v></c></row>')}),
        "too_many_rows", "第900000行还有内容",
    ),
    "merged": (
        lambda: repacked({THIRD: sheet_xml(after='<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>')}),
        "too_many_cells", "单元格太多",
    ),
    "cells": (
        lambda: repacked({THIRD: sheet_xml('<row r="1">' + "".join(f'<c r="A{n}" s="1"/>' for n in range(150_001)) + "</row>")}),
        "too_many_cells", "单元格太多",
    ),
    "nonsense": (lambda: repacked({THIRD: sheet_xml('<row r="1"><c r="??"><v>1</v></c></row>')}), "damaged", "已损坏"),
}  # fmt: skip


def _zip_of(name):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, "x")
    return out.getvalue()


@pytest.mark.parametrize("name", REFUSED)
def test_workbook_is_refused_before_it_is_opened(name):
    make, code, words = REFUSED[name]
    content = make()
    tracemalloc.start()
    with pytest.raises(ValidationError) as refusal:
        reading.read(content)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refusal.value.code == code
    assert words in refusal.value.message
    assert most < 80 * 1024 * 1024


def changed(change, source="Z1"):
    """A good workbook after somebody was at it."""
    book = load_workbook(FOLDER / f"{source}.xlsx")
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def put(sheet, place, value):
    return lambda book: book[sheet].__setitem__(place, value)


PROBLEMS = {
    "negative": (put("指标", "F4", -3), ["“指标”表第4行F列：分值是-3，须不小于0。"]),
    "no_number": (put("指标", "F4", "十分"), ["“指标”表第4行F列：“十分”不是数字。请填写数字，例如 3 或 2.5。"]),
    "three_places": (put("指标", "F4", 3.125), ["“指标”表第4行F列：分值是3.125，最多两位小数。"]),
    "huge": (put("指标", "F4", 123456), ["“指标”表第4行F列：分值过大，须小于10000。"]),
    "formula": (
        put("指标", "F4", "=5+5"),
        ["“指标”表第4行F列：单元格里是公式（=5+5），导入不算公式；请复制后“选择性粘贴—数值”。"],
    ),
    "error_value": (put("指标", "F4", "#REF!"), ["“指标”表第4行F列：单元格里是错误值 #REF!，请改正。"]),
    "kind": (
        put("指标", "E4", "随便"),
        ["“指标”表第4行E列：“随便”不在可选的内容里；可选：分组、打分、等次、计次得分、扣分、全有或全无、一票否决、仅说明。"],
    ),
    "megabyte": (
        put("指标", "D4", "标" * 100),
        ["“指标”表第4行D列：这一格有1048576个字，最多32767个字；请删短或拆成几项。"],
    ),
    "long_title": (put("指标", "C4", "长" * 81), ["“指标”表第4行C列：名称有81个字，最多80个字。"]),
    "no_title": (put("指标", "C4", None), ["“指标”表第4行C列：没有填名称。"]),
    "same_code": (put("指标", "A5", "A1-1"), ["“指标”表第5行A列：编号 A1-1 与第4行重复。"]),
    "no_parent": (put("指标", "B4", "X9"), ["“指标”表第4行B列：上级编号 X9 不在表里。"]),
    "circle": (put("指标", "B4", "A1-1"), ["“指标”表第4行B列：层级超过3级，或者上下级互相指着。"]),
    "too_deep": (put("指标", "B5", "A1-1"), ["“指标”表第5行B列：层级超过3级，或者上下级互相指着。"]),
    "no_column": (put("指标", "E1", None), ["“指标”表第1行：没有“类型”这一列，表头须与模板一致。"]),
    "wrong_column": (
        put("指标", "F1", "多少分"),
        ["“指标”表第1行F列：不认识“多少分”这一列，请照模板改正或删去。"],
    ),
    "many_rules": (
        lambda book: [book["细则"].append(["A1-1", f"情形{number}", 1]) for number in range(101)],
        ["“指标”表第4行：A1-1 支委配备有101条细则，一项最多100条；请分成几项。"],
    ),
    "rule_of_nobody": (put("细则", "A2", "X9"), ["“细则”表第2行A列：“指标”表里没有编号 X9。"]),
    "bad_code": (put("标准", "B3", "标准一"), ["“标准”表第3行B列：编码只能用字母、数字和短横线，最长20字，例如 R1 或 ZB-2027。"]),
    "no_name": (put("标准", "B4", None), ["“标准”表第4行B列：没有填名称。"]),
    "several": (
        lambda book: [put("细则", "C2", "x")(book), put("指标", "F4", -1)(book), put("标准", "B6", 0)(book)],
        [
            "“标准”表第6行B列：总分是0，须大于0。",
            "“指标”表第4行F列：分值是-1，须不小于0。",
            "“细则”表第2行C列：“x”不是数字。请填写数字，例如 3 或 2.5。",
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_problem_is_told_by_sheet_row_and_column(db, admin, name):
    change, expected = PROBLEMS[name]
    content = changed(change)
    if name == "megabyte":
        # Longer than the library itself would write.
        third = zipfile.ZipFile(io.BytesIO(content)).read(THIRD).decode()
        content = repacked({THIRD: third.replace("标" * 100, "".join(map(str, range(200_000)))[:1_048_576])}, content)
    draft = reading.read(content)
    assert [str(problem) for problem in draft.problems] == expected
    before = Rubric.objects.count(), Criterion.objects.count()
    with pytest.raises(ValidationError) as refusal:
        importing.import_rubric(draft, by=admin)
    assert refusal.value.messages == expected
    assert (Rubric.objects.count(), Criterion.objects.count()) == before


def test_deductions_are_given_as_positive_numbers():
    draft = reading.read(changed(put("细则", "C2", -2), source="Z2"))
    assert [str(each) for each in draft.problems] == ["“细则”表第2行C列：分值是-2；扣分请填正数，如 0.5。"]


def test_many_problems_are_cut_off_with_a_count():
    def spoil(book):
        for number in range(2, 500):
            book["指标"].cell(number, 1, f"K{number}")
            book["指标"].cell(number, 5, "随便")

    problems = reading.read(changed(spoil)).problems
    assert len(problems) == 201
    assert problems[-1].text.startswith("另外还有")


@pytest.mark.parametrize(
    ("header", "row", "words"),
    [
        (["姓名", "警号"], ["支部书记A", "1"], "没有认出评分标准"),
        (["项目", "考核内容", "分值"], ["组织建设", "三会一课", -5], "“Sheet”表第2行C列：分值是-5，不能是负数。"),
        (["项目", "考核内容", "分值"], ["组织建设", "三会一课", "=2+3"], "“Sheet”表第2行C列：单元格里是公式（=2+3）"),
        (["项目", "考核内容", "分值"], ["组织建设", "=A1", 5], "“Sheet”表第2行B列：单元格里是公式（=A1）"),
        (["项目", "考核内容", "分值"], [None, None, None], "“Sheet”表第1行：表头下面没有内容。"),
    ],
)
def test_plain_sheet_with_problems(header, row, words):
    book = Workbook()
    book.active.append(header)
    book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    (problem,) = reading.read(out.getvalue()).problems
    assert str(problem).startswith(words)


anything = (
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), max_size=30)
    | st.sampled_from(
        [
            "1e999999999",
            "-1e999",
            "1e-999999999",
            "_x0000_",
            "_xD800_",
            "每次扣9999999999999999999999999999999999分",
            "=A1",
        ]
        + ["低于90%的，每低0%扣1分", "好10、好20", "（99999999分）", "NaN", "Infinity", "9" * 400, "合计", "10分", "是"]
    )
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.booleans()
    | st.dates().map(str)
    | st.datetimes()
)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(["Z2", "Z4", "Z7"]),
    st.lists(st.tuples(st.integers(1, 15), st.integers(1, 12), anything), max_size=8),
)
def test_whatever_stands_in_the_cells_is_taken_over_or_told(db, admin, source, filled):
    def fill(book):
        for sheet in book.worksheets:
            for row, column, value in filled:
                if type(sheet.cell(row, column)).__name__ == "Cell":
                    sheet.cell(row, column).value = value

    draft = reading.read(changed(fill, source))
    if source == "Z7":
        draft.set_code("Z7")
    if not draft.problems:
        made = importing.import_rubric(draft, by=admin)
        assert len(made.outline) == len(draft.lines)
        made.delete()


def test_long_wording_is_read():
    book = Workbook()
    book.active.append(["项目", "考核内容", "分值"])
    for _ in range(50):
        book.active.append(["组织", "每少低于超过得加" * 3000, 5])
    out = io.BytesIO()
    book.save(out)
    assert len(reading.read(out.getvalue()).lines) == 51
