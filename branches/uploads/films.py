"""MP4 films: every box in its place up to the last byte, and where they were shot blanked out."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.files.base import File

BRANDS = {
    b"isom",
    b"iso2",
    b"iso4",
    b"iso5",
    b"iso6",
    b"mp41",
    b"mp42",
    b"avc1",
    b"M4V ",
    b"M4VH",
    b"M4VP",
    b"MSNV",
    b"dash",
}
# What may stand at the top of a film; anything else is another file glued to it.
TOP = {
    b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"uuid", b"moof", b"mfra", b"sidx", b"ssix", b"styp", b"pdin",
    b"meta", b"udta", b"emsg", b"prft",
}  # fmt: skip
# Boxes that hold boxes, on the way to the places where cameras write down the position.
NESTED = {b"moov", b"udta", b"trak"}
POSITION = {b"\xa9xyz", b"loci"}
MOST_BOXES = 100_000


@dataclass(frozen=True)
class Box:
    """One box: its four letters, where it begins, where its content begins, where it ends."""

    kind: bytes
    start: int
    content: int
    end: int


def is_mp4(head: bytes) -> bool:
    """Whether the first bytes are those of a film that browsers play."""
    if len(head) < 16 or head[4:8] != b"ftyp":
        return False
    size = int.from_bytes(head[:4], "big")
    if not 16 <= size <= len(head):
        return False
    return head[8:12] in BRANDS or any(head[at : at + 4] in {b"isom", b"mp41", b"mp42"} for at in range(16, size, 4))


def without_position(file: File) -> File:
    """The same film, judged whole, with the camera's position made unreadable; code `damaged`."""
    boxes = list(_boxes(file, 0, file.size))
    kinds = {box.kind for box in boxes}
    if boxes[-1].end != file.size or not kinds <= TOP or b"moov" not in kinds or not kinds & {b"mdat", b"moof"}:
        raise _damaged()
    places = [place for box in boxes for place in _positions(file, box)]
    file.seek(0)
    return Blanked(file, places) if places else file


def _boxes(file: File, start: int, end: int) -> Iterator[Box]:
    """The boxes side by side between two places; code `damaged` when one reaches beyond the end."""
    for _ in range(MOST_BOXES):
        if start >= end:
            return
        file.seek(start)
        header = file.read(16)
        if len(header) < 8:
            raise _damaged()
        size, kind, content = int.from_bytes(header[:4], "big"), header[4:8], start + 8
        if size == 1 and len(header) == 16:
            size, content = struct.unpack(">Q", header[8:])[0], start + 16
        elif size == 0:
            size = end - start
        if size < content - start or start + size > end:
            raise _damaged()
        yield Box(kind, start, content, start + size)
        start += size
    raise _damaged()


def _positions(file: File, box: Box) -> Iterator[tuple[int, int]]:
    """Where in a box the position stands: content from, content to."""
    if box.kind in POSITION:
        yield box.content, box.end
    elif box.kind in NESTED:
        try:
            for inner in list(_boxes(file, box.content, box.end)):
                yield from _positions(file, inner)
        except ValidationError:
            if box.kind != b"udta":  # what a camera adds for itself is often ended by four zeros
                raise


def _damaged() -> ValidationError:
    return ValidationError(
        "影片不完整或已损坏（可能没有拷贝完，或夹带了别的内容）；请在电脑上试播后重新导出 MP4 再上传。", code="damaged"
    )


class Blanked(File):
    """A file some places of which read as spaces; the rest comes from the file below."""

    def __init__(self, file: File, places: list[tuple[int, int]]) -> None:
        super().__init__(file, file.name)
        self.below, self.places = file, places

    @property
    def size(self) -> int:
        return self.below.size

    def read(self, length: int = -1) -> bytes:
        at = self.below.tell()
        piece = self.below.read(length)
        for start, end in self.places:
            begin, stop = max(start - at, 0), min(end - at, len(piece))
            if begin < stop:
                piece = piece[:begin] + b" " * (stop - begin) + piece[stop:]
        return piece

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        self.seek(0)
        while piece := self.read(chunk_size or self.DEFAULT_CHUNK_SIZE):
            yield piece
