"""The keys with which townships sign what they send to this portal."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class OriginKey(models.Model):
    """One key of one township (see ``tasks.portal.keys``).

    The key itself is not kept: it is made from ``nonce`` and the secret of this
    installation. An empty nonce stands for a key from ``GONGKAI_ORIGIN_KEYS`` that was
    given an end here.
    """

    origin = models.CharField(_("来源"), max_length=18)
    nonce = models.CharField(max_length=32, blank=True)
    fingerprint = models.CharField(_("指纹"), max_length=12)
    made_at = models.DateTimeField(_("发放时间"), auto_now_add=True)
    made_by = models.CharField(_("发放人"), max_length=80, blank=True)
    ends_at = models.DateTimeField(_("停用时间"), null=True, blank=True)
    used_at = models.DateTimeField(_("最近使用"), null=True, blank=True)

    class Meta:
        verbose_name = _("来源机关的密钥")
        verbose_name_plural = _("来源机关的密钥")
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["origin", "fingerprint"], name="origin_key_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.origin} {self.fingerprint}"

    @property
    def ended(self) -> bool:
        """Whether it opens nothing any more."""
        return self.ends_at is not None and self.ends_at <= timezone.now()
