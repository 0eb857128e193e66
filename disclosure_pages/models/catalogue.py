from django.db import models
from django.utils.translation import gettext_lazy as _

from cms.models import Office, OfficialRow
from disclosure_pages.choices import (
    CatalogueLevel,
    Category,
    DisclosureMode,
    TermScheme,
)


class Term(OfficialRow):
    """A value of one of the vocabularies: 体裁, 主题 or 服务对象."""

    scheme = models.CharField(_("词表"), max_length=10, choices=TermScheme.choices)
    code = models.SlugField(_("代码"), max_length=40)
    label = models.CharField(_("名称"), max_length=60)
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("上级"),
    )
    sort_order = models.PositiveSmallIntegerField(_("排序"), default=0)

    class Meta:
        verbose_name = _("词表用词")
        verbose_name_plural = _("词表")
        ordering = ["scheme", "sort_order", "code"]
        constraints = [
            models.UniqueConstraint(fields=["scheme", "code"], name="term_unique")
        ]

    def __str__(self) -> str:
        return f"{self.parent.label}\\{self.label}" if self.parent else self.label


class Subcategory(OfficialRow):
    """A part of one of the six categories, with the article that demands it.

    ``obligatory``: a township has to publish it (Regulation, arts 20 and 21).
    """

    category = models.CharField(_("类别"), max_length=20, choices=Category.choices)
    code = models.SlugField(_("代码"), max_length=40)
    name = models.CharField(_("名称"), max_length=60)
    basis = models.CharField(_("依据"), max_length=120, blank=True)
    obligatory = models.BooleanField(_("法定必须公开"), default=False)
    sort_order = models.PositiveSmallIntegerField(_("排序"), default=0)

    class Meta:
        verbose_name = _("子类别")
        verbose_name_plural = _("子类别")
        ordering = ["category", "sort_order", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["category", "code"], name="subcategory_unique"
            )
        ]

    def __str__(self) -> str:
        return self.name


class CatalogueEntry(OfficialRow):
    """One line of the standard catalogue (基层政务公开标准目录).

    Columns as in the 26 pilot areas' catalogues (国办发〔2019〕54号). ``limit_days``:
    working days from formation or change; empty = the authority's default.
    """

    code = models.CharField(_("编号"), max_length=40, unique=True)
    field = models.CharField(_("领域"), max_length=60)
    number = models.PositiveSmallIntegerField(_("序号"), default=0)
    level1 = models.CharField(_("一级事项"), max_length=80)
    level2 = models.CharField(_("二级事项"), max_length=120, blank=True)
    content = models.TextField(_("公开内容（要素）"), blank=True)
    basis = models.TextField(_("公开依据"), blank=True)
    time_limit = models.CharField(_("公开时限"), max_length=200, blank=True)
    limit_days = models.PositiveSmallIntegerField(
        _("时限（工作日）"), null=True, blank=True
    )
    body = models.CharField(_("公开主体"), max_length=120, blank=True)
    channels = models.JSONField(_("公开渠道和载体"), default=list, blank=True)
    audience = models.CharField(_("公开对象"), max_length=120, blank=True)
    mode = models.CharField(
        _("公开方式"),
        max_length=20,
        choices=DisclosureMode.choices,
        default=DisclosureMode.PROACTIVE,
    )
    level = models.CharField(
        _("公开层级"),
        max_length=10,
        choices=CatalogueLevel.choices,
        default=CatalogueLevel.TOWNSHIP,
    )
    category = models.CharField(
        _("类别"), max_length=20, choices=Category.choices, blank=True
    )
    subcategory = models.ForeignKey(
        Subcategory,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="entries",
        verbose_name=_("子类别"),
    )
    office = models.ForeignKey(
        Office,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="catalogue_entries",
        verbose_name=_("责任科室"),
    )

    class Meta:
        verbose_name = _("标准目录事项")
        verbose_name_plural = _("标准目录")
        ordering = ["field", "number", "code"]

    def __str__(self) -> str:
        return f"{self.level1}·{self.level2}" if self.level2 else self.level1
