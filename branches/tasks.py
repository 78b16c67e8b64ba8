"""Thin Celery edges of this app."""

from celery import current_app, shared_task
from django.utils import timezone

from branches import jobs
from branches.models import Heartbeat
from branches.scheduling import Scheduled


@shared_task(base=Scheduled)
def requeue_jobs() -> None:
    for job in jobs.expired():
        current_app.send_task(job.task, [job.pk])


@shared_task(base=Scheduled)
def beat_heart() -> None:
    Heartbeat.objects.update_or_create(name="beat", defaults={"at": timezone.now()})
