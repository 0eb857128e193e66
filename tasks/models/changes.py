"""Which keys changed in public, in one sequence that readers follow."""

from collections.abc import Iterable

from django.db import models, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

CHUNK = 500


class ChangedKey(models.Model):
    """One key that is or was public, with the number of its latest change.

    ``number`` is empty until the drain gave one. A new change of the key takes the old
    number away, so that the list holds every key once and grows with the keys, not
    with what happens to them.
    """

    key = models.CharField(_("永久标识"), max_length=80, unique=True)
    number = models.PositiveBigIntegerField(_("序号"), null=True, unique=True)
    changed_at = models.DateTimeField(_("变更时间"), db_default=Now())

    class Meta:
        verbose_name = _("公开变更")
        verbose_name_plural = _("公开变更")

    def __str__(self) -> str:
        return f"{self.number} {self.key}"

    @classmethod
    def mark(cls, keys: Iterable[str]) -> None:
        """Note a change of each key, inside the caller's transaction."""
        ordered = sorted(set(keys))  # two writers must not wait for each other
        for start in range(0, len(ordered), CHUNK):
            rows = [cls(key=key, number=None) for key in ordered[start : start + CHUNK]]
            cls.objects.bulk_create(
                rows,
                update_conflicts=True,
                unique_fields=["key"],
                update_fields=["number", "changed_at"],
            )

    @classmethod
    def mark_missing(cls, keys: Iterable[str]) -> int:
        """Note keys that are public but were never noted; returns how many."""
        known = set(cls.objects.values_list("key", flat=True))
        missing = set(keys) - known
        cls.mark(missing)
        return len(missing)

    @classmethod
    def number_waiting(cls) -> int:
        """Give numbers to changes that are committed; returns how many.

        Whoever numbers holds the counter until his commit: a reader never sees a
        number before all lower ones. A key that changes meanwhile loses its number
        again, or was changed before it got one, so the number tells it either way.
        """
        waiting = cls.objects.filter(number=None).order_by("changed_at", "pk")
        if not waiting.exists():  # without the write lock that atomic() takes on SQLite
            return 0
        done = 0
        while True:
            with transaction.atomic():
                counter = ChangeCounter.locked()
                # What somebody is just writing waits: no writer ever waits for us.
                rows = list(waiting.select_for_update(skip_locked=True)[:CHUNK])
                for row in rows:
                    counter.last += 1
                    row.number = counter.last
                cls.objects.bulk_update(rows, ["number"])
                counter.save()
            done += len(rows)
            if len(rows) < CHUNK:
                return done


class ChangeCounter(models.Model):
    """The last number given; it never falls, also when its key changes again."""

    last = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("公开变更序号")

    def __str__(self) -> str:
        return str(self.last)

    @classmethod
    def locked(cls) -> "ChangeCounter":
        """Return the one row, held until the transaction ends."""
        cls.objects.bulk_create([cls(pk=1)], ignore_conflicts=True)
        return cls.objects.select_for_update().get(pk=1)

    @classmethod
    def reached(cls) -> int:
        """Return the last number given."""
        return cls.objects.values_list("last", flat=True).first() or 0
