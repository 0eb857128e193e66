"""What was looked for, in numbers; see `search.log` for what is kept of whom."""

from typing import Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SearchQuestion(models.Model):
    """One question, folded and trimmed; ``digest`` is its keyed hash.

    ``text`` stays empty until enough typed it (`log_writing`). Until then ``visitors``
    holds hashes of their network addresses of that day (``visitors_on``), salted anew
    each day. ``settled_on``: what was asked up to that day is dealt with.
    """

    digest = models.CharField(max_length=64, unique=True)
    text = models.CharField(_("问题"), max_length=200, blank=True, db_index=True)
    visitors = models.JSONField(default=list, blank=True)
    visitors_on = models.DateField(null=True, blank=True)
    first_on = models.DateField(_("第一次"), db_index=True)
    last_on = models.DateField(_("最近一次"), db_index=True)
    settled_on = models.DateField(_("处理日期"), null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("处理人"),
    )
    way = models.CharField(_("办法"), max_length=10, blank=True)

    class Meta:
        verbose_name = _("检索问题")
        verbose_name_plural = _("检索问题")

    def __str__(self) -> str:
        return self.text or self.digest[:12]


class QuestionDay(models.Model):
    """How often a question was asked on one day; a visitor counts once a day.

    ``told`` of them had results and a browser that says when one is opened; ``opened``
    of those opened one.
    """

    question = models.ForeignKey(
        SearchQuestion, on_delete=models.CASCADE, related_name="days"
    )
    day = models.DateField(db_index=True)
    asked = models.PositiveIntegerField(default=0)
    zero = models.PositiveIntegerField(default=0)
    told = models.PositiveIntegerField(default=0)
    opened = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("检索次数")
        constraints = [
            models.UniqueConstraint(
                fields=["question", "day"], name="question_day_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.question_id} {self.day}: {self.asked}"

    @property
    def abandoned(self) -> int:
        """How often results were shown and none was opened."""
        return max(0, self.told - self.opened)


class OpenedHit(models.Model):
    """What was opened after a question whose text is not kept yet."""

    question = models.ForeignKey(
        SearchQuestion, on_delete=models.CASCADE, related_name="hits"
    )
    key = models.CharField(max_length=80)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("打开的结果")
        constraints = [
            models.UniqueConstraint(
                fields=["question", "key"], name="opened_hit_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.question_id} → {self.key}: {self.count}"


class VisitorSalt(models.Model):
    """The salt of this day; without it no hash of a visitor can be made again."""

    day = models.DateField(unique=True)
    salt = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("当日的盐")

    def __str__(self) -> str:
        return str(self.day)

    @classmethod
    def of(cls, day: object, new: str) -> Self:
        """Return the salt of a day, ``new`` if it has none; deletes earlier ones."""
        found, made = cls.objects.get_or_create(day=day, defaults={"salt": new})
        if made:
            cls.objects.filter(day__lt=day).delete()
        return found
