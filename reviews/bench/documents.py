"""Seconds and memory of one 申报表 PDF, ours against a bare WeasyPrint run of the same HTML, each in its own process."""

import json
import resource
import statistics
import time

from applications import pdf
from applications.models import Snapshot
from branches import typesetting


def ours(count: int) -> dict[str, float]:
    snapshot = _snapshot()
    return _run(count, lambda: pdf.render(snapshot))


def bare(count: int) -> dict[str, float]:
    """The same HTML, style and fonts with WeasyPrint's own defaults: one process, font configuration shared."""
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration

    html, fonts = pdf.html_of(_snapshot()), FontConfiguration()
    sheet = CSS(string=typesetting.sheet_text(pdf.SHEET), font_config=fonts)
    return _run(count, lambda: HTML(string=html).write_pdf(stylesheets=[sheet], font_config=fonts))


def _run(count: int, make) -> dict[str, float]:
    make()  # warm: imports, fonts, parsed CSS
    seconds = []
    for _ in range(count):
        started = time.process_time()
        data = make()
        seconds.append(time.process_time() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "cpu_s": round(statistics.median(seconds), 3),
        "peak_mb": round(peak, 1),
        "kb": round(len(data) / 1024, 1),
    }


def _snapshot() -> Snapshot:
    return Snapshot.objects.order_by("pk").first()


def as_json(result: dict[str, float]) -> str:
    return json.dumps(result)
