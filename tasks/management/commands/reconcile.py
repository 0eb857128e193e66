import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from rich.console import Console
from rich.table import Table

from ...choices import target_label
from ...reconciliation import KINDS, Report, reconcile
from ...reports import keep

SHOWN_KEYS = 20


class Command(BaseCommand):
    """Show whether index and portal hold what is true now."""

    help = _("核对检索索引和门户与本站是否一致；--heal 让不一致的重新推送。")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--target",
            default="",
            metavar="index|portal|portal:NAME",
            help=_("只核对这一类或这一个目标。"),
        )
        parser.add_argument(
            "--heal", action="store_true", help=_("让不一致的条目重新推送。")
        )
        parser.add_argument(
            "--quick",
            action="store_true",
            help=_(
                "一天内核对过内容的不再重算，只核对是否公开和对方所存；不留核对报告。"
            ),
        )
        parser.add_argument(
            "--json", action="store_true", help=_("在标准输出给出 JSON。")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        asked = options["target"]
        reports = reconcile(asked, heal=options["heal"], trusting=options["quick"])
        for report in reports:
            if report.configured and not options["quick"]:
                keep(report)
        self._show(reports)
        if options["json"]:
            shown: Any = [report.as_json() for report in reports]
            if asked and len(shown) == 1:
                shown = shown[0]
            self.stdout.write(json.dumps(shown, ensure_ascii=False))
        if not all(report.clean for report in reports):
            sys.exit(1)

    def _show(self, reports: list[Report]) -> None:
        titles = dict(zip(KINDS, _titles(), strict=True))
        table = Table(_("目标"), _("核对"), *titles.values(), _("结论"))
        for report in reports:
            counts = [str(len(report.keys(kind))) for kind in KINDS]
            table.add_row(
                target_label(report.target),
                str(report.checked),
                *(["—"] * len(KINDS) if report.error else counts),
                _verdict(report),
            )
        console = Console(file=self.stderr, stderr=True, highlight=False)
        console.print(table)
        for report in reports:
            if report.error:
                console.print(f"{report.target} {report.error}", soft_wrap=True)
            for kind, title in titles.items():
                keys = report.keys(kind)
                if keys:
                    more = " …" if len(keys) > SHOWN_KEYS else ""
                    listed = ", ".join(keys[:SHOWN_KEYS])
                    console.print(
                        f"{report.target} {title}: {listed}{more}", soft_wrap=True
                    )


def _titles() -> list[str]:
    return [_("缺少"), _("多出"), _("过期"), _("已撤下仍可见")]


def _verdict(report: Report) -> str:
    if not report.configured:
        return _("未配置")
    if report.error:
        return _("读不到")
    if report.clean and not report.provable:
        return _("与回执相符（门户不能回读，无法证明；待回执 %(count)d 条）") % {
            "count": report.awaiting
        }
    if report.clean:
        return _("一致")
    if report.healed is not None:
        return _("不一致，已安排重新推送 %(count)d 条") % {"count": report.healed}
    return _("不一致")
