"""The application for a worker whose clock can be set back: by as many seconds as the file named by CLOCK_FILE says."""

import datetime
import os
from pathlib import Path

from django.utils import timezone

CLOCK = Path(os.environ["CLOCK_FILE"])
_now = timezone.now


def now() -> datetime.datetime:
    return _now() + datetime.timedelta(seconds=float(CLOCK.read_text() or 0))


# Before any model is loaded: their defaults hold on to the function itself.
timezone.now = now

from config.celery import app  # noqa: E402

__all__ = ["app"]
