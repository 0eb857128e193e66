from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.fields import StreamField
from wagtail.models import Page

from disclosure_pages.blocks import DisclosureBody
from disclosure_pages.choices import PublicKind
from disclosure_pages.models.base import PublicPage


class GuidePage(PublicPage):
    """政府信息公开指南 (Regulation, art. 12); contacts come from the authority."""

    kind = PublicKind.GUIDE

    summary = models.CharField(_("一句话说明"), max_length=300, blank=True)
    body = StreamField(DisclosureBody(), verbose_name=_("正文"), blank=True)

    content_panels = [
        *Page.content_panels,
        FieldPanel("summary"),
        FieldPanel("body"),
    ]
    parent_page_types = ["disclosure_pages.HomePage"]
    subpage_types: list[str] = []
    template = "disclosure_pages/guide_page.html"

    class Meta:
        verbose_name = _("公开指南")
        verbose_name_plural = _("公开指南")
