"""A host that delivers: ``python -m tests.tasks.drain_process ACT``, one act each.

``prepare N AT_ONCE`` writes N rows for one portal; ``drain`` works until none is left.
"""

import os
import sys
import time
import uuid

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.tasks.drain_settings")
django.setup()

from cms.models import Authority  # noqa: E402
from tasks.drain import drain  # noqa: E402
from tasks.models import OutboxEntry, TargetState  # noqa: E402

CITY = "portal:city"
LIMIT_S = 30.0


def prepare(count, at_once):
    """What every host finds in the database."""
    Authority.load()
    Authority.objects.update(credit_code="11330099MB1A2B3C4D")
    TargetState.objects.create(target=CITY, at_once=at_once)
    OutboxEntry.record([uuid.uuid4().hex for _ in range(count)], "publish")


def work():
    """Drain as a worker does; fails if something is left."""
    ends = time.monotonic() + LIMIT_S
    while OutboxEntry.objects.pending().exists() and time.monotonic() < ends:
        drain(only=[CITY])
        time.sleep(0.05)
    sys.exit(OutboxEntry.objects.pending().count())


if __name__ == "__main__":
    work() if sys.argv[1] == "drain" else prepare(int(sys.argv[2]), int(sys.argv[3]))
