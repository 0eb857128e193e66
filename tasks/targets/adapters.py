"""Which adapter speaks to which portal: read from its address, found by name.

``GONGKAI_PORTALS`` says ``name=[adapter+]address``: ``city=https://…`` speaks portal
protocol v1, ``city=plone+https://…`` and ``city=template:/folder`` name their adapter.
Others come from the entry point group ``gongkai.portal_adapters`` or by dotted path,
as in ``city=our.package.LedgerPortal+https://…``; ``docs/adapters.md`` shows one.
"""

from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from disclosure_pages.public_state import PublicState

from .base import Outcome, PortalSetting, Target, TargetDown

GROUP = "gongkai.portal_adapters"
ADAPTERS = {
    "http": "tasks.targets.portal.PortalTarget",
    "template": "tasks.targets.template.TemplateTarget",
    "plone": "tasks.targets.plone.PloneTarget",
}
PLAIN = ("http", "https")  # an address alone speaks our own protocol


def portal_setting(name: str) -> PortalSetting:
    """Return what is configured for the portal called ``name``.

    Raises:
        KeyError: nothing is.
    """
    written = settings.GONGKAI_PORTALS[name]
    scheme, colon, rest = written.partition(":")
    adapter, plus, below = scheme.partition("+")
    if plus:
        address = f"{below}{colon}{rest}"
    elif not colon or scheme in PLAIN:
        adapter, address = "http", written
    else:
        address = rest
    key = settings.GONGKAI_PORTAL_KEYS.get(name, "")
    return PortalSetting(name, adapter, address, key)


def portal_target(name: str) -> Target:
    """Return the portal called ``name`` with its adapter.

    One that is set up wrongly is a portal that is down, and says why: the others
    must go on.
    """
    setting = portal_setting(name)
    if urlsplit(setting.address).password is not None:
        reason = _("门户地址里不能写密码，请写到 GONGKAI_PORTAL_KEYS。")
        return UnusablePortal(setting, reason)
    adapter = _adapter(setting.adapter)
    if adapter is None:
        reason = _("没有名为“%(name)s”的门户适配器，请检查 GONGKAI_PORTALS。")
        return UnusablePortal(setting, reason % {"name": setting.adapter})
    return adapter(setting)


def _adapter(name: str) -> Any:
    """Return the class called so: ours, an installed one, or by its path; or None."""
    if name in ADAPTERS:
        return import_string(ADAPTERS[name])
    for found in entry_points(group=GROUP, name=name):
        return found.load()
    try:
        return import_string(name)
    except ImportError:
        return None


class UnusablePortal:
    """Stands for a portal whose setting is wrong: takes nothing and says why."""

    batch_size = 1

    def __init__(self, setting: PortalSetting, reason_zh: str) -> None:
        self.name = setting.target
        self.reason_zh = reason_zh

    def put_many(self, items: Sequence[tuple[int, PublicState]]) -> list[Outcome]:
        """Take nothing.

        Raises:
            TargetDown: always.
        """
        raise TargetDown(self.reason_zh)


__all__ = ["ADAPTERS", "GROUP", "UnusablePortal", "portal_setting", "portal_target"]
