"""The demo's items in every state of review, driven through the real workflow."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.db import transaction
from wagtail.models import TaskState

from cms.models import SecrecyReviewTask
from cms.services.review import SecrecyRecord, decide
from disclosure_pages.bulk.attachments import find_file
from disclosure_pages.bulk.bodies import body_of
from disclosure_pages.bulk.filing import Filing
from disclosure_pages.demo.content import DATA, load
from disclosure_pages.demo.duties import load_duty, load_stand_ins
from disclosure_pages.demo.items import SOURCE
from disclosure_pages.desk.forms import questions_now
from disclosure_pages.models import (
    DisclosureItemPage,
    ItemAttachment,
    OfficeIndexPage,
)
from disclosure_pages.services.withdrawal import withdraw

APART = (
    *("office", "body", "attachments", "author", "submitted", "steps", "duty"),
    "withdrawal",
)


def load_drafts(limit: int | None = None) -> int:
    """Make the items that are missing, each in its state; returns how many."""
    users = {user.username: user for user in get_user_model().objects.all()}
    there = set(
        DisclosureItemPage.objects.filter(batch_source=SOURCE).values_list(
            "external_id", flat=True
        )
    )
    chosen = load("drafts")[:limit]
    missing = [record for record in chosen if record["external_id"] not in there]
    load_stand_ins(users)
    for record in missing:
        _make(record, users)
    return len(missing)


@transaction.atomic
def _make(record: dict[str, Any], users: dict[str, AbstractUser]) -> None:
    """Draft, submit, decide and withdraw one item as its record says."""
    author = users[record["author"]]
    page = _draft(record, author)
    if not record.get("submitted"):
        return
    page.get_workflow().start(page, author)
    for step in record.get("steps", []):
        _decide(page, users[step["by"]], step)
    load_duty(page, record.get("duty", {}), users)
    if record.get("withdrawal"):
        withdrawal = record["withdrawal"]
        withdraw(
            page,
            user=users[withdrawal["by"]],
            reason=withdrawal["reason"],
            kind=withdrawal["kind"],
        )


def _draft(record: dict[str, Any], author: AbstractUser) -> DisclosureItemPage:
    parent = OfficeIndexPage.objects.get(office__code=record["office"])
    page = DisclosureItemPage(
        **{name: value for name, value in record.items() if name not in APART},
        batch_source=SOURCE,
        owner=author,
        live=False,
        locale=parent.locale,
    )
    page.body = DisclosureItemPage._meta.get_field("body").to_python(
        body_of(record["body"])
    )
    files = [find_file(DATA, name) for name in record.get("attachments", [])]
    filing = Filing(files)
    for order, file in enumerate(files):
        filing.store(file)
        document = filing.document(file, parent.title)
        page.attachments.add(ItemAttachment(document=document, sort_order=order))
    parent.add_child(instance=page)
    page.save_revision(user=author, log_action=True)
    return page


def _decide(page: DisclosureItemPage, user: AbstractUser, step: dict[str, Any]) -> None:
    page.refresh_from_db()
    state = TaskState.objects.get(
        workflow_state=page.current_workflow_state,
        status=TaskState.STATUS_IN_PROGRESS,
    )
    secrecy = isinstance(state.task.specific, SecrecyReviewTask)
    decide(
        state,
        user,
        approve=step["do"] == "approve",
        revision_id=state.revision_id,
        comment=step.get("comment", ""),
        record=_record(step) if secrecy else None,
    )


def _record(step: dict[str, Any]) -> SecrecyRecord:
    """Return the record of a secrecy review in which every question was answered."""
    opens = step["do"] == "approve"
    asked = questions_now()
    return SecrecyRecord(
        opinion="open" if opens else "not_open",
        questions=asked,
        answers={row["code"]: opens for row in asked},
        note=step.get("note", ""),
    )
