"""Keeping what lists name, batch by batch: links that wait, and what they leave out."""

from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from disclosure_pages.choices import HarvestState
from disclosure_pages.harvest.base import Batch, Find
from disclosure_pages.models import HarvestedLink, HarvestSource
from disclosure_pages.services.harvest import drop

AT_ONCE = 400
MAX_ADDRESS = 500
ABSENT_TWICE = 2
FEW = 10  # so few may all vanish at once
STATE, SEEN = ["state", "hint", "fresh", "next_at", "tries"], ["part", "seen_round"]


@dataclass
class Counts:
    """What one run did, in documents."""

    new: int = 0
    changed: int = 0
    same: int = 0
    gone: int = 0
    refused: int = 0
    listed: int = 0
    asked: int = 0
    warnings: list[str] = field(default_factory=list)

    @property
    def told(self) -> dict[str, int]:
        """The figures by name."""
        return {n: v for n, v in vars(self).items() if isinstance(v, int)}


def store(source: HarvestSource, batch: Batch, counts: Counts) -> bool:
    """Keep a batch and the cursor in one transaction; returns whether anything is new.

    Run again after a crash it does the same.
    """
    with transaction.atomic():
        fresh = 0
        source.round += batch.begins
        finds = {find.address[:MAX_ADDRESS]: find for find in batch.finds}
        addresses = [*finds]
        for start in range(0, len(addresses), AT_ONCE):
            some = {a: finds[a] for a in addresses[start : start + AT_ONCE]}
            fresh += _store_some(source, some, batch.part, counts)
        if batch.part and batch.part_ends and not batch.unchanged:
            left_out = source.links.filter(part=batch.part)
            left_out.filter(seen_round__lt=source.round).update(part="")
        if batch.unchanged:
            source.links.filter(part=batch.part).update(
                seen_round=source.round, absences=0
            )
        if batch.complete:
            _close(source, batch.sure, counts)
        enough = batch.enough is not None and not fresh
        source.cursor = batch.enough if enough else batch.cursor
        HarvestSource.objects.filter(pk=source.pk).update(
            cursor=source.cursor, round=source.round
        )
    counts.listed += fresh
    return bool(fresh)


def _store_some(
    source: HarvestSource, finds: dict[str, Find], part: str, counts: Counts
) -> int:
    held = {
        link.address: link
        for link in source.links.filter(address__in=finds).select_related("item")
    }
    made, waiting, seen, vanished = [], [], [], []
    for address, find in finds.items():
        link = held.get(address)
        if find.gone:
            if link is not None and link.state != HarvestState.GONE:
                link.source = source
                vanished.append((link, find.reason))
            continue
        if link is None:
            made.append(_wait(HarvestedLink(source=source, address=address), find))
        elif link.fresh != find.fresh or link.state == HarvestState.GONE:
            waiting.append(_wait(link, find))
        elif (link.part, link.seen_round, link.absences) != (part, source.round, 0):
            seen.append(link)
    for link in (*made, *waiting, *seen):
        link.part, link.seen_round, link.absences = part, source.round, 0
    HarvestedLink.objects.bulk_create(made, ignore_conflicts=True)
    columns = [*SEEN, "absences"]
    HarvestedLink.objects.bulk_update(waiting, [*STATE, *columns], batch_size=100)
    HarvestedLink.objects.bulk_update(seen, columns, batch_size=100)
    _drop_told(vanished, counts)
    return len(made) + len(waiting)


def _wait(link: HarvestedLink, find: Find) -> HarvestedLink:
    link.state = HarvestState.WAITING
    link.hint = find.content.hint | ({"done": True} if find.done else {})
    link.fresh, link.next_at, link.tries = find.fresh, None, 0
    return link


def _drop_told(vanished: list[tuple[HarvestedLink, str]], counts: Counts) -> None:
    """Drop what the source withdrew, one notice for each reason."""
    reasons: dict[str, list[HarvestedLink]] = {}
    for link, reason in vanished:
        reasons.setdefault(reason, []).append(link)
    for reason, links in reasons.items():
        words = _("来源已撤回：%(reason)s") % {"reason": reason}
        counts.gone += drop(links, words if reason else _("来源已撤回。"))


def _close(source: HarvestSource, sure: bool, counts: Counts) -> None:
    """Look at what a complete list left out, and begin the next round.

    When half of all is missing at once it is the list that is not believed.
    """
    held = source.links.filter(state=HarvestState.HELD)
    absent = held.filter(seen_round__lt=source.round)
    all_of_it, missing = held.count(), absent.count()
    if missing > max(FEW, all_of_it // 2):
        counts.warnings.append(
            _(
                "清单里忽然少了 %(missing)d 条（共 %(all)d 条），先不当作撤下。"
                "请看看对方网站。"
            )
            % {"missing": missing, "all": all_of_it}
        )
    else:
        absent.update(absences=F("absences") + 1)
        lost = absent if sure else absent.filter(absences__gte=ABSENT_TWICE)
        links = list(lost.select_related("item", "source"))
        counts.gone += drop(links, _("对方的清单里已经没有了。"))
    source.round += 1
