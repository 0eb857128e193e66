"""What ranking knows beside the index."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class CitationCount(models.Model):
    """By how many documents of others a work, or one document, is named.

    ``subject`` is a number of `documents.number_of`: of a work's name or a key.
    Counted anew every night; nothing here tells who looked for what.
    """

    class Kind(models.TextChoices):
        """What is named."""

        WORK = "work", _("文件")
        DOCUMENT = "document", _("条文")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    subject = models.BigIntegerField()
    count = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("被引用次数")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"], name="citation_count_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}: {self.count}"


class SearchTerm(models.Model):
    """A word of this site, for "did you mean"; learned anew once a day.

    ``weight``: in how many public titles it stands.
    """

    text = models.CharField(max_length=8, unique=True)
    sound = models.CharField(max_length=60, db_index=True)
    weight = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("本站用词")

    def __str__(self) -> str:
        return self.text
