"""Carrying out one decision on a bulk load in short transactions.

The decision is taken once and kept with the load; each request then decides on as
many items as fit into its time. What is left after a power cut goes on where it was.
"""

import time
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _
from wagtail.models import TaskState

from cms.services.review import ReviewConflict, SecrecyRecord, decide
from cms.services.reviewers import is_reviewer
from disclosure_pages.desk.batch_review import Choice, rows_of
from disclosure_pages.desk.forms import UNREAD_FILES, unread_question
from disclosure_pages.desk.waiting import revisions_of
from disclosure_pages.models import ImportBatch

BUDGET_S = 0.5  # of one transaction; publishing one more item comes on top
KEPT = "decisions"  # in the load's report: by user and step


def conflicts_of(user: Any, load: ImportBatch, choice: Choice) -> list[tuple[str, str]]:
    """Return which items are not as they were shown; with any, nothing is done."""
    waiting = {row.state.pk: row for row in rows_of(user, load.uuid)}
    wanted = dict(choice.shown)
    found = []
    for pk, revision_id in wanted.items():
        row = waiting.get(pk)
        if row is None:
            continue
        newest = row.page.latest_revision_id
        if row.hindrance:
            found.append((row.title, row.hindrance))
        elif not revision_id == row.state.revision_id == newest:
            found.append((row.title, _("您看到的不是最新的文字。")))
    gone = [pk for pk in wanted if pk not in waiting]
    states = TaskState.objects.filter(pk__in=gone, revision__in=revisions_of(load.uuid))
    titles = {  # of other offices' items nothing is told
        state.pk: state.revision.object_str
        for state in states.select_related("task", "workflow_state", "revision")
        if is_reviewer(state, state.workflow_state.content_object, user)
    }
    for pk in gone:
        if pk in titles:
            found.append((titles[pk], _("已经由别人办结，或不由您审查。")))
        else:
            found.append((f"#{pk}", _("不在这一批里。")))
    return found


def keep(load: ImportBatch, user: Any, task_id: int, choice: Choice) -> None:
    """Keep a decision with the load, to be carried out by `piece`."""
    chosen = [list(pair) for pair in choice.shown]
    if not choice.reject_excluded:
        chosen = [pair for pair in chosen if pair[0] not in choice.excluded]
    load.report.setdefault(KEPT, {})[_name(user, task_id)] = {
        "items": chosen,
        "next": 0,
        "approve": choice.approve,
        "excluded": sorted(choice.excluded),
        "looked": sorted(choice.looked),
        "comment": choice.comment,
        "record": _stored(choice.record),
        "refusal": _stored(choice.refusal),
        "approved": 0,
        "rejected": 0,
        "left": len(choice.shown) - len(chosen),
        "conflicts": [],
    }
    load.save(update_fields=["report"])


def pending(load: ImportBatch, user: Any, task_id: int) -> dict[str, Any] | None:
    """Return the decision that this user took on this step and that is not done."""
    return load.report.get(KEPT, {}).get(_name(user, task_id))


def piece(load: ImportBatch, user: Any, task_id: int) -> dict[str, Any]:
    """Decide on as many items as fit into the time; call it inside a transaction.

    An item that changed since the decision stays as it is, and is named.
    """
    kept = load.report[KEPT][_name(user, task_id)]
    states = TaskState.objects.select_related("workflow_state", "task", "revision")
    began = time.monotonic()
    first = True
    while kept["next"] < len(kept["items"]):
        if not first and time.monotonic() - began >= BUDGET_S:
            break
        first = False
        pk, revision_id = kept["items"][kept["next"]]
        state = states.filter(pk=pk, revision__in=revisions_of(load.uuid)).first()
        if state:
            _decide(state, user, revision_id, kept)
        kept["next"] += 1
    if kept["next"] >= len(kept["items"]):
        del load.report[KEPT][_name(user, task_id)]
    load.save(update_fields=["report"])
    return kept


def is_done(kept: dict[str, Any]) -> bool:
    """Whether a decision has been carried out for every item."""
    return kept["next"] >= len(kept["items"])


def _decide(
    state: TaskState, user: Any, revision_id: int, kept: dict[str, Any]
) -> None:
    approve = kept["approve"] and state.pk not in kept["excluded"]
    record = kept["record"] if approve else kept["refusal"]
    if record and approve and state.pk in kept.get("looked", ()):
        record = record | {
            "questions": [*record["questions"], unread_question()],
            "answers": record["answers"] | {UNREAD_FILES: True},
        }
    try:
        decide(
            state,
            user,
            approve=approve,
            revision_id=revision_id,
            comment="" if approve else kept["comment"],
            record=SecrecyRecord(**record) if record else None,
        )
    except (ReviewConflict, PermissionDenied) as error:
        kept["conflicts"].append([state.revision.object_str, str(error)])
        return
    kept["approved" if approve else "rejected"] += 1


def _name(user: Any, task_id: int) -> str:
    return f"{user.pk}:{task_id}"


def _stored(record: SecrecyRecord | None) -> dict[str, Any] | None:
    return vars(record) if record else None
