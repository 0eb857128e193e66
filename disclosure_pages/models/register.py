from django.db import models
from django.utils.translation import gettext_lazy as _

from disclosure_pages.choices import RegisterStatus
from disclosure_pages.models.items import DisclosureItemPage


class IndexNumberCounter(models.Model):
    """The next serial of one authority and year; its row is the lock."""

    credit_code = models.CharField(max_length=18)
    year = models.PositiveSmallIntegerField()
    next_serial = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["credit_code", "year"], name="index_counter_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.credit_code}/{self.year}"


class IndexNumberEntry(models.Model):
    """One line of the gap-free register of index numbers (索引号登记簿).

    A number that was never published stays here as void (作废) with its reason.
    Numbers brought along by an import have no serial (``serial`` is null).
    """

    number = models.CharField(_("索引号"), max_length=60, unique=True)
    credit_code = models.CharField(max_length=18, blank=True)
    year = models.PositiveSmallIntegerField(_("年份"), null=True, blank=True)
    serial = models.PositiveIntegerField(_("流水号"), null=True, blank=True)
    page = models.ForeignKey(
        DisclosureItemPage,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="register_entries",
        verbose_name=_("公开信息"),
    )
    title = models.CharField(_("标题"), max_length=255, blank=True)
    status = models.CharField(
        _("状态"),
        max_length=20,
        choices=RegisterStatus.choices,
        default=RegisterStatus.ISSUED,
    )
    reason = models.CharField(_("说明"), max_length=300, blank=True)
    issued_at = models.DateTimeField(_("编号时间"), auto_now_add=True)

    class Meta:
        verbose_name = _("索引号登记")
        verbose_name_plural = _("索引号登记簿")
        ordering = ["-year", "-serial", "-pk"]

    def __str__(self) -> str:
        return self.number
