from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from disclosure_pages.models.external import ExternalItem
from disclosure_pages.models.items import DisclosureItemPage


class TextPrint(models.Model):
    """By what the text of an item, here or a superior's, is found again.

    ``stamp`` tells which version was read: the number of the revision here, the version
    of a superior's item; ``letters`` is how many letters it has, 0 when too few.
    """

    wagtail_reference_index_ignore = True

    page = models.OneToOneField(
        DisclosureItemPage,
        on_delete=models.CASCADE,
        null=True,
        related_name="text_print",
    )
    external = models.OneToOneField(
        ExternalItem, on_delete=models.CASCADE, null=True, related_name="text_print"
    )
    stamp = models.BigIntegerField()
    simhash = models.BigIntegerField(default=0)
    letters = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("正文指纹")
        verbose_name_plural = _("正文指纹")
        constraints = [
            models.CheckConstraint(
                condition=Q(page=None) ^ Q(external=None),
                name="text_print_of_one",
            )
        ]

    def __str__(self) -> str:
        return f"{self.page_id or self.external_id}: {self.letters}"


class TextMark(models.Model):
    """One of the marks by which a text is found (`likeness.marks`)."""

    wagtail_reference_index_ignore = True

    text = models.ForeignKey(TextPrint, on_delete=models.CASCADE, related_name="marks")
    mark = models.BigIntegerField()

    class Meta:
        verbose_name = _("正文记号")
        verbose_name_plural = _("正文记号")
        constraints = [
            models.UniqueConstraint(fields=["mark", "text"], name="text_mark_unique")
        ]

    def __str__(self) -> str:
        return str(self.mark)


class SuperiorMark(models.Model):
    """A key (`same_keys`) of number, address or title by which an item is found."""

    wagtail_reference_index_ignore = True

    item = models.ForeignKey(
        ExternalItem, on_delete=models.CASCADE, related_name="same_marks"
    )
    mark = models.BigIntegerField()

    class Meta:
        verbose_name = _("查重记号")
        verbose_name_plural = _("查重记号")
        constraints = [
            models.UniqueConstraint(
                fields=["mark", "item"], name="superior_mark_unique"
            )
        ]

    def __str__(self) -> str:
        return str(self.mark)
