"""The application for a worker whose clock can be set back: by as many seconds as the file named by CLOCK_FILE says.

Its workers set little aside and not for long: where one is killed every few moments, the others must find work.
"""

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

from celery.signals import worker_process_init  # noqa: E402

from config.celery import app  # noqa: E402

# A killed child's task is given up at once instead of after ten seconds: so the next child is soon at work again.
app.conf.worker_lost_wait, app.conf.worker_prefetch_multiplier = 0.1, 4


@worker_process_init.connect
def set_little_aside(**kwargs) -> None:
    from branches import outbox

    outbox.CHUNK, outbox.HOLD = 20, datetime.timedelta(seconds=4)


__all__ = ["app"]
