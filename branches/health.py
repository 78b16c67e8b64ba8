"""Whether this installation can work: what the monitor and the supervisor ask."""

import datetime
import os
import shutil

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from branches.models import Heartbeat

MIN_FREE_BYTES = 200 * 1024 * 1024
BEAT_LATE_AFTER = datetime.timedelta(minutes=5)


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return cursor.fetchone() == (1,)
    except DatabaseError:
        return False


def broker_answers() -> bool:
    """Redis answers a ping; the embedded broker's folder can be written."""
    if not settings.REDIS_URL:
        return os.access(settings.QUEUE_DIR / "messages", os.W_OK)
    import redis

    try:
        client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2)
        with client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def beat_age() -> int | None:
    """Seconds since the clock last ran through a worker: it proves that both are alive. None: never yet."""
    try:
        heart = Heartbeat.objects.filter(name="beat").first()
    except DatabaseError:
        return None
    return int((timezone.now() - heart.at).total_seconds()) if heart else None


def report() -> dict:
    """`ok` is what requests need; `background_ok` is late or missing background work, which hinders nobody at once."""
    free = shutil.disk_usage(settings.DATA_DIR).free
    age = beat_age()
    found = {
        "database": database_answers(),
        "broker": broker_answers(),
        "disk_free_mb": free // 1024 // 1024,
        "disk": free >= MIN_FREE_BYTES,
        "beat_age_seconds": age,
        "background_ok": age is not None and age <= BEAT_LATE_AFTER.total_seconds(),
    }
    return {"ok": found["database"] and found["broker"] and found["disk"], **found}
