"""两版对照表: what differs between two versions as a workbook, numbers as numbers and no text ever a formula."""

import io
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from standards.differences import ADDED, REMOVED, REWEIGHTED, Change, Field, one_of, rubric_fields
from standards.models import Criterion, Rubric

CHANGES = (("编号", 14), ("名称", 28), ("变化", 16), ("项目", 14), ("原", 60), ("现", 60))
WHOLE = (
    ("变化", 18), ("原编号", 12), ("原名称", 24), ("原类型", 12), ("原分值", 9), ("原标准原文", 56),
    ("现编号", 12), ("现名称", 24), ("现类型", 12), ("现分值", 9), ("现标准原文", 56),
)  # fmt: skip
HEAD, TOUCHED = PatternFill("solid", fgColor="F7F3EC"), PatternFill("solid", fgColor="FFF6DD")
# The most a cell of a spreadsheet holds, and the beginnings that a spreadsheet would take for a formula.
MOST_LETTERS, FORMULAS = 32_767, ("=", "+", "-", "@")


def workbook(old: Rubric, new: Rubric, changes: Sequence[Change]) -> io.BytesIO:
    """The file, ready to be sent: every change on a line of its own, and both versions in full side by side."""
    book = Workbook()
    sheet = book.active
    sheet.title = "改动"
    _head(
        sheet,
        [(f"{title}（{_name(rubric)}）" if rubric else title, width) for title, width, rubric in _titles(old, new)],
    )
    line = 1
    for line, values in enumerate(_lines(old, new, changes), 2):
        _write(sheet, line, values)
    _finish(sheet, f"A1:{get_column_letter(len(CHANGES))}{line}", "C2")
    both = book.create_sheet("全文对照")
    _head(both, list(WHOLE))
    for line, change in enumerate(changes, 2):
        _write(both, line, ["、".join(change.labels), *_side(change.old), *_side(change.new)])
        if change.kinds:
            both.cell(line, 1).fill = TOUCHED
    _finish(both, f"A1:{get_column_letter(len(WHOLE))}{len(changes) + 1}", "B2")
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    return file


def _titles(old: Rubric, new: Rubric) -> list[tuple[str, int, Rubric | None]]:
    sides = {"原": old, "现": new}
    return [(title, width, sides.get(title)) for title, width in CHANGES]


def _name(rubric: Rubric) -> str:
    return f"{rubric.code} 第{rubric.version}版"


def _lines(old: Rubric, new: Rubric, changes: Sequence[Change]) -> list[list[Any]]:
    lines: list[list[Any]] = [["整套标准", "", "", field.label, *_values(field)] for field in rubric_fields(old, new)]
    for change in changes:
        at = one_of(change)
        if change.kinds in ((ADDED,), (REMOVED,)):
            said, points = at.text or at.title, at.max_points
            sides: list[list[Any]] = [["", said], ["", points]] if change.new else [[said, ""], [points, ""]]
            lines.append([at.code, at.title, "、".join(change.labels), "标准原文", *sides[0]])
            lines.append([at.code, at.title, "、".join(change.labels), "分值", *sides[1]])
            continue
        lines += [
            [at.code, at.title, "、".join(change.labels), field.label, *_values(field)] for field in change.fields
        ]
    return lines


def _values(field: Field) -> list[Any]:
    """Both sides, as numbers where the field is one."""
    return [_number(value) if field.kind == REWEIGHTED else value for value in (field.before, field.after)]


def _number(value: str) -> Decimal | str:
    try:
        return Decimal(value)
    except InvalidOperation:
        return value


def _side(criterion: Criterion | None) -> list[Any]:
    if criterion is None:
        return [None] * 5
    points = criterion.max_points if criterion.scored or criterion.is_group else None
    return [criterion.code, criterion.title, criterion.get_kind_display(), points, criterion.text]


def _head(sheet: Worksheet, columns: Sequence[tuple[str, int]]) -> None:
    for number, (title, width) in enumerate(columns, 1):
        cell = _put(sheet, 1, number, title)
        cell.font, cell.fill = Font(bold=True), HEAD
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        sheet.column_dimensions[get_column_letter(number)].width = width


def _write(sheet: Worksheet, line: int, values: Sequence[Any]) -> None:
    for number, value in enumerate(values, 1):
        _put(sheet, line, number, value).alignment = Alignment(vertical="top", wrap_text=True)


def _put(sheet: Worksheet, line: int, number: int, value: Any) -> Cell:
    cell = sheet.cell(line, number)
    if isinstance(value, str):
        # Set as a string whatever it begins with, and kept one when somebody edits the cell.
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)[:MOST_LETTERS]
        cell.data_type = "s"
        cell.quotePrefix = value.startswith(FORMULAS)
    else:
        cell.value = value
    return cell


def _finish(sheet: Worksheet, area: str, freeze: str) -> None:
    sheet.freeze_panes, sheet.auto_filter.ref, sheet.print_title_rows = freeze, area, "1:1"
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
