"""The smaller page types: rules, institution, reports, notices, plain pages."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
)
from wagtail.fields import StreamField
from wagtail.models import Page

from cms.services.review import ReviewConflict
from disclosure_pages.blocks import DisclosureBody
from disclosure_pages.choices import (
    LegalStatus,
    PublicKind,
)
from disclosure_pages.models.base import ModeratedPage, PublicPage
from disclosure_pages.models.files import DisclosureDocument, NamedFile


class SectionPage(ModeratedPage):
    """A part of the site that lists its children; one of its kind per site."""

    lede = models.CharField(
        _("说明"),
        max_length=300,
        blank=True,
        help_text=_("标题下面的一两句话：这一栏放什么。"),
    )

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
    needs_text: ClassVar[bool] = True

    class Meta:
        abstract = True

    def missing(self) -> list[tuple[str, str]]:
        """Return (field, sentence) of what a reader would miss; a draft may lack it."""
        if not self.needs_text or self.body:
            return []
        return [("body", _("正文还空着。请写上内容再提交。"))]

    def publish(self, revision: Any, *args: Any, **kwargs: Any) -> Any:
        """Publish a page that says something.

        Raises:
            ReviewConflict: something is missing; the sentences say what.
        """
        if missing := revision.as_object().missing():
            raise ReviewConflict(
                " ".join(str(sentence) for _field, sentence in missing)
            )
        return super().publish(revision, *args, **kwargs)


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

    document_number = models.CharField(
        _("文号"),
        max_length=80,
        blank=True,
        help_text=_("没有文号就空着。例：云政〔2026〕31号"),
    )
    date_made = models.DateField(
        _("成文日期"),
        null=True,
        blank=True,
        help_text=_("文件落款的日期，例：2026-08-24"),
    )
    validity = models.CharField(
        _("有效性"),
        max_length=20,
        choices=LegalStatus.choices,
        default=LegalStatus.VALID,
        help_text=_("现在还执行不执行；不再执行的选“失效”或“废止”。"),
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
    needs_text = False  # the register's tables are its text

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

    year = models.PositiveSmallIntegerField(
        _("年度"),
        unique=True,
        null=True,  # of a draft that has no more than a title, or is a copy
        help_text=_("报告说的是哪一年，例：2025"),
    )
    document = models.ForeignKey(
        DisclosureDocument,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="annual_reports",
        verbose_name=_("报告文件"),
        help_text=_("盖章的全文，供下载；最好是 PDF。"),
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

    def own_files(self) -> list[NamedFile]:
        if not self.document:
            return []
        return [NamedFile(self.document, self.document.title, "document")]

    def missing(self) -> list[tuple[str, str]]:
        found = [] if self.document else super().missing()
        if self.year is None:
            found.append(("year", _("还没有填年度。请写报告说的是哪一年。")))
        return found


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


class PlainPage(TextPage):
    """Any other page of text, e.g. the accessibility statement (无障碍声明)."""

    kind = PublicKind.PAGE

    parent_page_types = ["disclosure_pages.HomePage", "disclosure_pages.PlainPage"]
    subpage_types = ["disclosure_pages.PlainPage"]
    template = "disclosure_pages/plain_page.html"

    class Meta:
        verbose_name = _("普通页面")
        verbose_name_plural = _("普通页面")
