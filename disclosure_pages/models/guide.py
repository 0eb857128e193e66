from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, HelpPanel
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Page

from cms.models import Authority
from cms.services.review import ReviewConflict
from disclosure_pages.blocks import RICH_TEXT, DisclosureBody, GuideStepBlock
from disclosure_pages.choices import PublicKind
from disclosure_pages.guide_rules import missing_parts
from disclosure_pages.models.base import PublicPage


class GuidePage(PublicPage):
    """政府信息公开指南 (Regulation, art. 12).

    The statutory parts are fields of their own; contacts and hours are drawn from the
    organisation register whenever the guide is read or printed.
    """

    kind = PublicKind.GUIDE

    summary = models.CharField(_("一句话说明"), max_length=300, blank=True)
    classification = RichTextField(
        _("信息分类和编排体系"),
        features=RICH_TEXT,
        blank=True,
        help_text=_("条例第十二条要求写明：信息分几类、目录怎样编。"),
    )
    ways_to_obtain = RichTextField(
        _("获取方式"),
        features=RICH_TEXT,
        blank=True,
        help_text=_("条例第十二条要求写明：到哪里看、怎样查。"),
    )
    steps = StreamField(
        [("step", GuideStepBlock())],
        verbose_name=_("依申请公开的步骤"),
        blank=True,
    )
    remedies = RichTextField(_("监督和救济"), features=RICH_TEXT, blank=True)
    body = StreamField(DisclosureBody(), verbose_name=_("其他内容"), blank=True)
    change_note = models.CharField(
        _("本次改了什么"),
        max_length=200,
        blank=True,
        help_text=_("改动已公开的指南时填写，读者看得到。"),
    )

    content_panels = [
        *Page.content_panels,
        FieldPanel("summary"),
        FieldPanel("classification"),
        FieldPanel("ways_to_obtain"),
        FieldPanel(
            "steps",
            help_text=_(
                "一步一块，按先后排。选上“找谁”，电话、地点和时间自动取自科室登记，"
                "不用再写。"
            ),
        ),
        FieldPanel(
            "remedies", help_text=_("不满意怎么办：向谁投诉举报、怎样复议和诉讼。")
        ),
        FieldPanel(
            "body",
            help_text=_("例如“多久答复”“要不要钱”；每个二级标题自成一节，进目录。"),
        ),
        FieldPanel("change_note"),
        HelpPanel(
            heading=_("历次修订"),
            template="disclosure_pages/desk/guide_versions.html",
        ),
    ]
    parent_page_types = ["disclosure_pages.HomePage"]
    subpage_types: list[str] = []
    max_count = 1
    template = "disclosure_pages/guide_page.html"
    exclude_fields_in_copy = [*PublicPage.exclude_fields_in_copy, "change_note"]

    class Meta:
        verbose_name = _("公开指南")
        verbose_name_plural = _("公开指南")

    @property
    def recorded_versions(self) -> models.QuerySet:
        """The versions with all that their notes name; for the staff."""
        return GuideVersion.objects.filter(page_id=self.pk).defer("sections")

    def publish(self, revision: Any, *args: Any, **kwargs: Any) -> Any:
        """Publish a revision that has every statutory part.

        Raises:
            ReviewConflict: a part is missing; the sentences say which.
        """
        missing = missing_parts(revision.as_object(), Authority.load())
        if missing:
            raise ReviewConflict(" ".join(sentence for _name, sentence in missing))
        return super().publish(revision, *args, **kwargs)


class GuideVersion(models.Model):
    """The guide as it stood from ``since`` on, contacts included.

    A printed copy carries ``number``; from it the site tells what has changed.
    """

    page = models.ForeignKey(
        GuidePage, on_delete=models.CASCADE, related_name="versions"
    )
    number = models.PositiveIntegerField(_("版次"))
    sha256 = models.CharField(max_length=64)
    sections = models.JSONField(default=list)
    note = models.CharField(_("改了什么"), max_length=200, blank=True)
    since = models.DateTimeField(_("起始时间"), auto_now_add=True)

    class Meta:
        verbose_name = _("指南版次")
        verbose_name_plural = _("指南版次")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["page", "number"], name="guide_version_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.number}"
