"""Reviewing a bulk load as one entry: one decision for a step, recorded per item.

Every item is decided by `cms.services.review.decide`, with the revision that was on
the screen; when one of them has changed, nothing is done and the page says which.
"""

import json
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _
from wagtail.models import Revision, TaskState

from cms.services.review import ReviewConflict, SecrecyRecord, decide
from disclosure_pages.choices import Category, DisclosureMode
from disclosure_pages.desk.waiting import Waiting, revisions_of, waiting_for
from disclosure_pages.models import DisclosureDocument

PIECE = 50  # decisions in one transaction: the last step publishes each item
EXCERPT = 160
TAGS = re.compile(r"<[^>]*>")


@dataclass
class Shown:
    """One row of the batch as the reviewer sees it, all from its revision."""

    waiting: Waiting
    content: dict[str, Any]
    files: list[DisclosureDocument] = field(default_factory=list)

    @property
    def token(self) -> str:
        """What the form sends back: the step and the revision that was shown."""
        return f"{self.waiting.state.pk}:{self.waiting.state.revision_id}"

    @property
    def title(self) -> str:
        """The title under review."""
        return self.content.get("title", "")

    @property
    def excerpt(self) -> str:
        """The first words of the text."""
        return plain_text(self.content.get("body"))[:EXCERPT]

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
        return found


@dataclass(frozen=True)
class Choice:
    """What the reviewer decided: for all shown, but for those that he ticked."""

    shown: Sequence[tuple[int, int]]
    approve: bool = True
    excluded: frozenset[int] = frozenset()
    reject_excluded: bool = False
    comment: str = ""
    record: SecrecyRecord | None = None
    refusal: SecrecyRecord | None = None


@dataclass
class Decided:
    """What came of it; with conflicts nothing was done at all."""

    approved: int = 0
    rejected: int = 0
    left: int = 0
    conflicts: list[tuple[str, str]] = field(default_factory=list)


def rows_of(user: Any, batch: uuid.UUID) -> list[Waiting]:
    """Return the items of the batch that are at a step of this user."""
    return waiting_for(user, batch=batch)


def shown_rows(rows: Sequence[Waiting]) -> list[Shown]:
    """Return the rows with text and files; two queries."""
    ids = [row.state.revision_id for row in rows]
    contents = dict(Revision.objects.filter(pk__in=ids).values_list("pk", "content"))
    shown = [Shown(row, contents.get(row.state.revision_id) or {}) for row in rows]
    wanted = {pk for one in shown for pk in _document_ids(one.content)}
    documents = DisclosureDocument.objects.in_bulk(wanted)
    for one in shown:
        ids = _document_ids(one.content)
        one.files = [documents[pk] for pk in ids if pk in documents]
    return shown


def decide_batch(user: Any, batch: uuid.UUID, choice: Choice) -> Decided:
    """Decide on every item shown, or on none when one of them is not as shown."""
    result = Decided()
    states = TaskState.objects.filter(
        pk__in=[pk for pk, _revision in choice.shown],
        revision__in=revisions_of(batch),
    ).select_related("workflow_state", "task", "revision")
    by_id = {state.pk: state for state in states}
    with transaction.atomic():
        for pk, revision_id in choice.shown:
            if pk in choice.excluded and not choice.reject_excluded:
                result.left += 1
                continue
            state = by_id.get(pk)
            if state is None:
                result.conflicts.append((f"#{pk}", _("不在这一批里。")))
                continue
            _decide_one(user, state, revision_id, choice, result)
        if result.conflicts:
            transaction.set_rollback(True)
    return result


def _decide_one(
    user: Any, state: TaskState, revision_id: int, choice: Choice, result: Decided
) -> None:
    approve = choice.approve and state.pk not in choice.excluded
    try:
        decide(
            state,
            user,
            approve=approve,
            revision_id=revision_id,
            comment=choice.comment if not approve else "",
            record=choice.record if approve else choice.refusal,
        )
    except (ReviewConflict, PermissionDenied) as error:
        result.conflicts.append((state.revision.object_str, str(error)))
        return
    if approve:
        result.approved += 1
    else:
        result.rejected += 1


def outcome_rows(batch: uuid.UUID) -> list[dict[str, str]]:
    """Return every decision taken on the batch so far, a row per item and step."""
    states = (
        TaskState.objects.filter(revision__in=revisions_of(batch))
        .select_related("task", "finished_by", "revision")
        .defer("revision__content")
        .order_by("revision_id", "started_at", "pk")
    )
    return [
        {
            "title": state.revision.object_str,
            "step": state.task.name,
            "status": str(state.get_status_display()),
            "who": _name(state.finished_by),
            "when": f"{state.finished_at:%Y-%m-%d %H:%M}" if state.finished_at else "",
            "comment": state.comment,
        }
        for state in states
    ]


def plain_text(body: Any) -> str:
    """Return the words of a stored body, without tags."""
    blocks = json.loads(body) if isinstance(body, str) and body else body
    words: list[str] = []
    for block in blocks or []:
        _words_of(block.get("value"), words)
    return " ".join(" ".join(words).split())


def _words_of(value: Any, words: list[str]) -> None:
    if isinstance(value, str):
        words.append(unescape(TAGS.sub(" ", value)))
    elif isinstance(value, dict):
        for inner in value.values():
            _words_of(inner, words)
    elif isinstance(value, list):
        for inner in value:
            _words_of(inner, words)


def _document_ids(content: dict[str, Any]) -> list[int]:
    rows = content.get("attachments") or []
    return [row["document"] for row in rows if row.get("document")]


def _label(choices: Any, value: str) -> str:
    return str(dict(choices.choices).get(value, value))


def _name(user: Any) -> str:
    return (user.get_full_name() or user.get_username()) if user else ""
