"""What waits for one reviewer: the rules of ``may_review`` for many, in few queries.

`cms.services.review` stays the judge of every single decision; this only lists.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import F, IntegerField, Q, QuerySet, Value
from django.db.models.functions import Cast
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from wagtail.models import Page, PageLogEntry, Revision, TaskState, WorkflowState

from cms.models import (
    Countersignature,
    CountersignTask,
    LeaderTask,
    Office,
    OfficeHeadTask,
    ReviewDuty,
    SecrecyReviewTask,
)
from cms.people import person_name
from cms.services.reviewers import kept_acting
from disclosure_pages.bulk.existing import LOG_ACTION
from disclosure_pages.models import DisclosureItemPage, ImportBatch, OfficeIndexPage
from disclosure_pages.models.base import ModeratedPage

# The office's heads first: their group depends on the page.
STEPS = (OfficeHeadTask, SecrecyReviewTask, LeaderTask, CountersignTask)


@dataclass
class Waiting:
    """One step of one page that waits for a user, or that he may not do and why."""

    state: TaskState
    page: Page
    duty: ReviewDuty | None = None
    is_secrecy: bool = False
    batch: uuid.UUID | None = None
    hindrance: str = ""
    office: str = ""
    mine: bool = True  # whether the step is the user's at all
    places: frozenset[int | None] = frozenset()  # for whom: None is the user himself
    elsewhere: bool = False  # he might do it, but somebody else has it in hand

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


def waiting_for(
    user: Any, *, batch: uuid.UUID | None = None, everything: bool = False
) -> list[Waiting]:
    """Return every step in the user's hands, the most pressing first; few queries.

    Args:
        batch: only items whose revision under review came from this bulk load.
        everything: also the steps that are not the user's, for who manages them.
    """
    states = list(_states(batch))
    if not states:
        return []
    reach = _Reach(user)
    rows = [row for state in states if (row := reach.row_of(state))]
    rows = [row for row in rows if row.mine or everything]
    batches = _batches([row.state for row in rows])
    own = _OwnPart(user)
    for row in rows:
        row.batch = batches.get(row.state.revision_id)
        row.hindrance = own.hindrance(row)
        if not row.hindrance and own.in_other_hands(row):
            row.elsewhere = True
            name = person_name(row.duty.assignee)
            row.hindrance = _("由%(name)s承办。") % {"name": name}
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
        .select_related(
            "workflow_state__requested_by", "task", "revision", "duty__assignee"
        )
        .defer("revision__content")
        .order_by("-duty__priority", "duty__due_at", "started_at", "pk")
    )
    if batch:
        states = states.filter(revision__in=revisions_of(batch))
    return states


def revisions_of(batch: uuid.UUID) -> QuerySet:
    """Return the ids of the revisions that a bulk load wrote."""
    entries = PageLogEntry.objects.filter(action=LOG_ACTION, uuid=batch)
    return entries.exclude(revision=None).values("revision_id")


class _Reach:
    """Which pages under review the user's groups reach, as a stand-in too."""

    def __init__(self, user: Any) -> None:
        self.acting = kept_acting(user)
        self.tasks = _tasks()
        pages = _pages_under_review().select_related("content_type")
        self.pages = {str(page.pk): page for page in pages}
        offices = OfficeIndexPage.objects.values_list(
            "path", "office__head_group", "office__name"
        )
        self.offices = {path: (head, name) for path, head, name in offices}
        self.steplen = Page.steplen

    @cached_property
    def first_head(self) -> int | None:
        """The heads of the first office: they answer for other pages."""
        first = Office.objects.first()
        return first.head_group_id if first else None

    @cached_property
    def signed(self) -> dict[int, set[int]]:
        """The groups that have consented already, by step."""
        found: dict[int, set[int]] = {}
        rows = Countersignature.objects.filter(
            task_state__status=TaskState.STATUS_IN_PROGRESS
        )
        for step, group in rows.values_list("task_state_id", "group_id"):
            found.setdefault(step, set()).add(group)
        return found

    def row_of(self, state: TaskState) -> Waiting | None:
        """Return the row of a step of ours on a page that is there, else None."""
        page = self.pages.get(state.workflow_state.object_id)
        if page is None or state.task_id not in self.tasks:
            return None
        kind, groups = self.tasks[state.task_id]
        acting = self.acting.at(state)
        wanted = {self._head_of(page)} if kind is OfficeHeadTask else groups
        if kind is CountersignTask:
            wanted = wanted - self.signed.get(state.pk, set())
        _head, office = self.offices.get(self._parent_of(page), (None, ""))
        return Waiting(
            state,
            page,
            getattr(state, "duty", None),
            is_secrecy=kind is SecrecyReviewTask,
            office=office,
            mine=not wanted.isdisjoint(acting),
            places=frozenset(acting[group] for group in wanted & acting.keys()),
        )

    def _parent_of(self, page: Page) -> str:
        return page.path[: -self.steplen]

    def _head_of(self, page: Page) -> int | None:
        model = page.specific_class
        if issubclass(model, DisclosureItemPage):
            return self.offices.get(self._parent_of(page), (None, ""))[0]
        if getattr(model, "responsible_office", None) is (
            ModeratedPage.responsible_office
        ):
            return self.first_head
        office = page.specific.responsible_office
        return office.head_group_id if office else None


def _tasks() -> dict[int, tuple[type, set[int]]]:
    """Return the kind of every step and the groups that do it (one query)."""
    heads, *chosen = (
        model.objects.order_by().annotate(
            step=Value(n), group=F("groups") if n else Value(0)
        )
        for n, model in enumerate(STEPS)
    )
    names = ("pk", "step", "group")
    rows = heads.values_list(*names).union(*(q.values_list(*names) for q in chosen))
    found: dict[int, tuple[type, set[int]]] = {}
    for pk, step, group in rows:
        found.setdefault(pk, (STEPS[step], set()))[1].add(group)
    return found


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


class _OwnPart:
    """What the user, or whom he stands in for, had to do with what waits."""

    def __init__(self, user: Any) -> None:
        self.user = user
        self.for_whom = {user.pk, *kept_acting(user).principals}
        revisions = Revision.objects.filter(
            base_content_type=ContentType.objects.get_for_model(Page),
            object_id__in=_under_review().values("object_id"),
            user__in=self.for_whom,
        )
        rows = revisions.order_by("pk").values_list("object_id", "user_id", "pk")
        self.newest = {(page, person): pk for page, person, pk in rows}
        self.done = set(self._decided())

    def _decided(self) -> Iterator[tuple[int, int, int]]:
        """Give review, revision and person of every decision that counts."""
        who = ("finished_by", "duty__acted_for")
        signed = ("countersignatures__user", "countersignatures__acted_for")
        approved = Q(status=TaskState.STATUS_APPROVED) & self._by(*who)
        states = TaskState.objects.filter(
            approved | self._by(*signed),
            workflow_state__status=WorkflowState.STATUS_IN_PROGRESS,
        )
        columns = ("workflow_state_id", "revision_id", *who, *signed)
        for review, revision, *people in states.values_list(*columns):
            for person in self.for_whom.intersection(people):
                yield review, revision, person

    def _by(self, *names: str) -> Q:
        either = [(f"{name}__in", self.for_whom) for name in names]
        return Q(*either, _connector=Q.OR)

    def hindrance(self, row: Waiting) -> str:
        """Return why the user may not do this step, or "", whoever has it in hand."""
        state = row.state
        if not row.mine:
            return _("这一步不由您审查。")
        if self._wrote(row, self.user.pk):
            return _("您参与了起草或提交，不能审查同一条信息。")
        if self._has_decided(state, self.user.pk):
            return _("您已完成其他审查步骤，一人不能审两步。")
        if all(who and self._took_part(row, who) for who in row.places):
            return _("您代的人参与了起草或其他步骤，这一步请别人审查。")
        return ""

    def _took_part(self, row: Waiting, person: int) -> bool:
        return self._wrote(row, person) or self._has_decided(row.state, person)

    def _wrote(self, row: Waiting, person: int) -> bool:
        review = row.state.workflow_state
        newest = self.newest.get((review.object_id, person), 0)
        wrote = newest > (row.page.live_revision_id or 0)
        return wrote or review.requested_by_id == person

    def _has_decided(self, state: TaskState, person: int) -> bool:
        return (state.workflow_state_id, state.revision_id, person) in self.done

    def in_other_hands(self, row: Waiting) -> bool:
        """Whether somebody for whom the user does not stand in has claimed it."""
        return bool(row.duty) and row.duty.assignee_id not in {None, *self.for_whom}
