"""Personal numbers in the items of a bulk load, and files whose text is not known.

Read from the revision under review and from the text taken out of its files before;
nothing is opened here, so that a page of many items stays quick.
"""

import re
from collections.abc import Iterable, Iterator
from html import unescape
from typing import Any

from django.utils.translation import gettext as _

from disclosure_pages.checks import personal_data
from disclosure_pages.checks.chosen import Chosen
from disclosure_pages.checks.levels import OFF
from disclosure_pages.intake.results import Extracted
from disclosure_pages.models import DisclosureDocument

BLOCK_TAGS = re.compile(r"</?(?:p|h\d|li|ul|ol|br|hr|tr|td|th|div|table)\b[^>]*>")
TAGS = re.compile(r"<[^>]*>")
FIELDS = ("title", "summary", "keywords", "publisher", "disclosure_reason")
NOT_TEXT = {"type", "id", "kind"}  # of blocks and columns
SHOWN_HITS = 2  # per kind and place; the item's own page shows them all


def leaves(value: Any) -> Iterator[str]:
    """Yield each text of a stored body by itself: paragraphs, cells, captions."""
    if isinstance(value, str):
        for part in BLOCK_TAGS.split(value):
            text = unescape(TAGS.sub("", part)).strip()
            if text:
                yield text
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in NOT_TEXT:
                yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)


def problems_of(
    content: dict[str, Any],
    body: Any,
    files: Iterable[DisclosureDocument],
    texts: dict[str, Extracted],
    chosen: Chosen,
) -> list[str]:
    """Return a sentence for each kind of personal number in text and files.

    Args:
        content: the fields of the revision.
        body: its blocks, decoded.
        texts: what was taken out of files, by ``sha256``.
        chosen: what the office wants to be told of.
    """
    own = [str(content.get(name) or "") for name in FIELDS]
    for block in body or []:
        own += leaves(block.get("value"))
    found = _sentences(_("正文"), own, chosen)
    for file in files:
        known = texts.get(file.sha256)
        where = _("附件“%(name)s”") % {"name": file.title}
        if known is None:
            found.append(_("%(where)s还在提取文字，稍后再看。") % {"where": where})
            continue
        found += _sentences(where, known.pages, chosen)
    return found


def _sentences(where: str, texts: Iterable[str], chosen: Chosen) -> list[str]:
    hits: dict[tuple[str, str], list[str]] = {}
    for text in texts:
        for hit in personal_data.find(text):
            hits.setdefault((hit.kind, hit.level), []).append(hit.masked_excerpt)
    found = []
    for (kind, level), excerpts in hits.items():
        if chosen.level_of(personal_data.CODES[level]) == OFF:
            continue
        values = {
            "where": where,
            "count": len(excerpts),
            "kind": personal_data.LABELS[kind],
            "shown": "；".join(excerpts[:SHOWN_HITS]),
        }
        found.append(_("%(where)s里有 %(count)d 个%(kind)s：%(shown)s") % values)
    return found
