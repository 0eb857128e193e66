"""What a portal has newer than this site, as after a restore; a person decides."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from django.utils.translation import gettext as _
from wagtail.models import Page

from . import targets
from .reconciliation import Difference, Report, counts_of, examine, heal_these
from .selectors import titles
from .targets import TargetDown
from .wake import wake

TITLE = ("translation_key", "title")
NAMED = 50  # titles that are asked of the portal, one request each


@runtime_checkable
class ReadsItems(Protocol):
    """A portal that shows one item."""

    def read_item(self, key: str) -> dict[str, Any] | None:
        """Return what the portal holds for a key; None if nothing."""
        ...


@dataclass(frozen=True)
class Ahead:
    """One item that the portal holds in a higher version than we sent or know of.

    Args:
        ours: the version wanted here, 0 for what is unknown here.
        theirs: the version there.
    """

    key: str
    kind: str
    ours: int
    theirs: int
    title: str = ""
    url: str = ""

    @property
    def words(self) -> str:
        """What differs, for the officer."""
        if self.kind == "extra":
            return _("门户有，本站没有")
        if self.kind == "missing":
            return _("门户已撤下，本站还公开")
        if self.kind == "visible_but_withdrawn":
            return _("本站已撤下，门户还公开")
        return _("门户的内容是后来的")


def ahead(target: str, user: Any = None) -> tuple[list[Ahead], Report]:
    """Return what the portal has newer, and the whole comparison.

    Args:
        user: who reads it; None for the command line, which sees every title.
    """
    report = examine(target)
    wanted = {key: pair[0] for key, pair in counts_of(report).items() if pair}
    found = [
        (key, difference, wanted.get(key, 0))
        for key, difference in sorted(report.differences.items())
        if difference.held > wanted.get(key, 0)
    ]
    names = _titles([key for key, _difference, _ours in found], user)
    portal = targets.get(target)
    rows = []
    for place, (key, difference, ours) in enumerate(found):
        told = _told(portal, key) if place < NAMED else {}
        title = names.get(key) or _title_there(difference, told)
        rows.append(
            Ahead(key, difference.kind, ours, difference.held, title, _address(told))
        )
    return rows, report


def _titles(keys: list[str], user: Any) -> dict[str, str]:
    if user is not None:
        return titles(keys, user)
    pages = Page.objects.filter(translation_key__in=[UUID(key) for key in keys])
    return {key.hex: title for key, title in pages.values_list(*TITLE)}


def _title_there(difference: Difference, told: dict[str, Any]) -> str:
    """Return the title that the portal shows, of what is not withdrawn here."""
    metadata = told.get("metadata")
    if difference.kind == "visible_but_withdrawn" or not isinstance(metadata, dict):
        return ""
    return str(metadata.get("title", ""))


def _address(told: dict[str, Any]) -> str:
    url = str(told.get("url", ""))
    return url if url.startswith(("http://", "https://")) else ""


def _told(portal: Any, key: str) -> dict[str, Any]:
    if not isinstance(portal, ReadsItems):
        return {}
    try:
        return portal.read_item(key) or {}
    except TargetDown:
        return {}


def ours_count(target: str, keys: Collection[str], *, user: Any = None) -> int:
    """Let this site's state win for these keys; returns of how many.

    What is unknown or withdrawn here is taken off the portal, the rest is sent above
    the version that the portal holds. It goes out once the target is let go on.

    Raises:
        TargetDown: the portal can't be read.
    """
    report = examine(target)
    if report.error:
        raise TargetDown(report.error)
    chosen = {key: d for key, d in report.differences.items() if key in keys}
    done = heal_these(report, chosen, user)
    wake()
    return done
