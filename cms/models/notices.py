from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Mailing(models.TextChoices):
    """Whether a notice is mailed too."""

    OFF = "", _("不发")
    AT_ONCE = "now", _("马上发")
    DIGEST = "digest", _("每天汇总一封")


class Notice(models.Model):
    """A message to one person on the desk (通知); works without a mail server."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices"
    )
    kind = models.CharField(_("种类"), max_length=40)
    text = models.CharField(_("内容"), max_length=500)
    url = models.CharField(_("网址"), max_length=300, blank=True)
    on_desk = models.BooleanField(_("在后台显示"), default=True)
    mailing = models.CharField(
        _("邮件"), max_length=10, choices=Mailing.choices, blank=True
    )
    created_at = models.DateTimeField(_("时间"), auto_now_add=True, db_index=True)
    read_at = models.DateTimeField(_("已读时间"), null=True, blank=True)
    mailed_at = models.DateTimeField(_("发信时间"), null=True, blank=True)
    refusals = models.PositiveSmallIntegerField(_("被邮箱拒收的次数"), default=0)

    class Meta:
        verbose_name = _("通知")
        verbose_name_plural = _("通知")
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["user", "read_at"])]

    def __str__(self) -> str:
        return self.text


class NoticePreference(models.Model):
    """How one person wants to hear of one kind; without it, the kind's default."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="notice_preferences",
    )
    kind = models.CharField(_("种类"), max_length=40)
    on_desk = models.BooleanField(_("在后台显示"), default=True)
    mailing = models.CharField(
        _("邮件"), max_length=10, choices=Mailing.choices, blank=True
    )

    class Meta:
        verbose_name = _("通知设置")
        verbose_name_plural = _("通知设置")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind"], name="notice_preference_once_a_kind"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.kind}"
