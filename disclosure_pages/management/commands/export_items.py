import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from cms.models import Office
from disclosure_pages.bulk.exporting import (
    Choice,
    ExportFailed,
    export_items,
    record_export,
)
from disclosure_pages.choices import Category


class Command(BaseCommand):
    help = _("导出公开信息（xlsx、csv、jsonl）和附件，可以原样再导入。")

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("out", type=Path, help=_("要写的文件；附件放在旁边的文件夹"))
        add("--category", choices=Category.values, default="", help=_("只要这一类"))
        add("--office", default="", help=_("只要这个科室（代码）"))
        add("--all", action="store_true", help=_("连同没有公开的草稿"))
        add("--dry-run", action="store_true", help=_("只数条数，不写"))
        add("--json", action="store_true", help=_("在标准输出给出 JSON 汇总"))

    def handle(self, *args: Any, **options: Any) -> None:
        code = options["office"]
        if code and not Office.objects.filter(code=code, page__isnull=False).exists():
            raise CommandError(_("没有代码为 %(code)s 的科室。") % {"code": code})
        choice = Choice(options["category"], code, options["all"])
        path: Path = options["out"]
        try:
            if options["dry_run"]:
                count = choice.items().count()
            else:
                count = export_items(path, choice)
                if choice.drafts:
                    record_export(count, _filters(path, choice))
        except (ExportFailed, OSError) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            summary = {"file": str(path), "items": count, "dry_run": options["dry_run"]}
            self.stdout.write(json.dumps(summary, ensure_ascii=False))
        else:
            self.stdout.write(
                _("%(count)d 条：%(path)s") % {"count": count, "path": path}
            )


def _filters(path: Path, choice: Choice) -> str:
    named = {"--category": choice.category, "--office": choice.office}
    words = [f"{name} {value}" for name, value in named.items() if value]
    return f"{path.name}: {' '.join(['--all', *words])}"
