from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from disclosure_pages.services.site import setup_site


class Command(BaseCommand):
    help = _("建立页面树、用户组和审查流程；可重复执行，不改动已有内容。")

    def handle(self, *args: Any, **options: Any) -> None:
        home = setup_site()
        self.stdout.write(_("已就绪：%(title)s") % {"title": home.title})
