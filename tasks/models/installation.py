"""Which database this is, and how often it was set back to an older state."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


def new_name() -> str:
    """Return a name that no other database has."""
    return uuid.uuid4().hex


class Installation(models.Model):
    """The one row that tells this database from others and from older copies of it.

    ``epoch`` rises whenever the database was set back (恢复): see `tasks.marks`.
    """

    name = models.CharField(max_length=32, default=new_name)
    epoch = models.PositiveIntegerField(_("恢复次数"), default=1)

    class Meta:
        verbose_name = _("本站数据库")
        verbose_name_plural = _("本站数据库")

    def __str__(self) -> str:
        return f"{self.name}:{self.epoch}"

    @classmethod
    def made(cls) -> "Installation":
        """Return the row, made if there is none."""
        cls.objects.bulk_create([cls(pk=1)], ignore_conflicts=True)
        return cls.objects.get(pk=1)
