"""A rubric as a workbook: the sheets of `layout`, filled in, explained, with drop-downs; and the empty template."""

import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from standards import scoring
from standards.models import Criterion, Rubric
from standards.workbooks import examples, layout
from standards.workbooks.layout import Column

# Named everywhere: a bold cell without a name falls back to another face.
FONT = "Calibri"
LINE_HEIGHT = 15
MOST_HEIGHT = 400
HEADER_FILL = PatternFill("solid", fgColor="B3261E")
COMPUTED_FILL = PatternFill("solid", fgColor="F1EFEA")
TOP_FILL = PatternFill("solid", fgColor="FBEDEB")
THIN = Side(style="thin", color="C9C4BC")
GRID = Border(THIN, THIN, THIN, THIN)
WRAPPED = Alignment(wrap_text=True, vertical="top")
CENTRED = Alignment(horizontal="center", vertical="top", wrap_text=True)
HEADING = Alignment(horizontal="center", vertical="center", wrap_text=True)
# Rows below the filled ones that still offer the drop-downs.
SPARE_ROWS = 300
HEADER_ROW = 1
HEAD_TOP = 3
# The fields that mean something for these kinds only; elsewhere the usual value is left out, which reads the same.
ONLY_FOR = {
    "step": {Criterion.Kind.POINTS},
    "floor": {Criterion.Kind.COUNT, Criterion.Kind.DEDUCT},
    "veto_effect": {Criterion.Kind.VETO},
}


def write(rubric: Rubric) -> bytes:
    """The whole rubric; reading it back gives the same content."""
    book = _book()
    _head(book[layout.HEAD], rubric)
    criteria = book[layout.CRITERIA]
    rows = {criterion.key: number for number, criterion in enumerate(rubric.outline, HEADER_ROW + 1)}
    for criterion in rubric.outline:
        _criterion(criteria, rows, criterion)
    rules = [(criterion, rule) for criterion in rubric.outline for rule in criterion.rules.all()]
    for number, (criterion, rule) in enumerate(rules, HEADER_ROW + 1):
        values = {"criterion": criterion.code} | _values(layout.RULES, rule)
        _row(book[layout.RULES], layout.RULE_COLUMNS, number, values)
    _finish(book)
    return _bytes(book)


def write_template() -> bytes:
    """An empty workbook that explains itself, with one filled example."""
    book = _book()
    _head(book[layout.HEAD], None)
    _example(book.create_sheet(layout.EXAMPLE), layout.CRITERION_COLUMNS, examples.CRITERIA)
    _example(book.create_sheet(layout.EXAMPLE_RULES), layout.RULE_COLUMNS, examples.RULES)
    _finish(book)
    return _bytes(book)


def _book() -> Workbook:
    book = Workbook()
    notes = book.active
    notes.title = layout.NOTES
    _notes(notes)
    book.create_sheet(layout.HEAD)
    for name in (layout.CRITERIA, layout.RULES):
        sheet = book.create_sheet(name)
        _header(sheet, layout.COLUMNS[name], HEADER_ROW)
        sheet.freeze_panes = "D2" if name == layout.CRITERIA else "C2"
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(layout.COLUMNS[name]))}1"
        _print_setup(sheet)
    return book


def _bytes(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.active = 0
    book.save(out)
    return out.getvalue()


# Cells


def put(cell: Cell, value: Any) -> None:
    """Text stays text, whatever it begins with: nothing that people typed may become a formula or a date."""
    if value is None or value == "":
        return
    if isinstance(value, Decimal | int):
        cell.value = value
        cell.number_format = "General"
        return
    cell.value = layout.spell(str(value))
    cell.data_type = "s"
    cell.number_format = "@"
    # Kept as text even after somebody edits the cell.
    cell.quotePrefix = str(value)[:1] in "=+-@"


def _header(sheet: Worksheet, columns: Sequence[Column], row: int) -> None:
    for number, column in enumerate(columns, 1):
        cell = sheet.cell(row, number, column.header)
        cell.font = Font(name=FONT, bold=True, color="FFFFFF")
        cell.fill, cell.alignment, cell.border = HEADER_FILL, HEADING, GRID
        needed = "必填。" if column.required else ""
        cell.comment = Comment(f"{needed}{column.note}", "填写说明", width=260, height=110)
        sheet.column_dimensions[get_column_letter(number)].width = column.width
    sheet.row_dimensions[row].height = 30


def _row(sheet: Worksheet, columns: Sequence[Column], row: int, values: dict[str, Any]) -> None:
    """One row by field name; what is not named stays empty but is drawn."""
    for number, column in enumerate(columns, 1):
        cell = sheet.cell(row, number)
        put(cell, values.get(column.field))
        cell.alignment = WRAPPED if column.kind in (layout.TEXT, layout.LONG, layout.WORDS) else CENTRED
        cell.border = GRID
        if not column.field:
            cell.fill = COMPUTED_FILL
    sheet.row_dimensions[row].height = _height(columns, values)


def _height(columns: Sequence[Column], values: dict[str, Any]) -> int:
    """Room for the longest wrapped cell; not every program makes it by itself. A Chinese character is two wide."""
    lines = 1
    for column in columns:
        for piece in str(values.get(column.field) or "").split("\n"):
            wide = sum(1 if letter.isascii() else 2 for letter in piece)
            lines = max(lines, -(-wide // (column.width - 1)) + str(values.get(column.field) or "").count("\n"))
    return min(lines * LINE_HEIGHT + 3, MOST_HEIGHT)


def _values(sheet: str, row: Any) -> dict[str, Any]:
    """What a stored row says, as the cells say it; usual values are left out where they mean nothing."""
    return {
        column.field: _cell_value(sheet, column, getattr(row, column.field), getattr(row, "kind", None))
        for column in layout.COLUMNS[sheet]
        if column.field and layout.field_of(sheet, column.field)
    }


def _cell_value(sheet: str, column: Column, value: Any, kind: str | None) -> Any:
    if column.kind == layout.WORDS:
        return layout.join_words(value, layout.SEPARATORS[column.field])
    usual = value == layout.default_of(sheet, column.field)
    if usual and not column.required and kind not in ONLY_FOR.get(column.field, set()):
        points_matter = column.field == "max_points" and kind in scoring.SCORED_KINDS
        return value if points_matter or column.field == "total_points" else None
    if value is None:
        return column.nothing
    if column.labels:
        return next(label for label, meant in column.labels.items() if meant == value)
    return Decimal(scoring.plain(value)) if isinstance(value, Decimal) else value


# Sheets


def _head(sheet: Worksheet, rubric: Rubric | None) -> None:
    put(sheet["A1"], rubric or "评分标准（请在 B 列填写）")
    sheet["A1"].font = Font(name=FONT, bold=True, size=14)
    for number, line in enumerate(layout.HEAD_LINES, HEAD_TOP):
        label, cell, note = sheet.cell(number, 1, line.header), sheet.cell(number, 2), sheet.cell(number, 3)
        label.font = Font(name=FONT, bold=True)
        note.value, note.font = ("必填。" if line.required else "") + line.note, Font(name=FONT, color="6B6B6B")
        if rubric:
            put(cell, _cell_value(layout.HEAD, line, getattr(rubric, line.field), None))
        for each in (label, cell, note):
            each.alignment, each.border = WRAPPED, GRID
    for letter, width in zip("ABC", (22, 46, 60), strict=True):
        sheet.column_dimensions[letter].width = width
    _print_setup(sheet)


def _criterion(sheet: Worksheet, rows: dict[str, int], criterion: Criterion) -> None:
    row = rows[criterion.key]
    values = {"parent": criterion.parent.code if criterion.parent else ""} | _values(layout.CRITERIA, criterion)
    _row(sheet, layout.CRITERION_COLUMNS, row, values)
    if criterion.is_group:
        cell = sheet.cell(row, _place("") + 1)
        cell.value = _sum_of(criterion, rows)
        cell.data_type = "f"
        for number in range(1, len(layout.CRITERION_COLUMNS) + 1):
            sheet.cell(row, number).font = Font(name=FONT, bold=True)
            if criterion.level == 1:
                sheet.cell(row, number).fill = TOP_FILL


def _place(name: str) -> int:
    """Where a field's column stands, counted from 0."""
    return next(number for number, column in enumerate(layout.CRITERION_COLUMNS) if column.field == name)


def _sum_of(group: Criterion, rows: dict[str, int]) -> str:
    """The visible formula of a group: its parts together, or the highest; runs of rows are written as ranges."""
    own, below = get_column_letter(_place("max_points") + 1), get_column_letter(_place("") + 1)
    cells = [
        (below if part.is_group and not part.max_points else own, rows[part.key])
        for part in group.parts
        if part.is_group or part.scored
    ]
    runs: list[list[Any]] = []
    for letter, row in cells:
        if runs and runs[-1][0] == letter and runs[-1][2] == row - 1:
            runs[-1][2] = row
        else:
            runs.append([letter, row, row])
    ranges = [
        f"{letter}{first}" if first == last else f"{letter}{first}:{letter}{last}" for letter, first, last in runs
    ]
    name = "MAX" if group.pick == Criterion.Pick.HIGHEST else "SUM"
    # A function takes 255 arguments at most; sums of sums do the same.
    pieces = [f"{name}({','.join(ranges[start : start + 200])})" for start in range(0, len(ranges), 200)]
    return "=0" if not pieces else f"={pieces[0]}" if len(pieces) == 1 else f"={name}({','.join(pieces)})"


def _example(sheet: Worksheet, columns: Sequence[Column], rows: Sequence[dict[str, Any]]) -> None:
    _header(sheet, columns, HEADER_ROW)
    for number, values in enumerate(rows, HEADER_ROW + 1):
        _row(sheet, columns, number, values)
    sheet.freeze_panes = "A2"
    _print_setup(sheet)


def _notes(sheet: Worksheet) -> None:
    sheet.column_dimensions["A"].width = 22
    sheet.column_dimensions["B"].width = 92
    for number, (title, text) in enumerate(examples.NOTES, 1):
        left, right = sheet.cell(number, 1, title), sheet.cell(number, 2, text)
        left.font = Font(name=FONT, bold=True, size=14 if number == 1 else 11)
        left.alignment = right.alignment = Alignment(wrap_text=number > 1, vertical="top")
        sheet.row_dimensions[number].height = 24 if number == 1 else 18 * -(-len(text) * 2 // 88 or -1)
    _print_setup(sheet)


def _print_setup(sheet: Worksheet) -> None:
    wide = sheet.title in (layout.CRITERIA, layout.EXAMPLE)
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A3 if wide else sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    if sheet.title in (layout.CRITERIA, layout.RULES):
        sheet.print_title_rows = "1:1"


def _finish(book: Workbook) -> None:
    """The drop-downs, on the head, on the filled rows and on spare ones below."""
    for name in (layout.CRITERIA, layout.RULES):
        sheet = book[name]
        last = sheet.max_row + SPARE_ROWS
        for number, column in enumerate(layout.COLUMNS[name], 1):
            if column.labels:
                _choice(sheet, column, [f"{get_column_letter(number)}2:{get_column_letter(number)}{last}"])
    lines = [f"B{number}" for number, line in enumerate(layout.HEAD_LINES, HEAD_TOP) if line.labels]
    _choice(book[layout.HEAD], next(line for line in layout.HEAD_LINES if line.labels), lines)


def _choice(sheet: Worksheet, column: Column, ranges: Iterable[str]) -> None:
    words = "、".join(column.labels)
    choice = DataValidation(type="list", formula1=f'"{",".join(column.labels)}"', allow_blank=True)
    choice.error, choice.errorTitle, choice.showErrorMessage = f"请从下拉列表中选择：{words}。", column.header, True
    for cells in ranges:
        choice.add(cells)
    sheet.add_data_validation(choice)
