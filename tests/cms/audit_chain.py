"""Hands that reach past the models: what the chain has to notice."""

from contextlib import contextmanager

from django.db import connection
from wagtail.log_actions import log
from wagtail.models import ModelLogEntry, PageLogEntry

from cms.audit.heads import heads_file
from cms.models import ChainHead, SealedEvent
from tests.factories import OfficeFactory

EVENTS = "gongkai_cms_sealedevent"


def act(title="改动", **values):
    """One logged act on an office; returns its log row."""
    office = OfficeFactory()
    return log(office, "wagtail.edit", title=title, **values)


@contextmanager
def without_trigger():
    """What the owner of the tables can do: switch off the database's own guard."""
    postgres = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        if postgres:
            cursor.execute(f"ALTER TABLE {EVENTS} DISABLE TRIGGER USER")
        yield cursor
        if postgres:
            cursor.execute(f"ALTER TABLE {EVENTS} ENABLE TRIGGER USER")


def by_sql(statement, *values):
    """Change the chain behind the models."""
    with without_trigger() as cursor:
        cursor.execute(statement.format(events=EVENTS), values)
        assert cursor.rowcount > 0


def forget_everything():
    """Delete chain, log and kept heads, as only a test may."""
    with without_trigger() as cursor:
        for model in (SealedEvent, ChainHead, ModelLogEntry, PageLogEntry):
            cursor.execute(f"DELETE FROM {model._meta.db_table}")
    heads_file().unlink(missing_ok=True)
