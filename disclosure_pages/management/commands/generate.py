import json
import sys
import tempfile
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from disclosure_pages.bulk.importing import Options, import_file
from disclosure_pages.bulk.synthesis import synthetic_items


class Command(BaseCommand):
    help = _("生成模拟信息（jsonl），供压力测试；同一种子每次相同。")

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("count", type=int, metavar="N", help=_("条数"))
        add("out", nargs="?", type=Path, help=_("要写的 .jsonl；不写即标准输出"))
        add("--seed", type=int, default=1, help=_("种子"))
        add("--import", dest="load", action="store_true", help=_("直接导入为草稿"))
        add("--publish", action="store_true", help=_("直接导入并公开"))
        add("--reviewed-by", default="", help=_("与 --publish 同用：审查人和依据"))
        add("--dry-run", action="store_true", help=_("只检查，不写入"))
        add("--json", action="store_true", help=_("导入时给出 JSON 汇总"))

    def handle(self, *args: Any, **options: Any) -> None:
        if options["count"] < 0:
            raise CommandError(_("条数不能是负数。"))
        if options["publish"] and not options["reviewed_by"].strip():
            raise CommandError(_("--publish 须用 --reviewed-by 写明审查人和依据。"))
        if options["load"] or options["publish"]:
            self._import(options)
        elif options["out"] and not options["dry_run"]:
            with options["out"].open("w", encoding="utf-8") as file:
                self._write(file, options)
        elif not options["dry_run"]:
            self._write(sys.stdout, options)

    def _write(self, file: TextIO, options: dict[str, Any]) -> None:
        for item in synthetic_items(options["count"], options["seed"]):
            file.write(json.dumps(item, ensure_ascii=False) + "\n")

    def _import(self, options: dict[str, Any]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"generate-{options['seed']}.jsonl"
            with path.open("w", encoding="utf-8") as file:
                self._write(file, options)
            chosen = Options(
                publish=options["publish"],
                reviewed_by=options["reviewed_by"].strip()[:200],
                source="generate",
                dry_run=options["dry_run"],
            )
            summary = import_file(path, chosen)
        for found in summary.problems:
            self.stderr.write(str(found))
        if options["json"]:
            self.stdout.write(json.dumps(summary.as_dict(), ensure_ascii=False))
        if not summary.ok:
            raise CommandError(_("没有写入。"))
