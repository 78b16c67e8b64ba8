"""Whether this installation can work: what the monitor, the supervisor and the system administrator ask."""

import datetime
import os
import shutil
from dataclasses import dataclass

from celery.schedules import crontab
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Count, Min
from django.utils import timezone

from branches.models import Delivery, Heartbeat, Job

MIN_FREE_BYTES = 200 * 1024 * 1024
BEAT_LATE_AFTER = datetime.timedelta(minutes=5)
# How long something that is due may wait before somebody should look.
OUTBOX_LATE_AFTER = datetime.timedelta(hours=1)
# The queue that workers read when nothing else is said.
QUEUE = "celery"
TITLES = {
    "branches.tasks.requeue_jobs": "重排中断的后台任务",
    "branches.tasks.beat_heart": "心跳",
    "reviews.tasks.send_notices": "发送站外通知",
    "reviews.tasks.remind": "生成催办提醒",
    "applications.tasks.enrol_begun_tracks": "纳入参评支部",
    "applications.tasks.sweep_uploads": "清理未传完的文件",
    "applications.tasks.sweep_drafts": "清理申报表草稿",
    "applications.tasks.render_form": "生成申报表PDF",
}


@dataclass(frozen=True)
class ScheduledTask:
    """One line of the clock's table, and how it last went."""

    task: str
    every: datetime.timedelta
    done_at: datetime.datetime | None
    failed_at: datetime.datetime | None
    error: str

    @property
    def title(self) -> str:
        return TITLES.get(self.task, self.task)

    @property
    def failing(self) -> bool:
        return self.failed_at is not None and (self.done_at is None or self.failed_at > self.done_at)

    @property
    def late(self) -> bool:
        allowed = max(3 * self.every, BEAT_LATE_AFTER)
        return self.done_at is None or timezone.now() - self.done_at > allowed


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return cursor.fetchone() == (1,)
    except DatabaseError:
        return False


def queue_depth() -> int | None:
    """Messages that wait for a worker; None when the broker does not answer."""
    if not settings.REDIS_URL:
        folder = settings.QUEUE_DIR / "messages"
        return sum(1 for _ in folder.glob(f"*.{QUEUE}.msg")) if os.access(folder, os.W_OK) else None
    import redis

    try:
        client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2)
        with client:
            return int(client.llen(QUEUE))
    except redis.RedisError:
        return None


def beat_age() -> int | None:
    """Seconds since the clock last ran through a worker: it proves that both are alive. None: never yet."""
    try:
        heart = Heartbeat.objects.filter(name="beat").first()
    except DatabaseError:
        return None
    return int((timezone.now() - heart.at).total_seconds()) if heart and heart.at else None


def outbox() -> dict[str, int | None]:
    """How many notices wait to go out, since when the oldest could have gone, how many failed or are in doubt."""
    counts = dict(Delivery.objects.filter(state__in=("failed", "doubt")).values_list("state").annotate(Count("pk")))
    due = Delivery.objects.due(timezone.now()).aggregate(number=Count("pk"), oldest=Min("not_before"))
    oldest = due["oldest"]
    return {
        "waiting": due["number"],
        "oldest_seconds": int((timezone.now() - oldest).total_seconds()) if oldest else 0,
        "failed": counts.get("failed", 0),
        "doubt": counts.get("doubt", 0),
    }


def schedule() -> list[ScheduledTask]:
    """The clock's table with the outcome of every line; one query."""
    hearts = {heart.name: heart for heart in Heartbeat.objects.filter(name__startswith="task:")}
    found = []
    for line in settings.CELERY_BEAT_SCHEDULE.values():
        heart = hearts.get(f"task:{line['task']}") or Heartbeat()
        found.append(ScheduledTask(line["task"], _every(line["schedule"]), heart.at, heart.failed_at, heart.error))
    return found


def _every(schedule: float | crontab) -> datetime.timedelta:
    """How often a line is due; one by the clock that names its hour is due once a day, else every hour at least."""
    if isinstance(schedule, int | float):
        return datetime.timedelta(seconds=schedule)
    return datetime.timedelta(hours=24 if len(schedule.hour) == 1 else 1)


def report() -> dict:
    """`ok` is what requests need; `background_ok` is late or missing background work, which hinders nobody at once."""
    free = shutil.disk_usage(settings.DATA_DIR).free
    age, depth, database = beat_age(), queue_depth(), database_answers()
    found = {
        "database": database,
        "broker": depth is not None,
        "disk_free_mb": free // 1024 // 1024,
        "disk": free >= MIN_FREE_BYTES,
        "beat_age_seconds": age,
        "queue_depth": depth,
        "background_ok": age is not None and age <= BEAT_LATE_AFTER.total_seconds(),
    }
    if database:
        found["failed_jobs"] = Job.objects.filter(state=Job.State.FAILED).count()
        found["failing_tasks"] = [each.task for each in schedule() if each.failing]
        found["outbox"] = outbox()
    return {"ok": found["database"] and found["broker"] and found["disk"], **found}
