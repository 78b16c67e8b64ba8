"""Large files piece by piece: begun, gone on with after any interruption, put together and judged, or given up.

The pieces lie in the common storage, so that any web server may take the next one; the row says how far the file has
come. Nothing of it is ever whole in the memory.
"""

import contextlib
import datetime
import io
import uuid
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.utils import timezone

from applications.models import Evidence, PartialUpload
from applications.services.evidence import put_file, require_room, store_upload
from branches import audit, uploads
from branches.models import Branch, User

# What the browser sends at a time: short enough to be sent again on a bad line, few enough for 500 MB.
PIECE_BYTES = 4 * 1024 * 1024
# Unfinished ones wait so long for their owner; finished ones tell as long that the file is there already.
KEPT = datetime.timedelta(days=7)


def start_upload(branch: Branch, *, name: str, size: int, fingerprint: str, by: User) -> PartialUpload:
    """Begin a large file, or find how far it had come: the same person's same file goes on where it stopped.

    Codes: `empty`, `too_large`, `over_quota`.
    """
    if size <= 0:
        raise ValidationError("文件是空的（0字节），请重新选择。", code="empty")
    if size > settings.FILM_MAX_BYTES:
        raise ValidationError(
            f"文件有{uploads.readable(size)}，超过上限{uploads.readable(settings.FILM_MAX_BYTES)}；请压缩或拆分后再传。",
            code="too_large",
        )
    mine = PartialUpload.objects.filter(branch=branch, owner=by, fingerprint=fingerprint, size=size)
    with audit.recorded():
        # Locked so that two tabs begin the same file once, and together stay within the quota.
        Branch.objects.select_for_update(no_key=True).get(pk=branch.pk)
        if existing := mine.order_by("-pk").first():
            return existing
        require_room(branch, size)
        partial = PartialUpload.objects.create(
            branch=branch, owner=by, name=uploads.clean_name(name), size=size, fingerprint=fingerprint
        )
        audit.record("evidence.begin", partial, by=by, branch=branch, size=size)
    return partial


def receive_piece(partial: PartialUpload, *, offset: int, content: bytes) -> PartialUpload:
    """Take the piece that begins where the last one ended.

    A piece sent twice or by two tabs is taken once: code `wrong_offset` for the others, and the row says where to go
    on. Codes of `uploads.refuse_early` after the first piece, `too_much` beyond the announced size.
    """
    if offset != partial.received or partial.evidence_id or not content:
        raise _wrong_offset(partial)
    if offset + len(content) > partial.size:
        raise ValidationError("收到的内容比文件还长：文件可能刚被改动，请重新选择。", code="too_much")
    if offset == 0:
        _refuse_early(partial, content)
    path = put_file(f"{_folder(partial.key)}/{offset:012d}", ContentFile(content))
    # The pieces were read together with `received`: whoever finds it unchanged knows them all.
    taken = PartialUpload.objects.under_way().filter(pk=partial.pk, received=offset).update(
        received=offset + len(content), pieces=[*partial.pieces, path], updated_at=timezone.now()
    )  # fmt: skip
    if not taken:
        default_storage.delete(path)
        raise _wrong_offset(partial)
    partial.refresh_from_db()
    return partial


def _refuse_early(partial: PartialUpload, content: bytes) -> None:
    try:
        uploads.refuse_early(ContentFile(content), partial.size, max_bytes=settings.EVIDENCE_MAX_BYTES)
    except ValidationError:
        _drop(partial)
        raise


def _wrong_offset(partial: PartialUpload) -> ValidationError:
    return ValidationError(f"这一段已经收过或接不上：{partial.name}，请从断处接着传。", code="wrong_offset")


def finish_upload(partial: PartialUpload, *, by: User) -> Evidence:
    """Put the pieces together, judge the whole by its content and store it. Asked again it gives the same answer.

    Codes: `unfinished`, `lost` (the pieces are gone: begin again), and those of `uploads.examine`, after which nothing
    of the file is left, and `over_quota`, after which it waits for room.
    """
    if partial.evidence:
        partial.evidence.was_there = True
        return partial.evidence
    if partial.received != partial.size:
        raise ValidationError("文件还没有传完，请从断处接着传。", code="unfinished")
    try:
        evidence = _put_together(partial, by=by)
    except (ValidationError, FileNotFoundError) as failure:
        # Another tab may have finished it meanwhile and cleared the pieces away under our hands.
        current = PartialUpload.objects.select_related("evidence").filter(pk=partial.pk).first()
        if current and current.evidence:
            current.evidence.was_there = True
            return current.evidence
        if isinstance(failure, FileNotFoundError):
            _drop(partial)
            raise ValidationError("服务器上的部分内容已失效，请重新上传这个文件。", code="lost") from failure
        if failure.code != "over_quota":
            _drop(partial)
        raise
    PartialUpload.objects.filter(pk=partial.pk).update(evidence=evidence, pieces=[])
    _clear(partial.key)
    return evidence


def _put_together(partial: PartialUpload, *, by: User) -> Evidence:
    with Pieces(partial.pieces, partial.size) as raw:
        upload = uploads.examine(
            File(io.BufferedReader(raw, 1024 * 1024), partial.name), partial.name,
            max_bytes=settings.EVIDENCE_MAX_BYTES, film_bytes=settings.FILM_MAX_BYTES,
        )  # fmt: skip
        return store_upload(partial.branch, upload, by=by, besides=partial)


def cancel_upload(partial: PartialUpload, *, by: User) -> None:
    """Give up an unfinished file: its room is free again. One that is finished stays what it became."""
    if partial.evidence_id is None:
        with audit.recorded():
            audit.record("evidence.cancel", partial, by=by, branch=partial.branch, received=partial.received)
            partial.delete()
        _clear(partial.key)


def sweep_uploads() -> int:
    """Clear away what nobody went on with for KEPT. Safe to repeat; returns how many unfinished ones were given up."""
    old = PartialUpload.objects.filter(updated_at__lt=timezone.now() - KEPT)
    old.exclude(evidence=None).delete()
    given_up = list(old.under_way().select_related("branch"))
    for partial in given_up:
        # Only if it is still as old: its owner may have come back this very moment.
        with audit.recorded():
            gone, _ = old.under_way().filter(pk=partial.pk).delete()
            if gone:
                audit.record("evidence.cancel", partial, by=None, branch=partial.branch, received=partial.received)
        if gone:
            _clear(partial.key)
    return len(given_up)


def _drop(partial: PartialUpload) -> None:
    """Nothing is left of a file that was refused but the line in the log."""
    with audit.recorded():
        gone, _ = PartialUpload.objects.under_way().filter(pk=partial.pk).delete()
        if gone:
            audit.record("evidence.cancel", partial, by=partial.owner, branch=partial.branch, received=partial.received)
    _clear(partial.key)


def _folder(key: uuid.UUID) -> str:
    return f"partial/{key}"


def _clear(key: uuid.UUID) -> None:
    """Take away all pieces, those of lost races and killed processes too."""
    try:
        _, names = default_storage.listdir(_folder(key))
    except FileNotFoundError:
        return
    for name in names:
        default_storage.delete(f"{_folder(key)}/{name}")
    with contextlib.suppress(OSError):  # a late piece of a lost race lies there for a moment longer
        default_storage.delete(_folder(key))


class Pieces(io.RawIOBase):
    """The pieces of a file in the storage as one file to read and to seek in; one of them is open at a time."""

    def __init__(self, paths: list[str], size: int) -> None:
        super().__init__()
        self.paths, self.size, self.at = paths, size, 0
        self.sizes = [default_storage.size(path) for path in paths]
        if sum(self.sizes) != size:
            raise FileNotFoundError("a piece is shorter than it was")
        self.number = -1
        self.open_piece: File | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self.at = max(offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.size}[whence], 0)
        return self.at

    def readinto(self, buffer: Any) -> int:
        start = 0
        for number, size in enumerate(self.sizes):
            if self.at < start + size:
                piece = self._piece(number)
                piece.seek(self.at - start)
                content = piece.read(min(len(buffer), start + size - self.at))
                buffer[: len(content)] = content
                self.at += len(content)
                return len(content)
            start += size
        return 0

    def _piece(self, number: int) -> File:
        if self.open_piece is None or number != self.number:
            self._close_piece()
            self.number, self.open_piece = number, default_storage.open(self.paths[number], "rb")
        return self.open_piece

    def _close_piece(self) -> None:
        if self.open_piece:
            self.open_piece.close()

    def close(self) -> None:
        if not self.closed:
            self._close_piece()
        super().close()
