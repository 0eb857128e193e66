import json
from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand

from disclosure_pages.choices import LinkStatus
from disclosure_pages.services.references import check_links


class Command(BaseCommand):
    help = "Check whether the superiors' pages that items refer to still open."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        checked = check_links()
        if options["json"]:
            rows = [
                {
                    "url": item.url,
                    "title": item.title,
                    "status": item.link_status,
                    "detail": item.link_detail,
                }
                for item in checked
            ]
            self.stdout.write(json.dumps(rows, ensure_ascii=False))
            return
        counts = Counter(item.link_status for item in checked)
        for item in checked:
            if item.link_status != LinkStatus.OK:
                self.stdout.write(f"{item.link_status}  {item.url}  {item.link_detail}")
        self.stdout.write(
            f"{len(checked)} checked, {counts[LinkStatus.OK]} ok, "
            f"{len(checked) - counts[LinkStatus.OK]} not"
        )
