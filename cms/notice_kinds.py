"""What people are told about: each kind of notice with its name and first setting.

Packages to the right add their own with ``register_kind``.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from cms.models.notices import Mailing


@dataclass(frozen=True)
class NoticeKind:
    """A kind with the setting of whoever has chosen nothing.

    One that nobody may miss (``obligatory``) is always on the desk.
    """

    name: str
    label: Any
    mailing: str = Mailing.DIGEST
    obligatory: bool = False


_kinds: dict[str, NoticeKind] = {}


def register_kind(kind: NoticeKind) -> None:
    """Let people choose how they hear of this kind."""
    _kinds[kind.name] = kind


def kind_of(name: str) -> NoticeKind:
    """Return a kind by name; one that nobody registered stays on the desk."""
    return _kinds.get(name) or NoticeKind(name, _("其他"), Mailing.OFF)


def all_kinds() -> list[NoticeKind]:
    """Return every registered kind in the order of registration."""
    return list(_kinds.values())


for _kind in (
    NoticeKind("review_emergency", _("紧急公开"), Mailing.AT_ONCE, obligatory=True),
    NoticeKind("review_assigned", _("改派给我的审查"), Mailing.AT_ONCE),
    NoticeKind("review_due", _("快到期的审查")),
    NoticeKind("review_late", _("超期的审查")),
):
    register_kind(_kind)
