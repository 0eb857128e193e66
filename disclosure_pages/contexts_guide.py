"""Template variables of the guide: its parts, its versions, the reader's print."""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from cms.context import frame_of, public_path
from disclosure_pages import selectors
from disclosure_pages.contexts import publication_time
from disclosure_pages.guide_parts import (
    Register,
    guide_parts,
    guide_preamble,
    guide_sections,
    read_register,
)
from disclosure_pages.models import GuidePage, GuideVersion
from disclosure_pages.page_context import page_context
from disclosure_pages.services.guide_versions import (
    Changed,
    PublicVersion,
    changes,
    public_versions,
)

LONGEST_NUMBER = 6


@dataclass(frozen=True)
class PrintedCopy:
    """What became of the copy in the reader's hand, whose QR code led here.

    ``gone`` counts the sections that are no longer there: which, nobody is told.
    """

    version: PublicVersion | None
    later: list[PublicVersion] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    gone: int = 0

    @property
    def is_current(self) -> bool:
        """Whether it still says what the page says."""
        return self.version is not None and not self.changed and not self.gone


def printed_copy(
    page: GuidePage, register: Register, versions: list[GuideVersion], asked: str
) -> PrintedCopy | None:
    """Compare the version on a print with the guide of now; None: nobody asked."""
    if not asked:
        return None
    numbers = [str(version.number) for version in versions]
    if asked[:LONGEST_NUMBER] not in numbers:
        return PrintedCopy(None)
    place = numbers.index(asked[:LONGEST_NUMBER])
    listed = public_versions(versions)
    found = changes(versions[place].sections, guide_sections(page, register))
    changed = [change for change in found if not change.gone]
    later = listed[:place] if found else []
    return PrintedCopy(listed[place], later, changed, len(found) - len(changed))


@page_context.register
def guide_context(page: GuidePage, request: HttpRequest) -> dict[str, Any]:
    """Return the guide's parts with today's contacts, and its versions."""
    versions = list(GuideVersion.objects.filter(page_id=page.pk))
    page.shown_version = versions[0].number if versions else 0
    register = read_register(frame_of(request).authority)
    counts = selectors.catalogue(selectors.visible_items())
    root = public_path(page.url_path.removesuffix(f"{page.slug}/"))
    return {
        "preamble": guide_preamble(page),
        "sections": guide_parts(page, register),
        "desk": register.desk,
        "categories": counts.categories(f"{root}disclosure/"),
        "versions": public_versions(versions),
        "version": versions[0] if versions else None,
        "printed": printed_copy(
            page, register, versions, request.GET.get("printed", "")
        ),
        "prints": prints() if versions else [],
        "pub_date": publication_time(page),
    }


def prints() -> list[dict[str, str]]:
    """Return the ways to print, for links."""
    return [
        {"url": reverse("guide_print", args=[kind]), "label": label, "hint": hint}
        for kind, label, hint in (
            ("booklet", _("小册子"), _("A5，可对折装订")),
            ("poster", _("一页海报"), _("A3，贴村务公开栏")),
            ("large", _("大字版"), _("A4 大字，给看不清的人")),
        )
    ]
