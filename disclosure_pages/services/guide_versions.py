"""The versions of the guide: recorded at each change, compared with printed copies."""

import hashlib
import json
from dataclasses import dataclass
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

NOTE_LENGTH = 200


@dataclass(frozen=True)
class Changed:
    """A section that is not as it was: what it says now, or that it is gone."""

    heading: str
    lines: list[str]
    gone: bool = False


def content_sha256(sections: list[dict[str, Any]]) -> str:
    """Return the SHA-256 of the canonical JSON of the sections."""
    text = json.dumps(
        sections, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def record_version(page: GuidePage, note: str = "") -> GuideVersion | None:
    """Record the guide as it stands now, contacts included, unless nothing changed.

    ``note`` says what changed; without one the changed sections are named. Returns
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


def changes(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[Changed]:
    """Return the sections of ``new`` that say something ``old`` did not, then the gone.

    Lines that vanished are not repeated: there may have been a reason.
    """
    before = {section["heading"]: section["lines"] for section in old}
    found = [
        Changed(
            section["heading"],
            [
                line
                for line in dict.fromkeys(section["lines"])
                if line not in before.get(section["heading"], [])
            ],
        )
        for section in new
        if section["lines"] != before.get(section["heading"])
    ]
    now = {section["heading"] for section in new}
    gone = [heading for heading in before if heading not in now]
    return found + [Changed(heading, [], gone=True) for heading in gone]


def _note(newest: GuideVersion | None, sections: list[dict[str, Any]]) -> str:
    with translation.override(CONTENT_LANGUAGE):
        if newest is None:
            return _("首次公开")
        headings = [
            change.heading or _("开头") for change in changes(newest.sections, sections)
        ]
        return _("改动：%(parts)s") % {"parts": "、".join(headings)}
