"""Small real files for tests, made in memory."""

import io
import zipfile

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\x00" * 64
GPS_TAG, MAKE_TAG = 34853, 271


def photo(kind: str = "JPEG", *, size=(40, 30), colour="red", exif: bool = True) -> bytes:
    """A picture; a JPEG says where and with what it was taken."""
    out = io.BytesIO()
    tags = Image.Exif()
    if exif:
        tags[MAKE_TAG] = "某品牌手机"
        tags.get_ifd(GPS_TAG)[1] = "N"
    Image.new("RGB", size, colour).save(out, kind, **({"exif": tags} if kind == "JPEG" else {}))
    return out.getvalue()


def office(part: str = "word/document.xml", *more: str) -> bytes:
    """A zip with the members of an Office file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("[Content_Types].xml", part, *more):
            archive.writestr(name, "<x/>")
    return out.getvalue()


def uploaded(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)
