"""Proving that nothing sealed was changed: every link, every log row, every head."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _
from wagtail.log_actions import registry
from wagtail.models.audit_log import BaseLogEntry

from cms.audit.events import GENESIS, canonical, chained, columns_of, row_of
from cms.audit.heads import Head, kept_heads
from cms.audit.sealing import unsealed
from cms.models import ChainHead, SealedEvent

CHUNK = 500


class BrokenChain(Exception):
    """The first thing that is not as it was sealed.

    ``kind`` is one of removed, inserted, reordered, changed, log_removed, log_changed,
    truncated; ``number`` that of the event.
    """

    def __init__(self, number: int, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.number = number
        self.kind = kind
        self.detail = detail


@dataclass
class Verdict:
    """What the check found; ``broken`` is None when every link holds."""

    checked: int = 0
    heads: int = 0
    unsealed: int = 0
    head: Head = field(default_factory=Head)
    broken: BrokenChain | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it for ``--json``."""
        fault = self.broken
        return {
            "ok": fault is None,
            "checked": self.checked,
            "unsealed": self.unsealed,
            "heads": self.heads,
            "head": {"number": self.head.number, "hash": self.head.hash},
            "broken": fault
            and {"number": fault.number, "kind": fault.kind, "detail": fault.detail},
        }


def verify(
    *,
    printed: Iterable[Head] = (),
    progress: Callable[[int], object] = lambda checked: None,
) -> Verdict:
    """Check the whole chain, in pieces: memory does not grow with it.

    It may run while events are sealed.

    Args:
        printed: heads from elsewhere (a report, another host) that must be in it.
        progress: called with the number of events checked so far.
    """
    verdict = Verdict()
    before = _head_row()
    try:
        for chunk in _chunks():
            _check_chunk(chunk, verdict)
            progress(verdict.checked)
        if verdict.head.number > (ends := _head_row()).number:
            raise BrokenChain(
                ends.number + 1, "inserted", _("链尾之后多出了记录，不是封存程序写的。")
            )
        _check_heads([before, *printed], verdict)
        kept = kept_heads()
        while heads := list(islice(kept, CHUNK)):
            _check_heads(heads, verdict)
            verdict.heads += len(heads)
    except BrokenChain as broken:
        verdict.broken = broken
    verdict.unsealed = sum(rows.count() for rows in unsealed())
    return verdict


def _head_row() -> Head:
    rows = ChainHead.objects.filter(pk=1).values_list("number", "hash")
    return Head(*rows[0]) if rows else Head()


def _chunks() -> Iterator[list[SealedEvent]]:
    events = SealedEvent.objects.order_by("number")
    chunk = list(events[:CHUNK])
    while chunk:
        yield chunk
        chunk = list(events.filter(number__gt=chunk[-1].number)[:CHUNK])


def _check_chunk(events: list[SealedEvent], verdict: Verdict) -> None:
    """Check the links of some events in a row, then their log rows.

    Raises:
        BrokenChain: the first fault.
    """
    wholes = []
    fault: BrokenChain | None = None
    for event in events:
        try:
            wholes.append(_check_link(event, verdict.head))
        except BrokenChain as broken:
            fault = broken
            break
        verdict.head = Head(event.number, event.hash)
    _check_rows(wholes)
    verdict.checked += len(wholes)
    if fault:
        raise fault


def _check_link(event: SealedEvent, previous: Head) -> dict[str, Any]:
    """Return the event as it was sealed.

    Raises:
        BrokenChain: it is not the one that was sealed after ``previous``.
    """
    expected = previous.number + 1
    if event.number > expected:
        raise BrokenChain(expected, "removed", _("这条记录不见了。"))
    if event.number < expected:
        raise BrokenChain(event.number, "inserted", _("这条记录在链首之前。"))
    if chained(event.previous, event.event) != event.hash:
        raise BrokenChain(event.number, "changed", _("内容与封存时的校验值不符。"))
    if event.previous != previous.hash:
        raise BrokenChain(event.number, "reordered", _("不接在前一条之后。"))
    try:
        whole = json.loads(event.event)
        columns = columns_of(whole)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BrokenChain(event.number, "inserted", _("不是封存程序写的。")) from error
    wrong = [name for name, value in columns.items() if getattr(event, name) != value]
    if wrong:
        text = _("检索用的字段被改过：%(names)s。") % {"names": ", ".join(wrong)}
        kind = "reordered" if "number" in wrong else "changed"
        raise BrokenChain(event.number, kind, text)
    return whole


def _check_rows(wholes: list[dict[str, Any]]) -> None:
    """Compare events with the rows of Wagtail's log as they are now.

    Raises:
        BrokenChain: the first row that is gone or differs.
    """
    models = {m._meta.label_lower: m for m in registry.get_log_entry_models()}
    keys: dict[str, list[int]] = defaultdict(list)
    for whole in wholes:
        keys[whole["log"]].append(whole["entry"])
    rows: dict[tuple[str, int], BaseLogEntry] = {}
    for log, pks in keys.items():
        found = models[log].objects.in_bulk(pks) if log in models else {}
        rows.update({(log, pk): entry for pk, entry in found.items()})
    for whole in wholes:
        entry = rows.get((whole["log"], whole["entry"]))
        place = {"log": whole["log"], "entry": whole["entry"]}
        if entry is None:
            text = _("日志 %(log)s 第 %(entry)s 行不见了。") % place
            raise BrokenChain(whole["number"], "log_removed", text)
        now = row_of(entry)
        wrong = [n for n in now if canonical(now[n]) != canonical(whole["row"][n])]
        if wrong:
            place["names"] = ", ".join(wrong)
            text = _("日志 %(log)s 第 %(entry)s 行被改过：%(names)s。") % place
            raise BrokenChain(whole["number"], "log_changed", text)


def _check_heads(heads: list[Head], verdict: Verdict) -> None:
    """Check that the chain passes through heads that were kept.

    Raises:
        BrokenChain: it ends before one, or has another event there.
    """
    numbers = {head.number for head in heads}
    events = SealedEvent.objects.filter(number__in=numbers)
    held = {0: GENESIS, **dict(events.values_list("number", "hash"))}
    for head in heads:
        if head.number not in held:
            text = _("链在第 %(last)d 条结束，而保存过的链尾是第 %(kept)d 条。")
            text %= {"last": verdict.head.number, "kept": head.number}
            raise BrokenChain(verdict.head.number + 1, "truncated", text)
        if held[head.number] != head.hash:
            text = _("与保存过的链尾不符：整条链可能被重写。")
            raise BrokenChain(head.number, "changed", text)
