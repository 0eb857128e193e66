import subprocess
import sys

from celery import current_app
from django.conf import settings
from django.utils.module_loading import import_string

from tasks.celery import app
from tasks.drain import drain
from tasks.jobs.deliver import deliver
from tasks.models import OutboxEntry
from tasks.schedule import beat_schedule, periodic_jobs
from tests.tasks.recording import KEY

WORKER = """
from tasks.celery import app
app.loader.import_default_modules()
print(*app.tasks)
"""


def test_a_worker_knows_every_periodic_job():
    """In a process of its own: here, other tests have imported the jobs."""
    known = subprocess.run(
        [sys.executable, "-c", WORKER],
        cwd=settings.BASE_DIR,
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split()
    assert {job.name for job in periodic_jobs()} <= set(known)
    for job in periodic_jobs():
        assert import_string(job.path).name == job.name


def test_beat_and_ticker_share_one_table(world):
    entries = beat_schedule().values()
    assert {entry["task"] for entry in entries} == {job.name for job in periodic_jobs()}
    targets = {entry["args"] for entry in entries if entry["task"] == "tasks.deliver"}
    assert targets == {("index:local",), ("portal:city",)}


def test_links_are_checked_by_beat_and_by_the_ticker():
    job = next(job for job in periodic_jobs() if job.name == "tasks.check_links")
    assert job.embedded
    assert job.first_s >= 60  # a site that has just started asks nobody
    assert "tasks.check_links" in beat_schedule()


def test_our_app_is_the_one_that_shared_tasks_use():
    assert current_app.main == "gongkai"


def test_messages_survive_a_killed_worker():
    conf = app.conf
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert conf.accept_content == ["json"]
    options = conf.broker_transport_options
    longest = max(task.time_limit or conf.task_time_limit for task in ours())
    assert longest < options["visibility_timeout"]
    assert options["unacked_restore_interval"] == 10
    assert options["unacked_restore_throttle"] == 1


def ours():
    app.loader.import_default_modules()
    return [task for name, task in app.tasks.items() if name.startswith("tasks.")]


def test_the_task_drains_one_target_or_all(world, db):
    OutboxEntry.record([KEY], "publish")
    assert deliver("portal:city") == 1
    assert deliver() == 1
    assert drain() == 0
