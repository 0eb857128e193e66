from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from disclosure_pages.services.catalogue import load_vocabularies


class Command(BaseCommand):
    help = _("装入或更新词表、子类别和示例目录；可重复执行，本地设置保留。")

    def handle(self, *args: Any, **options: Any) -> None:
        for done in load_vocabularies():
            self.stdout.write(
                _("%(name)s：新增 %(added)s，更新 %(updated)s，停用 %(retired)s")
                % vars(done)
            )
