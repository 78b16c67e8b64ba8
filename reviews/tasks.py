"""Thin Celery edges of this app: what has to know every floor."""

from celery import shared_task
from django.utils import timezone

from branches import audit, outbox
from branches.scheduling import Scheduled
from reviews import obligations
from standards import reminders


@shared_task(base=Scheduled)
def remind() -> None:
    with audit.origin("定时任务"):
        reminders.run(obligations.everything())


@shared_task(base=Scheduled)
def send_notices() -> None:
    """What was done meanwhile is not urged any more: looked at again before anything goes out."""
    outbox.release_stale()
    if outbox.reminders_wait():
        started = timezone.now()
        reminders.settle(obligations.everything(), computed_at=started)
    outbox.drain()
