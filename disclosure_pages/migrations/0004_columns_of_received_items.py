"""Fill the columns that repeat parts of what was received, for rows of before."""

from datetime import date

from django.db import migrations
from django.db.migrations.state import StateApps
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TEXTS = {"document_number": 80, "publisher": 80}


def fill(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    model = apps.get_model("disclosure_pages", "ExternalItem")
    for row in model.objects.filter(state="published").iterator(chunk_size=500):
        metadata = row.payload.get("metadata") or {}
        for name, length in TEXTS.items():
            value = metadata.get(name)
            setattr(row, name, value[:length] if isinstance(value, str) else "")
        try:
            row.date_made = date.fromisoformat(metadata.get("date_made") or "")
        except (TypeError, ValueError):
            row.date_made = None
        row.save(update_fields=[*TEXTS, "date_made"])


class Migration(migrations.Migration):
    dependencies = [("disclosure_pages", "0003_page_types_catalogue_and_references")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
