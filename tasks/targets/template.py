"""A portal without any interface: packages to load by hand, receipts to read."""

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from disclosure_pages.public_state import PUBLISHED, PublicState

from ..models import OutboxEntry, PortalTemplate, TemplateBatch, TemplateRow
from ..portal.protocol import Row
from ..template.batches import (
    export_publications,
    export_withdrawals,
    recover,
)
from ..template.shelves import shelf_of
from .base import Outcome, PortalSetting, Receipt, TargetDown, TargetError, Waiting

AGAIN_S = 3600.0  # a receipt wakes the row at once; this is only the net below it
SOON_S = 60.0
Result = TemplateRow.Result


class TemplateTarget:
    """Writes numbered packages for a portal and believes what its receipts say.

    The portal can't be read, so that nothing is ever proved: a receipt is somebody's
    word for key, version and hash.
    """

    batch_size = 200
    provable = False

    def __init__(self, setting: PortalSetting) -> None:
        self.name = setting.target
        self.portal = setting.name
        self.shelf = shelf_of(setting.name, setting.address)

    def put_many(self, items: Sequence[tuple[int, PublicState]]) -> list[Outcome]:
        """Export what was not yet, withdrawals in a package of their own and first.

        Raises:
            TargetDown: the folder can't be written.
        """
        try:
            self.shelf.make()
            recover(self.shelf)
            outcomes = self._known(items)
            fresh = [item for item in items if item[1].key not in outcomes]
            gone = [item for item in fresh if item[1].state != PUBLISHED]
            public = [item for item in fresh if item[1].state == PUBLISHED]
            template = PortalTemplate.of(self.portal)
            if gone:
                self._note(
                    outcomes, gone, export_withdrawals(self.shelf, template, gone)
                )
            if public:
                self._export(outcomes, template, public)
        except OSError as error:
            raise TargetDown(
                _("导出文件夹写不进去：%(error)s") % {"error": error.strerror}
            ) from error
        return [outcomes[state.key] for _version, state in items]

    def _known(self, items: Sequence[tuple[int, PublicState]]) -> dict[str, Outcome]:
        """Return what is known of items that this version or a higher one went out."""
        newest = TemplateRow.newest(self.portal, [state.key for _v, state in items])
        found: dict[str, Outcome] = {}
        for version, state in items:
            row = newest.get(state.key)
            if row is not None and row.version >= version:
                found[state.key] = _standing(row, version, state)
        return found

    def _export(
        self,
        outcomes: dict[str, Outcome],
        template: PortalTemplate,
        items: Sequence[tuple[int, PublicState]],
    ) -> None:
        if (wait_s := self._gathering_s(template)) > 0:
            reason = _("随下一批导出")
            for _version, state in items:
                outcomes[state.key] = Waiting(reason, wait_s)
            return
        batch, bad = export_publications(self.shelf, template, items)
        outcomes.update({key: problem.error for key, problem in bad.items()})
        if batch:
            self._note(outcomes, items, batch)

    def _note(
        self,
        outcomes: dict[str, Outcome],
        items: Sequence[tuple[int, PublicState]],
        batch: TemplateBatch,
    ) -> None:
        for _version, state in items:
            outcomes.setdefault(state.key, _exported(batch))

    def _gathering_s(self, template: PortalTemplate) -> float:
        """Return the seconds until the next package may be made."""
        last = TemplateBatch.objects.filter(portal=self.portal, withdrawals=False)
        newest = last.order_by("-created_at").first()
        if newest is None:
            return 0.0
        due = newest.created_at + timedelta(minutes=template.gather_minutes)
        return (due - timezone.now()).total_seconds()

    def read_rows(self, only: Collection[str] | None = None) -> Iterator[Row]:
        """Yield what the portal said it has taken, the newest of each key."""
        rows = TemplateRow.objects.filter(portal=self.portal, result=Result.ACCEPTED)
        if only is not None:
            rows = rows.filter(key__in=only)
        held: dict[str, Row] = {}
        for row in rows.order_by("key", "version"):
            held[row.key] = Row(row.key, row.version, row.sha256, row.state)
        yield from held.values()

    def waiting_keys(self) -> set[str]:
        """Return the keys whose newest version is out or gathered, unanswered."""
        rows = OutboxEntry.objects.filter(target=self.name).exclude(awaiting="")
        gathered = set(rows.order_by().values_list("key", flat=True))
        out = TemplateRow.open_rows(self.portal).values_list("key", flat=True)
        return gathered.union(out)


def _exported(batch: TemplateBatch) -> Waiting:
    reason = _("已导出（第 %(number)d 批），待回执")
    return Waiting(reason % {"number": batch.number}, AGAIN_S)


def _standing(row: TemplateRow, version: int, state: PublicState) -> Outcome:
    """Return what a version that went out stands at."""
    if row.version > version or row.sha256 != state.sha256:
        return TargetError(
            _("已导出版本 %(held)d，不再导出版本 %(ours)d。")
            % {"held": row.version, "ours": version},
            retryable=False,
            stale=row.version,
        )
    if row.result == Result.ACCEPTED:
        return Receipt(row.key, row.version, row.sha256, row.url)
    if row.result == Result.REFUSED:
        reason = _("门户退回：%(words)s")
        words = row.words or _("没有写原因")
        return TargetError(reason % {"words": words}, retryable=False)
    if row.batch.written_at is None:
        return Waiting(_("正在导出"), SOON_S)
    return _exported(row.batch)
