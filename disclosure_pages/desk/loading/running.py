"""Importing and undoing a checked batch in pieces, each one short transaction.

A piece takes rows until its time is used up; where it stopped is kept with the batch in
the same transaction, so that a broken-off import goes on where it was.
"""

import time
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.models import Page, PageLogEntry, WorkflowState

from disclosure_pages.bulk.existing import LOG_ACTION, find_updates
from disclosure_pages.bulk.filing import Filing
from disclosure_pages.bulk.offices import OfficeChoice
from disclosure_pages.bulk.staged import StagedItem
from disclosure_pages.bulk.updating import ItemUpdater, Outcome, Refused
from disclosure_pages.bulk.writing import ItemWriter
from disclosure_pages.checks.rules import what_blocks
from disclosure_pages.desk.loading import storing
from disclosure_pages.desk.loading.checking import Allowed
from disclosure_pages.models import DisclosureItemPage, ImportBatch

BUDGET_S = 0.8
STEP = 10


class Importer:
    """Writes the checked rows of one batch as drafts and submits them."""

    def __init__(self, batch: ImportBatch, allowed: Allowed) -> None:
        self.batch = batch
        self.allowed = allowed
        self.report: dict[str, Any] = batch.report
        self.results = {row["row"]: row for row in self.report["results"]}
        self.offices = OfficeChoice()

    def piece(self) -> None:
        """Do as many rows as fit; call it inside a transaction until it is done.

        Raises:
            Gone: the checked rows are not here any more.
        """
        began = time.monotonic()
        start = self.report.get("next", 0)
        items = storing.kept_rows(self.batch, start)
        done = 0
        while done < len(items) and (done == 0 or time.monotonic() - began < BUDGET_S):
            step = items[done : done + STEP]
            self._write(step)
            done += len(step)
        self.report["next"] = start + done
        state = ImportBatch.State.RUNNING
        if done >= len(items):
            state = ImportBatch.State.DONE
            storing.clear(self.batch)
        ImportBatch.objects.filter(pk=self.batch.pk).update(
            report=self.report,
            state=state,
            finished_at=timezone.now() if done >= len(items) else None,
        )

    def _write(self, items: list[StagedItem]) -> None:
        against = find_updates(items, self.batch.source)
        for found in against:
            self._tell(found.row, "failed", found.reason)
        refused = {found.row for found in against}
        pages = DisclosureItemPage.objects.in_bulk(
            [item.page_id for item in items if item.page_id]
        )
        good = []
        for item in items:
            reason = self.allowed.refuses(item, pages.get(item.page_id))
            if reason:
                self._tell(item.row, "failed", reason)
            elif item.row not in refused:
                good.append(item)
        filing = Filing([file for item in good for file in item.attachments])
        for item in good:
            for file in item.attachments:
                filing.store(file)
        self._create([item for item in good if item.page_id is None], filing)
        for item in good:
            if item.page_id is not None:
                self._update(item, filing)

    def _create(self, items: list[StagedItem], filing: Filing) -> None:
        if not items:
            return
        writer = ItemWriter(self.batch, self.offices, filing)
        try:
            with transaction.atomic():
                pages = writer.write(items)
        except IntegrityError:
            if len(items) == 1:
                reason = _("编号刚刚被别的信息占用，请改后再导入。")
                self._tell(items[0].row, "failed", reason)
                return
            for item in items:
                self._create([item], filing)
            return
        for item, page in zip(items, pages, strict=True):
            self._submit(item, page)

    def _update(self, item: StagedItem, filing: Filing) -> None:
        try:
            outcome = ItemUpdater(self.batch, self.offices, filing).update(item)
        except Refused as refused:
            self._tell(item.row, "failed", refused.problem.reason)
            return
        if outcome is Outcome.UNCHANGED:
            self._tell(item.row, "same")
            return
        self._submit(item, DisclosureItemPage.objects.get(pk=item.page_id))

    def _submit(self, item: StagedItem, page: DisclosureItemPage) -> None:
        state = page.current_workflow_state
        if state is not None:
            state.cancel(user=self.batch.user)
        draft = page.get_latest_revision_as_object()
        workflow, reasons = draft.get_workflow(), what_blocks(draft)
        if workflow is None or reasons:
            self._tell(item.row, "draft", "".join(reasons[:5]), page_id=page.pk)
            return
        workflow.start(page, self.batch.user)
        self._tell(item.row, "submitted", page_id=page.pk)

    def _tell(
        self, row: int, done: str, why: str = "", page_id: int | None = None
    ) -> None:
        result = self.results[row]
        result["done"] = done
        if why:
            result["why"] = [why]
        if page_id:
            result["page"] = page_id


class Undoer:
    """Takes a batch back as far as that is possible, and says what is not."""

    def __init__(self, batch: ImportBatch, user: Any) -> None:
        self.batch = batch
        self.user = user
        self.report: dict[str, Any] = batch.report

    def piece(self) -> None:
        """Take back as many items as fit into the time; inside a transaction."""
        began = time.monotonic()
        results = self.report["results"]
        rows = [row for row in results if row.get("done") in ("submitted", "draft")]
        loaded = dict(
            PageLogEntry.objects.filter(
                action=LOG_ACTION, uuid=self.batch.uuid
            ).values_list("page_id", "revision_id")
        )
        left = len(rows)
        for row in rows:
            row["undone"] = self._undo(row, loaded)
            row["done"] = "undone" if not row["undone"] else "kept"
            left -= 1
            if time.monotonic() - began > BUDGET_S:
                break
        finished = not left
        self.report["doing"] = "" if finished else "undo"
        state = ImportBatch.State.UNDONE if finished else ImportBatch.State.RUNNING
        ImportBatch.objects.filter(pk=self.batch.pk).update(
            report=self.report, state=state, finished_at=timezone.now()
        )

    @transaction.atomic
    def _undo(self, row: dict[str, Any], loaded: dict[int, int]) -> str:
        """Return "" when the row was taken back, else why it was not."""
        locked = DisclosureItemPage.objects.select_for_update(of=("self",))
        page = locked.filter(pk=row.get("page")).first()
        if page is None:
            return ""
        revision = loaded.get(page.pk)
        if page.live_revision_id == revision and page.live:
            return _("已经公开，不能撤销；要撤下请用“撤回”。")
        if page.latest_revision_id != revision:
            return _("之后有人改过，没有动。")
        if page.revisions.filter(secrecy_reviews__isnull=False, pk=revision).exists():
            return _("已有保密审查记录，不能删除；可由审查人退回。")
        state = page.current_workflow_state
        if state is not None:
            state.cancel(user=self.user)
        if page.import_batch_id == self.batch.pk and not page.first_published_at:
            page.register_entries.filter(serial=None).delete()
            page.delete()
            return ""
        return self._restore(page, revision)

    def _restore(self, page: DisclosureItemPage, revision: int | None) -> str:
        earlier = page.revisions.filter(pk__lt=revision).order_by("-pk").first()
        if earlier is None:
            return _("没有导入以前的版本，没有动。")
        draft = earlier.as_object()
        draft.save_revision(user=self.user, previous_revision=earlier, log_action=True)
        if page.live and earlier.pk == page.live_revision_id:
            Page.objects.filter(pk=page.pk).update(has_unpublished_changes=False)
        return ""


def in_review(batch: ImportBatch) -> int:
    """Return how many of the batch's reviews are still going on."""
    pages = PageLogEntry.objects.filter(action=LOG_ACTION, uuid=batch.uuid)
    ids = [str(pk) for pk in pages.values_list("page_id", flat=True)]
    waiting = WorkflowState.objects.filter(status=WorkflowState.STATUS_IN_PROGRESS)
    return waiting.filter(object_id__in=ids).count()
