"""The template that comes with the program: replaced after every migration."""

from typing import Any

from django.db import connections, transaction

from ..models import PortalTemplate


def load_official(**signal: Any) -> None:
    """Make the official row or bring its columns up to date; others stay."""
    using = signal.get("using", "default")
    table = PortalTemplate._meta.db_table
    if table not in connections[using].introspection.table_names():
        return  # migrated back to before there were any
    with transaction.atomic(using):
        row, _made = PortalTemplate.objects.update_or_create(
            portal="", defaults={"official": True}
        )
        row.fill()
