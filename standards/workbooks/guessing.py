"""Bureaus' own four- and six-column sheets: found by the headers' wording, merged cells spread out, kinds guessed.

Nothing of it is taken over unseen: the guess and the words it rests on are shown row by row, and the kind can be changed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from openpyxl.cell import Cell
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from standards import scoring
from standards.models import Criterion, Rubric
from standards.workbooks import cells, clues, layout, safety
from standards.workbooks.drafts import Draft, Line, Problem

Kind = Criterion.Kind
HEADER_WITHIN = 15
# What a column is, by the words of its header; the first that fits.
HEADERS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("skip", re.compile(r"得分|自评|实得|扣分原因|扣分情况|责任")),
    ("rule", re.compile(r"评分(标准|办法|细则|方法)|计分|扣分|考核(办法|标准|细则)|打分|评价标准|赋分")),
    ("points", re.compile(r"分值|分数|标准分|满分|基本分|^分$")),
    ("verify", re.compile(r"(考核|考评|核验|检查|查验|评价)(方式|方法)|验收方式")),
    ("evidence", re.compile(r"佐证|印证|(所需|备查|支撑|证明)(资料|材料)|资料清单")),
    ("second", re.compile(r"二级|要点")),
    ("text", re.compile(r"内容|三级|要求|^标准$|创建标准|指标说明|评价指标")),
    ("top", re.compile(r"项目|维度|类别|一级|^指标|板块|方面")),
    ("number", re.compile(r"序号|编号|^号$|^NO\.?$", re.IGNORECASE)),
    ("note", re.compile(r"备注|说明")),
)
SUMS = re.compile(r"^(合计|总计|总分|共计|小计)")
POINTS_BEHIND = re.compile(rf"[（(](?:共|满分|计)?{clues.NUMBER}分[）)]")
BONUS = re.compile(r"加分|附加|奖励分")
MOST_TITLE = 24
# What the field for a total can hold.
MOST_TOTAL = 10_000


@dataclass
class Grid:
    """The cells of a sheet with merged ones spread out: every place of a merged range answers with its first cell."""

    sheet: Worksheet
    spread: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for area in self.sheet.merged_cells.ranges:
            for row in range(area.min_row, min(area.max_row, safety.MOST_ROWS) + 1):
                for column in range(area.min_col, min(area.max_col, safety.MOST_COLUMNS) + 1):
                    self.spread[row, column] = area.min_row, area.min_col

    def origin(self, row: int, column: int) -> tuple[int, int]:
        return self.spread.get((row, column), (row, column))

    def cell(self, row: int, column: int) -> Cell:
        return self.sheet.cell(*self.origin(row, column))

    @property
    def height(self) -> int:
        return min(self.sheet.max_row, safety.MOST_ROWS)

    @property
    def width(self) -> int:
        return min(self.sheet.max_column, safety.MOST_COLUMNS)


@dataclass
class Entry:
    """One criterion as it stands in the sheet, over one or several rows."""

    row: int
    top: str
    second: str = ""
    points: Decimal | None = None
    parts: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, text: str) -> None:
        if text and text not in self.parts.setdefault(name, []):
            self.parts[name].append(text)

    def get(self, name: str) -> str:
        return "\n".join(self.parts.get(name, []))

    @property
    def wording(self) -> str:
        """What the guess is made from: the scoring column where there is one, else everything that was said."""
        return self.get("rule") or self.get("text")


def read(book: Workbook) -> Draft:
    """The first sheet that looks like a standard, as a draft with guesses."""
    for sheet in book.worksheets:
        grid = Grid(sheet)
        row, places = _header(grid)
        if {"points", "text"} <= set(places) or {"points", "rule"} <= set(places):
            return _sheet(grid, row, places)
    words = "没有认出评分标准：表头里要有“考核内容”（或“评分标准”）和“分值”两列；也可以下载模板填写。"
    found = "工作簿里的表有：" + "、".join(f"“{name[:20]}”" for name in book.sheetnames[:5]) + "。"
    return Draft(Rubric(), problems=[Problem(words + found)], plain=True)


def _header(grid: Grid) -> tuple[int, dict[str, int]]:
    """The row with the most columns recognised, and where each kind of column stands."""
    best: tuple[int, dict[str, int]] = (1, {})
    for row in range(1, min(grid.height, HEADER_WITHIN) + 1):
        places: dict[str, int] = {}
        for column in range(1, grid.width + 1):
            value = grid.cell(row, column).value
            title = "".join(value.split()) if isinstance(value, str) else ""
            if not title or len(title) > 20 or grid.origin(row, column) != (row, column):
                continue
            what = next((name for name, pattern in HEADERS if pattern.search(title)), "")
            if what:
                places.setdefault(what, column)
        if len(places) > len(best[1]):
            best = row, places
    return best


def _sheet(grid: Grid, header: int, places: dict[str, int]) -> Draft:
    draft = Draft(Rubric(name=_name(grid, header)), sheet=grid.sheet.title, plain=True)
    entries, total = _entries(draft, grid, header, places)
    if not entries and not draft.problems:
        draft.problems.append(Problem("表头下面没有内容。", grid.sheet.title, header))
    _build(draft, entries)
    regular = sum((line.criterion.max_points for line in draft.lines if _counts(draft, line)), scoring.ZERO)
    if regular >= MOST_TOTAL:
        draft.problems.append(Problem(f"各项分值合计{scoring.plain(regular)}分，过大，请核对。", grid.sheet.title))
    draft.rubric.total_points = (total or regular or scoring.HUNDRED).quantize(scoring.CENT)
    return draft


def _counts(draft: Draft, line: Line) -> bool:
    bonus = {each.criterion.code for each in draft.lines if each.criterion.is_bonus}
    return not line.criterion.is_group and line.parent.split("-")[0] not in bonus


def _name(grid: Grid, header: int) -> str:
    """The longest title above the header, usually merged over the sheet."""
    titles = [
        "".join(str(grid.sheet.cell(row, column).value).split())
        for row in range(1, header)
        for column in range(1, grid.width + 1)
        if isinstance(grid.sheet.cell(row, column).value, str)
    ]
    named = [title for title in titles if re.search(r"标准|细则|办法|考核|评分", title)] or titles
    return max(named, key=len, default="")[:120]


def _entries(draft: Draft, grid: Grid, header: int, places: dict[str, int]) -> tuple[list[Entry], Decimal | None]:
    """The criteria in order, and the total of the 合计 row."""
    entries: list[Entry] = []
    total, last = None, ("", "")
    points_origin = None
    for row in range(header + 1, grid.height + 1):
        said = _said(draft, grid, row, places)
        if said is None:
            continue
        if SUMS.match("".join(next((word for word in said.values() if word), "").split())):
            total = _points(draft, grid, row, places, quiet=True) or total
            continue
        if not (said.get("text") or said.get("rule")):
            if said.get("top"):
                last = said["top"], ""
            continue
        last = (
            said.get("top") or last[0],
            said.get("second") or ("" if said.get("top") not in ("", last[0]) else last[1]),
        )
        origin = grid.origin(row, places["points"])
        joined = entries and origin == points_origin and origin in grid.spread.values()
        if not joined:
            entries.append(Entry(row, last[0], last[1], _points(draft, grid, row, places)))
        points_origin = origin
        for name in ("text", "rule", "verify", "evidence", "note"):
            entries[-1].add(name, said.get(name, ""))
    return entries, total


def _said(draft: Draft, grid: Grid, row: int, places: Mapping[str, int]) -> dict[str, str] | None:
    """The texts of a row by what the columns are; None for an empty one."""
    said = {}
    is_sum = any(SUMS.match("".join(str(grid.cell(row, column).value or "").split())) for column in places.values())
    for name, column in places.items():
        if name in ("points", "skip") or (name == "number" and not is_sum):
            continue
        cell = grid.cell(row, column)
        try:
            said[name] = cells.text(cell)
        except cells.CellError as error:
            if not is_sum:
                draft.problems.append(Problem(str(error), grid.sheet.title, row, get_column_letter(column)))
    return said if any(said.values()) else None


def _points(draft: Draft, grid: Grid, row: int, places: Mapping[str, int], *, quiet: bool = False) -> Decimal | None:
    """The points of a row; a 合计 computed by a formula is left to our own sum."""
    try:
        found = cells.number(grid.cell(row, places["points"]))
        if found is None:
            return None
        if found < 0:
            raise cells.CellError(f"分值是{scoring.plain(found)}，不能是负数。")
        return cells.exact(POINTS_COLUMN, found, 6)
    except cells.CellError as error:
        if not quiet:
            problem = Problem(str(error), grid.sheet.title, row, get_column_letter(places["points"]))
            draft.problems.append(problem)
        return None


POINTS_COLUMN = next(column for column in layout.CRITERION_COLUMNS if column.field == "max_points")


def _build(draft: Draft, entries: list[Entry]) -> None:
    """Dimensions from the first column, groups from the second, a criterion for each entry, codes by place."""
    tops: dict[str, Line] = {}
    seconds: dict[tuple[str, str], Line] = {}
    for entry in entries:
        parent = ""
        if entry.top:
            if entry.top not in tops:
                tops[entry.top] = _group(draft, entry.top, letters(len(tops)), "", entry.row)
            parent = tops[entry.top].criterion.code
        if entry.second and entry.top:
            key = entry.top, entry.second
            if key not in seconds:
                below = sum(line.parent == parent for line in draft.lines) + 1
                seconds[key] = _group(draft, entry.second, f"{parent}-{below}", parent, entry.row)
            parent = seconds[key].criterion.code
        number = sum(line.parent == parent for line in draft.lines) + 1
        code = f"{parent}-{number}" if parent else str(number)
        draft.lines.append(_line(entry, code, parent))


def letters(number: int) -> str:
    """A, B, … Z, AA, AB, …"""
    return get_column_letter(number + 1)


def _group(draft: Draft, title: str, code: str, parent: str, row: int) -> Line:
    points = POINTS_BEHIND.search(clues.tidy(title))
    name = POINTS_BEHIND.sub("", "".join(title.split()))
    criterion = Criterion(
        code=code, title=name[:80], kind=Kind.GROUP, is_bonus=not parent and bool(BONUS.search(name)),
        max_points=Decimal(points[1] if points else 0).quantize(scoring.CENT), **USUAL,
    )  # fmt: skip
    draft.lines.append(Line(criterion, parent, row=row))
    return draft.lines[-1]


# As the database keeps the usual values.
USUAL = {"step": Decimal("0.50"), "weight": Decimal("100.00")}


def _line(entry: Entry, code: str, parent: str) -> Line:
    texts = [entry.get("text"), entry.get("rule")]
    criterion = Criterion(
        code=code, title=_short(entry.get("text") or entry.get("rule")), text="\n".join(filter(None, texts)),
        verify=entry.get("verify")[:40], note=entry.get("note")[:200],
        evidence_hints=layout.split_words(entry.get("evidence"), "；;、\n"), **USUAL,
    )  # fmt: skip
    line = Line(criterion, parent, row=entry.row)
    line.wording, line.typed_points = entry.wording, entry.points
    apply(line, clues.guess(entry.wording, entry.points))
    return line


def apply(line: Line, found: clues.Guess) -> None:
    """Make the line of this kind, with what the wording gives for it."""
    criterion = line.criterion
    criterion.kind, line.rules, line.words = found.kind, found.rules, found.words
    criterion.max_points = (
        scoring.ZERO if found.kind in (Kind.VETO, Kind.PLAIN) else found.points or line.typed_points or scoring.ZERO
    )
    criterion.max_points = criterion.max_points.quantize(scoring.CENT)
    usual = {
        "floor": Decimal("0.00"),
        "pick": Criterion.Pick.SUM,
        "veto_effect": Criterion.Effect.INSPECTOR,
        "veto_cap": "",
    }
    for name, value in (usual | found.extra).items():
        setattr(criterion, name, value)
    if criterion.kind == Kind.POINTS and criterion.max_points % criterion.step:
        criterion.step = Decimal("0.10")


def choose(line: Line, kind: str) -> None:
    """Another kind than the guessed one, for which the same words are read again."""
    apply(line, clues.as_kind(kind, line.wording, line.typed_points))


def _short(text: str) -> str:
    """A name for the criterion: the first clause."""
    clause = re.split(
        r"[，。；：:;,\n]", re.sub(r"^\s*[（(]?[\d一二三四五六七八九十]+[）).、．]\s*", "", text.strip())
    )[0]
    return clause[:MOST_TITLE] or text.strip()[:MOST_TITLE] or "（未命名）"
