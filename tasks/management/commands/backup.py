"""Write database, files and secrets into one file, with the hash of every part."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from tasks.backups.archive import verify
from tasks.backups.databases import DatabaseTrouble
from tasks.backups.making import back_up


class Command(BaseCommand):
    """Make a backup, while the site runs or not."""

    help = _("备份：把数据库、文件和密钥写进一个文件，并核对一遍。站点不用停。")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("out", help=_("例：/mnt/backup/2026-11-27.tar"))
        parser.add_argument("--dry-run", action="store_true", help=_("只看，不写"))
        parser.add_argument("--json", action="store_true", help=_("以 JSON 输出结果"))

    def handle(self, *args: Any, **options: Any) -> None:
        out = Path(options["out"]).resolve()
        if out.exists():
            raise CommandError(_("已经有这个文件：%s") % out)
        if not out.parent.is_dir():
            raise CommandError(_("没有这个文件夹：%s") % out.parent)
        if options["dry_run"]:
            return
        try:
            back_up(out)
            manifest = verify(out)  # reads what really arrived on the disk
        except DatabaseTrouble as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(_("备份没有写成：%s") % error) from error
        told = {
            "out": str(out),
            "made_at": manifest.made_at,
            "parts": len(manifest.parts),
            "bytes": out.stat().st_size,
            "items": manifest.items,
        }
        if options["json"]:
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        else:
            self.stderr.write(
                _("已备份 %(items)d 条公开信息、%(parts)d 个文件：%(out)s") % told
            )
