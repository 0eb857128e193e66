import json
import shutil
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from disclosure_pages.models import GuidePage
from disclosure_pages.public_state import visible_pages
from disclosure_pages.services.guide_prints import (
    PrintingBusy,
    PrintingUnavailable,
    PrintKind,
    guide_print,
)


class Command(BaseCommand):
    help = _("把已公开的指南印成 PDF：小册子、海报、大字版；不选就三样都印。")

    def add_arguments(self, parser: CommandParser) -> None:
        for kind in PrintKind:
            parser.add_argument(
                f"--{kind}",
                dest="kinds",
                action="append_const",
                const=kind,
                help=str(kind.label),
            )
        parser.add_argument("--out", default=".", type=Path, help=_("放在哪个文件夹"))
        parser.add_argument("--json", action="store_true", help=_("输出 JSON"))

    def handle(self, *args: Any, **options: Any) -> None:
        page = visible_pages(GuidePage).first()
        if page is None:
            raise CommandError(_("还没有已公开的指南。"))
        out = Path(options["out"])
        out.mkdir(parents=True, exist_ok=True)
        files = []
        for kind in options["kinds"] or PrintKind:
            try:
                sheet = guide_print(page, kind)
            except (PrintingUnavailable, PrintingBusy) as error:
                raise CommandError(str(error)) from error
            target = out / sheet.name
            with sheet.file, target.open("wb") as copy:
                shutil.copyfileobj(sheet.file, copy)
            files.append(
                {"kind": str(kind), "file": str(target), "version": sheet.version}
            )
        if options["json"]:
            self.stdout.write(json.dumps({"files": files}, ensure_ascii=False))
            return
        for file in files:
            self.stdout.write(file["file"])
