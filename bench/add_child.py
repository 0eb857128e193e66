"""Publishing rows one by one as Wagtail does it, to stand beside the bulk load.

    DJANGO_SETTINGS_MODULE=… GONGKAI_HOME=… python -m bench.add_child FILE

Each row: ``add_child``, ``save_revision`` and ``publish`` in one transaction. Reading
and checking the file is not counted. Prints JSON: rows, seconds, ms_per_row.
"""

import json
import sys
import time
from pathlib import Path

import django

django.setup()

from django.db import transaction  # noqa: E402

from cms.approval import publication_approved  # noqa: E402
from disclosure_pages.bulk.offices import OfficeChoice  # noqa: E402
from disclosure_pages.bulk.reading import read_table  # noqa: E402
from disclosure_pages.bulk.staged import StagedItem  # noqa: E402
from disclosure_pages.bulk.validation import Source, check  # noqa: E402
from disclosure_pages.models import (  # noqa: E402
    DisclosureItemPage,
    OfficeIndexPage,
)


@transaction.atomic
def publish(item: StagedItem) -> None:
    """Make and publish one item."""
    parent = OfficeIndexPage.objects.get(office__code=item.office)
    page = DisclosureItemPage(
        **{name: value for name, value in item.fields.items() if value},
        batch_source="one-by-one",
        live=False,
        locale_id=parent.locale_id,
    )
    page.body = DisclosureItemPage._meta.get_field("body").to_python(item.body)
    parent.add_child(instance=page)
    with publication_approved("bench"):
        page.save_revision().publish(skip_permission_checks=True)


def main() -> None:
    """Publish the rows of the file and print how long that took."""
    path = Path(sys.argv[1])
    checked = check(read_table(path), Source.of(path, "one-by-one"), OfficeChoice())
    began = time.monotonic()
    for item in checked.items:
        publish(item)
    seconds = time.monotonic() - began
    rows = len(checked.items)
    per_row = seconds * 1000 / rows
    json.dump({"rows": rows, "seconds": seconds, "ms_per_row": per_row}, sys.stdout)


if __name__ == "__main__":
    main()
