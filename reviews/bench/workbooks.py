"""Seconds to take in a workbook: a thousand criteria from the first byte to the draft, and a sheet of endless wording."""

import io
import json
import statistics
import time
from collections.abc import Callable

from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import Workbook

from reviews.bench import outlines
from standards.services import importing
from standards.workbooks import reading, writing


def measure(count: int) -> dict[str, float]:
    *_, (long, criteria) = outlines.drafts()
    content, wordy = writing.write(long), _wordy()
    with CaptureQueriesContext(connection) as captured:
        _take_in(content)
    return {
        "criteria": criteria,
        "cpu_s": _seconds(count, lambda: _take_in(content)),
        "queries": len(captured),
        "wordy_s": _seconds(count, lambda: reading.read(wordy)),
    }


def _take_in(content: bytes) -> None:
    importing.import_rubric(reading.read(content), by=None)


def _seconds(count: int, act: Callable[[], object]) -> float:
    seconds = []
    for _ in range(count):
        started = time.process_time()
        act()
        seconds.append(time.process_time() - started)
    return round(statistics.median(seconds), 3)


def _wordy() -> bytes:
    """A bureau's own sheet whose cells go on and on in the very words a guess is made from."""
    book, out = Workbook(), io.BytesIO()
    book.active.append(["项目", "考核内容", "分值"])
    for _ in range(50):
        book.active.append(["组织", "每少低于超过得加" * 3000, 5])
    book.save(out)
    return out.getvalue()


def as_json(result: dict[str, float]) -> str:
    return json.dumps(result)
