"""The Celery app: it wakes workers, while the outbox in the database is the queue."""

import os
from pkgutil import iter_modules

from celery import Celery

from . import jobs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings.production")

app = Celery(
    "gongkai",
    include=[f"{jobs.__name__}.{job.name}" for job in iter_modules(jobs.__path__)],
)
app.config_from_object("tasks.celeryconfig")
