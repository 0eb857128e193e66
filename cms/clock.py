"""The clock that decides when something becomes public: the database's, one for all."""

from datetime import datetime

from django.conf import settings
from django.db import connection
from django.utils import timezone


def database_now() -> datetime:
    """Return the present instant by the database server's clock.

    A worker whose clock is ahead publishes nothing early. SQLite has no clock but ours.
    """
    if not settings.GONGKAI_DATABASE_CLOCK or connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]
