import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from disclosure_pages.choices import WithdrawalKind
from disclosure_pages.models import DisclosureItemPage
from disclosure_pages.services.withdrawal import successor_named, withdraw


class Command(BaseCommand):
    help = _("按索引号撤回一条信息：网页、附件、检索和门户都会撤下。")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("index_number", help=_("索引号"))
        parser.add_argument("--reason", required=True, help=_("撤回原因，读者会看到"))
        parser.add_argument(
            "--kind", choices=WithdrawalKind.values, default=WithdrawalKind.MISTAKE
        )
        parser.add_argument(
            "--successor",
            default="",
            help=_("请读者改看哪里：已公开信息的索引号或网址，或者别处的网址"),
        )
        parser.add_argument("--dry-run", action="store_true", help=_("只检查，不撤回"))
        parser.add_argument("--json", action="store_true", help=_("输出 JSON"))

    def handle(self, *args: Any, **options: Any) -> None:
        number = options["index_number"]
        page = DisclosureItemPage.objects.filter(index_number=number).first()
        if page is None:
            raise CommandError(
                _("没有索引号为 %(number)s 的信息。") % {"number": number}
            )
        if not page.live:
            raise CommandError(_("%(number)s 现在没有公开。") % {"number": number})
        try:
            successor_named(options["successor"], page)
            done = not options["dry_run"] and withdraw(
                page,
                reason=options["reason"],
                kind=options["kind"],
                successor=options["successor"],
                actor_name=_("管理命令"),
            )
        except ValidationError as error:
            raise CommandError("；".join(error.messages)) from error
        summary = {"index_number": number, "withdrawn": done, "key": page.key}
        if options["json"]:
            self.stdout.write(json.dumps(summary, ensure_ascii=False))
        else:
            self.stdout.write(
                _("已撤回 %(number)s。") % {"number": number}
                if done
                else _("检查通过，未撤回（--dry-run）。")
            )
