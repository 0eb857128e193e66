"""The smaller page types: rules, institution, reports, notices, dossiers …"""

from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
    InlinePanel,
    PageChooserPanel,
)
from wagtail.fields import StreamField
from wagtail.models import Orderable, Page

from disclosure_pages.blocks import DisclosureBody
from disclosure_pages.choices import (
    Category,
    CollectionLayout,
    LegalStatus,
    PublicKind,
)
from disclosure_pages.models.base import ModeratedPage, PublicPage
from disclosure_pages.models.files import DisclosureDocument
from disclosure_pages.models.items import DisclosureItemPage


class SectionPage(ModeratedPage):
    """A part of the site that lists its children; one of its kind per site."""

    lede = models.CharField(_("说明"), max_length=300, blank=True)

    content_panels = [*Page.content_panels, FieldPanel("lede")]
    max_count = 1
    parent_page_types = ["disclosure_pages.HomePage"]

    class Meta:
        abstract = True


class TextPage(PublicPage):
    """A page that is mostly text: summary and body."""

    summary = models.CharField(
        _("一句话说明"),
        max_length=300,
        blank=True,
        help_text=_("一句大白话，村民一看就知道这页讲什么。"),
    )
    body = StreamField(DisclosureBody(), verbose_name=_("正文"), blank=True)
    change_note = models.CharField(
        _("本次改了什么"),
        max_length=200,
        blank=True,
        help_text=_("改动已公开的页面时填写，读者看得到。"),
    )

    content_panels = [
        *Page.content_panels,
        FieldPanel("summary"),
        FieldPanel("body"),
        FieldPanel("change_note"),
    ]
    subpage_types: list[str] = []
    exclude_fields_in_copy = [*PublicPage.exclude_fields_in_copy, "change_note"]

    class Meta:
        abstract = True


class RulesIndexPage(SectionPage):
    """政府信息公开制度: the rules by which this authority discloses."""

    subpage_types = ["disclosure_pages.RulesPage"]
    template = "disclosure_pages/rules_index_page.html"

    class Meta:
        verbose_name = _("公开制度目录")

    def children_named(self, slug: str) -> QuerySet[Page]:
        return RulesPage.objects.all()


class RulesPage(TextPage):
    """One rule (制度), with number, dates and whether it is in force."""

    kind = PublicKind.RULES

    document_number = models.CharField(_("文号"), max_length=80, blank=True)
    date_made = models.DateField(_("成文日期"), null=True, blank=True)
    validity = models.CharField(
        _("有效性"),
        max_length=20,
        choices=LegalStatus.choices,
        default=LegalStatus.VALID,
    )

    content_panels = [
        *Page.content_panels,
        FieldRowPanel(
            [
                FieldPanel("document_number"),
                FieldPanel("date_made"),
                FieldPanel("validity"),
            ]
        ),
        *TextPage.content_panels[len(Page.content_panels) :],
    ]
    parent_page_types = ["disclosure_pages.RulesIndexPage"]
    template = "disclosure_pages/rules_page.html"

    class Meta:
        verbose_name = _("公开制度")
        verbose_name_plural = _("公开制度")


class InstitutionPage(TextPage):
    """机构职能: offices, steering group, receiving office, from the register.

    Regulation, art. 20 (2). The tables are drawn when the page is read; the body is
    what the register does not hold.
    """

    kind = PublicKind.INSTITUTION

    max_count = 1
    parent_page_types = ["disclosure_pages.HomePage"]
    template = "disclosure_pages/institution_page.html"

    class Meta:
        verbose_name = _("机构职能")
        verbose_name_plural = _("机构职能")


class AnnualReportIndexPage(SectionPage):
    """政府信息公开年报: the annual reports, the newest first."""

    subpage_types = ["disclosure_pages.AnnualReportPage"]
    template = "disclosure_pages/annual_report_index_page.html"

    class Meta:
        verbose_name = _("年度报告目录")

    def children_named(self, slug: str) -> QuerySet[Page]:
        return AnnualReportPage.objects.all()


class AnnualReportPage(TextPage):
    """The report of one year (Regulation, arts 49, 50), with the file to download."""

    kind = PublicKind.REPORT

    year = models.PositiveSmallIntegerField(_("年度"), unique=True)
    document = models.ForeignKey(
        DisclosureDocument,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="annual_reports",
        verbose_name=_("报告文件"),
    )

    content_panels = [
        *Page.content_panels,
        FieldPanel("year"),
        *TextPage.content_panels[len(Page.content_panels) :],
        FieldPanel("document"),
    ]
    parent_page_types = ["disclosure_pages.AnnualReportIndexPage"]
    template = "disclosure_pages/annual_report_page.html"
    exclude_fields_in_copy = [*TextPage.exclude_fields_in_copy, "year"]

    class Meta:
        verbose_name = _("年度报告")
        verbose_name_plural = _("年度报告")

    def attachment_hashes(self) -> list[str]:
        return [self.document.sha256] if self.document else []


class NoticeIndexPage(SectionPage):
    """通知公告: what is new, by date."""

    subpage_types = ["disclosure_pages.NoticePage"]
    template = "disclosure_pages/notice_index_page.html"

    class Meta:
        verbose_name = _("通知公告目录")

    def children_named(self, slug: str) -> QuerySet[Page]:
        return NoticePage.objects.all()


class NoticePage(TextPage):
    """A notice or news item (通知公告); it has no index number."""

    kind = PublicKind.NOTICE

    content_source = models.CharField(
        _("信息来源"), max_length=80, blank=True, help_text=_("空着即为本机关。")
    )

    content_panels = [*TextPage.content_panels, FieldPanel("content_source")]
    parent_page_types = ["disclosure_pages.NoticeIndexPage"]
    template = "disclosure_pages/notice_page.html"

    class Meta:
        verbose_name = _("通知公告")
        verbose_name_plural = _("通知公告")


class DossierIndexPage(SectionPage):
    """专题: the dossiers."""

    subpage_types = ["disclosure_pages.DossierPage"]
    template = "disclosure_pages/dossier_index_page.html"

    class Meta:
        verbose_name = _("专题目录")

    def children_named(self, slug: str) -> QuerySet[Page]:
        return DossierPage.objects.all()


class DossierPage(TextPage):
    """专题: items of several categories on one matter, in a chosen order."""

    kind = PublicKind.DOSSIER

    content_panels = [
        *TextPage.content_panels,
        InlinePanel("entries", label=_("收入的信息")),
    ]
    parent_page_types = ["disclosure_pages.DossierIndexPage"]
    template = "disclosure_pages/dossier_page.html"

    class Meta:
        verbose_name = _("专题")
        verbose_name_plural = _("专题")


class DossierEntry(Orderable):
    """An item in a dossier, under an optional heading of its own."""

    page = ParentalKey(DossierPage, on_delete=models.CASCADE, related_name="entries")
    item = models.ForeignKey(
        DisclosureItemPage,
        on_delete=models.CASCADE,
        related_name="dossier_entries",
        verbose_name=_("公开信息"),
    )
    heading = models.CharField(
        _("小标题"),
        max_length=60,
        blank=True,
        help_text=_("从这一条起另起一段时填写。"),
    )

    panels = [
        PageChooserPanel("item", "disclosure_pages.DisclosureItemPage"),
        FieldPanel("heading"),
    ]

    class Meta(Orderable.Meta):
        verbose_name = _("专题条目")

    def __str__(self) -> str:
        return self.heading or self.item.title


class CollectionPage(ModeratedPage):
    """A saved query shown as list, table or feed; it holds no items itself."""

    lede = models.CharField(_("说明"), max_length=300, blank=True)
    q = models.CharField(_("包含的字"), max_length=100, blank=True)
    category = models.CharField(
        _("类别"), max_length=20, choices=Category.choices, blank=True
    )
    office = models.ForeignKey(
        "gongkai_cms.Office",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("科室"),
    )
    subcategory = models.ForeignKey(
        "disclosure_pages.Subcategory",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("子类别"),
    )
    genre = models.ForeignKey(
        "disclosure_pages.Term",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        limit_choices_to={"scheme": "genre"},
        verbose_name=_("体裁"),
    )
    year = models.PositiveSmallIntegerField(_("公开年份"), null=True, blank=True)
    validity = models.CharField(
        _("有效性"), max_length=20, choices=LegalStatus.choices, blank=True
    )
    keyword = models.CharField(_("关键词"), max_length=60, blank=True)
    layout = models.CharField(
        _("显示为"),
        max_length=10,
        choices=CollectionLayout.choices,
        default=CollectionLayout.LIST,
    )

    content_panels = [
        *Page.content_panels,
        FieldPanel("lede"),
        FieldRowPanel([FieldPanel("q"), FieldPanel("keyword")]),
        FieldRowPanel([FieldPanel("category"), FieldPanel("subcategory")]),
        FieldRowPanel([FieldPanel("office"), FieldPanel("genre")]),
        FieldRowPanel([FieldPanel("year"), FieldPanel("validity")]),
        FieldPanel("layout"),
    ]
    parent_page_types = ["disclosure_pages.HomePage"]
    subpage_types: list[str] = []
    template = "disclosure_pages/collection_page.html"

    class Meta:
        verbose_name = _("集合")
        verbose_name_plural = _("集合")


class PlainPage(TextPage):
    """Any other page of text, e.g. the accessibility statement (无障碍声明)."""

    kind = PublicKind.PAGE

    parent_page_types = ["disclosure_pages.HomePage", "disclosure_pages.PlainPage"]
    subpage_types = ["disclosure_pages.PlainPage"]
    template = "disclosure_pages/plain_page.html"

    class Meta:
        verbose_name = _("普通页面")
        verbose_name_plural = _("普通页面")
