"""Is what each target holds what is true now? Finds differences and can heal them.

An index is read entry by entry. A portal is asked for 256 bucket hashes; only buckets
that differ are read, so that equal holdings cost one request however many items; one
that has no such hashes is read item by item.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from wagtail.log_actions import log

from disclosure_pages.models.external import bucket_of
from disclosure_pages.public_state import (
    PUBLISHED,
    WITHDRAWN,
    is_key,
    public_keys,
    public_states,
)
from search import engines
from search.engines.base import EngineDown

from . import targets
from .choices import is_portal_target, target_names
from .models import OutboxEntry
from .models.outbox import from_now
from .portal.protocol import BUCKETS, Digest, Row
from .targets.base import ReadsBuckets, ReadsRows, TargetDown

KINDS = ("missing", "extra", "stale", "visible_but_withdrawn")
CHUNK = 500
PAGE = 1000
TRUSTED_S = 24 * 3600.0
HEALED_AT_ONCE = 100


@dataclass(frozen=True)
class Difference:
    """One key on which a target differs; ``held`` is the version it holds, or 0."""

    kind: str
    held: int


@dataclass
class Report:
    """What was found at one target.

    Args:
        differences: by key: ``missing`` is public here and not shown there; ``extra``
            is shown there and was never known here; ``stale`` is another version or
            content; ``visible_but_withdrawn`` is shown there and not public here.
        error: why the target could not be read; then nothing is known.
        trusting: hashes of what was compared within a day were taken as they are.
        provable: False if the target can't be read: compared with its receipts only.
        awaiting: items on which the target has still to answer; not compared.
    """

    target: str
    configured: bool = True
    checked: int = 0
    differences: dict[str, Difference] = field(default_factory=dict)
    healed: int | None = None
    error: str = ""
    trusting: bool = False
    provable: bool = True
    awaiting: int = 0

    @property
    def clean(self) -> bool:
        """Whether nothing differs (or there is nothing to compare)."""
        return not self.differences and not self.error

    def keys(self, kind: str) -> list[str]:
        """Return the keys that differ in this way, sorted."""
        found = self.differences.items()
        return sorted(key for key, difference in found if difference.kind == kind)

    def as_json(self) -> dict[str, Any]:
        """Return the report in the form of the contract.

        A target that could not be read has no lists: empty ones would say "equal".
        """
        shown: dict[str, Any] = {"target": self.target}
        if not self.configured:
            shown["configured"] = False
        if self.error:
            return {**shown, "error": self.error}
        shown["checked"] = self.checked
        if self.trusting:
            shown["trusting"] = True
        if not self.provable:
            shown.update(provable=False, awaiting=self.awaiting)
        shown.update({kind: self.keys(kind) for kind in KINDS})
        if self.healed is not None:
            shown["healed"] = self.healed
        return shown


def matching_targets(asked: str = "") -> list[str]:
    """Return configured targets that a name or kind means; all for an empty one."""
    return [
        name
        for name in target_names()
        if asked in ("", name) or name.startswith(f"{asked}:")
    ]


def reconcile(
    asked: str = "", *, heal: bool = False, trusting: bool = False
) -> list[Report]:
    """Compare every target that ``asked`` means ("index", "portal:city", "" for all).

    Args:
        heal: ask for a new delivery of whatever differs, above the version held there.
        trusting: take the hash of what was delivered and compared with the truth within
            a day as it is, instead of making every text anew; whether it is public is
            asked all the same. Differences are always looked at in full.
    """
    names = matching_targets(asked)
    reports = [examine(name, heal=heal, trusting=trusting) for name in names]
    if asked and not reports:
        reports.append(Report(asked, configured=False))
    if not asked and not settings.GONGKAI_PORTALS:
        reports.append(Report("portal", configured=False))
    return reports


def examine(
    target: str, *, heal: bool = False, everything: bool = True, trusting: bool = False
) -> Report:
    """Compare one target with what is true.

    Args:
        heal: ask for a new delivery of what differs.
        everything: also of what the outbox or a person is at, and of what the target
            holds in a higher version than we want of it.
        trusting: as in `reconcile`.
    """
    report = Report(target, trusting=trusting)
    compare = _compare_portal if is_portal_target(target) else _compare_index
    try:
        report.differences = compare(report, None)
        if report.differences:
            # A delivery may just have been under way: look at these keys once more.
            report.differences = compare(report, set(report.differences))
    except TargetDown as down:
        report.error = down.reason_zh
    except EngineDown:
        report.error = _("检索索引现在读不到。")
    if heal and not report.error:
        report.healed = heal_these(
            report, report.differences if everything else _healable(report)
        )
    return report


def _healable(report: Report) -> dict[str, Difference]:
    """Return the differences that nobody is at, and in which we know better.

    Not what is on its way, waits for an answer or was given up: the outbox sees to it,
    or a person. Not what the target holds in a higher version than we want of it.
    """
    unknown = (0, 0) if report.provable else None
    found: dict[str, Difference] = {}
    for key, counts in counts_of(report).items():
        wanted, delivered = counts or unknown or (0, 1)
        if wanted == delivered and report.differences[key].held <= wanted:
            found[key] = report.differences[key]
    return found


def on_their_way(report: Report) -> int:
    """Return how many of the differences are deliveries that are not done yet."""
    found = counts_of(report).values()
    return sum(1 for counts in found if counts and counts[0] > counts[1])


def counts_of(report: Report) -> dict[str, tuple[int, int] | None]:
    """Return (wanted, delivered) of each key that differs; None where no row is."""
    rows = OutboxEntry.objects.filter(target=report.target)
    keys = sorted(report.differences)
    found: dict[str, tuple[int, int] | None] = dict.fromkeys(keys)
    for start in range(0, len(keys), CHUNK):
        chunk = rows.filter(key__in=keys[start : start + CHUNK])
        for key, wanted, delivered in chunk.values_list("key", "wanted", "delivered"):
            found[key] = (wanted, delivered)
    return found


def heal_these(
    report: Report, differences: dict[str, Difference], user: Any = None
) -> int:
    """Ask for new deliveries and write down why; returns how many.

    In pieces: no transaction holds the write lock for long.
    """
    items = sorted(differences.items())
    for start in range(0, len(items), HEALED_AT_ONCE):
        _heal_some(report.target, dict(items[start : start + HEALED_AT_ONCE]), user)
    return len(differences)


@transaction.atomic
def _heal_some(target: str, differences: dict[str, Difference], user: Any) -> None:
    lanes: dict[str, dict[str, int]] = {"withdraw": {}, "publish": {}}
    for key, difference in differences.items():
        shown_wrongly = difference.kind in ("extra", "visible_but_withdrawn")
        lanes["withdraw" if shown_wrongly else "publish"][key] = difference.held
    for lane, held in lanes.items():
        if held:
            OutboxEntry.heal(target, held, lane)
    for row in OutboxEntry.objects.filter(target=target, key__in=differences):
        difference = differences[row.key]
        log(
            instance=row,
            action="gongkai.heal",
            user=user,
            title=row.key,
            data={"found": difference.kind, "held": difference.held},
        )


@dataclass(frozen=True)
class Known:
    """The keys a target may hold, and the rows to be taken as they are; one reading.

    Args:
        keys: sorted.
        trusted: rows compared with the truth within a day; see `reconcile`.
    """

    keys: list[str]
    trusted: dict[str, Row] = field(default_factory=dict)

    @classmethod
    def read(cls, target: str, *, trusting: bool = False) -> "Known":
        """Read what is public and what was ever sent, whatever the number of items."""
        public = set(public_keys())
        rows = OutboxEntry.objects.filter(target=target)
        keys = sorted(public.union(rows.values_list("key", flat=True)))
        return cls(keys, _compared(target, public) if trusting else {})

    @classmethod
    def only(cls, keys: Iterable[str]) -> "Known":
        """Name a few keys, of which nothing is trusted; nothing is read.

        What has no form of a key is neither public here nor was it ever sent.
        """
        return cls(sorted(key for key in keys if is_key(key)))

    def within(self, buckets: Collection[int]) -> "Known":
        """Return the same of some buckets."""
        keys = [key for key in self.keys if bucket_of(key) in buckets]
        return Known(keys, self.trusted)


def true_rows(target: str, known: Known) -> Iterator[Row]:
    """Yield what the target should hold, sorted by key, from what is true now.

    The version is the one wanted of it: a row not yet delivered counts as different.
    """
    for start in range(0, len(known.keys), CHUNK):
        chunk = known.keys[start : start + CHUNK]
        unknown = [key for key in chunk if key not in known.trusted]
        entries = OutboxEntry.objects.filter(target=target, key__in=unknown)
        wanted = dict(entries.values_list("key", "wanted")) if unknown else {}
        states = public_states(unknown) if unknown else {}
        for key in chunk:
            if key in known.trusted:
                yield known.trusted[key]
                continue
            state, version = states[key], wanted.get(key, 0)
            if version or state.state == PUBLISHED:
                yield Row(key, version, state.sha256, state.state)


def _compared(target: str, public: Collection[str]) -> dict[str, Row]:
    """Return the rows at rest that the sweep compared within a day."""
    rows = OutboxEntry.objects.filter(
        target=target, wanted=F("delivered"), checked_at__gte=from_now(-TRUSTED_S)
    )
    found = rows.values_list("key", "wanted", "delivered_sha256")
    return {
        key: Row(key, version, sha256, PUBLISHED if key in public else WITHDRAWN)
        for key, version, sha256 in found.iterator()
    }


def _compare_index(report: Report, only: set[str] | None) -> dict[str, Difference]:
    held = _index_rows(report.target.partition(":")[2])
    if only is not None:
        held = (row for row in held if row.key in only)
    true = true_rows(report.target, _known(report, only))
    return _join(report, true, held, count=only is None)


def _known(report: Report, only: Collection[str] | None) -> Known:
    """Return what to compare: everything, or in a second look some keys in full."""
    if only is not None:
        return Known.only(only)
    return Known.read(report.target, trusting=report.trusting)


def _index_rows(name: str) -> Iterator[Row]:
    engine, after = engines.get(name), ""
    while entries := engine.entries(after, PAGE):
        for entry in entries:
            yield Row(entry.key, entry.version, entry.sha256, entry.state)
        after = entries[-1].key


def _compare_portal(report: Report, only: set[str] | None) -> dict[str, Difference]:
    portal = targets.get(report.target)
    if isinstance(portal, ReadsRows):
        return _compare_rows(report, portal, only)
    if not isinstance(portal, ReadsBuckets):
        raise TargetDown(_("这种门户不能回读，无法证明一致。"))
    known = _known(report, only)
    if only is not None:
        buckets = {bucket_of(key) for key in only}
    else:
        buckets = _differing_buckets(report, portal, known)
    held = (row for bucket in buckets for row in portal.read_manifest(bucket))
    rows = sorted(row for row in held if only is None or row.key in only)
    return _join(report, true_rows(report.target, known.within(buckets)), rows)


def _compare_rows(
    report: Report, portal: ReadsRows, only: set[str] | None
) -> dict[str, Difference]:
    held = sorted(portal.read_rows(only))
    open_keys = portal.waiting_keys()
    report.provable, report.awaiting = portal.provable, len(open_keys)
    rows = true_rows(report.target, _known(report, only))
    true = (row for row in rows if row.key not in open_keys)
    held = [row for row in held if row.key not in open_keys]
    return _join(report, true, held, count=only is None)


def _differing_buckets(report: Report, portal: ReadsBuckets, known: Known) -> set[int]:
    ours = Digest(true_rows(report.target, known))
    report.checked = ours.items
    pairs = zip(range(BUCKETS), ours.buckets(), portal.read_digest(), strict=True)
    return {bucket for bucket, mine, theirs in pairs if mine != theirs}


def _join(
    report: Report, true: Iterable[Row], held: Iterable[Row], *, count: bool = False
) -> dict[str, Difference]:
    """Walk both sides, sorted by key, and name what differs."""
    found: dict[str, Difference] = {}
    rest = iter(held)
    there = next(rest, None)
    for row in true:
        report.checked += count
        while there is not None and there.key < row.key:
            _note(found, None, there)
            there = next(rest, None)
        if there is not None and there.key == row.key:
            _note(found, row, there)
            there = next(rest, None)
        else:
            _note(found, row, None)
    while there is not None:
        _note(found, None, there)
        there = next(rest, None)
    return found


def _note(found: dict[str, Difference], row: Row | None, there: Row | None) -> None:
    kind = _difference(row, there)
    if kind:
        key = (row or there).key  # type: ignore[union-attr]
        found[key] = Difference(kind, there.version if there else 0)


def _difference(row: Row | None, there: Row | None) -> str:
    shown = there is not None and there.state == PUBLISHED
    if row is None:
        return "extra" if shown else ""
    if row.state == PUBLISHED and not shown:
        return "missing"
    if row.state != PUBLISHED and shown:
        return "visible_but_withdrawn"
    return "stale" if there is not None and there != row else ""
