"""Small evidence files made on the spot: drawn photographs, a PDF, a DOCX. The same every time."""

import functools
import hashlib
import io
import time
import zipfile
from dataclasses import dataclass
from random import Random
from xml.sax.saxutils import escape

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageDraw, ImageFont

SCENES = ["主题党日", "党员大会", "支委会", "党员活动室", "党务公开栏", "走访群众", "书记讲党课", "先锋岗", "荣誉墙"]
PAPERS = ["会议记录", "制度汇编"]
REPORTS = ["创建活动计划", "工作总结"]
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
STAMP = time.gmtime(1_700_000_000)


@dataclass(frozen=True)
class Sample:
    """One stored file that any number of branches may hold in their library."""

    name: str
    content_type: str
    sha256: str
    size: int
    path: str


def samples() -> list[Sample]:
    """Store all of them; a file that is already stored stays."""
    return [_store(*one) for one in _made()]


@functools.cache
def _made() -> list[tuple[str, str, bytes]]:
    """Drawn and written once per process."""
    made = [(f"{scene}.png", "image/png", _photo(scene, number)) for number, scene in enumerate(SCENES)]
    made += [(f"{title}.pdf", "application/pdf", _pdf(title, number)) for number, title in enumerate(PAPERS)]
    made += [(f"{title}.docx", DOCX, _docx(title)) for title in REPORTS]
    return made


def _store(name: str, content_type: str, content: bytes) -> Sample:
    sha256 = hashlib.sha256(content).hexdigest()
    path = f"evidence/demo/{sha256}"
    if not default_storage.exists(path):
        path = default_storage.save(path, ContentFile(content))
    return Sample(name, content_type, sha256, len(content), path)


def _font(size: int) -> ImageFont.FreeTypeFont | None:
    for name in ("hei.otf", "song.otf"):
        path = settings.FONTS_DIR / name
        if path.is_file():
            return ImageFont.truetype(str(path), size)
    return None


def _picture(title: str, number: int, size: tuple[int, int]) -> Image.Image:
    """A room with a red banner and people in rows."""
    random = Random(number)  # noqa: S311
    width, height = size
    wall = (226 + random.randint(-14, 14), 216 + random.randint(-14, 14), 198)
    image = Image.new("RGB", size, wall)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, height * 0.72, width, height), fill=(139, 112, 86))
    draw.rectangle((width * 0.12, height * 0.08, width * 0.88, height * 0.26), fill=(179, 32, 31))
    font = _font(round(height * 0.11))
    if font:
        draw.text((width / 2, height * 0.17), title, fill=(255, 235, 160), font=font, anchor="mm")
    for row in range(3):
        for seat in range(7):
            x = width * (0.12 + seat * 0.125) + random.randint(-4, 4)
            y = height * (0.46 + row * 0.16)
            head = height * 0.035
            draw.ellipse((x - head, y - head, x + head, y + head), fill=(222, 184, 152))
            draw.rectangle((x - head * 1.5, y + head, x + head * 1.5, y + head * 3.6), fill=(30, 48, 86))
    return image


def _photo(title: str, number: int) -> bytes:
    out = io.BytesIO()
    _picture(title, number, (640, 427)).save(out, "PNG", optimize=True)
    return out.getvalue()


def _pdf(title: str, number: int) -> bytes:
    """One page with a picture on it: enough to open, to show and to print."""
    out = io.BytesIO()
    page = Image.new("RGB", (620, 877), "white")
    page.paste(_picture(title, 50 + number, (500, 333)), (60, 160))
    draw = ImageDraw.Draw(page)
    font = _font(34)
    if font:
        draw.text((310, 100), title, fill=(20, 20, 20), font=font, anchor="mm")
    for line in range(14):
        draw.line((60, 560 + line * 20, 560 - (line % 3) * 60, 560 + line * 20), fill=(120, 120, 120))
    page.save(out, "PDF", resolution=75, creationDate=STAMP, modDate=STAMP, title=title)
    return out.getvalue()


def _docx(title: str) -> bytes:
    """The smallest document that a word processor opens."""
    main = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    lines = [title, "一、总体要求", "对照创建标准，细化任务，责任到人。", "二、重点措施", "按月推进，按季小结，年底评议。"]  # fmt: skip
    body = "".join(f"<w:p><w:r><w:t>{escape(line)}</w:t></w:r></w:p>" for line in lines)
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{DOCX}.main+xml"/></Types>',
        "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{kind}" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'<w:document xmlns:w="{main}"><w:body>{body}</w:body></w:document>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in parts.items():
            info = zipfile.ZipInfo(name, date_time=STAMP[:6])
            archive.writestr(info, f'<?xml version="1.0" encoding="UTF-8"?>{text}', zipfile.ZIP_DEFLATED)
    return out.getvalue()
