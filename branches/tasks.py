"""Thin Celery edges of this app."""

from celery import current_app, shared_task
from django.utils import timezone

from branches import jobs, notices
from branches.models import Heartbeat


@shared_task
def drain_outbox() -> None:
    notices.release_stale()
    notices.drain()


@shared_task
def requeue_jobs() -> None:
    for job in jobs.expired():
        current_app.send_task(job.task, [job.pk])


@shared_task
def beat_heart() -> None:
    Heartbeat.objects.update_or_create(name="beat", defaults={"at": timezone.now()})
