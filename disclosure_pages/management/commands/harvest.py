import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import Progress

from disclosure_pages.harvest.running import BUDGET_S, Run, run_source
from disclosure_pages.harvest.storing import Counts
from disclosure_pages.harvest.trying import try_out
from disclosure_pages.models import HarvestSource

MAX_S = 3600.0


class Command(BaseCommand):
    help = _("现在就从采集来源取上级公开的信息，取完为止。")

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("--source", type=int, help=_("只取这一个来源（编号）"))
        add("--dry-run", action="store_true", help=_("只看前十条，不写入"))
        add("--json", action="store_true", help=_("输出 JSON"))

    def handle(self, *args: Any, **options: Any) -> None:
        sources = HarvestSource.objects.order_by("pk")
        if options["source"] is not None:
            sources = sources.filter(pk=options["source"])
            if not sources:
                raise CommandError(_("没有这个来源。"))
        elif not options["dry_run"]:
            sources = sources.filter(is_active=True)
        told = _try(sources) if options["dry_run"] else _run(sources)
        if options["json"]:
            self.stdout.write(json.dumps(told, ensure_ascii=False, default=str))
        else:
            self.stdout.writelines(f"{_line(row)}\n" for row in told)
        if any(row["error"] for row in told):
            raise CommandError(_("有的来源没有取成。"))


def _try(sources: Any) -> list[dict[str, Any]]:
    rows = []
    for source in sources:
        trial = try_out(source)
        found = [content.hint | {"html": ""} for content in trial.rows]
        rows.append({"source": source.name, "error": trial.error, "found": found})
    return rows


def _run(sources: Any) -> list[dict[str, Any]]:
    """Run each source until nothing waits; what is counted is the sum."""
    rows = []
    with Progress(console=Console(stderr=True)) as bar:
        for source in sources:
            task = bar.add_task(source.name, total=None)
            ends, counts = time.monotonic() + MAX_S, Counts()
            while True:
                run = run_source(source, budget_s=BUDGET_S)
                for name, value in run.counts.told.items():
                    setattr(counts, name, getattr(counts, name) + value)
                bar.update(task, completed=counts.asked)
                if not run.unfinished or time.monotonic() > ends:
                    break
            bar.update(task, total=counts.asked)
            rows.append(_described(run, counts))
    return rows


def _described(run: Run, counts: Counts) -> dict[str, Any]:
    error = _("另一个进程正在取。") if run.busy else run.error
    return {"source": run.source.name, "error": error, **counts.told}


def _line(row: dict[str, Any]) -> str:
    if "found" in row:
        titles = [f"  {found.get('title') or found['url']}" for found in row["found"]]
        return "\n".join([f"{row['source']}：{row['error']}", *titles])
    words = (
        _("新增 %(new)d，更新 %(changed)d，撤下 %(gone)d，没取成 %(refused)d。") % row
    )
    return f"{row['source']}：{words}{row['error']}"
