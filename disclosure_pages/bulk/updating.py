"""Updating items that are already there: by revision, as an editor would."""

from enum import Enum, auto

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from wagtail.log_actions import log

from cms.approval import publication_approved
from disclosure_pages.bulk.bodies import body_of
from disclosure_pages.bulk.existing import LOG_ACTION, find_updates
from disclosure_pages.bulk.export_bodies import text_of_body
from disclosure_pages.bulk.filing import Filing, is_of
from disclosure_pages.bulk.offices import OfficeChoice
from disclosure_pages.bulk.problems import Problem, problem
from disclosure_pages.bulk.staged import HAVE_DEFAULTS, StagedItem
from disclosure_pages.bulk.writing import log_data
from disclosure_pages.choices import DisclosureMode
from disclosure_pages.models import (
    DisclosureItemPage,
    ImportBatch,
    IndexNumberEntry,
    ItemAttachment,
)

IDENTITIES = ("index_number", "external_id")
KEPT_WHEN_EMPTY = (*IDENTITIES, "date_published", *HAVE_DEFAULTS)


class Outcome(Enum):
    """What became of a row whose item was there."""

    UNCHANGED = auto()
    DRAFTED = auto()
    PUBLISHED = auto()


class Refused(Exception):
    """The item may not be updated any more; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.reason)
        self.problem = problem


class ItemUpdater:
    """Brings one item after another to what the file says."""

    def __init__(
        self, batch: ImportBatch, offices: OfficeChoice, filing: Filing
    ) -> None:
        self.batch = batch
        self.offices = offices
        self.filing = filing

    @transaction.atomic
    def update(self, item: StagedItem) -> Outcome:
        """Save a revision, and publish it when the batch publishes.

        The same row again does nothing. Only a proactive item is published.

        Raises:
            Refused: withdrawn, in review, changed or gone since the rows were checked.
        """
        page = self._locked(item)
        draft = page.get_latest_revision_as_object()
        changed = self._apply(item, draft) | self._adopt(item, page, draft)
        proactive = draft.disclosure_mode == DisclosureMode.PROACTIVE
        publish = self.batch.publish and proactive
        behind = not page.live or page.has_unpublished_changes
        if not changed and not (publish and behind):
            ImportBatch.objects.filter(pk=self.batch.pk).update(
                skipped=F("skipped") + 1
            )
            return Outcome.UNCHANGED
        revision = draft.save_revision(user=self.batch.user)
        log(
            instance=draft,
            action=LOG_ACTION,
            user=self.batch.user,
            uuid=self.batch.uuid,
            revision=revision,
            content_changed=changed,
            data=log_data(self.batch, item.row, published=publish),
        )
        if publish:
            with publication_approved(_("批量导入")):
                revision.publish(skip_permission_checks=True, log_action=False)
        ImportBatch.objects.filter(pk=self.batch.pk).update(updated=F("updated") + 1)
        return Outcome.PUBLISHED if publish else Outcome.DRAFTED

    def _locked(self, item: StagedItem) -> DisclosureItemPage:
        """Return the item under a lock, asking once more what stands against it."""
        locked = DisclosureItemPage.objects.select_for_update(of=("self",))
        page = locked.filter(pk=item.page_id).first()
        if page is None:
            reason = _("这条信息刚刚被删除，没有更新。")
            raise Refused(problem(item.row, "", item.fields["title"], reason))
        against = find_updates([item], self.batch.source, publish=self.batch.publish)
        if against:
            raise Refused(against[0])
        return page

    def _apply(self, item: StagedItem, draft: DisclosureItemPage) -> bool:
        """Set what the file has columns for; returns whether anything differs."""
        changed = False
        for name, value in item.fields.items():
            if name in IDENTITIES or name not in item.given:
                continue
            if not value and name in KEPT_WHEN_EMPTY:
                continue
            value = "" if value is None else value
            if getattr(draft, name) != value:
                setattr(draft, name, value)
                changed = True
        if "body" in item.given and not same_body(draft, item):
            field = DisclosureItemPage._meta.get_field("body")
            draft.body = field.to_python(item.body)
            changed = True
        return self._apply_attachments(item, draft) or changed

    def _apply_attachments(self, item: StagedItem, draft: DisclosureItemPage) -> bool:
        if "attachments" not in item.given:
            return False
        held = list(draft.attachments.all())
        if len(held) == len(item.attachments) and all(
            is_of(row.document, file) and row.label in (file.name, file.path.stem)
            for row, file in zip(held, item.attachments, strict=True)
        ):
            return False
        office = self.offices.pages[item.office].office.name
        draft.attachments = [
            ItemAttachment(
                document=self.filing.document(file, office), sort_order=order
            )
            for order, file in enumerate(item.attachments)
        ]
        return True

    def _adopt(
        self, item: StagedItem, page: DisclosureItemPage, draft: DisclosureItemPage
    ) -> bool:
        """Take over numbers that the item did not have yet."""
        new = {
            name: item.fields[name]
            for name in IDENTITIES
            if item.fields[name] and not getattr(page, name)
        }
        if not new:
            return False
        if "external_id" in new:
            new["batch_source"] = self.batch.source
        if "index_number" in new:
            IndexNumberEntry.objects.create(
                number=new["index_number"], page=page, title=draft.title
            )
        DisclosureItemPage.objects.filter(pk=page.pk).update(**new)
        for name, value in new.items():
            setattr(draft, name, value)
        return True


def same_body(draft: DisclosureItemPage, item: StagedItem) -> bool:
    """Whether importing the draft's own export would give the row's body."""
    if list(draft.body.get_prep_value()) == item.body:
        return True
    return body_of(text_of_body(draft.body)) == item.body
