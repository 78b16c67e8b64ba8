"""Thin Celery edges of this app."""

from celery import shared_task

from branches import audit
from branches.todo import remind as write_reminders
from standards import obligations


@shared_task
def remind() -> None:
    with audit.origin("定时任务"):
        write_reminders(obligations.owed())
