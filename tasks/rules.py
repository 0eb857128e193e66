"""What content rules can do because this package is there."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from disclosure_pages.models.base import PublicPage
from disclosure_pages.rules.registry import Action, Refused, Subject, register_action

from .receivers import record_truth


@register_action
class Sync(Action):
    """Bring index and portals up to date with one page, whatever they hold."""

    name = "sync"
    label = gettext_lazy("重新推送")

    def plan(self, row: Any, subject: Subject) -> str:
        """Say what is sent."""
        if not isinstance(subject.page, PublicPage):
            raise Refused(_("它不推送到检索和门户。"))
        return _("重新推送到检索和门户")

    def act(self, row: Any, subject: Subject) -> None:
        """Raise what is wanted; what is not public goes out as withdrawn."""
        record_truth([subject.page.key])
