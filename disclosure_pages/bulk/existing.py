"""What is already there: the items that rows update, and rows that may not."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from wagtail.models import PageLogEntry, Revision, WorkflowState

from disclosure_pages.bulk.columns import BY_KEY
from disclosure_pages.bulk.problems import Problem, problem
from disclosure_pages.bulk.staged import StagedItem
from disclosure_pages.models import (
    DisclosureItemPage,
    ImportBatch,
    IndexNumberEntry,
    OfficeIndexPage,
)

LOG_ACTION = "gongkai.import"
PER_QUERY = 500


def pieces(values: Iterable[Any]) -> Iterator[list[Any]]:
    """Yield lists of at most 500 of the values, for one query each."""
    every = list(values)
    for start in range(0, len(every), PER_QUERY):
        yield every[start : start + PER_QUERY]


def find_updates(
    items: Sequence[StagedItem], source: str, *, publish: bool = False
) -> list[Problem]:
    """Set ``page_id`` of rows that update an item; return what stands against it."""
    known = _Known(items, source)
    if publish:
        known.find_unreviewed()
    return [found for item in items if (found := known.match(item))]


class _Known:
    """The items and register lines that any of the rows could mean."""

    def __init__(self, items: Sequence[StagedItem], source: str) -> None:
        self.by_number: dict[str, DisclosureItemPage] = {}
        self.by_external: dict[str, DisclosureItemPage] = {}
        self.by_key: dict[uuid.UUID, DisclosureItemPage] = {}
        self.registered: dict[str, int | None] = {}
        self.unreviewed: set[str] = set()
        self.updated_by: dict[int, int] = {}  # page id: the row that updates it
        for piece in pieces(items):
            self._load(piece, source)
        pages = OfficeIndexPage.objects.select_related("office")
        self.offices = {page.path: page.office for page in pages}
        reviews = WorkflowState.objects.active().filter(
            status=WorkflowState.STATUS_IN_PROGRESS
        )
        known = [str(page.pk) for page in self.by_key.values()]
        self.in_review: set[str] = set()
        for piece in pieces(known):
            found = reviews.filter(object_id__in=piece)
            self.in_review |= set(found.values_list("object_id", flat=True))

    def _load(self, items: list[StagedItem], source: str) -> None:
        numbers = [item.index_number for item in items if item.index_number]
        external = [item.external_id for item in items if item.external_id]
        pages = (
            DisclosureItemPage.objects.filter(
                Q(index_number__in=numbers)
                | Q(batch_source=source, external_id__in=external)
                | Q(translation_key__in=[item.key for item in items])
            )
            .select_related("import_batch")
            .defer("body")
        )
        for page in pages:
            self.by_key[page.translation_key] = page
            if page.index_number:
                self.by_number[page.index_number] = page
            if page.external_id and page.batch_source == source:
                self.by_external[page.external_id] = page
        entries = IndexNumberEntry.objects.filter(number__in=numbers)
        self.registered |= dict(entries.values_list("number", "page_id"))

    def find_unreviewed(self) -> None:
        """Note which items hold changes since they were last public.

        All but what an import by command wrote, whose log names nobody; a revision
        without an author may be of somebody whose account is gone.
        """
        held = {
            str(page.pk): page.live_revision_id or 0
            for page in self.by_key.values()
            if page.has_unpublished_changes
        }
        for piece in pieces(held):
            imported = PageLogEntry.objects.filter(
                page__in=map(int, piece), action=LOG_ACTION, user=None
            )
            ours = set(imported.values_list("revision_id", flat=True))
            revisions = Revision.page_revisions.filter(object_id__in=piece)
            for page_id, pk, author in revisions.values_list(
                "object_id", "pk", "user_id"
            ):
                if pk > held[page_id] and (author or pk not in ours):
                    self.unreviewed.add(page_id)

    def match(self, item: StagedItem) -> Problem | None:
        """Tie the row to the item it updates; return the reason when it may not."""
        numbered = self.by_number.get(item.index_number)
        known = self.by_external.get(item.external_id)
        if numbered and known and numbered.pk != known.pk:
            reason = _("属于另一条信息（索引号 %(number)s）。")
            return _fault(item, "external_id", reason % {"number": known.index_number})
        if item.index_number in self.registered and not numbered:
            return _fault(item, "index_number", _("这个索引号已登记作废，不能再用。"))
        page = numbered or known
        if page is None and not item.index_number and not item.external_id:
            page = self.by_key.get(item.key)
        if page is None:
            return None
        item.page_id = page.pk
        first = self.updated_by.setdefault(page.pk, item.row)
        if first != item.row:
            reason = _("与第 %(row)d 行是同一条信息。") % {"row": first}
            named = "external_id" if item.external_id else "index_number"
            return _fault(item, named, reason)
        return self._against(item, page)

    def _against(self, item: StagedItem, page: DisclosureItemPage) -> Problem | None:
        if item.index_number and page.index_number not in ("", item.index_number):
            reason = _("系统中这条信息的索引号是 %(number)s。")
            return _fault(item, "index_number", reason % {"number": page.index_number})
        if item.external_id and page.external_id not in ("", item.external_id):
            reason = _("系统中这条信息的外部编号是 %(number)s。")
            return _fault(item, "external_id", reason % {"number": page.external_id})
        office = self.offices.get(page.path[: -page.steplen])
        if office and "office" in item.given and item.office != office.code:
            reason = _("这条信息属于%(office)s，导入不能换科室；请在后台移动。")
            reason %= {"office": office.name}
            return problem(item.row, BY_KEY["office"].label, item.office, reason)
        if str(page.pk) in self.in_review:
            return _fault(item, "title", _("这条信息正在审查，不能由导入修改。"))
        if page.withdrawn_at and not undone(page):
            return _fault(item, "title", _("这条信息已撤回，请在后台办理重新公开。"))
        if str(page.pk) in self.unreviewed and item.may_be_public:
            reason = _("有未经审查的修改，不能直接公开；去掉 --publish 可导入为草稿。")
            return _fault(item, "title", reason)
        if page.live and not item.may_be_public and "disclosure_mode" in item.given:
            reason = _("已公开的信息改为不公开，请用“撤回”办理。")
            return _fault(item, "disclosure_mode", reason)
        return None


def undone(page: DisclosureItemPage) -> bool:
    """Whether the page was taken back by undoing its own import, not by a person."""
    batch = page.import_batch
    return bool(
        batch
        and batch.state == ImportBatch.State.UNDONE
        and page.withdrawn_by_name.endswith(str(batch.uuid))
    )


def _fault(item: StagedItem, key: str, reason: str) -> Problem:
    return problem(item.row, BY_KEY[key].label, item.fields.get(key, ""), reason)
