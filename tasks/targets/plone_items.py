"""What one of our items is in Plone: fields, keywords that name it, its folder.

Its words are the portal's, so in Chinese whatever the reader of our desk chose.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html, format_html_join

from disclosure_pages.public_state import PUBLISHED, PublicState

TYPE = "News Item"
FILES_SUFFIX = "-files"
KEY_TAG = "gk:"
HELD_TAG = re.compile(r"gk-held:(\d{1,19}):([0-9a-f]{64}):([0-9a-f]{12})")
FIELDS = ("getId", "Subject", "Title", "Description", "review_state", "UID")
LINES = (
    ("index_number", "索引号"),
    ("document_number", "文号"),
    ("publisher", "发布机构"),
    ("date_made", "成文日期"),
)
VISIBLE = "published"


@dataclass(frozen=True)
class Held:
    """One item as Plone's catalogue tells of it.

    ``changed``: title or summary are not what we wrote.
    """

    key: str
    url: str
    version: int
    sha256: str
    visible: bool
    changed: bool = False
    original: bool = True  # False: a copy that somebody made


def container_of(state: PublicState) -> tuple[str, str]:
    """Return id and title of the folder for an item: section and month.

    One flat folder would make every page of a Plone site carry all its items.
    """
    metadata = state.metadata
    section = str(metadata.get("category") or metadata.get("type") or "item")
    label = str(metadata.get("category_label") or "公开信息")
    day = str(metadata.get("date_published") or metadata.get("date_made") or "")
    month = day[:7] if re.match(r"\d{4}-\d{2}", day) else "undated"
    slug = re.sub(r"[^a-z0-9-]+", "-", f"{section}-{month}".lower()).strip("-")
    return slug, f"{label} {month}" if month != "undated" else label


def tags(version: int, state: PublicState, title: str, summary: str) -> list[str]:
    """Return the keywords by which the item is known again; readers see them too."""
    shown = _shown(title, summary)
    return [f"{KEY_TAG}{state.key}", f"gk-held:{version}:{state.sha256}:{shown}"]


def _shown(title: str, summary: str) -> str:
    return hashlib.sha256(f"{title}\0{summary}".encode()).hexdigest()[:12]


def read_held(row: dict[str, Any]) -> Held | None:
    """Return what one row of a search says; None if it is none of our items."""
    subjects = [str(tag) for tag in row.get("Subject") or []]
    keys = [tag[len(KEY_TAG) :] for tag in subjects if tag.startswith(KEY_TAG)]
    held = next(filter(None, map(HELD_TAG.fullmatch, subjects)), None)
    name = str(row.get("getId", ""))
    if row.get("@type") != TYPE or not keys:
        return None
    title, summary = str(row.get("Title", "")), str(row.get("Description", ""))
    return Held(
        key=keys[0],
        url=str(row.get("@id", "")),
        version=int(held[1]) if held else 0,
        sha256=held[2] if held else "",
        visible=row.get("review_state") == VISIBLE,
        changed=held is None or held[3] != _shown(title, summary),
        original=name == keys[0],
    )


def fields_of(version: int, state: PublicState, files_url: str) -> dict[str, Any]:
    """Return the fields of the News Item; a withdrawn one tells only that it is."""
    metadata = state.metadata
    if state.state != PUBLISHED:
        title, summary, words = "（已撤下）", "", []
        text = format_html("<p>{}</p>", state.reason or "这条信息已经撤下。")
    else:
        title = _line(metadata.get("title")) or "（无标题）"
        summary = _line(metadata.get("summary"))
        words = [str(word) for word in metadata.get("keywords") or []]
        text = _head(metadata) + state.html + _files(state, files_url)
    return {
        "title": title,
        "description": summary,
        "subjects": [*words, *tags(version, state, title, summary)],
        "rights": str(metadata.get("document_number") or ""),
        "effective": _effective(metadata),
        "text": {"data": text, "content-type": "text/html", "encoding": "utf-8"},
    }


def _line(text: Any) -> str:
    """Return the text on one line, as Plone keeps titles and summaries."""
    return " ".join(str(text or "").split())


def _effective(metadata: dict[str, Any]) -> str | None:
    day = str(metadata.get("date_published") or "")
    return f"{day}T00:00:00+08:00" if re.fullmatch(r"\d{4}-\d{2}-\d{2}", day) else None


def _head(metadata: dict[str, Any]) -> str:
    """Return what identifies the document; 文号 is only found if it is in the text."""
    lines = [(label, metadata[name]) for name, label in LINES if metadata.get(name)]
    return format_html_join("", "<p>{}：{}</p>", lines)


def _files(state: PublicState, files_url: str) -> str:
    rows = [
        (files_url, row["sha256"], row["name"]) for row in distinct(state.attachments)
    ]
    if not rows:
        return ""
    links = format_html_join(
        "", '<li><a href="{}/{}/@@download/file">{}</a></li>', rows
    )
    return format_html("<h2>{}</h2><ul>{}</ul>", "附件", links)


def distinct(attachments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one attachment for each hash."""
    return list({row["sha256"]: row for row in attachments}.values())
