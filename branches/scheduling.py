"""Tasks that the clock starts: when each last went well or badly is on record for the page of the system's health."""

import logging
from typing import Any

from celery import Task
from django.db import DatabaseError
from django.utils import timezone

from branches.models import Heartbeat

logger = logging.getLogger(__name__)


def name_of(task: str) -> str:
    return f"task:{task}"


class Scheduled(Task):
    """Notes its outcome; with the database away there is nothing to note it in."""

    abstract = True

    def on_success(self, retval: Any, task_id: str, args: tuple, kwargs: dict) -> None:
        self._note(at=timezone.now(), error="")

    def on_failure(self, exc: Exception, task_id: str, args: tuple, kwargs: dict, einfo: Any) -> None:
        self._note(failed_at=timezone.now(), error=f"{type(exc).__name__}：{exc}"[:2000])

    def _note(self, **fields: Any) -> None:
        try:
            Heartbeat.objects.update_or_create(name=name_of(self.name), defaults=fields)
        except DatabaseError as error:
            logger.warning("outcome of %s not noted: %s", self.name, error)
