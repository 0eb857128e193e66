from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page


class Successor(models.Model):
    """Where readers of something taken back should go: a page here, or an address.

    It counts while ``page`` is withdrawn; the next withdrawal names another or none.
    """

    page = models.OneToOneField(Page, on_delete=models.CASCADE, related_name="+")
    target = models.ForeignKey(
        Page, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    url = models.URLField(_("网址"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("去向")
        verbose_name_plural = _("去向")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(target=None) ^ models.Q(url=""),
                name="successor_is_a_page_or_an_address",
            )
        ]

    def __str__(self) -> str:
        return self.url or str(self.target)
