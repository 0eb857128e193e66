"""The demo's public items, through the bulk writer of ``import_items``."""

from typing import Any

from disclosure_pages.bulk.importing import Summary, write_staged
from disclosure_pages.bulk.offices import OfficeChoice
from disclosure_pages.bulk.reading import RawTable
from disclosure_pages.bulk.validation import Source, check
from disclosure_pages.demo.content import DATA, TODAY, load
from disclosure_pages.demo.records import complete
from disclosure_pages.models import DisclosureItemPage, ImportBatch

SOURCE = "demo"
REVIEWED_BY = "云溪镇保密审查：方建平；签发：何国平（示例）"


class BrokenDemo(Exception):
    """The demo's own content does not pass the checks of an import."""


def load_items(limit: int | None = None) -> int:
    """Publish the items that are missing, oldest first; returns how many."""
    there = set(
        DisclosureItemPage.objects.filter(batch_source=SOURCE).values_list(
            "external_id", flat=True
        )
    )
    records = load("items")
    records.sort(key=lambda record: record["date_published"])
    chosen = records[-limit:] if limit else records
    missing = [record for record in chosen if record["external_id"] not in there]
    if not missing:
        return 0
    return _publish(missing)


def _publish(records: list[dict[str, Any]]) -> int:
    path = DATA / "items.json"
    source = Source.of(path, SOURCE)
    table = RawTable(rows=list(enumerate(records, start=1)))
    checked = check(table, source, OfficeChoice(), latest_day=TODAY)
    if checked.problems:
        raise BrokenDemo("; ".join(str(found) for found in checked.problems))
    batch = ImportBatch.objects.create(
        file_name="示例乡镇",
        file_sha256=source.sha256,
        source=SOURCE,
        publish=True,
        reviewed_by=REVIEWED_BY,
        rows=len(records),
    )
    summary = Summary(file=batch.file_name)
    write_staged(batch, checked.items, summary)
    complete(SOURCE, [record["external_id"] for record in records])
    return summary.created
