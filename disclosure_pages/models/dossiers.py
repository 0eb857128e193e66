"""Pages that gather items: dossiers (专题) by hand, collections by a saved query."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel
from wagtail.models import Orderable, Page

from disclosure_pages.choices import (
    Category,
    CollectionLayout,
    LegalStatus,
    PublicKind,
)
from disclosure_pages.models.base import ModeratedPage
from disclosure_pages.models.items import DisclosureItemPage
from disclosure_pages.models.pages import SectionPage, TextPage


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
    needs_text = False  # its items are

    content_panels = [
        *TextPage.content_panels,
        InlinePanel(
            "entries",
            label=_("收入的信息"),
            help_text=_(
                "按这里的先后显示，可以拖动；几条归在一起的，给第一条写小标题。"
            ),
        ),
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
        help_text=_("只能选已经公开的；以后撤回了，这里会自动不再显示。"),
    )
    heading = models.CharField(
        _("小标题"),
        max_length=60,
        blank=True,
        help_text=_("从这一条起另起一段时填写。"),
    )

    panels = [
        FieldPanel("item"),
        FieldPanel("heading"),
    ]

    class Meta(Orderable.Meta):
        verbose_name = _("专题条目")

    def __str__(self) -> str:
        return self.heading or self.item.title


class CollectionPage(ModeratedPage):
    """A saved query shown as list, table or feed; it holds no items itself."""

    lede = models.CharField(
        _("说明"),
        max_length=300,
        blank=True,
        help_text=_("标题下面的一两句话：给谁看，多久更新。"),
    )
    q = models.CharField(
        _("包含的字"),
        max_length=100,
        blank=True,
        help_text=_("名称、文号或索引号里要有的字；几个词用空格分开，须同时有。"),
    )
    category = models.CharField(
        _("类别"),
        max_length=20,
        choices=Category.choices,
        blank=True,
        help_text=_("六类中的一类；空着即不限。"),
    )
    office = models.ForeignKey(
        "gongkai_cms.Office",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("科室"),
        help_text=_("只收这个科室负责的；空着即不限。"),
    )
    subcategory = models.ForeignKey(
        "disclosure_pages.Subcategory",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("子类别"),
        help_text=_("须属于选定的类别；空着即不限。"),
    )
    genre = models.ForeignKey(
        "disclosure_pages.Term",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        limit_choices_to={"scheme": "genre"},
        verbose_name=_("体裁"),
        help_text=_("例：公示、通知、办法；空着即不限。"),
    )
    year = models.PositiveSmallIntegerField(
        _("公开年份"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1949), MaxValueValidator(9999)],
        help_text=_("四位数，例：2026；空着即不限，新的一年会自动收进来。"),
    )
    validity = models.CharField(
        _("有效性"),
        max_length=20,
        choices=LegalStatus.choices,
        blank=True,
        help_text=_("例：只收现行有效的；空着即不限。"),
    )
    keyword = models.CharField(
        _("关键词"),
        max_length=60,
        blank=True,
        help_text=_("公开信息的“关键词”一栏里要有的一个词。"),
    )
    layout = models.CharField(
        _("显示为"),
        max_length=10,
        choices=CollectionLayout.choices,
        default=CollectionLayout.LIST,
        help_text=_("列表带内容概述；表格带索引号和文号；订阅在上方写明订阅地址。"),
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

    def clean(self) -> None:
        super().clean()
        wrong = self.subcategory and self.subcategory.category != self.category
        if wrong:
            raise ValidationError(
                {"subcategory": _("这个子类别不属于选定的类别，请改选其中一项。")}
            )
