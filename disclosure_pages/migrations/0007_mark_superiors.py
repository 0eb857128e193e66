"""Mark the superiors' items that were kept before there were marks.

In pieces, each with a transaction of its own: nobody waits long, and what was done
before an interruption is not done again.
"""

from django.db import migrations, transaction

from disclosure_pages.same_keys import marks_of

AT_ONCE = 500


def mark(apps, _editor):
    items = apps.get_model("disclosure_pages", "ExternalItem").objects
    marks = apps.get_model("disclosure_pages", "SuperiorMark")
    columns = ("pk", "title", "document_number", "url")
    unmarked = items.filter(relation="superior", same_marks=None)
    rows = unmarked.order_by("pk").values_list(*columns)
    after = 0
    while piece := list(rows.filter(pk__gt=after)[:AT_ONCE]):
        after = piece[-1][0]
        found = [
            marks(item_id=pk, mark=mark)
            for pk, *compared in piece
            for mark in sorted(marks_of(*compared))
        ]
        with transaction.atomic():
            marks.objects.bulk_create(found, ignore_conflicts=True)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("disclosure_pages", "0006_superior_marks")]
    operations = [
        migrations.RunPython(mark, migrations.RunPython.noop, elidable=False)
    ]
