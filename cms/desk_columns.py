"""Columns of lists on the desk."""

from django.db.models import Model
from wagtail.admin.ui.tables import BooleanColumn


def yes_no(model: type[Model], name: str) -> BooleanColumn:
    """Return a column that shows a tick or a cross, not True and False."""
    field = model._meta.get_field(name)
    return BooleanColumn(name, label=field.verbose_name, sort_key=name)
