"""Files out of the storage over HTTP: whole or the piece asked for, so that a film can be sought in."""

import re

from django.core.files.base import File
from django.http import FileResponse, HttpResponse, StreamingHttpResponse

BLOCK = 64 * 1024
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


class _Piece:
    """An iterator over some bytes of an open file; closes it in the end, read or not."""

    def __init__(self, file: File, start: int, length: int) -> None:
        file.seek(start)
        self.file, self.left = file, length

    def __iter__(self) -> "_Piece":
        return self

    def __next__(self) -> bytes:
        piece = self.file.read(min(BLOCK, self.left)) if self.left else b""
        if not piece:
            raise StopIteration
        self.left -= len(piece)
        return piece

    def close(self) -> None:
        self.file.close()


def serve(request, file: File, *, size: int, tag: str, content_type: str, name: str, attachment: bool):
    """Answer with an open file: 200 with all of it, 206 with one range, 416 for a range it does not have.

    `tag` marks the content: who goes on with another version than the one begun gets the whole. Several ranges at
    once, or words nobody understands, are answered with the whole as the protocol allows.
    """
    asked = request.headers.get("Range", "")
    if request.headers.get("If-Range", f'"{tag}"') != f'"{tag}"':
        asked = ""
    found = RANGE.fullmatch(asked.replace(" ", ""))
    if found is None or not any(found.groups()):
        response = FileResponse(file, as_attachment=attachment, filename=name, content_type=content_type)
    else:
        start, end = _within(size, *found.groups())
        if start >= size or end < start:
            file.close()
            response = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
        else:
            response = StreamingHttpResponse(
                _Piece(file, start, end - start + 1), status=206, content_type=content_type,
                headers={"Content-Range": f"bytes {start}-{end}/{size}", "Content-Length": str(end - start + 1)},
            )  # fmt: skip
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = f'"{tag}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _within(size: int, first: str, last: str) -> tuple[int, int]:
    """First and last byte of `bytes=first-last`; `bytes=-500` are the last 500."""
    if not first:
        return max(size - int(last), 0) if int(last) else size, size - 1
    return int(first), min(int(last), size - 1) if last else size - 1
