"""What may enter the material library: judged by content, never by name. No ORM; the file goes in, plain facts come out."""

import datetime
import hashlib
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.files.base import File

from branches.uploads.kinds import sniff, type_of
from branches.uploads.names import NAME_LENGTH, clean_name, readable, with_ending
from branches.uploads.pictures import day_taken, thumbnail, without_metadata
from branches.uploads.types import ACCEPT, ALLOWED, ENDINGS, FILM, PDF, PHOTOS

__all__ = [
    "ACCEPT", "ALLOWED", "ENDINGS", "FILM", "NAME_LENGTH", "PDF", "PHOTOS", "Upload",
    "clean_name", "digest", "examine", "readable", "refuse_early", "sniff", "thumbnail", "with_ending",
]  # fmt: skip


@dataclass(frozen=True)
class Upload:
    """A file fit to be stored: its honest name, type, size and hash, and the content with the photograph's secrets gone."""

    name: str
    content_type: str
    size: int
    sha256: str
    file: File
    # When a photograph says it was taken.
    taken_on: datetime.date | None = None


def examine(file: File, name: str, *, max_bytes: int, film_bytes: int = 0) -> Upload:
    """Judge one uploaded file; films may be larger than the rest.

    Codes: `empty`, `too_large`, `wrong_type`, `damaged`, `macros`, `active` (a document that would run something),
    `polyglot` (a file with another one hidden in it).
    """
    name = clean_name(name)
    if not file.size:
        raise ValidationError("文件是空的（0字节），请重新选择。", code="empty")
    if file.size > max(max_bytes, film_bytes):
        raise _too_large(file.size, max(max_bytes, film_bytes))
    content_type = type_of(file)
    if file.size > max_bytes and content_type != FILM:
        raise _too_large(file.size, max_bytes)
    content_type, file = sniff(file)
    taken_on = None
    if content_type in PHOTOS:
        taken_on = day_taken(file)
        file = without_metadata(file, content_type)
    return Upload(with_ending(name, ENDINGS[content_type]), content_type, file.size, digest(file), file, taken_on)


def refuse_early(head: File, size: int, *, max_bytes: int) -> None:
    """Say after the first piece of a large file what could only be said again after the last one."""
    if type_of(head) != FILM and size > max_bytes:
        raise _too_large(size, max_bytes)


def _too_large(size: int, limit: int) -> ValidationError:
    return ValidationError(
        f"文件有{readable(size)}，超过单个文件上限{readable(limit)}；请压缩或拆分后再传。",
        code="too_large",
    )


def digest(file: File) -> str:
    """SHA-256, read piece by piece; leaves the file at its beginning."""
    sha256 = hashlib.sha256()
    file.seek(0)
    for chunk in file.chunks():
        sha256.update(chunk)
    file.seek(0)
    return sha256.hexdigest()
