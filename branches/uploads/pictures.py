"""Photographs: drawn anew without what the camera wrote down, made small for lists, asked for their day."""

import datetime
import io
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.utils import timezone
from PIL import ExifTags, Image, ImageFile, ImageOps

from branches.uploads.types import PHOTOS

# A photograph of a modern telephone has 50 million points at most; more is a picture made to fill the memory.
MOST_PIXELS = 60_000_000
MOST_PROFILE = 1024 * 1024
# Sharp on a telephone at the size lists show it.
THUMBNAIL = (400, 400)
FORMATS = [saved_as for saved_as, _ in PHOTOS.values()]
FOUNDING = datetime.date(1949, 10, 1)
# What a picture bent on purpose makes the decoders raise.
BROKEN = (
    OSError, SyntaxError, ValueError, KeyError, IndexError, TypeError, EOFError, OverflowError, AttributeError,
    RuntimeError, ZeroDivisionError, struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip

_strict = threading.Lock()


@contextmanager
def _opened(file: File, *formats: str) -> Iterator[Image.Image]:
    """The picture; what Pillow would only warn of does not matter, since nothing but the points is kept."""
    file.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(file, formats=formats) as opened:
            yield opened


def without_metadata(file: File, content_type: str) -> File:
    """The same picture, upright, in its colours, without EXIF, XMP, IPTC and comments: where and with what it was taken
    is nobody's business. Codes `damaged`, `too_large`.
    """
    saved_as, _ = PHOTOS[content_type]
    try:
        with _opened(file, saved_as) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise ValidationError("图片像素过大，请缩小后再上传。", code="too_large")
            out = io.BytesIO()
            _drawn(opened).save(out, saved_as, **_how(opened, saved_as))
    except BROKEN as error:
        raise ValidationError("图片已损坏，打不开；请重新导出后再上传。", code="damaged") from error
    return ContentFile(out.getvalue())


def _drawn(opened: Image.Image) -> Image.Image:
    """The points alone; see-through colours of a palette become real ones, since the palette's notes are dropped."""
    _load_whole(opened)
    picture = ImageOps.exif_transpose(opened)
    if "transparency" in picture.info:
        picture = picture.convert("RGBA")
    picture.info.clear()
    return picture


def _load_whole(opened: Image.Image) -> None:
    """Read all points; a picture cut short raises, whatever else runs in this process."""
    # Printing tells Pillow, for the whole process, to put up with pictures cut short; one at a time, so that each
    # puts back what it found.
    with _strict:
        lenient, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
        try:
            opened.load()
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = lenient


def _how(opened: Image.Image, saved_as: str) -> dict:
    """The colour profile stays, or a photograph of a good camera would turn pale."""
    profile = opened.info.get("icc_profile")
    kept = {"icc_profile": profile} if profile and len(profile) <= MOST_PROFILE else {}
    return {**kept, **({} if saved_as == "PNG" else {"quality": 90})}


def day_taken(file: File) -> datetime.date | None:
    """The day the camera wrote into the photograph; none where it wrote nothing sensible."""
    try:
        with _opened(file, *FORMATS) as opened:
            said = opened.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal, "")
        day = datetime.date.fromisoformat(str(said)[:10].replace(":", "-"))
    except BROKEN:
        return None
    finally:
        file.seek(0)
    return day if FOUNDING <= day <= timezone.localdate() else None


def thumbnail(file: File) -> File | None:
    """The photograph made small, for lists; None when it cannot be read."""
    try:
        with _opened(file, *FORMATS) as opened:
            opened.draft("RGB", THUMBNAIL)
            picture = ImageOps.exif_transpose(opened)
            picture.thumbnail(THUMBNAIL)
            if picture.mode != "RGB":
                ground = Image.new("RGB", picture.size, "white")
                seen = picture.convert("RGBA")
                ground.paste(seen, mask=seen)
                picture = ground
            picture.info.clear()
            out = io.BytesIO()
            picture.save(out, "JPEG", quality=80)
    except BROKEN:
        return None
    finally:
        file.seek(0)
    return ContentFile(out.getvalue())
