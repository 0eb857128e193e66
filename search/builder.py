"""From public state to search document; sends nothing."""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from django.utils.html import strip_tags

from disclosure_pages.public_state import PUBLISHED, PublicState

from . import attachments, dictionary
from .documents import VILLAGES, WITHDRAWN, SearchDocument

_BLOCK_TAG = re.compile(
    r"</?(?:p|li|ul|ol|dl|dt|dd|table|t[rdh]|thead|tbody|caption|div|section|figure"
    r"|h[1-6]|br|hr|blockquote)\b[^>]*>",
    re.IGNORECASE,
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Titles of other items: they are found by themselves, and one that is withdrawn must
# not be told by a text that is a few seconds old.
_OTHERS = re.compile(r'<ul class="others">.*?</ul>', re.DOTALL)
MAX_VALUE = 2_000
_COPIED = (
    *("type", "title", "index_number", "external_id", "category", "category_label"),
    *("document_number", "publisher", "office", "office_label", "village"),
    *("date_made", "date_published", "validity", "url", "origin", "origin_label"),
)


def build_document(state: PublicState) -> SearchDocument:
    """Turn what is public now into its document; what is not, into a tombstone.

    Without the text of attached files.
    """
    dictionary.load()
    if state.state != PUBLISHED:
        return SearchDocument(state.key, WITHDRAWN, state.sha256)
    metadata = state.metadata
    parts = [
        str(metadata.get("summary") or ""),
        plain_text(_OTHERS.sub("\n", state.html)),
        "\n".join(str(attachment.get("name", "")) for attachment in state.attachments),
    ]
    copied = {name: str(metadata.get(name) or "")[:MAX_VALUE] for name in _COPIED}
    for name in ("date_made", "date_published"):
        # What other authorities send may be no date; it would break the order.
        if not _DATE.fullmatch(copied[name]):
            copied[name] = ""
    named = dictionary.villages_in(copied["title"])
    villages = dict.fromkeys(filter(None, [copied["village"], *named]))
    copied["village"] = VILLAGES.join(villages)
    return SearchDocument(
        key=state.key,
        state=state.state,
        sha256=state.sha256,
        text="\n".join(filter(None, parts)),
        keywords="；".join(map(str, metadata.get("keywords") or [])),
        **copied,
    )


def build_documents(states: Iterable[PublicState]) -> Iterator[SearchDocument]:
    """Build the documents one after the other, with the text of attached files."""
    for state, text, files in attachments.with_texts(states):
        yield replace(build_document(state), file_text=text, files=files)


def plain_text(markup: str) -> str:
    """Return the text of sanitised HTML, blocks and cells on lines of their own."""
    text = html.unescape(strip_tags(_BLOCK_TAG.sub("\n", markup)))
    return re.sub(r"\s*\n\s*", "\n", text).strip()
