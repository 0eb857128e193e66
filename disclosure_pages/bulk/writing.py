"""Writing new items by bulk insert: everything an item has, in one transaction.

Wagtail has no bulk insert for pages. The tree paths are counted here under a lock on
the parents; base rows, own rows, attachments, revisions, log, register and references
follow as one statement each for many items, and ``public_state_changed`` is sent once,
so that the outbox is in the same transaction.
"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from modelcluster.models import get_all_child_m2m_relations, get_all_child_relations
from wagtail.models import (
    Page,
    PageLogEntry,
    ReferenceIndex,
    Revision,
)

from disclosure_pages.bulk.existing import LOG_ACTION
from disclosure_pages.bulk.filing import Filing
from disclosure_pages.bulk.offices import OfficeChoice
from disclosure_pages.bulk.staged import StagedItem
from disclosure_pages.choices import RegisterStatus
from disclosure_pages.models import (
    DisclosureDocument,
    DisclosureItemPage,
    ImportBatch,
    IndexNumberEntry,
    ItemAttachment,
    OfficeIndexPage,
)
from disclosure_pages.services.index_numbers import reserve
from disclosure_pages.signals import public_state_changed


class ItemWriter:
    """Writes pieces of one batch; each call of ``write`` is one transaction."""

    def __init__(
        self,
        batch: ImportBatch,
        offices: OfficeChoice,
        filing: Filing,
        brought: Collection[str] = (),
    ) -> None:
        """``brought``: the index numbers that rows of the batch bring along."""
        self.batch = batch
        self.offices = offices
        self.filing = filing
        self.brought = brought
        types = ContentType.objects.get_for_models(
            Page, DisclosureItemPage, DisclosureDocument, for_concrete_models=False
        )
        self._page_type = types[Page]
        self._item_type = types[DisclosureItemPage]
        self._document_type = types[DisclosureDocument]

    def write(self, staged: Sequence[StagedItem]) -> list[DisclosureItemPage]:
        """Insert the items and return their pages, complete as after publication."""
        with transaction.atomic():
            parents = self._lock_parents(staged)
            pages = [self._page(item, parents[item.office]) for item in staged]
            entries = self._number(staged, pages)
            self._place(staged, pages, parents)
            self._insert(pages)
            self._attach(staged, pages)
            self._revise(pages)
            self._register(pages, entries)
            self._log(staged, pages)
            keys = [page.key for page in pages if page.live]
            if keys:
                public_state_changed.send(DisclosureItemPage, keys=keys, lane="bulk")
            ImportBatch.objects.filter(pk=self.batch.pk).update(
                created=F("created") + len(pages)
            )
        return pages

    def _lock_parents(self, staged: Sequence[StagedItem]) -> dict[str, OfficeIndexPage]:
        codes = {item.office for item in staged}
        ids = [self.offices.pages[code].pk for code in codes]
        rows = Page.objects.select_for_update().filter(pk__in=ids).order_by("pk")
        locked = {row.pk: row for row in rows}
        return {code: locked[self.offices.pages[code].pk] for code in codes}

    def _page(self, item: StagedItem, parent: Page) -> DisclosureItemPage:
        now = timezone.now()
        live = self.batch.publish and item.may_be_public
        page = DisclosureItemPage(
            **{name: value or "" for name, value in item.fields.items() if value},
            locale_id=parent.locale_id,
            translation_key=item.key,
            content_type=self._item_type,
            depth=parent.depth + 1,
            draft_title=item.fields["title"],
            live=live,
            has_unpublished_changes=not live,
            first_published_at=now if live else None,
            last_published_at=now if live else None,
            latest_revision_created_at=now,
            batch_source=self.batch.source,
            import_batch=self.batch,
            owner_id=self.batch.user_id,
        )
        page.body = DisclosureItemPage._meta.get_field("body").to_python(item.body)
        if live and not page.date_published:
            page.date_published = timezone.localdate()
        return page

    def _number(
        self, staged: Sequence[StagedItem], pages: list[DisclosureItemPage]
    ) -> list[IndexNumberEntry]:
        """Give live items a number of the year in which they became public."""
        entries = [
            IndexNumberEntry(number=item.index_number)
            for item in staged
            if item.index_number
        ]
        by_year: dict[int, list[DisclosureItemPage]] = defaultdict(list)
        for page in pages:
            if page.live and not page.index_number:
                by_year[page.date_published.year].append(page)
        for year, numbered in sorted(by_year.items()):
            issued = reserve(len(numbered), year, taken=self.brought)
            for page, entry in zip(numbered, issued, strict=True):
                page.index_number = entry.number
            entries += issued
        return entries

    def _place(
        self,
        staged: Sequence[StagedItem],
        pages: list[DisclosureItemPage],
        parents: dict[str, Page],
    ) -> None:
        """Set path, slug and address of every page, and count the children."""
        counts = Counter(item.office for item in staged)
        steps = {code: _next_step(parent) for code, parent in parents.items()}
        taken = _taken_slugs(parents.values(), pages)
        for item, page in zip(staged, pages, strict=True):
            parent = parents[item.office]
            step = steps[item.office]
            steps[item.office] += 1
            page.path = Page._get_path(parent.path, parent.depth + 1, step)
            page.slug = _free_slug(page.translation_key, taken)
            page.url_path = f"{parent.url_path}{page.slug}/"
        for code, parent in parents.items():
            Page.objects.filter(pk=parent.pk).update(
                numchild=F("numchild") + counts[code]
            )

    def _insert(self, pages: list[DisclosureItemPage]) -> None:
        base_fields = [
            field for field in Page._meta.local_concrete_fields if not field.primary_key
        ]
        rows = Page.objects.bulk_create(
            Page(
                **{field.attname: getattr(page, field.attname) for field in base_fields}
            )
            for page in pages
        )
        for page, row in zip(pages, rows, strict=True):
            page.pk = page.page_ptr_id = page.id = row.pk
        own_fields = DisclosureItemPage._meta.local_concrete_fields
        DisclosureItemPage._base_manager.all()._batched_insert(
            pages, own_fields, batch_size=None
        )
        for page in pages:
            page._state.adding = False

    def _attach(
        self, staged: Sequence[StagedItem], pages: list[DisclosureItemPage]
    ) -> None:
        rows: list[ItemAttachment] = []
        for item, page in zip(staged, pages, strict=True):
            office = self.offices.pages[item.office].office.name
            mine = [
                ItemAttachment(
                    page=page,
                    document=self.filing.document(file, office),
                    sort_order=order,
                )
                for order, file in enumerate(item.attachments)
            ]
            rows += mine
            # What the revision is made of; without it each page asks the database.
            page._cluster_related_objects = _no_parts() | {"attachments": mine}
        if not rows:
            return
        ItemAttachment.objects.bulk_create(rows)
        ReferenceIndex.objects.bulk_create(self._reference(row) for row in rows)

    def _reference(self, row: ItemAttachment) -> ReferenceIndex:
        path = f"attachments.{row.pk}.document"
        return ReferenceIndex(
            content_type=self._item_type,
            base_content_type=self._page_type,
            object_id=str(row.page_id),
            to_content_type=self._document_type,
            to_object_id=str(row.document_id),
            model_path="attachments.item.document",
            content_path=path,
            content_path_hash=ReferenceIndex._get_content_path_hash(path),
        )

    def _revise(self, pages: list[DisclosureItemPage]) -> None:
        revisions = Revision.objects.bulk_create(
            Revision(
                content_type=self._item_type,
                base_content_type=self._page_type,
                object_id=str(page.pk),
                object_str=page.title,
                created_at=page.latest_revision_created_at,
                content=page.serializable_data(),
                user_id=self.batch.user_id,
            )
            for page in pages
        )
        rows = []
        for page, revision in zip(pages, revisions, strict=True):
            page.latest_revision_id = revision.pk
            page.live_revision_id = revision.pk if page.live else None
            row = Page(pk=page.pk)
            row.latest_revision_id = page.latest_revision_id
            row.live_revision_id = page.live_revision_id
            rows.append(row)
        Page.objects.bulk_update(rows, ["latest_revision", "live_revision"])

    def _register(
        self, pages: list[DisclosureItemPage], entries: list[IndexNumberEntry]
    ) -> None:
        by_number = {page.index_number: page for page in pages if page.index_number}
        for entry in entries:
            page = by_number[entry.number]
            entry.page = page
            entry.title = page.title
            if page.live:
                entry.status = RegisterStatus.PUBLISHED
        IndexNumberEntry.objects.bulk_create(entries)

    def _log(
        self, staged: Sequence[StagedItem], pages: list[DisclosureItemPage]
    ) -> None:
        now = timezone.now()
        PageLogEntry.objects.bulk_create(
            PageLogEntry(
                page=page,
                content_type=self._item_type,
                label=page.title,
                action=LOG_ACTION,
                timestamp=now,
                uuid=self.batch.uuid,
                revision_id=page.latest_revision_id,
                user_id=self.batch.user_id,
                content_changed=True,
                data=log_data(self.batch, item.row, published=page.live),
            )
            for item, page in zip(staged, pages, strict=True)
        )


def log_data(batch: ImportBatch, row: int, *, published: bool) -> dict[str, Any]:
    """Return what the log keeps of an imported row: who vouched for it, and whence."""
    return {
        "batch": str(batch.uuid),
        "file": batch.file_name,
        "sha256": batch.file_sha256,
        "row": row,
        "published": published,
        "reviewed_by": batch.reviewed_by,
        "actor": "import_items",
    }


def _no_parts() -> dict[str, list[Any]]:
    """Return that there is nothing in any of the lists that an item has."""
    relations = get_all_child_relations(DisclosureItemPage)
    names = [relation.get_accessor_name() for relation in relations]
    fields = get_all_child_m2m_relations(DisclosureItemPage)
    return {name: [] for name in [*names, *(field.name for field in fields)]}


def _next_step(parent: Page) -> int:
    """Return the number of the next child's step in the tree path."""
    last = (
        Page.objects.filter(path__startswith=parent.path, depth=parent.depth + 1)
        .order_by("-path")
        .values_list("path", flat=True)
        .first()
    )
    return Page._str2int(last[-Page.steplen :]) + 1 if last else 1


def _taken_slugs(parents: Any, pages: list[DisclosureItemPage]) -> set[str]:
    """Return the slugs under any of the parents that the pages would like."""
    wanted = [_slug(page.translation_key) for page in pages]
    found = Page.objects.filter(slug__in=wanted)
    below = tuple(parent.path for parent in parents)
    return {
        slug
        for slug, path in found.values_list("slug", "path")
        if path.startswith(below)
    }


def _slug(key: uuid.UUID, length: int = 8) -> str:
    return f"item-{key.hex[:length]}"


def _free_slug(key: uuid.UUID, taken: set[str]) -> str:
    slug = _slug(key)
    if slug in taken:
        slug = _slug(key, 32)
    taken.add(slug)
    return slug
