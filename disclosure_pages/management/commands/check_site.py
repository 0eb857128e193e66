import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from rich.console import Console
from rich.table import Table

from ...site_checks import Finding, Report, check_site


class Command(BaseCommand):
    """Read every kind of public page and say what is wrong with it."""

    help = _("逐类检查公开页面：meta 标签、页脚、链接、大小；有问题时退出码为 1。")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--json", action="store_true", help=_("在标准输出给出 JSON。")
        )
        parser.add_argument(
            "--complete",
            action="store_true",
            help=_("还没有页面的种类也算问题（用于检查演示站）。"),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        report = check_site()
        if options["json"]:
            self.stdout.write(json.dumps(as_json(report), ensure_ascii=False))
            self._show(report, Console(file=self.stderr, highlight=False))
        else:
            self._show(report, Console(file=self.stdout, highlight=False))
        if not report.clean or (options["complete"] and report.missing):
            sys.exit(1)

    def _show(self, report: Report, console: Console) -> None:
        table = Table(
            *(_("页面种类"), _("网址"), "meta", _("请求"), _("字节")),
            *("CSS", "JS", _("链接"), _("结论")),
            title=_("公开页面检查"),
        )
        for finding in report.findings:
            table.add_row(*_cells(finding))
        console.print(table)
        console.print(
            _("站内链接 %(n)d 个，打不开 %(bad)d 个。")
            % {"n": report.checked_links, "bad": len(report.broken)}
        )
        for address, status in report.broken.items():
            console.print(f"  {status} {address}", soft_wrap=True)
        for fact in report.facts:
            console.print(f"  {fact}")
        console.print(
            _("页面 %(passed)d 类通过，共 %(total)d 类。")
            % {"passed": report.passed, "total": len(report.findings)}
        )
        if report.missing:
            console.print(
                _("还没有页面、没有检查：%(names)s。")
                % {"names": "、".join(report.missing)}
            )
        if not report.clean:
            console.print(_("有问题，见上。"))
        elif not report.missing:
            console.print(_("全部通过。"))


def _cells(finding: Finding) -> list[str]:
    kind, weight = finding.kind, finding.weight
    if finding.missing:
        return [str(kind.label), "—", kind.tags, *(["—"] * 5), _("还没有这种页面")]
    numbers = (weight.requests, weight.bytes, weight.css, weight.js, finding.links)
    return [
        str(kind.label),
        kind.path,
        kind.tags,
        *(str(number) for number in numbers),
        "；".join(finding.faults) or _("通过"),
    ]


def as_json(report: Report) -> dict[str, Any]:
    """Return what was found, for machines."""
    return {
        "clean": report.clean,
        "missing": report.missing,
        "kinds": [
            {
                "kind": finding.kind.name,
                "path": finding.kind.path,
                "tags": finding.kind.tags,
                "faults": finding.faults,
                "exists": not finding.missing,
                "requests": finding.weight.requests,
                "bytes": finding.weight.bytes,
                "css_bytes": finding.weight.css,
                "js_bytes": finding.weight.js,
            }
            for finding in report.findings
        ],
        "footer": report.facts,
        "links": {"checked": report.checked_links, "broken": report.broken},
    }
