"""Many public items at once: rows copied in the tables, without any signal."""

import datetime as dt
from uuid import uuid4

from django.db import connection
from wagtail.models import Page

from disclosure_pages.models import DisclosureItemPage, OfficeIndexPage
from tests.factories import make_item
from tests.snapshots import number_after


def add_items(number):
    """Public items, many at once: copies of one."""
    parent = OfficeIndexPage.objects.get(office__code="civil-affairs")
    item = make_item(summary="概述")
    day = dt.date(2020, 1, 1)
    last_pk = Page.objects.order_by("-pk").values_list("pk", flat=True).first()
    base = Page._str2int(item.path[-Page.steplen :])
    pages, items = [], []
    for index in range(1, number + 1):
        step = Page._int2str(base + index).rjust(Page.steplen, "0")
        pages.append({
            "id": last_pk + index, "title": f"第{index}件", "draft_title": "草",
            "slug": f"many-{base + index}", "path": parent.path + step,
            "url_path": f"{parent.url_path}many-{base + index}/",
            "translation_key": uuid4(), "latest_revision": None, "live_revision": None,
        })  # fmt: skip
        items.append({
            "page_ptr": last_pk + index, "date_made": day,
            "date_published": day + dt.timedelta(days=index % 2000),
            "index_number": f"11330099MB1A2B3C4D/2020-{base + index:05d}",
        })  # fmt: skip
    copy_row(Page, item.pk, pages)
    copy_row(DisclosureItemPage, item.pk, items)
    Page.objects.filter(pk=parent.pk).update(numchild=parent.numchild + number + 1)


def copy_row(model, pk, changes):
    """Write copies of a row into the table of the model, each with changes of its own.

    ``bulk_create`` refuses a model with a parent table.
    """
    meta, quote = model._meta, connection.ops.quote_name
    changed = [meta.get_field(name) for name in changes[0]]
    kept = [quote(f.column) for f in meta.local_concrete_fields if f not in changed]
    names = ", ".join([*(quote(field.column) for field in changed), *kept])
    values = ", ".join([*(["%s"] * len(changed)), *kept])
    table, key = quote(meta.db_table), quote(meta.pk.column)
    rows = [
        [f.get_db_prep_save(change[f.name], connection) for f in changed] + [pk]
        for change in changes
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} ({names}) SELECT {values} FROM {table}"
            f" WHERE {key} = %s",
            rows,
        )
        number_after(cursor, [meta.db_table])
