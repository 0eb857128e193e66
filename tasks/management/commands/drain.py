"""Deliver what is due in the outbox."""

import json
import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections
from django.utils.translation import gettext as _
from rich.console import Console

from tasks.drain import drain
from tasks.fencing import foreign_home
from tasks.selectors import backlogs


class Command(BaseCommand):
    """Drain once, or go on until told to stop."""

    help = _("把应当送达的内容送到检索索引和门户；不加 --once 则一直运行")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help=_("送完即止"))
        parser.add_argument("--json", action="store_true", help=_("以 JSON 输出结果"))
        parser.add_argument("--limit", type=int, help=_("最多处理的条数"))
        parser.add_argument(
            "--poll", type=float, default=0.5, help=_("两次查看之间的秒数")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if why := foreign_home():
            raise CommandError(why)
        stop = threading.Event()
        if not options["once"]:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_args: stop.set())
        delivered = drain(options["limit"])
        while not options["once"] and not stop.wait(options["poll"]):
            close_old_connections()
            delivered += drain()
        self._report(delivered, options["json"])

    def _report(self, delivered: int, as_json: bool) -> None:
        rows = backlogs()
        if as_json:
            left = {
                row.target: {"pending": row.pending, "dead": row.dead} for row in rows
            }
            self.stdout.write(json.dumps({"delivered": delivered, "left": left}))
            return
        console = Console(stderr=True)
        console.print(_("已送达 %(count)d 条") % {"count": delivered})
        for row in rows:
            console.print(
                _("%(target)s：待送 %(pending)d，已停止重试 %(dead)d")
                % {"target": row.target, "pending": row.pending, "dead": row.dead}
            )
