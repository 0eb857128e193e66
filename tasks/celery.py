"""The Celery app: it wakes workers, while the outbox in the database is the queue."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings.production")

app = Celery(
    "gongkai", include=[f"tasks.jobs.{n}" for n in ("deliver", "sweep", "schedule")]
)
app.config_from_object("tasks.celeryconfig")
