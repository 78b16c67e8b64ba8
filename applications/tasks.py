"""Thin Celery edges of this app."""

from celery import shared_task
from django.db import InterfaceError, OperationalError

from applications import pdf, snapshots
from applications.models import Application, Snapshot
from applications.services import preparing, uploading
from branches import audit, jobs
from branches.scheduling import Scheduled
from standards.models import Campaign, Track


@shared_task(base=Scheduled)
def enrol_begun_tracks() -> None:
    with audit.origin("定时任务"):
        for track in Track.objects.filter(campaign__status=Campaign.Status.OPEN).prefetch_related("stages"):
            preparing.enrol(track, by=None)


@shared_task(base=Scheduled)
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


@shared_task
def render_draft(job_pk: int) -> None:
    """Set what an application says now; the target is its key and the start of the hash of what was asked for."""
    job = jobs.claim(job_pk)
    if job is None:
        return
    pk, _, wanted = job.target.partition(":")
    application = Application.objects.for_work().filter(pk=int(pk)).first()
    content = snapshots.content_of(application) if application else None
    if content is None or not snapshots.digest(content).startswith(wanted):
        jobs.finish(job, error="申报内容在生成草稿之前又有改动，请重新打开打印稿。")
        return
    try:
        pdf.store_draft(int(pk), content)
    except (OperationalError, InterfaceError):
        # The database is away: nothing can be noted now, the lease brings the job back.
        raise
    except Exception as error:
        jobs.finish(job, error=f"打印稿未能生成，请重试或联系管理员（{type(error).__name__}：{error}）。")
        raise
    jobs.finish(job)


@shared_task(base=Scheduled)
def sweep_drafts() -> None:
    pdf.sweep_drafts()
