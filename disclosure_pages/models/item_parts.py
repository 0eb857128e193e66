from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel, FieldRowPanel
from wagtail.models import Orderable

from disclosure_pages.models.files import DisclosureDocument
from disclosure_pages.models.items import DisclosureItemPage


class ItemAttachment(Orderable):
    """A file that an item names; the rows in the database are the live revision's."""

    page = ParentalKey(
        DisclosureItemPage, on_delete=models.CASCADE, related_name="attachments"
    )
    document = models.ForeignKey(
        DisclosureDocument,
        on_delete=models.PROTECT,
        related_name="item_attachments",
        verbose_name=_("文件"),
    )
    title = models.CharField(
        _("名称"), max_length=200, blank=True, help_text=_("空着即用文件名。")
    )

    panels = [FieldPanel("document"), FieldPanel("title")]

    class Meta(Orderable.Meta):
        verbose_name = _("附件")
        verbose_name_plural = _("附件")

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """What the reader sees as the file's name."""
        return self.title or self.document.title or self.document.filename


class ItemCorrection(Orderable):
    """An erratum (更正): old, new and why; the dates of the item stay as they are."""

    page = ParentalKey(
        DisclosureItemPage, on_delete=models.CASCADE, related_name="corrections"
    )
    corrected_on = models.DateField(_("更正日期"), default=timezone.localdate)
    old = models.CharField(_("原来是"), max_length=300)
    new = models.CharField(_("更正为"), max_length=300)
    reason = models.CharField(_("原因"), max_length=200)

    panels = [
        FieldPanel("corrected_on"),
        FieldPanel("old"),
        FieldPanel("new"),
        FieldPanel("reason"),
    ]

    class Meta(Orderable.Meta):
        verbose_name = _("更正说明")
        verbose_name_plural = _("更正说明")

    def __str__(self) -> str:
        return f"{self.corrected_on} {self.new}"


class ItemIdentifier(Orderable):
    """The item's number elsewhere: OA, city portal, an old site."""

    page = ParentalKey(
        DisclosureItemPage, on_delete=models.CASCADE, related_name="identifiers"
    )
    source = models.CharField(_("系统"), max_length=40, help_text=_("例：市门户、OA"))
    value = models.CharField(_("编号"), max_length=120, db_index=True)

    panels = [FieldRowPanel([FieldPanel("source"), FieldPanel("value")])]

    class Meta(Orderable.Meta):
        verbose_name = _("外部编号")
        verbose_name_plural = _("外部编号")

    def __str__(self) -> str:
        return f"{self.source} {self.value}"
