"""签收与学习统计表: the committee's list as a workbook, every cell of its own type and no text ever a formula."""

import datetime
import io
from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from standards.coverage import Group, Row, Tally
from standards.models import Publication
from standards.workbooks import layout

COLUMNS = (
    ("所属党委", 16), ("党支部", 30), ("编码", 14), ("签收人", 12), ("签收时间", 18), ("学习日期", 13),
    ("民警应学", 10), ("民警实学", 10), ("民警补学", 10), ("民警未学", 10), ("民警覆盖率", 11),
    ("辅警应学", 10), ("辅警实学", 10), ("辅警补学", 10), ("辅警未学", 10), ("辅警覆盖率", 11),
    ("学习方式", 36), ("登记人", 12), ("最近催办", 18),
)  # fmt: skip
MOMENT, DAY, PERCENT = "yyyy-mm-dd hh:mm", "yyyy-mm-dd", "0%"
OFFICERS_AT = 7


def workbook(publication: Publication, rows: Iterable[Row], total: Tally) -> io.BytesIO:
    """The file, ready to be sent: the list with its total, and a sheet that says what it shows."""
    book = Workbook()
    sheet = book.active
    sheet.title = "签收与学习"
    for number, (title, width) in enumerate(COLUMNS, 1):
        cell = _put(sheet, 1, number, title)
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="F7F3EC")
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        sheet.column_dimensions[get_column_letter(number)].width = width
    line = 1
    for line, row in enumerate(rows, 2):
        _write(sheet, line, _values(row))
    _write(sheet, line + 1, _total(total))
    for cell in sheet[line + 1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "C2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(COLUMNS))}{line}"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    _explain(book.create_sheet("说明"), publication)
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    return file


def _values(row: Row) -> list[Any]:
    signed = row.signed
    studied = signed if signed and signed.has_study else None
    return [
        row.county, row.branch.name, row.branch.code,
        signed and signed.signed_by.name, signed and _local(signed.signed_at), studied and studied.studied_on,
        *_group(row.officers), *_group(row.auxiliaries),
        studied and studied.how, studied and studied.recorded_by and studied.recorded_by.name, _local(row.reminded_at),
    ]  # fmt: skip


def _total(total: Tally) -> list[Any]:
    words = [f"合计{total.branches}个支部", "", f"签收{total.signed}个", None, f"学习{total.studied}个"]
    return ["合计", *words, *_group(total.officers), *_group(total.auxiliaries), None, None, None]


def _group(group: Group | None) -> list[int | float | None]:
    if group is None:
        return [None] * 5
    # A spreadsheet knows no other number than this one; it is shown, never reckoned with here.
    share = group.covered / group.expected if group.expected else None
    return [group.expected, group.studied, group.later, group.missing, share]


def _local(moment: datetime.datetime | None) -> datetime.datetime | None:
    """Spreadsheets know no time zones: the clock of Shanghai, as on the pages."""
    return timezone.localtime(moment).replace(tzinfo=None, second=0, microsecond=0) if moment else None


def _write(sheet: Worksheet, line: int, values: list[Any]) -> None:
    for number, value in enumerate(values, 1):
        cell = _put(sheet, line, number, value)
        if isinstance(value, datetime.datetime):
            cell.number_format = MOMENT
        elif isinstance(value, datetime.date):
            cell.number_format = DAY
        elif number in (OFFICERS_AT + 4, OFFICERS_AT + 9):
            cell.number_format = PERCENT


def _put(sheet: Worksheet, line: int, number: int, value: Any) -> Cell:
    cell = sheet.cell(line, number)
    # Spelt out where a letter is one that no workbook can hold.
    cell.value = layout.spell(value) if isinstance(value, str) else value
    if isinstance(value, str):
        cell.data_type = "s"  # whatever it begins with: a name like “=1+1” stays a name
    return cell


def _explain(sheet: Worksheet, publication: Publication) -> None:
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 14, 80
    lines = [
        ("发布", publication.title), ("活动", str(publication.campaign)),
        ("发布时间", _local(publication.published_at)), ("期限", publication.due_on),
        ("导出时间", _local(timezone.now())),
        ("应学", "未登记学习的支部，合计中按其台账的民警、辅警人数计。"),
        ("未学", "应学人数减去实学和补学人数。"), ("覆盖率", "实学与补学之和占应学的比例。"),
    ]  # fmt: skip
    for number, values in enumerate(lines, 1):
        _write(sheet, number, list(values))
