"""Rows written again are as good as rows that were made."""

import pytest
from django.core.management.color import no_style
from django.db import connection, transaction

from cms.models import Office, Village
from tests.factories import OfficeFactory, VillageFactory
from tests.snapshots import Snapshots

pytestmark = pytest.mark.django_db


def number_from_one(model):
    """Let the next row have the number 1, as in a database that was just made."""
    column = {"table": model._meta.db_table, "column": model._meta.pk.column}
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_by_name_sql(
            no_style(), [column]
        ):
            cursor.execute(statement)


def test_new_rows_are_numbered_after_those_written_again():
    made = []
    make = Snapshots(lambda: made.append(OfficeFactory(code="first").pk))
    number_from_one(Office)
    with transaction.atomic():
        make()
        transaction.set_rollback(True)
    number_from_one(Office)
    make()
    assert made == [Office.objects.get(code="first").pk]  # made once, written once
    assert OfficeFactory(code="second", name="财政所").pk > made[0]


def test_rows_of_what_the_work_does_not_name_make_no_difference():
    made = []
    make = Snapshots(lambda: made.append(OfficeFactory(code="first").pk))
    number_from_one(Office)
    with transaction.atomic():
        make()
        transaction.set_rollback(True)
    number_from_one(Office)
    kept = VillageFactory()
    make()
    assert len(made) == 1
    assert Village.objects.filter(pk=kept.pk).exists()


def test_rows_of_what_the_work_reads_make_a_difference():
    made = []

    def look():
        made.append(Village.objects.count())
        OfficeFactory(code="first")

    make = Snapshots(look)
    with transaction.atomic():
        make()
        transaction.set_rollback(True)
    VillageFactory()
    make()
    assert made == [0, 1]
