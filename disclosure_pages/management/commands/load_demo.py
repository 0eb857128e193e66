import json
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from disclosure_pages.demo.loading import load_demo


class Command(BaseCommand):
    help = _("装入示例乡镇（虚构）：已有的内容不动，可重复执行；不能用于正式运行。")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--size", choices=["small", "full"], default="full", help=_("内容多少")
        )
        parser.add_argument("--json", action="store_true", help=_("输出 JSON"))

    def handle(self, *args: Any, **options: Any) -> None:
        production = os.environ["DJANGO_SETTINGS_MODULE"].endswith(".production")
        if production and os.environ.get("GONGKAI_REHEARSAL") != "1":
            raise CommandError(_("示例数据不能装入正式运行的系统。"))
        loaded = load_demo(small=options["size"] == "small")
        if options["json"]:
            self.stdout.write(json.dumps(loaded.as_dict(), ensure_ascii=False))
            return
        self.stdout.write(
            _(
                "%(authority)s：新装入公开信息 %(items)d 条、审查中的 %(drafts)d 条、"
                "查阅点 %(reading_points)d 个。"
            )
            % loaded.as_dict()
        )
        accounts = "、".join(f"{u}（{name}）" for u, name in loaded.accounts.items())
        self.stdout.write(_("账号：%(accounts)s") % {"accounts": accounts})
        self.stdout.write(_("密码：%(password)s") % {"password": loaded.password})
