import json
from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from disclosure_pages.choices import LinkStatus
from disclosure_pages.services.references import check_links


class Command(BaseCommand):
    help = _("检查引用和补充的上级信息还打不打得开。")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help=_("输出 JSON"))

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
                status = item.get_link_status_display()
                self.stdout.write(f"{status}  {item.url}  {item.link_detail}")
        good = counts[LinkStatus.OK]
        self.stdout.write(
            _("检查 %(all)d 条，打得开 %(good)d 条，打不开 %(bad)d 条。")
            % {"all": len(checked), "good": good, "bad": len(checked) - good}
        )
