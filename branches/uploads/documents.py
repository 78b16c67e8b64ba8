"""Office files and PDF: whole, with nothing in them that runs, unpacks too far or leads elsewhere."""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator

from django.core.exceptions import ValidationError
from django.core.files.base import File

from branches.uploads.types import ALLOWED, OFFICE_PARTS

# What an Office file may unpack to, how many times its own size once that is much, and into how many parts.
MOST_UNPACKED = 500 * 1024 * 1024
MOST_TIMES, MUCH_UNPACKED = 200, 50 * 1024 * 1024
MOST_PARTS = 20_000
MOST_LIST = 2 * 1024 * 1024
RUNS = re.compile(
    r"\.(exe|com|scr|bat|cmd|ps1|vbs|vbe|js|jse|wsf|hta|msi|jar|lnk|dll|zip|rar|7z|iso|html?|svg)$", re.IGNORECASE
)
BROKEN = (
    zipfile.BadZipFile, NotImplementedError, OSError, ValueError, RuntimeError, EOFError, KeyError, IndexError,
    struct.error, zlib.error,
)  # fmt: skip


def office_type(file: File) -> str:
    """The content type of a docx, xlsx or pptx; codes `damaged`, `too_large`, `macros`, `active`, `wrong_type`."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            _require_modest(parts, file.size)
            names = [part.filename for part in parts]
            listed = _listed(archive) if "[Content_Types].xml" in names else b""
    except BROKEN as error:
        raise ValidationError("文件已损坏，打不开；请重新导出后再上传。", code="damaged") from error
    finally:
        file.seek(0)
    if any(name.lower().endswith("vbaproject.bin") for name in names) or b"vbaproject" in listed.lower():
        raise ValidationError("文件含有宏，不予接收；请另存为不含宏的 docx、xlsx、pptx。", code="macros")
    found = next((kind for part, (kind, _) in OFFICE_PARTS.items() if part in names), None)
    if not listed or found is None:
        raise ValidationError(f"压缩包不能作为佐证，请解压后逐个上传；可接收：{ALLOWED}。", code="wrong_type")
    if any(RUNS.search(name) for name in names):
        raise ValidationError("文件里夹带了程序、网页或压缩包，不予接收；请删去后另存再上传。", code="active")
    return found


def _require_modest(parts: list[zipfile.ZipInfo], size: int) -> None:
    """Nothing that fills a disk, stands outside its folder, hides behind another part or needs a password."""
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MOST_UNPACKED or unpacked > max(MOST_TIMES * size, MUCH_UNPACKED) or len(parts) > MOST_PARTS:
        raise ValidationError("文件解压后过大，不予接收。", code="too_large")
    names = [part.filename for part in parts]
    if any(name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name) or ":" in name for name in names):
        raise ValidationError("文件内部的路径不正常，不予接收；请重新导出后再上传。", code="damaged")
    if len(set(names)) != len(names) or any(part.flag_bits & 1 for part in parts):
        raise ValidationError("文件内部不正常或加了密码，不予接收；请重新导出后再上传。", code="damaged")


def _listed(archive: zipfile.ZipFile) -> bytes:
    """What kinds of parts the file itself says it has."""
    with archive.open("[Content_Types].xml") as part:
        return part.read(MOST_LIST)


# PDF

BLOCK = 1024 * 1024
OVERLAP = 64
# A name in a PDF may write any of its letters as #hh.
ACTIVE = re.compile(
    b"/(?:%s)(?![A-Za-z0-9#])"
    % b"|".join(
        b"".join(b"(?:%c|#%02x|#%02X)" % (letter, letter, letter) for letter in name)
        for name in (b"JavaScript", b"Launch", b"EmbeddedFile", b"RichMedia")
    )
)
PACKED = re.compile(rb"/ObjStm(?![A-Za-z0-9])")
BEGIN = re.compile(rb"stream\r?\n")
MOST_PACKED, MOST_OPENED = 10_000, 200 * 1024 * 1024


def require_quiet_pdf(file: File) -> None:
    """Whole to its end, and without scripts, programs to start and files inside; codes `damaged`, `active`."""
    file.seek(max(file.size - 8192, 0))
    if b"%%EOF" not in file.read():
        raise ValidationError("PDF 不完整或已损坏（没有结尾）；请重新导出后再上传。", code="damaged")
    packed: list[int] = []
    for start, block in _blocks(file):
        if ACTIVE.search(block):
            raise _active()
        packed += [start + found.start() for found in PACKED.finditer(block)]
    if len(packed) > MOST_PACKED:
        raise ValidationError("PDF 结构过于复杂，不予接收；请用“打印到PDF”重新生成后再上传。", code="damaged")
    opened = 0
    for at in dict.fromkeys(packed):
        for block in _unpacked(file, at):
            opened += len(block)
            if ACTIVE.search(block):
                raise _active()
            if opened > MOST_OPENED:
                raise ValidationError("PDF 解开后过大，不予接收；请用“打印到PDF”重新生成后再上传。", code="too_large")


def _active() -> ValidationError:
    return ValidationError(
        "PDF 里含有脚本、可启动的程序或夹带的文件，不予接收；请打开后用“打印到PDF”重新生成再上传。", code="active"
    )


def _blocks(file: File) -> Iterator[tuple[int, bytes]]:
    """The whole file piece by piece, each beginning with the end of the one before."""
    file.seek(0)
    start, tail = 0, b""
    while piece := file.read(BLOCK):
        yield start - len(tail), tail + piece
        start, tail = start + len(piece), (tail + piece)[-OVERLAP:]


def _unpacked(file: File, at: int) -> Iterator[bytes]:
    """What a compressed stream of objects holds, as far as it can be read."""
    file.seek(at)
    block = file.read(32 * 1024)
    found = BEGIN.search(block)
    if found is None:
        return
    unpacking, block, tail = zlib.decompressobj(), block[found.end() :], b""
    try:
        while block and not unpacking.eof:
            text = unpacking.decompress(block, BLOCK)
            yield tail + text
            tail = text[-OVERLAP:]
            block = unpacking.unconsumed_tail or file.read(32 * 1024)
    except zlib.error:
        return
