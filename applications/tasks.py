"""Thin Celery edges of this app."""

from celery import shared_task
from django.db import InterfaceError, OperationalError

from applications import obligations, pdf
from applications.models import Snapshot
from applications.services import preparing, uploading
from branches import audit, jobs
from branches.todo import remind as write_reminders
from standards.models import Campaign, Track


@shared_task
def remind() -> None:
    with audit.origin("定时任务"):
        write_reminders(obligations.owed())


@shared_task
def enrol_begun_tracks() -> None:
    with audit.origin("定时任务"):
        for track in Track.objects.filter(campaign__status=Campaign.Status.OPEN).prefetch_related("stages"):
            preparing.enrol(track, by=None)


@shared_task
def sweep_uploads() -> None:
    with audit.origin("定时任务"):
        uploading.sweep_uploads()


@shared_task
def render_form(job_pk: int) -> None:
    """Make the PDF of a snapshot; the job's target is the snapshot's key."""
    job = jobs.claim(job_pk)
    if job is None:
        return
    snapshot = Snapshot.objects.filter(pk=int(job.target)).first()
    if snapshot is None:
        jobs.finish(job, error="申报快照不存在。")
        return
    try:
        pdf.store(snapshot)
    except (OperationalError, InterfaceError):
        # The database is away: nothing can be noted now, the lease brings the job back.
        raise
    except Exception as error:
        jobs.finish(job, error=f"申报表未能生成，请重试或联系管理员（{type(error).__name__}：{error}）。")
        raise
    jobs.finish(job)
