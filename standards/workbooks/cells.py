"""One cell to one value, with the sentence that says what is wrong with it."""

import datetime
from decimal import Decimal
from typing import Any

from openpyxl.cell import Cell

from standards import scoring
from standards.workbooks import layout
from standards.workbooks.layout import Column

# The most a cell of a spreadsheet may hold.
MOST_LETTERS = 32_767
MOST_WHOLE = 9999
MOST_DIGITS = 15


class CellError(ValueError):
    """A cell that cannot be taken over; the text is what the person reads."""


def is_formula(cell: Cell) -> bool:
    return cell.data_type == "f"


def raw(cell: Cell) -> Any:
    """What the cell holds, None where it is empty. Raises CellError for formulas, errors, dates and giants."""
    if is_formula(cell):
        formula = str(getattr(cell.value, "text", None) or cell.value)
        raise CellError(f"单元格里是公式（{formula[:40]}），导入不算公式；请复制后“选择性粘贴—数值”。")
    if cell.data_type == "e":
        raise CellError(f"单元格里是错误值 {cell.value}，请改正。")
    if isinstance(cell.value, datetime.date | datetime.time | datetime.timedelta):
        raise CellError("单元格被 Excel 当成了日期；请把单元格格式改为“文本”后重新填写。")
    if isinstance(cell.value, str):
        value = layout.unspell(cell.value)
        if len(value) > MOST_LETTERS:
            raise CellError(f"这一格有{len(value)}个字，最多{MOST_LETTERS}个字；请删短或拆成几项。")
        return value if value.strip() else None
    return cell.value


def text(cell: Cell) -> str:
    """The cell as text, at the edges trimmed; a number as people write it."""
    value = raw(cell)
    return "" if value is None else _written(value).strip()


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return layout.YES if value else layout.NO
    return value if isinstance(value, str) else scoring.plain(Decimal(repr(value)))


def number(cell: Cell) -> Decimal | None:
    """The cell as a number; full-width digits and a trailing 分 or % are fine."""
    value = raw(cell)
    if value is None:
        return None
    if isinstance(value, bool):
        raise CellError("请填写数字。")
    try:
        found = scoring.to_decimal(_written(value).strip().rstrip("分%％ "))
        if found and not -MOST_DIGITS < found.adjusted() < MOST_DIGITS:
            # Before anybody writes it out: 1e999999999 has a billion digits.
            raise CellError("这个数过大或过小，请核对。")
        return found
    except scoring.AnswerError as error:
        raise CellError(f"“{_written(value)[:20]}”不是数字。{error.message}") from None


def value(sheet: str, column: Column, cell: Cell) -> Any:
    """The value of the column's field. Raises CellError."""
    if column.kind in (layout.NUMBER, layout.WHOLE):
        return _number(sheet, column, cell)
    if column.labels:
        return _chosen(sheet, column, text(cell))
    if column.kind == layout.LONG and column.field == "text":
        found = raw(cell)
        return "" if found is None else _written(found)
    found = text(cell)
    if column.required and not found:
        raise CellError(f"没有填{column.header}。")
    if column.kind == layout.WORDS:
        return layout.split_words(found, layout.SEPARATORS[column.field])
    most = getattr(layout.field_of(sheet, column.field), "max_length", None) or 20
    if len(found) > most:
        raise CellError(f"{column.header}有{len(found)}个字，最多{most}个字。")
    return found or layout.default_of(sheet, column.field)


def _chosen(sheet: str, column: Column, found: str) -> Any:
    if not found:
        if column.required:
            raise CellError(f"没有选{column.header}。")
        return layout.default_of(sheet, column.field)
    if found not in column.labels:
        raise CellError(f"“{found[:20]}”不在可选的内容里；可选：{'、'.join(column.labels)}。")
    return column.labels[found]


def _number(sheet: str, column: Column, cell: Cell) -> Decimal | int | None:
    if column.nothing and text(cell) == column.nothing:
        return None
    found = number(cell)
    if found is None:
        if column.required:
            raise CellError(f"没有填{column.header}。")
        usual = layout.default_of(sheet, column.field)
        return usual if usual is None else Decimal(usual).quantize(scoring.CENT)
    if column.least is not None and (found < column.least or (column.over and found == column.least)):
        least = scoring.plain(column.least)
        raise CellError(f"{column.header}是{scoring.plain(found)}，须{'大于' if column.over else '不小于'}{least}。")
    if column.kind == layout.WHOLE:
        if found > MOST_WHOLE or found % 1:
            raise CellError(f"{column.header}须是 1 至 {MOST_WHOLE} 的整数。")
        return int(found)
    return exact(column, found, layout.field_of(sheet, column.field).max_digits)  # type: ignore[union-attr]


def exact(column: Column, found: Decimal, digits: int) -> Decimal:
    """With two decimals, as the database keeps it."""
    most = Decimal(10) ** (digits - 2)
    if abs(found) >= most:
        raise CellError(f"{column.header}过大，须小于{scoring.plain(most)}。")
    if found % scoring.CENT:
        raise CellError(f"{column.header}是{scoring.plain(found)}，最多两位小数。")
    return found.quantize(scoring.CENT)
