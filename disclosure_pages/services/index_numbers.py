"""Issuing index numbers (索引号): unique, under a lock, never reused, gap-free."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cms.models import Authority
from disclosure_pages.choices import RegisterStatus
from disclosure_pages.models import (
    DisclosureItemPage,
    IndexNumberCounter,
    IndexNumberEntry,
)


@dataclass(frozen=True)
class NumberShape:
    """The pattern of an authority with everything filled in but the serial."""

    pattern: str
    credit_code: str
    year: int

    @property
    def head(self) -> str:
        """What every number of this shape begins with."""
        before = self.pattern.partition("{serial")[0]
        return before.format(organ=self.credit_code, year=self.year)

    def number(self, serial: int) -> str:
        """Return the index number with this serial."""
        return self.pattern.format(
            organ=self.credit_code, year=self.year, serial=serial
        )


@transaction.atomic
def reserve(
    count: int, year: int | None = None, *, taken: Collection[str] = ()
) -> list[IndexNumberEntry]:
    """Return ``count`` new, unsaved register lines with consecutive serials.

    The counter's row is locked until the surrounding transaction ends, so that a
    rollback gives the serials back and the register stays without gaps. The number is
    the serial in the authority's pattern; a pattern that changes within a year goes on
    with the same counter. Numbers that the register has already, e.g. from an import,
    are passed over, and so are those in ``taken``: numbers that it is about to bring.
    """
    authority = Authority.load()
    credit_code = authority.credit_code
    year = year or timezone.localdate().year
    counters = IndexNumberCounter.objects
    counters.get_or_create(credit_code=credit_code, year=year)
    counter = counters.select_for_update().get(credit_code=credit_code, year=year)
    shape = NumberShape(authority.index_number_pattern, credit_code, year)
    known = IndexNumberEntry.objects.filter(number__startswith=shape.head)
    passed_over = {*known.values_list("number", flat=True), *taken}
    entries: list[IndexNumberEntry] = []
    serial = counter.next_serial
    while len(entries) < count:
        number = shape.number(serial)
        if number not in passed_over:
            entries.append(
                IndexNumberEntry(
                    number=number, credit_code=credit_code, year=year, serial=serial
                )
            )
        serial += 1
    counter.next_serial = serial
    counter.save(update_fields=["next_serial"])
    return entries


@transaction.atomic
def issue_index_number(page: DisclosureItemPage) -> str:
    """Return the page's number, issuing it at the first submission."""
    current = DisclosureItemPage.objects.select_for_update().get(pk=page.pk)
    if not current.index_number:
        (entry,) = reserve(1)
        entry.page = current
        entry.title = page.title
        entry.save()
        current.index_number = entry.number
        DisclosureItemPage.objects.filter(pk=page.pk).update(index_number=entry.number)
    page.index_number = current.index_number
    return current.index_number


def mark_published(pages: Sequence[DisclosureItemPage]) -> None:
    """Note in the register that these pages became public."""
    IndexNumberEntry.objects.filter(page__in=pages).exclude(
        status=RegisterStatus.PUBLISHED
    ).update(status=RegisterStatus.PUBLISHED)


def void(page: DisclosureItemPage, reason: str = "") -> None:
    """Keep the number of a page that is being deleted as void (作废), with a reason."""
    IndexNumberEntry.objects.filter(page=page).exclude(
        status=RegisterStatus.PUBLISHED
    ).update(
        status=RegisterStatus.VOID,
        reason=reason or _("草稿删除，未公开"),
        title=page.title,
    )
