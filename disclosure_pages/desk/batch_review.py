"""Reviewing a bulk load as one entry: one decision for a step, recorded per item.

What the reviewer sees of each item, and what came of it; `batch_pieces` carries the
decision out.
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.models import Revision, TaskState

from cms.people import person_name
from cms.services.review import SecrecyRecord
from disclosure_pages.checks.chosen import chosen_checks
from disclosure_pages.checks.contents import documents_in
from disclosure_pages.choices import Category, DisclosureMode, TextState
from disclosure_pages.desk.batch_problems import leaves, problems_of
from disclosure_pages.desk.checks_panel import is_unread
from disclosure_pages.desk.waiting import Waiting, revisions_of, waiting_for
from disclosure_pages.intake.stored import texts_of
from disclosure_pages.models import DisclosureDocument, FileText

PER_PAGE = 200  # items on one screen, and so in one decision
EXCERPT = 160


@dataclass
class Shown:
    """One row of the batch as the reviewer sees it, all from its revision."""

    waiting: Waiting
    content: dict[str, Any]
    files: list[DisclosureDocument] = field(default_factory=list)
    personal: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)  # files that gave no text
    unchecked: list[str] = field(default_factory=list)  # those, and what still waits

    @property
    def token(self) -> str:
        """What the form sends back: the step and the revision that was shown."""
        return f"{self.waiting.state.pk}:{self.waiting.state.revision_id}"

    @property
    def number(self) -> str:
        """The step, as the ticks of the form name it."""
        return str(self.waiting.state.pk)

    @property
    def title(self) -> str:
        """The title under review."""
        return self.content.get("title", "")

    @property
    def excerpt(self) -> str:
        """The first words of the text."""
        words = leaves([block.get("value") for block in self.body])
        return " ".join(" ".join(words).split())[:EXCERPT]

    @property
    def body(self) -> list[dict[str, Any]]:
        """The blocks of the text."""
        return _blocks(self.content.get("body"))

    @property
    def category(self) -> str:
        """The category in words."""
        return _label(Category, self.content.get("category", ""))

    @property
    def mode(self) -> str:
        """公开属性 in words, "" when it is the usual one."""
        value = self.content.get("disclosure_mode", "")
        usual = value in ("", DisclosureMode.PROACTIVE)
        return "" if usual else _label(DisclosureMode, value)

    @property
    def problems(self) -> list[str]:
        """What the reviewer should look at before he signs for this one."""
        found = [self.waiting.hindrance] if self.waiting.hindrance else []
        if not self.excerpt and not self.files:
            found.append(_("没有正文，也没有附件。"))
        if self.waiting.page.live:
            found.append(_("是对已公开信息的修改。"))
        if self.mode:
            found.append(_("公开属性：%(mode)s") % {"mode": self.mode})
        if self.unread:
            text = _("读不出文字的附件，请人工看一遍有没有身份证号、电话：%(names)s")
            found.append(text % {"names": "、".join(self.unread)})
        return found + self.personal


@dataclass(frozen=True)
class Choice:
    """What the reviewer decided: for all shown, but for those that he ticked."""

    shown: Sequence[tuple[int, int]]
    approve: bool = True
    excluded: frozenset[int] = frozenset()
    reject_excluded: bool = False
    looked: frozenset[int] = frozenset()  # where he opened the files without text
    comment: str = ""
    record: SecrecyRecord | None = None
    refusal: SecrecyRecord | None = None


def rows_of(user: Any, batch: uuid.UUID) -> list[Waiting]:
    """Return the items of the batch that are at a step of this user."""
    return waiting_for(user, batch=batch)


def shown_rows(rows: Sequence[Waiting]) -> list[Shown]:
    """Return the rows with text, files and what to look at; five queries."""
    shown = _with_files(rows)
    texts = texts_of([file for one in shown for file in one.files])
    chosen = chosen_checks()
    for one in shown:
        one.personal = problems_of(one.content, one.body, one.files, texts, chosen)
    return shown


def unconfirmed(rows: Sequence[Waiting], choice: Choice) -> list[str]:
    """Return the titles that would pass with files that neither we nor he read."""
    passing = {pk for pk, _revision in choice.shown} - choice.excluded - choice.looked
    shown = _with_files([row for row in rows if row.state.pk in passing])
    return [one.title for one in shown if one.unchecked]


def _with_files(rows: Sequence[Waiting]) -> list[Shown]:
    ids = [row.state.revision_id for row in rows]
    contents = dict(Revision.objects.filter(pk__in=ids).values_list("pk", "content"))
    shown = [Shown(row, contents.get(row.state.revision_id) or {}) for row in rows]
    wanted = {pk for one in shown for pk in _document_ids(one.content)}
    documents = DisclosureDocument.objects.in_bulk(wanted)
    for one in shown:
        ids = _document_ids(one.content)
        one.files = [documents[pk] for pk in ids if pk in documents]
    hashes = {file.sha256 for one in shown for file in one.files}
    texts = FileText.objects.filter(sha256__in=hashes).defer("pages")
    unread = {text.sha256 for text in texts if is_unread(text)}
    done = {text.sha256 for text in texts if text.state != TextState.WAITING} - unread
    for one in shown:
        one.unread = [file.title for file in one.files if file.sha256 in unread]
        one.unchecked = [file.title for file in one.files if file.sha256 not in done]
    return shown


def outcome_rows(
    batch: uuid.UUID, pages: set[str] | None = None
) -> list[dict[str, str]]:
    """Return every decision taken on the batch so far, a row per item and step.

    Args:
        pages: only of these, by their ids; all of the batch unless given.
    """
    states = TaskState.objects.filter(revision__in=revisions_of(batch))
    if pages is not None:
        states = states.filter(workflow_state__object_id__in=pages)
    states = (
        states.select_related("task", "finished_by", "revision")
        .defer("revision__content")
        .order_by("revision_id", "started_at", "pk")
    )
    return [
        {
            "title": state.revision.object_str,
            "step": state.task.name,
            "status": str(state.get_status_display()),
            "who": _name(state.finished_by),
            "when": _minute(state.finished_at),
            "comment": state.comment,
        }
        for state in states
    ]


def _blocks(body: Any) -> list[dict[str, Any]]:
    return json.loads(body) if isinstance(body, str) and body else body or []


def _document_ids(content: dict[str, Any]) -> list[int]:
    """Return the files that an item names, attached and linked, each once, in order."""
    rows = content.get("attachments") or []
    attached = [row["document"] for row in rows if row.get("document")]
    return list(dict.fromkeys([*attached, *documents_in(_blocks(content.get("body")))]))


def _label(choices: Any, value: str) -> str:
    return str(dict(choices.choices).get(value, value))


def _minute(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" if moment else ""


def _name(user: Any) -> str:
    return person_name(user) if user else ""
