"""A workbook to unsaved rows, with every problem by sheet, row and column. Formulas are never computed or trusted."""

import io
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import ParseError  # noqa: S405 -- the exception alone; parsing is defusedxml's

from django.core.exceptions import ValidationError
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from standards import scoring
from standards.models import Criterion, Rubric, ScoreRule
from standards.soundness import LEVELS, MOST_RULES
from standards.workbooks import cells, guessing, layout, safety
from standards.workbooks.drafts import BAD_CODE, CODE, Draft, Line, Problem
from standards.workbooks.layout import Column

# The header may have title rows above it, but not many.
HEADER_WITHIN = 10
MOST_PROBLEMS = 200
# What the library is known to raise on a workbook that is well formed and still nonsense.
UNREADABLE = (
    *(InvalidFileException, zipfile.BadZipFile, zlib.error, ParseError, OSError, EOFError),
    *(ValueError, TypeError, LookupError, AttributeError, ArithmeticError, AssertionError, NotImplementedError),
)


def read(content: bytes) -> Draft:
    """Read a workbook, the template's or a bureau's own sheet. Raises ValidationError for what is not opened at all."""
    book = open_book(content)
    if {layout.HEAD, layout.CRITERIA} <= {sheet.title for sheet in book.worksheets}:
        draft = _template(book)
    else:
        draft = guessing.read(book)
    _check_numbers_of_rules(draft)
    draft.problems.sort(
        key=lambda problem: (book.sheetnames.index(problem.sheet) if problem.sheet else -1, problem.row or 0)
    )
    if len(draft.problems) > MOST_PROBLEMS:
        more = len(draft.problems) - MOST_PROBLEMS
        draft.problems[MOST_PROBLEMS:] = [Problem(f"另外还有{more}个问题，改好上面的再试。")]
    return draft


def _check_numbers_of_rules(draft: Draft) -> None:
    for line in draft.lines:
        if len(line.rules) > MOST_RULES:
            text = f"{line.criterion}有{len(line.rules)}条细则，一项最多{MOST_RULES}条；请分成几项。"
            draft.problems.append(Problem(text, draft.sheet, line.row))


def open_book(content: bytes) -> Workbook:
    safety.check(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and extensions that are not kept, which nobody wants
            book = load_workbook(io.BytesIO(content), keep_links=False)
    except UNREADABLE as error:
        raise ValidationError("文件已损坏，打不开；请在 Excel 或 WPS 里打开，另存一份再传。", code="damaged") from error
    if not book.worksheets:
        raise ValidationError("工作簿里没有一张表。", code="empty")
    return book


def _template(book: Workbook) -> Draft:
    draft = Draft(Rubric(), sheet=layout.CRITERIA)
    _head(draft, book[layout.HEAD])
    for row, values in _rows(draft, book[layout.CRITERIA]):
        parent = values.pop("parent", "")
        draft.lines.append(Line(Criterion(**values), parent, row=row))
    letters = _letters(book[layout.CRITERIA])
    _check_outline(draft, letters)
    if draft.lines and layout.RULES in {sheet.title for sheet in book.worksheets}:
        _rules(draft, book[layout.RULES])
    if not draft.lines and not any(problem.sheet == layout.CRITERIA for problem in draft.problems):
        draft.problems.append(Problem("没有填任何指标。", layout.CRITERIA))
    return draft


def _head(draft: Draft, sheet: Worksheet) -> None:
    """Label in column A, value in column B."""
    lines = {line.header: line for line in layout.HEAD_LINES}
    found: dict[str, int] = {}
    for (cell,) in sheet.iter_rows(max_row=min(sheet.max_row, 60), max_col=1):
        if isinstance(cell.value, str) and cell.value.strip() in lines:
            found.setdefault(cell.value.strip(), cell.row)
    for label, line in lines.items():
        if label not in found:
            if line.required:
                draft.problems.append(Problem(f"A列里没有“{label}”这一行，请用模板填写。", sheet.title))
            continue
        try:
            setattr(draft.rubric, line.field, cells.value(layout.HEAD, line, sheet.cell(found[label], 2)))
        except cells.CellError as error:
            draft.problems.append(Problem(str(error), sheet.title, found[label], "B"))
    if draft.rubric.code and not CODE.fullmatch(draft.rubric.code):
        draft.problems.append(Problem(BAD_CODE, sheet.title, found["编码"], "B"))


def _letters(sheet: Worksheet) -> dict[str, str]:
    """The column letter of each field, where its header stands."""
    _, places = _header(sheet)
    return {column.field: get_column_letter(number) for number, column in places.items()}


def _header(sheet: Worksheet) -> tuple[int, dict[int, Column]]:
    """The row with the most known headers, and which column stands where."""
    known = {column.header: column for column in layout.COLUMNS[sheet.title]}
    best: tuple[int, dict[int, Column]] = (1, {})
    for row in sheet.iter_rows(max_row=min(sheet.max_row, HEADER_WITHIN), max_col=_width(sheet)):
        places = {cell.column: known[title] for cell in row if (title := _title(cell.value)) in known}
        if len(places) > len(best[1]):
            best = row[0].row, places
    return best


def _title(value: Any) -> str:
    return "".join(value.split()).strip("*＊") if isinstance(value, str) else ""


def _width(sheet: Worksheet) -> int:
    return min(sheet.max_column, safety.MOST_COLUMNS)


def _check_header(draft: Draft, sheet: Worksheet) -> tuple[int, dict[int, Column]]:
    row, places = _header(sheet)
    present = [column.field for column in places.values()]
    for column in layout.COLUMNS[sheet.title]:
        if column.required and column.field not in present:
            draft.problems.append(Problem(f"没有“{column.header}”这一列，表头须与模板一致。", sheet.title, row))
        if column.field and present.count(column.field) > 1:
            draft.problems.append(
                Problem(f"“{column.header}”这一列有{present.count(column.field)}个。", sheet.title, row)
            )
    for number in range(1, _width(sheet) + 1):
        title = _title(sheet.cell(row, number).value)
        if title and number not in places and places:
            letter = get_column_letter(number)
            draft.problems.append(
                Problem(f"不认识“{title[:20]}”这一列，请照模板改正或删去。", sheet.title, row, letter)
            )
    return row, places


def _rows(draft: Draft, sheet: Worksheet) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each filled row as values by field; what is wrong in it goes to the problems and takes the usual value."""
    before = len(draft.problems)
    top, places = _check_header(draft, sheet)
    if any(problem.row == top for problem in draft.problems[before:]):
        return
    last = min(sheet.max_row, safety.MOST_ROWS)
    for row in sheet.iter_rows(min_row=top + 1, max_row=last, max_col=max(places)):
        mine = [cell for cell in row if cell.column in places and places[cell.column].field]
        if all(cell.value is None or str(cell.value).strip() == "" for cell in mine):
            continue
        values = {}
        for cell in mine:
            column = places[cell.column]
            try:
                values[column.field] = cells.value(sheet.title, column, cell)
            except cells.CellError as error:
                draft.problems.append(Problem(str(error), sheet.title, cell.row, cell.column_letter))
        yield row[0].row, _completed(sheet.title, values)


def _completed(sheet: str, values: dict[str, Any]) -> dict[str, Any]:
    """With the usual value, to the cent, for every column that is missing or could not be read."""
    for column in layout.COLUMNS[sheet]:
        if column.field and column.field not in values:
            usual = layout.default_of(sheet, column.field)
            exact = column.kind == layout.NUMBER and (usual is not None or column.required)
            values[column.field] = scoring.to_decimal(usual or 0).quantize(scoring.CENT) if exact else usual
    return values


def _check_outline(draft: Draft, letters: dict[str, str]) -> None:
    """Codes are unique, parents exist, nothing stands below itself or too deep."""

    def say(line: Line, name: str, text: str) -> None:
        draft.problems.append(Problem(text, layout.CRITERIA, line.row, letters.get(name, "")))

    first: dict[str, Line] = {}
    for line in draft.lines:
        code = line.criterion.code
        if code and code in first:
            say(line, "code", f"编号 {code} 与第{first[code].row}行重复。")
        first.setdefault(code, line)
    for line in draft.lines:
        if line.parent and line.parent not in first:
            say(line, "parent", f"上级编号 {line.parent} 不在表里。")
            continue
        level, above = 1, line
        while above.parent in first and level <= LEVELS:
            above, level = first[above.parent], level + 1
        if level > LEVELS:
            say(line, "parent", f"层级超过{LEVELS}级，或者上下级互相指着。")


def _rules(draft: Draft, sheet: Worksheet) -> None:
    lines = {line.criterion.code: line for line in draft.lines}
    letters = _letters(sheet)
    for row, values in _rows(draft, sheet):
        code = values.pop("criterion", "")
        if code not in lines:
            if code:
                text = f"“{layout.CRITERIA}”表里没有编号 {code}。"
                draft.problems.append(Problem(text, sheet.title, row, letters["criterion"]))
            continue
        rule = ScoreRule(**values)
        if lines[code].criterion.kind == scoring.DEDUCT and rule.points < 0:
            text = f"分值是{scoring.plain(rule.points)}；扣分请填正数，如 0.5。"
            draft.problems.append(Problem(text, sheet.title, row, letters["points"]))
        lines[code].rules.append(rule)
