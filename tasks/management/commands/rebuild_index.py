"""Build a search index anew."""

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import Progress

from search.engines.base import EngineDown
from tasks.drain import drain
from tasks.fencing import foreign_home
from tasks.rebuild import Mismatch, RebuildRunning, extent, rebuild
from tasks.selectors import current_rebuild


class Command(BaseCommand):
    """Rebuild one index or all of them from what is true now."""

    help = _("按当前公开内容重建检索索引；重建期间检索照常可用")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--engine", choices=["local", "es"], help=_("只重建这一个；默认全部")
        )
        parser.add_argument("--json", action="store_true", help=_("以 JSON 输出结果"))
        parser.add_argument(
            "--dry-run", action="store_true", help=_("只说明将要重建什么")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        names = [options["engine"]] if options["engine"] else settings.GONGKAI_INDEXES
        missing = set(names) - set(settings.GONGKAI_INDEXES)
        if missing:
            raise CommandError(
                _("没有配置这个索引：%(names)s") % {"names": ", ".join(missing)}
            )
        if not options["dry_run"] and (why := foreign_home()):
            raise CommandError(why)
        results = [self._rebuild(name, options["dry_run"]) for name in names]
        if options["json"]:
            self.stdout.write(json.dumps(results))

    def _rebuild(self, engine: str, dry_run: bool) -> dict[str, Any]:
        target = f"index:{engine}"
        if dry_run:
            return {"engine": engine, "documents": extent(target), "dry_run": True}
        began = time.monotonic()
        written = self._built(target)
        late = drain(only=[target])
        ended = current_rebuild(target)
        if ended and ended.note:
            self.stderr.write(ended.note)
        return {
            "engine": engine,
            "documents": written,
            "kept": ended.kept if ended else 0,
            "left_out": ended.note if ended else "",
            "delivered_afterwards": late,
            "seconds": round(time.monotonic() - began, 2),
        }

    def _built(self, target: str) -> int:
        """Rebuild with a bar that tells how long it will take."""
        with Progress(console=Console(stderr=True)) as bar:
            task = bar.add_task(target, total=None)
            try:
                return rebuild(
                    target,
                    lambda done, total: bar.update(task, completed=done, total=total),
                )
            except RebuildRunning as error:
                raise CommandError(
                    _("%(target)s 正在由另一个进程重建") % {"target": target}
                ) from error
            except Mismatch as error:
                raise CommandError(error.reason_zh) from error
            except EngineDown as error:
                raise CommandError(
                    _("%(target)s 暂时不可用：%(error)s")
                    % {"target": target, "error": error}
                ) from error
