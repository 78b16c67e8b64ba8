"""The Celery application: settings under CELERY_*, tasks found in every app."""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

# Our own file queue under kombu's name; see there why.
TRANSPORT_ALIASES["filesystem"] = "config.filequeue:Transport"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("config")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
