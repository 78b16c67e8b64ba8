"""Background jobs: a row says what is to be done, a worker does it, a lease brings it back when the worker dies."""

import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from branches import audit
from branches.models import Job, User

LEASE = datetime.timedelta(minutes=5)
MAX_ATTEMPTS = 3
OPEN = (Job.State.QUEUED, Job.State.RUNNING)


def enqueue(task: str, target: str, *, by: User | None) -> Job:
    """Write the job, or return the unfinished one for the same thing.

    Whoever calls this tells a worker on commit; a message that is lost is sent again by the sweep of every minute.
    """
    for _ in range(3):
        try:
            with transaction.atomic():
                return Job.objects.create(task=task, target=target, owner=by)
        except IntegrityError:
            # Looked for in turn: the unfinished one may end between the refusal and the look.
            if open_job := Job.objects.filter(task=task, target=target, state__in=OPEN).first():
                return open_job
    raise RuntimeError(f"no job could be written for {task} {target}")


def claim(pk: int) -> Job | None:
    """Take a queued job for this worker; None when another worker has it or it is finished."""
    claimed = Job.objects.filter(pk=pk, state=Job.State.QUEUED).update(
        state=Job.State.RUNNING, lease_until=timezone.now() + LEASE, attempts=F("attempts") + 1
    )
    return Job.objects.get(pk=pk) if claimed == 1 else None


def finish(job: Job, error: str = "") -> None:
    """Note the outcome. Success always counts; a failure only while nobody else took the job over or finished it."""
    outcome = Job.objects.filter(pk=job.pk)
    if error:
        outcome = outcome.filter(state=Job.State.RUNNING, attempts=job.attempts)
    outcome.update(
        state=Job.State.FAILED if error else Job.State.DONE,
        error=error[:2000], finished_at=timezone.now(), lease_until=None,
    )  # fmt: skip


def retry(job: Job, *, by: User) -> None:
    """Queue a failed job once more. Codes `not_failed`, `open` (the same thing is already being done)."""
    with audit.recorded():
        try:
            with transaction.atomic():
                again = Job.objects.filter(pk=job.pk, state=Job.State.FAILED).update(
                    state=Job.State.QUEUED, attempts=0, error="", finished_at=None, lease_until=None
                )
        except IntegrityError:
            raise ValidationError("同一件事已有任务在排队或进行中，无需重做。", code="open") from None
        if again != 1:
            raise ValidationError("该任务已经重做或已经完成，请刷新页面。", code="not_failed")
        audit.record("job.retry", job, by=by, task=job.task)


def expired(now: datetime.datetime | None = None) -> list[Job]:
    """Queue again what a dead worker left behind, give up after MAX_ATTEMPTS; returns every job that waits."""
    now = now or timezone.now()
    stale = Job.objects.filter(state=Job.State.RUNNING, lease_until__lt=now)
    stale.filter(attempts__gte=MAX_ATTEMPTS).update(
        state=Job.State.FAILED,
        error="工作进程多次中断，已停止重试；请管理员查看后重做。",
        finished_at=now,
        lease_until=None,
    )
    # One statement: a job that is finished or taken meanwhile no longer matches.
    stale.update(state=Job.State.QUEUED, lease_until=None)
    return list(Job.objects.filter(state=Job.State.QUEUED, created_at__lt=now - datetime.timedelta(seconds=30)))
