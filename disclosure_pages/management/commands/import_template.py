from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from disclosure_pages.bulk.template import write_template


class Command(BaseCommand):
    help = _("生成批量导入用的 Excel 模板：表头、下拉列表、填写说明和示例。")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("out", type=Path, help=_("要写的文件，.xlsx"))
        parser.add_argument("--dry-run", action="store_true", help=_("只检查，不写"))

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["out"]
        if path.suffix.lower() != ".xlsx":
            raise CommandError(_("模板只有 .xlsx 一种，请改文件名。"))
        if not path.parent.is_dir():
            raise CommandError(_("没有文件夹 %(name)s。") % {"name": path.parent})
        if options["dry_run"]:
            return
        write_template(path)
        self.stdout.write(str(path))
