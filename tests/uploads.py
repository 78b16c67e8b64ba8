"""Small real files for tests, made in memory."""

import io
import zipfile

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
GPS_TAG, MAKE_TAG = 34853, 271


def box(kind: bytes, content: bytes = b"") -> bytes:
    """One box of an MP4."""
    return (8 + len(content)).to_bytes(4, "big") + kind + content


def film(content: bytes = b"\x00" * 64, *, place: bytes = b"") -> bytes:
    """The boxes of an MP4 with these bytes as its pictures, and if wanted where it was shot."""
    notes = box(b"udta", box(b"\xa9xyz", b"\x00\x12\x15\xc7" + place)) if place else b""
    return (
        box(b"ftyp", b"mp42\x00\x00\x00\x00mp42isom") + box(b"moov", box(b"mvhd", b"\x00" * 100) + notes)
        + box(b"mdat", content)
    )  # fmt: skip


MP4 = film()


def photo(kind: str = "JPEG", *, size=(40, 30), colour="red", exif: bool = True) -> bytes:
    """A picture; a JPEG says where and with what it was taken."""
    out = io.BytesIO()
    tags = Image.Exif()
    if exif:
        tags[MAKE_TAG] = "某品牌手机"
        tags.get_ifd(GPS_TAG)[1] = "N"
    Image.new("RGB", size, colour).save(out, kind, **({"exif": tags} if kind == "JPEG" else {}))
    return out.getvalue()


def office(part: str = "word/document.xml", *more: str, types: str = "<x/>") -> bytes:
    """A zip with the members of an Office file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", types)
        for name in (part, *more):
            archive.writestr(name, "<x/>")
    return out.getvalue()


def uploaded(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def read(answer) -> bytes:
    """The whole of an answer that may be a file. Closing it unread would close the test's own database connection."""
    return b"".join(answer.streaming_content) if answer.streaming else answer.content
