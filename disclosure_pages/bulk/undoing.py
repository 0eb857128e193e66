"""Undoing a batch: what is public is withdrawn, untouched drafts are deleted."""

from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from wagtail.models import PageLogEntry

from disclosure_pages.bulk.existing import LOG_ACTION
from disclosure_pages.choices import WithdrawalKind
from disclosure_pages.models import DisclosureItemPage, ImportBatch
from disclosure_pages.services.withdrawal import withdraw


@dataclass
class Undone:
    """How many of a batch's items were withdrawn, deleted, and left as they are.

    Left alone: what people have worked on since, what is in review, what is withdrawn.
    """

    batch: str
    withdrawn: int = 0
    deleted: int = 0
    kept: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return it for ``--json``."""
        return asdict(self)


def undo_batch(batch: ImportBatch, *, dry_run: bool = False) -> Undone:
    """Take a batch back, one item per transaction; safe to run again."""
    result = Undone(batch=str(batch.uuid))
    for pk in list(batch.items.order_by("pk").values_list("pk", flat=True)):
        what = _undo_item(batch, pk, dry_run=dry_run)
        setattr(result, what, getattr(result, what) + 1)
    if not dry_run:
        ImportBatch.objects.filter(pk=batch.pk).update(state=ImportBatch.State.UNDONE)
    return result


@transaction.atomic
def _undo_item(batch: ImportBatch, pk: int, *, dry_run: bool) -> str:
    locked = DisclosureItemPage.objects.select_for_update(of=("self",))
    page = locked.get(pk=pk)
    if page.live:
        if not dry_run:
            withdraw(
                page,
                reason=_("批量导入有误，整批撤回"),
                kind=WithdrawalKind.MISTAKE,
                actor_name=_("撤销批量导入 %(batch)s") % {"batch": batch.uuid},
            )
        return "withdrawn"
    loaded = PageLogEntry.objects.filter(
        Q(uuid=batch.uuid) | Q(action=LOG_ACTION, user=None), page=page
    )
    # One without an author may be of somebody whose account is gone.
    edits = page.revisions.exclude(pk__in=loaded.values("revision_id"))
    touched = page.current_workflow_state or edits.exists()
    if not page.deletable or touched:
        return "kept"
    if not dry_run:
        # Numbers brought along are not ours to void: the next import may bring them.
        page.register_entries.filter(serial=None).delete()
        page.delete()
    return "deleted"
