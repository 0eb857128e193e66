"""What waits for one reviewer: the rules of ``may_review`` for many, in few queries.

`cms.services.review` stays the judge of every single decision; this only lists.
"""

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import IntegerField, QuerySet
from django.db.models.functions import Cast
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from wagtail.models import Page, PageLogEntry, Revision, TaskState, WorkflowState

from cms.models import LeaderTask, Office, OfficeHeadTask, SecrecyReviewTask
from disclosure_pages.bulk.writing import LOG_ACTION
from disclosure_pages.headed_offices import headed_offices
from disclosure_pages.models import DisclosureItemPage, ImportBatch
from disclosure_pages.models.base import ModeratedPage


@dataclass
class Waiting:
    """One step of one page that waits for a user, or that he may not do and why."""

    state: TaskState
    page: Page
    is_secrecy: bool = False
    batch: uuid.UUID | None = None
    hindrance: str = ""

    @property
    def title(self) -> str:
        """The title of the revision under review."""
        return self.state.revision.object_str


@dataclass
class WaitingBatch:
    """The items of one bulk load that wait for a user, as one entry of the queue."""

    batch: ImportBatch
    rows: list[Waiting]

    @property
    def since(self) -> Any:
        """When the first of them came to this step."""
        return min(row.state.started_at for row in self.rows)


def waiting_for(user: Any, *, batch: uuid.UUID | None = None) -> list[Waiting]:
    """Return every step in the user's hands, the oldest first; a dozen queries.

    Args:
        batch: only items whose revision under review came from this bulk load.
    """
    tasks = _tasks_of(user)
    states = _states(batch)
    reach = _Reach(user, tasks)
    rows = [row for state in states if (row := reach.row_of(state))]
    batches = _batches([row.state for row in rows])
    authored, done = _own_part(user)
    for row in rows:
        row.batch = batches.get(row.state.revision_id)
        row.hindrance = _hindrance(row, user, authored, done)
    return rows


def grouped(rows: list[Waiting]) -> tuple[list[WaitingBatch], list[Waiting]]:
    """Return bulk loads with two items or more as one entry each, and the rest."""
    by_batch: dict[uuid.UUID, list[Waiting]] = {}
    for row in rows:
        if row.batch:
            by_batch.setdefault(row.batch, []).append(row)
    several = {key: found for key, found in by_batch.items() if len(found) > 1}
    batches = ImportBatch.objects.filter(uuid__in=several).select_related("user")
    entries = [WaitingBatch(batch, several[batch.uuid]) for batch in batches]
    known = {entry.batch.uuid for entry in entries}
    return entries, [row for row in rows if row.batch not in known]


def _states(batch: uuid.UUID | None) -> QuerySet[TaskState]:
    states = (
        TaskState.objects.filter(
            status=TaskState.STATUS_IN_PROGRESS,
            workflow_state__status=WorkflowState.STATUS_IN_PROGRESS,
            task__active=True,
        )
        .select_related("workflow_state__requested_by", "task", "revision")
        .defer("revision__content")
        .order_by("started_at", "pk")
    )
    if batch:
        states = states.filter(revision__in=revisions_of(batch))
    return states


def revisions_of(batch: uuid.UUID) -> QuerySet:
    """Return the ids of the revisions that a bulk load wrote."""
    entries = PageLogEntry.objects.filter(action=LOG_ACTION, uuid=batch)
    return entries.exclude(revision=None).values("revision_id")


def _tasks_of(user: Any) -> dict[int, type]:
    """Return the tasks whose groups the user is in, and all first reviews."""
    groups = user.groups.all()
    found: dict[int, type] = dict.fromkeys(
        OfficeHeadTask.objects.values_list("pk", flat=True), OfficeHeadTask
    )
    for model in (SecrecyReviewTask, LeaderTask):
        mine = model.objects.filter(groups__in=groups)
        found |= dict.fromkeys(mine.values_list("pk", flat=True), model)
    return found


class _Reach:
    """Which pages under review a user's tasks reach."""

    def __init__(self, user: Any, tasks: dict[int, type]) -> None:
        self.tasks = tasks
        groups = {group.pk for group in user.groups.all()}
        pages = _pages_under_review().select_related("content_type")
        self.pages = {str(page.pk): page for page in pages}
        self.paths = tuple(headed_offices(user).values())
        self.groups = groups

    @cached_property
    def heads_first(self) -> bool:
        """Whether the user heads the first office: it answers for other pages."""
        first = Office.objects.first()
        return bool(first and first.head_group_id in self.groups)

    def row_of(self, state: TaskState) -> Waiting | None:
        """Return the row of a step that is the user's, else None."""
        kind = self.tasks.get(state.task_id)
        page = self.pages.get(state.workflow_state.object_id)
        if kind is None or page is None:
            return None
        if kind is OfficeHeadTask and not self._heads(page):
            return None
        return Waiting(state, page, is_secrecy=kind is SecrecyReviewTask)

    def _heads(self, page: Page) -> bool:
        model = page.specific_class
        if issubclass(model, DisclosureItemPage):
            return bool(self.paths) and page.path.startswith(self.paths)
        if getattr(model, "responsible_office", None) is (
            ModeratedPage.responsible_office
        ):
            return self.heads_first
        office = page.specific.responsible_office
        return bool(office and office.head_group_id in self.groups)


def _under_review() -> QuerySet[WorkflowState]:
    page_type = ContentType.objects.get_for_model(Page)
    return WorkflowState.objects.filter(
        status=WorkflowState.STATUS_IN_PROGRESS, base_content_type=page_type
    )


def _pages_under_review() -> QuerySet[Page]:
    ids = _under_review().annotate(on_page=Cast("object_id", IntegerField()))
    return Page.objects.filter(pk__in=ids.values("on_page"))


def _batches(states: list[TaskState]) -> dict[int, uuid.UUID]:
    """Return the bulk load that wrote each revision under review."""
    if not states:
        return {}
    waiting = TaskState.objects.filter(status=TaskState.STATUS_IN_PROGRESS)
    entries = PageLogEntry.objects.filter(
        action=LOG_ACTION, revision__in=waiting.values("revision_id")
    )
    return dict(entries.values_list("revision_id", "uuid"))


def _own_part(user: Any) -> tuple[dict[str, int], set[tuple[int, int]]]:
    """Return the user's newest revision of each page, and the steps he has done."""
    revisions = Revision.objects.filter(
        base_content_type=ContentType.objects.get_for_model(Page),
        object_id__in=_under_review().values("object_id"),
        user=user,
    )
    authored = dict(revisions.order_by("pk").values_list("object_id", "pk"))
    done = TaskState.objects.filter(
        status=TaskState.STATUS_APPROVED,
        finished_by=user,
        workflow_state__status=WorkflowState.STATUS_IN_PROGRESS,
    )
    return authored, set(done.values_list("workflow_state_id", "revision_id"))


def _hindrance(
    row: Waiting, user: Any, authored: dict[str, int], done: set[tuple[int, int]]
) -> str:
    state = row.state
    newest = authored.get(state.workflow_state.object_id, 0)
    wrote = newest > (row.page.live_revision_id or 0)
    if wrote or state.workflow_state.requested_by_id == user.pk:
        return _("您参与了起草或提交，不能审查同一条信息。")
    if (state.workflow_state_id, state.revision_id) in done:
        return _("您已完成其他审查步骤，一人不能审两步。")
    return ""
