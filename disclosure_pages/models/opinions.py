from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page, Revision

from disclosure_pages.choices import OpinionAnswer


class OpinionQuerySet(models.QuerySet["OpinionRequest"]):
    """Requests by what can still become of them."""

    def open(self) -> "OpinionQuerySet":
        """Those that can be answered now: neither answered, nor revoked, nor over."""
        return self.filter(
            answered_at=None, revoked_at=None, expires_at__gt=timezone.now()
        )


class OpinionRequest(models.Model):
    """One revision shown to a person without an account, for an opinion (征求意见).

    The link's token is told once and never stored: ``token_sha256`` is its hash.
    """

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="+")
    revision = models.ForeignKey(
        Revision, on_delete=models.CASCADE, related_name="opinion_requests"
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("征求人"),
    )
    name = models.CharField(_("姓名"), max_length=60)
    organisation = models.CharField(_("单位"), max_length=120)
    mail = models.EmailField(_("邮箱（可不填）"), blank=True)
    question = models.CharField(
        _("请对方看什么"),
        max_length=300,
        blank=True,
        help_text=_("对方打开链接就看到。例：请核对第三条的补助标准。"),
    )
    token_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    asked_at = models.DateTimeField(_("征求时间"), auto_now_add=True)
    expires_at = models.DateTimeField(_("有效期至"))
    opened_at = models.DateTimeField(_("首次打开"), null=True, blank=True)
    answered_at = models.DateTimeField(_("答复时间"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("收回时间"), null=True, blank=True)
    answer = models.CharField(
        _("答复"), max_length=10, choices=OpinionAnswer.choices, blank=True
    )
    comment = models.TextField(_("意见"), max_length=2000, blank=True)

    objects = OpinionQuerySet.as_manager()

    class Meta:
        verbose_name = _("征求意见")
        verbose_name_plural = _("征求意见")
        ordering = ["-asked_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.organisation} {self.name}"

    @property
    def is_open(self) -> bool:
        """Whether the link still shows anything."""
        over = self.answered_at or self.revoked_at
        return not over and self.expires_at > timezone.now()

    @property
    def situation(self) -> str:
        """Where it stands, in words."""
        if self.answered_at:
            return self.get_answer_display()
        if self.revoked_at:
            return _("已收回")
        if not self.is_open:
            return _("已过期，没有答复")
        return _("已打开，还没有答复") if self.opened_at else _("还没有打开")
