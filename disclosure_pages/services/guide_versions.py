"""The versions of the guide: recorded at each change, compared with printed copies.

A version keeps everything, for the staff. Readers are never told the name of a section
that the guide no longer has: it may have been taken out because it must not be public.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from wagtail.models import Page

from disclosure_pages.guide_parts import (
    CONTENT_LANGUAGE,
    guide_sections,
    read_register,
)
from disclosure_pages.models import GuidePage, GuideVersion
from disclosure_pages.public_state import visible_pages
from disclosure_pages.signals import public_state_changed

NOTE_LENGTH = 200


@dataclass(frozen=True)
class Changed:
    """A section that is not as it was: what it says now, or that it is gone."""

    heading: str
    lines: list[str]
    gone: bool = False


@dataclass(frozen=True)
class PublicVersion:
    """A version as readers may see it listed."""

    number: int
    since: dt.datetime
    note: str


def content_sha256(sections: list[dict[str, Any]]) -> str:
    """Return the SHA-256 of the canonical JSON of the sections."""
    text = json.dumps(
        sections, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def record_version(page: GuidePage, note: str = "") -> GuideVersion | None:
    """Record the guide as it stands now, contacts included, unless nothing changed.

    ``note`` says what changed; without one all changed sections are named. Returns
    the new version, or None when the newest one says the same.
    """
    Page.objects.select_for_update().get(pk=page.pk)
    newest = page.versions.first()
    sections = guide_sections(page, read_register())
    sha256 = content_sha256(sections)
    if newest and newest.sha256 == sha256:
        return None
    if newest and note == newest.note:
        note = ""  # left over from the last change
    return page.versions.create(
        number=newest.number + 1 if newest else 1,
        sha256=sha256,
        sections=sections,
        note=(note or _note(newest, sections))[:NOTE_LENGTH],
    )


def record_register() -> int:
    """Record each public guide that reads otherwise than its newest version.

    For a changed register; a bulk update of it sends no signal, so this also runs from
    time to time. Returns how many; index and portal get them too.
    """
    return sum(
        _record_and_send(page)
        for page in visible_pages(GuidePage)
        if not _is_recorded(page)
    )


@transaction.atomic
def _record_and_send(page: GuidePage) -> bool:
    if record_version(page) is None:
        return False
    public_state_changed.send(sender=GuidePage, keys=[page.key], lane="publish")
    return True


def _is_recorded(page: GuidePage) -> bool:
    """Whether the newest version says what the guide says; locks nothing."""
    newest = page.versions.defer("sections").first()
    sections = guide_sections(page, read_register())
    return newest is not None and newest.sha256 == content_sha256(sections)


def changes(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[Changed]:
    """Return the sections of ``new`` that say something ``old`` did not, then the gone.

    Sections of one heading are compared in their order, the unchanged left out. Lines
    that vanished are not repeated: there may have been a reason.
    """
    before, changed = list(old), []
    for section in new:
        if section in before:
            before.remove(section)
        else:
            changed.append(section)
    found = []
    for section in changed:
        heading = section["heading"]
        was = next((s for s in before if s["heading"] == heading), {"lines": []})
        if was in before:
            before.remove(was)
        lines = dict.fromkeys(section["lines"])
        said = [line for line in lines if line not in was["lines"]]
        found.append(Changed(heading, said))
    return found + [Changed(section["heading"], [], gone=True) for section in before]


def public_versions(versions: Sequence[GuideVersion]) -> list[PublicVersion]:
    """Return the versions (the newest first) without naming what the guide has lost.

    A note that names a lost section, or was cut off, gives way to a summary.
    """
    if not versions:
        return []
    now = _headings(versions[0])
    lost = set().union(*map(_headings, versions)) - now
    listed = []
    for version, before in zip_longest(versions, versions[1:]):
        note = version.note
        if len(note) >= NOTE_LENGTH or any(heading in note for heading in lost):
            note = _note(before, version.sections, now)
        listed.append(PublicVersion(version.number, version.since, note))
    return listed


def _headings(version: GuideVersion) -> set[str]:
    return {section["heading"] for section in version.sections}


def _note(
    before: GuideVersion | None,
    sections: list[dict[str, Any]],
    named: set[str] | None = None,
) -> str:
    """Return what changed; ``named``: the headings that may be named, None: all."""
    with translation.override(CONTENT_LANGUAGE):
        if before is None:
            return _("首次公开")
        found = changes(before.sections, sections)
        gone = [change.heading for change in found if change.gone]
        kept = [change.heading for change in found if not change.gone]
        told = [heading for heading in kept if named is None or heading in named]
        parts = []
        if told:
            headings = "、".join(heading or _("开头") for heading in told)
            parts.append(_("改动：%(parts)s") % {"parts": headings})
        if later := len(kept) - len(told):
            parts.append(_("改动后来删去的 %(count)d 部分") % {"count": later})
        if gone and named is None:
            parts.append(_("删去：%(parts)s") % {"parts": "、".join(gone)})
        elif gone:
            parts.append(_("删去 %(count)d 部分") % {"count": len(gone)})
        return "；".join(parts) or _("调了先后")
