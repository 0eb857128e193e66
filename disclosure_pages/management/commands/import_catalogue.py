import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from disclosure_pages.bulk.problems import UnreadableFile
from disclosure_pages.catalogue_import import SOURCE, Imported, import_catalogue


class Command(BaseCommand):
    help = _("导入基层政务公开标准目录（xlsx）；先检查全部各行，再写入。")

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("file", type=Path, help=_("要导入的文件"))
        add("--dry-run", action="store_true", help=_("只检查，不写入"))
        add("--source", default=SOURCE, help=_("来源，例如哪个机关的哪份目录"))
        add("--edition", default="", help=_("版本，例如 2025"))
        add("--json", action="store_true", help=_("在标准输出给出 JSON 汇总"))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = import_catalogue(
                options["file"],
                source=options["source"][:120],
                version=options["edition"][:20],
                dry_run=options["dry_run"],
            )
        except UnreadableFile as e:
            raise CommandError(str(e)) from e
        if options["json"]:
            self.stdout.write(json.dumps(asdict(done), ensure_ascii=False))
        else:
            self._tell(done)
        if done.problems:
            raise CommandError(
                _("没有写入：%(n)d 处有误。") % {"n": len(done.problems)}
            )

    def _tell(self, done: Imported) -> None:
        for problem in done.problems:
            self.stderr.write(str(problem))
        if done.unknown_columns:
            names = "、".join(done.unknown_columns)
            self.stdout.write(_("不认识的列，没有读：%(names)s") % {"names": names})
        self.stdout.write(
            _(
                "共 %(rows)d 行：新增 %(added)d，更新 %(updated)d，"
                "不变 %(unchanged)d，停用 %(retired)d"
            )
            % vars(done)
        )
