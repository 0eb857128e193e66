"""Show the targets, pause or fence a portal, let it go on, or replay a time window."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from rich.console import Console
from rich.table import Table
from wagtail.log_actions import log

from tasks.ahead import Ahead, ahead, ours_count
from tasks.choices import is_portal_target, target_label, target_names
from tasks.marks import under_restore
from tasks.models import Mode, OutboxEntry, TargetState
from tasks.models.target_state import MOST_AT_ONCE
from tasks.selectors import backlogs
from tasks.targets import TargetDown
from tasks.wake import wake

ACTS = {"pause": Mode.PAUSED, "fence": Mode.FENCED, "resume": Mode.OPEN}


class Command(BaseCommand):
    """Act on one target, then show them all."""

    help = _(
        "查看各推送目标；暂停、隔离、恢复推送，限制同时发送几批，把一段时间内的重新推送；"
        "恢复备份后看门户哪些更新（diff），或以本站为准（ours）。"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = [*ACTS, "limit", "replay", "diff", "ours"]
        parser.add_argument("act", nargs="?", choices=acts)
        parser.add_argument("target", nargs="?", help=_("例：portal:city"))
        parser.add_argument("keys", nargs="*", help=_("ours：哪些永久标识"))
        parser.add_argument("--reason", default="", help=_("暂停或隔离的原因"))
        parser.add_argument(
            "--at-once",
            type=int,
            choices=range(1, MOST_AT_ONCE + 1),
            help=_("同时最多发送几批，所有服务器合计"),
        )
        parser.add_argument("--since", default="", help=_("重推：从何时起送达的"))
        parser.add_argument(
            "--until", default="", help=_("重推：到何时为止（默认现在）")
        )
        parser.add_argument("--dry-run", action="store_true", help=_("只看，不改"))
        parser.add_argument("--json", action="store_true", help=_("以 JSON 输出结果"))

    def handle(self, *args: Any, **options: Any) -> None:
        replayed = None
        if options["act"]:
            name = self._known(options["target"])
            if options["act"] in ("diff", "ours"):
                self._differ(name, options)
                return
            if options["act"] == "replay":
                replayed = self._replay(name, options)
            elif options["act"] == "limit":
                self._limit(name, options["at_once"], dry_run=options["dry_run"])
            elif not options["dry_run"]:
                self._decide(name, ACTS[options["act"]], options["reason"])
        self._show(replayed, as_json=options["json"])

    def _known(self, name: str | None) -> str:
        if name not in target_names():
            known = ", ".join(target_names())
            raise CommandError(_("没有这个推送目标；有的是：%s") % known)
        return name

    def _decide(self, name: str, mode: Mode, reason: str) -> None:
        if mode != Mode.OPEN and not reason:
            raise CommandError(_("请用 --reason 写明原因。"))
        if not is_portal_target(name):
            raise CommandError(_("只有门户可以暂停；索引总是跟着本站走。"))
        row = TargetState.decide(name, mode, by=_("命令行"), reason=reason)
        data = {"mode": mode.value, "reason": reason}
        log(instance=row, action="gongkai.target_mode", data=data)

    def _limit(self, name: str, at_once: int | None, *, dry_run: bool) -> None:
        if not is_portal_target(name):
            raise CommandError(_("只有门户可以限制；索引一次只写一批。"))
        if at_once is None:
            raise CommandError(_("请用 --at-once 写明同时最多几批，例：2。"))
        if dry_run:
            return
        row, _made = TargetState.objects.update_or_create(
            target=name, defaults={"at_once": at_once}
        )
        log(instance=row, action="gongkai.target_limit", data={"at_once": at_once})

    def _replay(self, name: str, options: dict[str, Any]) -> int:
        if not options["since"]:
            raise CommandError(_("请用 --since 写明从何时起，例：2026-11-20。"))
        since = _instant(options["since"])
        until = _instant(options["until"]) if options["until"] else timezone.now()
        rows = OutboxEntry.objects.filter(target=name)
        if options["dry_run"]:
            return rows.delivered_between(since, until).count()
        replayed = rows.replay(since, until)
        state, _made = TargetState.objects.get_or_create(target=name)
        window = {"since": since.isoformat(), "until": until.isoformat()}
        data = {**window, "count": replayed}
        log(instance=state, action="gongkai.replay", data=data)
        wake()
        return replayed

    def _differ(self, name: str, options: dict[str, Any]) -> None:
        """Show what the portal has newer, or let ours win for some keys."""
        try:
            if options["act"] == "ours" and not options["dry_run"]:
                told = {"sent_again": ours_count(name, options["keys"])}
            else:
                rows, report = ahead(name)
                if report.error:
                    raise CommandError(report.error)
                told = {"newer_there": [asdict(row) for row in rows]}
        except TargetDown as down:
            raise CommandError(down.reason_zh) from down
        if options["json"]:
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        for row in told.get("newer_there", []):
            values = (row["key"], str(row["ours"]), str(row["theirs"]), row["title"])
            self.stdout.write(" · ".join((*values, Ahead(**row).words)))

    def _show(self, replayed: int | None, *, as_json: bool) -> None:
        states = {row.target: row for row in TargetState.objects.all()}
        table = Table(
            *(_("目标"), _("推送"), _("线路"), _("同时几批"), _("待送")),
            *(_("已停止重试"), _("连续失败次数")),
        )
        found = []
        for row in backlogs():
            state = states.get(row.target) or TargetState(target=row.target)
            found.append(
                {
                    "target": row.target,
                    "mode": state.mode,
                    "reason": state.reason,
                    "circuit": state.circuit,
                    "at_once": state.at_once,
                    "pending": row.pending,
                    "dead": row.dead,
                    "oldest_s": round(row.oldest_s, 1),
                    "failures": state.failures,
                }
            )
            table.add_row(
                target_label(row.target),
                str(Mode(state.mode).label),
                str(state.circuit.label),
                *(
                    str(n)
                    for n in (state.at_once, row.pending, row.dead, state.failures)
                ),
            )
        if as_json:
            shown: dict[str, Any] = {"targets": found, "restoring": under_restore()}
            if replayed is not None:
                shown["replayed"] = replayed
            self.stdout.write(json.dumps(shown, ensure_ascii=False))
            return
        console = Console(file=self.stderr, stderr=True)
        if replayed is not None:
            console.print(_("重新推送 %(count)d 条") % {"count": replayed})
        console.print(table)
        if under_restore():
            console.print(_("恢复备份没有做完，现在什么也不推送：请重新恢复。"))


def _instant(text: str) -> datetime:
    """Return the instant; a date alone is its beginning.

    Raises:
        CommandError: it is neither.
    """
    try:
        found: Any = parse_datetime(text)
        if found is None and (day := parse_date(text)):
            found = datetime(day.year, day.month, day.day)
    except ValueError:
        found = None
    if found is None:
        raise CommandError(
            _("看不懂这个时间：%s。写法：2026-11-20 或 2026-11-20T08:00。") % text
        )
    return found if timezone.is_aware(found) else timezone.make_aware(found)
