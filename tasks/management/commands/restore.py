"""Put a backup in the place of the database and the files; portals are fenced."""

import json
import os
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from tasks import withdrawn_list
from tasks.backups.archive import BadBackup, Manifest
from tasks.backups.databases import DatabaseTrouble
from tasks.backups.restoring import Restored, restore, site_runs, verify


class Command(BaseCommand):
    """Restore after reading the whole backup and asking."""

    help = _(
        "从备份恢复：先核对整个备份，问过以后才动手。恢复后所有门户都隔离，"
        "备份以后撤回的仍然撤回。站点要先停。"
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("backup", help=_("例：/mnt/backup/2026-11-27.tar"))
        parser.add_argument("--yes", action="store_true", help=_("不再询问"))
        parser.add_argument("--dry-run", action="store_true", help=_("只核对备份"))
        parser.add_argument("--json", action="store_true", help=_("以 JSON 输出结果"))

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(options["backup"])
        if not path.is_file():
            raise CommandError(_("没有这个文件：%s") % path)
        try:
            manifest = verify(path)
        except BadBackup as error:
            raise CommandError(_("%(why)s什么也没有改变。") % {"why": error}) from error
        told: dict[str, Any] = {
            "made_at": manifest.made_at,
            "items": manifest.items,
            "parts": len(manifest.parts),
        }
        if not options["dry_run"]:
            told |= asdict(self._restore(path, manifest, options["yes"]))
        self._tell(told, options["json"])

    def _restore(self, path: Path, manifest: Manifest, sure: bool) -> Restored:
        if why := self._hindrance():
            raise CommandError(_("%(why)s什么也没有改变。") % {"why": why})
        if not sure:
            self.stderr.write(
                _(
                    "将用 %(made_at)s 的备份（%(items)d 条公开信息）换掉现在的数据库和"
                    "文件，备份以后写的都会丢失。要恢复请输入“恢复”："
                )
                % {"made_at": manifest.made_on, "items": manifest.items}
            )
            if input().strip() not in ("恢复", "restore"):
                raise CommandError(_("没有恢复，什么也没有改变。"))
        try:
            return restore(path, manifest)
        except DatabaseTrouble as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(_("没有恢复成：%s") % error) from error

    def _hindrance(self) -> str:
        """Return why it must not be begun, "" if it may."""
        home = Path(settings.GONGKAI_HOME)
        if home.exists() and home.stat().st_uid != os.geteuid():
            return _("请用 %(home)s 所属的用户来恢复，否则站点读写不了恢复的文件。") % {
                "home": home
            }
        if not withdrawn_list.reachable():
            return _("找不到撤回清单的目录 %(folder)s，它所在的磁盘可能没有接上。") % {
                "folder": withdrawn_list.list_path().parent
            }
        return _("站点还在运行，请先停止所有进程。") if site_runs() else ""

    def _tell(self, told: dict[str, Any], as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        elif "taken_back" not in told:
            self.stderr.write(_("备份完好：%(made_at)s，%(items)d 条公开信息。") % told)
        else:
            self.stderr.write(
                _(
                    "已恢复 %(made_at)s 的备份，其中 %(taken_back)d 条后来撤回过，"
                    "已再次撤回。"
                    "门户都已隔离：请启动站点，在“推送目标”看与门户的差别，再恢复推送。"
                )
                % told
            )
            if told["missing"]:
                names = "、".join(told["missing"])
                self.stderr.write(_("备份里缺这些附件的文件：%s") % names)
