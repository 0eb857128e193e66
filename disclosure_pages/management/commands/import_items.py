import json
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import Progress, TaskID

from disclosure_pages.bulk.importing import Options, Summary, import_file
from disclosure_pages.bulk.undoing import undo_batch
from disclosure_pages.models import ImportBatch


class Command(BaseCommand):
    help = _("批量导入公开信息（xlsx、csv、jsonl）；先检查全部各行，再写入。")

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("file", nargs="?", type=Path, help=_("要导入的文件"))
        add("--dry-run", action="store_true", help=_("只检查，不写入"))
        add("--publish", action="store_true", help=_("导入即公开，须同时写明审查人"))
        add("--reviewed-by", default="", help=_("谁、依据什么审查过这批材料"))
        add("--office", default="", help=_("没有写责任科室的行归这个科室（代码）"))
        add("--source", default="", help=_("来源，外部编号在同一来源内不重复"))
        add("--skip-bad", action="store_true", help=_("跳过有误的行，导入其余各行"))
        add("--undo", metavar="BATCH", help=_("撤销一个批次：公开的撤回，草稿删除"))
        add("--json", action="store_true", help=_("在标准输出给出 JSON 汇总"))

    def handle(self, *args: Any, **options: Any) -> None:
        if options["undo"]:
            self._undo(options)
            return
        if options["file"] is None:
            raise CommandError(_("请给出要导入的文件。"))
        if options["publish"] and not options["reviewed_by"].strip():
            raise CommandError(_("--publish 须用 --reviewed-by 写明审查人和依据。"))
        chosen = Options(
            publish=options["publish"],
            reviewed_by=options["reviewed_by"].strip()[:200],
            office=options["office"],
            source=options["source"][:80],
            skip_bad=options["skip_bad"],
            dry_run=options["dry_run"],
        )
        summary = self._import(options["file"], chosen)
        self._report(summary, as_json=options["json"])
        if not summary.ok:
            raise CommandError(
                _("没有写入：%(bad)d 行有误，共 %(rows)d 行。")
                % {"bad": summary.bad or 1, "rows": summary.rows}
            )

    def _import(self, path: Path, chosen: Options) -> Summary:
        console = Console(file=self.stderr, stderr=True)
        tasks: dict[str, TaskID] = {}
        quiet = not console.is_terminal
        with Progress(console=console, transient=True, disable=quiet) as bars:

            def advance(phase: str, done: int, total: int) -> None:
                if phase not in tasks:
                    tasks[phase] = bars.add_task(phase, total=total)
                bars.update(tasks[phase], completed=done, total=total)

            return import_file(path, chosen, advance)

    def _report(self, summary: Summary, *, as_json: bool) -> None:
        for found in summary.problems:
            self.stderr.write(str(found))
        if as_json:
            self.stdout.write(json.dumps(summary.as_dict(), ensure_ascii=False))
        elif summary.ok:
            form = (
                _("%(rows)d 行都可导入：将新建 %(created)d，更新 %(updated)d。")
                if summary.dry_run
                else _(
                    "%(rows)d 行：新建 %(created)d，更新 %(updated)d，未变 "
                    "%(unchanged)d，跳过 %(bad)d，公开 %(published)d；"
                    "%(seconds)s 秒。批次 %(batch)s"
                )
            )
            self.stdout.write(form % summary.as_dict())

    def _undo(self, options: dict[str, Any]) -> None:
        try:
            batch = ImportBatch.objects.get(uuid=options["undo"])
        except (ImportBatch.DoesNotExist, ValidationError) as error:
            raise CommandError(
                _("没有批次 %(batch)s。") % {"batch": options["undo"]}
            ) from error
        result = undo_batch(batch, dry_run=options["dry_run"])
        if options["json"]:
            self.stdout.write(json.dumps(result.as_dict(), ensure_ascii=False))
        else:
            self.stdout.write(
                _("撤回 %(withdrawn)d，删除草稿 %(deleted)d，保留 %(kept)d。")
                % result.as_dict()
            )
