from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from disclosure_pages.choices import FeedbackStatus


class Feedback(models.Model):
    """A reader's note that something is wrong on a page (我为政府网站找错)."""

    page_title = models.CharField(_("页面"), max_length=255, blank=True)
    page_url = models.CharField(_("网址"), max_length=500)
    page_key = models.CharField(max_length=32, blank=True, db_index=True)
    text = models.TextField(_("哪里有错"), max_length=1000)
    contact = models.CharField(_("联系方式"), max_length=100, blank=True)
    status = models.CharField(
        _("状态"),
        max_length=10,
        choices=FeedbackStatus.choices,
        default=FeedbackStatus.NEW,
    )
    answer = models.CharField(_("处理说明"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("收到时间"), auto_now_add=True)
    handled_at = models.DateTimeField(_("处理时间"), null=True, blank=True)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("处理人"),
    )

    class Meta:
        verbose_name = _("纠错")
        verbose_name_plural = _("纠错")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.page_title or self.page_url}"
