from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.people import person_name
from cms.services import notices
from disclosure_pages.rules.registry import (
    EVENTS,
    Action,
    Refused,
    Subject,
    register_action,
)

KIND = "rule"


@register_action
class Notify(Action):
    """Leave a notice for a person, for every member of a group, or for both."""

    name = "notify"
    label = gettext_lazy("通知")

    def check(self, row: Any) -> None:
        """Refuse a notice to nobody."""
        if not (row.group or row.person):
            raise ValidationError({"group": _("请选择通知哪个组或者谁。")})

    def plan(self, row: Any, subject: Subject) -> str:
        """Say who is told; nobody is a fault that somebody must hear of."""
        if not any(user.is_active for user in _people(row)):
            raise Refused(_("这个组没有人，没有通知到。"))
        names = [row.group.name] if row.group else []
        names += [person_name(row.person)] if row.person else []
        return _("通知%(names)s") % {"names": "、".join(names)}

    def act(self, row: Any, subject: Subject) -> None:
        """Leave the notices."""
        known = EVENTS.get(row.rule.event)
        said = row.value or (str(known.label) if known else row.rule.name)
        text = _("《%(title)s》：%(said)s") % {"title": subject.title, "said": said}
        notices.notify(_people(row), KIND, text, url=subject.url)


def _people(row: Any) -> list[Any]:
    people = [row.person] if row.person else []
    return people + (list(row.group.user_set.all()) if row.group else [])
