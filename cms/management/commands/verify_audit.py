import json
import sys
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from rich.console import Console

from cms.audit.heads import Head
from cms.audit.verifying import Verdict, verify


def head(text: str) -> Head:
    """Read a printed head for argparse."""
    try:
        return Head.parse(text)
    except ValueError as error:
        raise ArgumentTypeError(_("应为“序号:64 位校验值”。")) from error


class Command(BaseCommand):
    """Prove that the audit chain is whole, or name its first broken link."""

    help = _("核对操作记录的链：有没有被改动、删除、插入、调换或截断。")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--head",
            type=head,
            action="append",
            default=[],
            metavar="N:HASH",
            help=_("报告上印的或另一台机器上保存的链尾，链必须经过它；可重复。"),
        )
        parser.add_argument(
            "--json", action="store_true", help=_("在标准输出给出 JSON。")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        console = Console(file=self.stderr, stderr=True, highlight=False)
        with console.status(_("正在核对……")) as status:
            verdict = verify(
                printed=options["head"],
                progress=lambda n: status.update(_("已核对 %(n)d 条") % {"n": n}),
            )
        self._show(console, verdict)
        if options["json"]:
            self.stdout.write(json.dumps(verdict.as_json(), ensure_ascii=False))
        if verdict.broken:
            sys.exit(1)

    def _show(self, console: Console, verdict: Verdict) -> None:
        counts = {"checked": verdict.checked, "unsealed": verdict.unsealed}
        line = _("核对 %(checked)d 条，尚未封存 %(unsealed)d 条。") % counts
        console.print(line, soft_wrap=True)
        console.print(_("链尾 %(head)s") % {"head": verdict.head}, soft_wrap=True)
        if verdict.broken:
            place = {"number": verdict.broken.number, "detail": verdict.broken.detail}
            text = _("链在第 %(number)d 条断开：%(detail)s") % place
            console.print(text, style="red", soft_wrap=True)
        else:
            console.print(_("没有断开之处。"))
