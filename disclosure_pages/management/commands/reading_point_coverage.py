import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from cms.context import is_portal
from disclosure_pages.reading_point_coverage import csv_lines, described, read_coverage


class Command(BaseCommand):
    help = _("查阅点覆盖率：条件齐全的村除以全部村，并逐村说明还差什么。")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--csv", type=Path, help=_("把逐村的表写到这个文件"))
        parser.add_argument("--json", action="store_true", help=_("输出 JSON"))

    def handle(self, *args: Any, **options: Any) -> None:
        if is_portal():
            raise CommandError(_("汇集下级信息的门户没有自己的查阅点。"))
        coverage = read_coverage()
        if target := options["csv"]:
            try:
                with target.open("w", encoding="utf-8", newline="") as file:
                    file.writelines(csv_lines(coverage))
            except OSError as error:
                raise CommandError(
                    _("写不了 %(file)s：%(error)s") % {"file": target, "error": error}
                ) from error
        if options["json"]:
            self.stdout.write(json.dumps(described(coverage), ensure_ascii=False))
            return
        self.stdout.write(coverage.sentence)
        for row in coverage.failing:
            self.stdout.write(f"{row.village.name}：{'；'.join(row.reasons)}")
