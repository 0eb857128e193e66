"""Tell whoever drains that there is something to do; only a hint, never needed."""

import logging
import threading
import time

from celery.exceptions import OperationalError as CeleryOperationalError
from django.conf import settings
from kombu.exceptions import OperationalError as KombuOperationalError
from redis.exceptions import RedisError

from .celery import app
from .choices import target_names
from .schedule import EXPIRES_S

logger = logging.getLogger(__name__)
MUTE_S = 5.0  # after a failed hint: the sweep comes by anyway
BROKER_ERRORS = (
    CeleryOperationalError,
    KombuOperationalError,
    RedisError,
    OSError,
)
# For hints only: a dead, hanging or unreachable Redis costs an editor half a second.
HINT_OPTIONS = {
    "socket_connect_timeout": 0.4,
    "socket_timeout": 0.4,
    "retry_on_timeout": False,
    "max_retries": 0,
    "connect_retries_timeout": 0.4,
}

_events: set[threading.Event] = set()
_muted_until = 0.0


def listen() -> threading.Event:
    """Return an event that ``wake`` sets, for a thread of this process."""
    event = threading.Event()
    _events.add(event)
    return event


def forget(event: threading.Event) -> None:
    """Stop setting ``event``."""
    _events.discard(event)


def wake() -> None:
    """Wake this process's threads, or one worker for each target; never raises."""
    for event in list(_events):
        event.set()
    if settings.REDIS_URL and not settings.GONGKAI_EMBEDDED_JOBS:
        _hint_workers()


def _hint_workers() -> None:
    global _muted_until
    if time.monotonic() < _muted_until:
        return
    try:
        with app.connection_for_write(transport_options=HINT_OPTIONS) as connection:
            for name in target_names():
                app.send_task(
                    "tasks.deliver", (name,), connection=connection, expires=EXPIRES_S
                )
    except BROKER_ERRORS as error:
        _muted_until = time.monotonic() + MUTE_S
        logger.warning("no hint to the workers, the sweep will deliver: %s", error)
