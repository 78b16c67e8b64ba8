"""What may be opened at all: looked at as bytes and as a stream, before the spreadsheet library sees any of it.

A workbook is a zip of XML. Counted while streaming, nothing is built in memory: how much it unpacks to, whether a part
declares a document type (and could so define entities), how many rows, cells and merged cells there are.
"""

import io
import zipfile
import zlib
from xml.sax import SAXException
from xml.sax.handler import ContentHandler

from defusedxml import DefusedXmlException, sax
from django.core.exceptions import ValidationError

MOST_BYTES = 5 * 1024 * 1024
MOST_UNPACKED = 40 * 1024 * 1024
MOST_PARTS = 300
# A sheet of XML shrinks to a fiftieth at best; what shrinks more than this was made to be unpacked.
MOST_RATIO = 300
MOST_ROWS = 5000
MOST_COLUMNS = 100
MOST_CELLS = 150_000

CALLED = "Excel 工作簿（.xlsx）"
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def check(content: bytes) -> None:
    """Refuse whatever is not a harmless workbook of a sensible size.

    Codes: `empty`, `too_large`, `encrypted`, `old_format`, `not_workbook`, `damaged`, `macros`, `bomb`, `entities`,
    `too_many_rows`, `too_many_cells`.
    """
    if not content:
        raise _refusal("文件是空的（0字节），请重新选择。", "empty")
    if len(content) > MOST_BYTES:
        raise _refusal(
            f"文件超过{MOST_BYTES // 1024 // 1024}MB；评分标准只有文字，请删去其中的图片后再传。", "too_large"
        )
    if content.startswith(OLD_OFFICE):
        raise _old_office(content)
    if not content.startswith(b"PK\x03\x04"):
        raise _refusal(
            f"从内容看，这不是{CALLED}（与文件名无关）；请用 Excel 或 WPS 另存为 .xlsx 后再传。", "not_workbook"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_parts(archive)
            for member in archive.infolist():
                _check_part(archive, member)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, RuntimeError) as error:
        raise _refusal("文件已损坏，打不开；请在 Excel 或 WPS 里打开，另存一份再传。", "damaged") from error


def _refusal(text: str, code: str) -> ValidationError:
    return ValidationError(text, code=code)


def _old_office(content: bytes) -> ValidationError:
    if "EncryptedPackage".encode("utf-16-le") in content:
        return _refusal("工作簿设了打开密码，读不了；请去掉密码，另存一份再传。", "encrypted")
    return _refusal("这是旧版 Excel 文件（.xls）；请打开后“另存为”Excel 工作簿（.xlsx）再传。", "old_format")


def _check_parts(archive: zipfile.ZipFile) -> None:
    """By the table of contents alone; nothing is unpacked yet."""
    members = archive.infolist()
    names = {member.filename for member in members}
    if "xl/workbook.xml" not in names or "[Content_Types].xml" not in names:
        raise _refusal(f"这是压缩包或别的文件，不是{CALLED}；请用 Excel 或 WPS 另存为 .xlsx 后再传。", "not_workbook")
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise _macros()
    if any(member.flag_bits & 1 for member in members):
        raise _refusal("压缩内容设了密码，读不了；请去掉密码，另存一份再传。", "encrypted")
    too_big = sum(member.file_size for member in members) > MOST_UNPACKED
    squeezed = any(member.file_size > MOST_RATIO * max(member.compress_size, 1024) for member in members)
    if too_big or squeezed or len(members) > MOST_PARTS or len(names) < len(members):
        raise _refusal("文件解压后异常庞大，不予打开；请把评分标准复制到一个新的工作簿里再传。", "bomb")


def _macros() -> ValidationError:
    return _refusal("工作簿含有宏，不予接收；请另存为不含宏的 Excel 工作簿（.xlsx）再传。", "macros")


def _check_part(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    with archive.open(member) as part:
        content = part.read(member.file_size + 1)
    if member.filename == "[Content_Types].xml" and b"macroEnabled" in content:
        raise _macros()
    # What is read as XML is decided by its content, not its name: a sheet may be stored under any.
    start = content[:64].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if not start.startswith(b"<"):
        return
    try:
        sax.parseString(content, _Counter(), forbid_dtd=True)
    except DefusedXmlException:
        raise _refusal(
            "工作簿里夹带了实体定义，不予打开；请把评分标准复制到一个新的工作簿里再传。", "entities"
        ) from None
    except SAXException as error:
        raise _refusal("文件已损坏，打不开；请在 Excel 或 WPS 里打开，另存一份再传。", "damaged") from error


class _Counter(ContentHandler):
    """Counts what one sheet would cost and stops where it is too much."""

    def __init__(self) -> None:
        super().__init__()
        self.row = self.cells = self.merged = 0

    def startElement(self, name: str, attrs: object) -> None:
        name = name.rpartition(":")[2]
        if name == "row":
            self.row = _number(attrs.get("r"), self.row + 1)  # type: ignore[attr-defined]
        elif name == "c":
            self.cells += 1
        elif name in ("v", "is", "f") and self.row > MOST_ROWS:
            raise _refusal(
                f"有一张表超过{MOST_ROWS}行（第{self.row}行还有内容）；一套评分标准没有这么多指标，请删去多余的行。",
                "too_many_rows",
            )
        elif name == "mergeCell":
            self.merged += _area(attrs.get("ref") or "")  # type: ignore[attr-defined]
        if self.cells > MOST_CELLS or self.merged > MOST_CELLS:
            raise _refusal(
                "有一张表的单元格太多（可能整列设过格式或合并过）；请把评分标准复制到一个新的工作簿里再传。",
                "too_many_cells",
            )


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else otherwise


def _area(ref: str) -> int:
    """How many cells a merged range such as A1:C3 spans; more than allowed where it cannot be read."""
    first, _, last = ref.replace("$", "").partition(":")
    corners = [_corner(each) for each in (first, last or first)]
    if None in corners:
        return MOST_CELLS + 1
    (left, top), (right, bottom) = corners  # type: ignore[misc]
    return (abs(right - left) + 1) * (abs(bottom - top) + 1)


def _corner(ref: str) -> tuple[int, int] | None:
    letters = ref.rstrip("0123456789")
    digits = ref[len(letters) :]
    if not (1 <= len(letters) <= 3 and letters.isascii() and letters.isalpha() and 1 <= len(digits) <= 7):
        return None
    column = 0
    for letter in letters.upper():
        column = column * 26 + ord(letter) - 64
    return column, int(digits)
