"""Portals that load a table by hand: their columns, our packages, their answers."""

from collections.abc import Iterable

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from wagtail.admin.panels import FieldPanel, InlinePanel, MultiFieldPanel
from wagtail.models import Orderable

from disclosure_pages.bulk.template import ITEM_SHEET

from ..choices import target_label
from ..template.fields import FIELDS, FIXED, ColumnPlan, default_columns

ACCEPTED = (
    "成功；已发布；已入库；已接收；通过；已撤下；已撤回；已删除；success；ok；accepted"
)
REFUSED = "失败；退回；不通过；未通过；拒绝；驳回；failed；error；rejected"


def _words(text: str) -> set[str]:
    parts = text.replace("\n", "；").replace(";", "；").split("；")
    return {part.strip().casefold() for part in parts if part.strip()}


class PortalTemplate(ClusterableModel):
    """The 信息加载模板 of one portal as data: columns, its own words, rhythm.

    The official row is the template that a portal without a row of its own gets; it
    comes with the program and is replaced by its next version.
    """

    portal = models.CharField(_("门户"), max_length=40, blank=True)
    official = models.BooleanField(_("官方"), default=False, editable=False)
    sheet = models.CharField(_("工作表名称"), max_length=31, default=ITEM_SHEET)
    packed = models.BooleanField(
        _("打成一个 zip 文件"), default=True, help_text=_("不选：每批一个文件夹。")
    )
    gather_minutes = models.PositiveIntegerField(
        _("每隔多少分钟出一批"),
        default=0,
        validators=[MaxValueValidator(7 * 24 * 60)],
        help_text=_("0：有变化马上出一批。撤下总是马上出。"),
    )
    remind_days = models.PositiveIntegerField(
        _("几天没有回执就提醒"),
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
    )
    accepted_words = models.TextField(
        _("回执里表示成功的词"), default=ACCEPTED, help_text=_("用“；”分开。")
    )
    refused_words = models.TextField(
        _("回执里表示退回的词"), default=REFUSED, help_text=_("用“；”分开。")
    )

    panels = [
        FieldPanel("portal"),
        MultiFieldPanel(
            [FieldPanel("sheet"), FieldPanel("packed"), FieldPanel("gather_minutes")],
            heading=_("怎样出批次"),
        ),
        InlinePanel(
            "columns",
            heading=_("列（从左到右）"),
            label=_("列"),
            help_text=_("一列也不填：保存时按默认模板填好，再来改。"),
        ),
        InlinePanel(
            "values",
            heading=_("换成门户的叫法"),
            label=_("一个值"),
            help_text=_("例：类别“财政管理”，门户叫“财政信息”。"),
        ),
        MultiFieldPanel(
            [
                FieldPanel("accepted_words"),
                FieldPanel("refused_words"),
                FieldPanel("remind_days"),
            ],
            heading=_("怎样读回执"),
        ),
    ]

    class Meta:
        verbose_name = _("门户加载模板")
        verbose_name_plural = _("门户加载模板")
        ordering = ["-official", "portal"]
        constraints = [
            models.UniqueConstraint(
                fields=["portal"],
                name="template_of_a_portal_unique",
                violation_error_message=_("这个门户已经有模板了，请改那一份。"),
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """The template in words."""
        if self.official:
            return str(_("默认模板（只读）"))
        return target_label(f"portal:{self.portal}")

    @classmethod
    def of(cls, portal: str) -> "PortalTemplate":
        """Return the portal's own template, else the official one."""
        rows = {row.portal: row for row in cls.objects.filter(portal__in=(portal, ""))}
        return rows.get(portal) or rows.get("") or cls(official=True)

    def clean(self) -> None:
        """Demand the portal's name of every row but the official one."""
        if not self.official and not self.portal:
            raise ValidationError({"portal": _("请写门户的名称。")})

    def plan(self) -> list[ColumnPlan]:
        """Return the columns from left to right."""
        rows = [
            ColumnPlan(c.heading, c.field, c.fixed, c.required, c.max_length)
            for c in self.columns.all()
        ]
        return rows or default_columns()

    def fill(self) -> None:
        """Write the columns of the default template; what was there is replaced."""
        TemplateColumn.objects.filter(template=self).delete()
        TemplateColumn.objects.bulk_create(
            TemplateColumn(template=self, sort_order=place, **vars(column))
            for place, column in enumerate(default_columns())
        )

    def own_words(self) -> dict[tuple[str, str], str]:
        """Return the portal's word for each (field, our value), by value and label."""
        return {(row.field, row.ours): row.theirs for row in self.values.all()}

    def verdict(self, word: str) -> str:
        """Return what a word in a receipt means; "" for one that nobody told us."""
        said = word.strip().casefold()
        if said in _words(self.accepted_words):
            return TemplateRow.Result.ACCEPTED
        if said in _words(self.refused_words):
            return TemplateRow.Result.REFUSED
        return ""


class TemplateColumn(Orderable):
    """One column: its heading at the portal and what we put there."""

    template = ParentalKey(
        PortalTemplate, on_delete=models.CASCADE, related_name="columns"
    )
    heading = models.CharField(_("表头"), max_length=60)
    field = models.CharField(_("填什么"), max_length=20, choices=FIELDS)
    fixed = models.CharField(_("固定文字"), max_length=200, blank=True)
    required = models.BooleanField(_("必填"), default=False)
    max_length = models.PositiveIntegerField(
        _("最多字数"), default=0, help_text=_("0：不限。")
    )

    class Meta(Orderable.Meta):
        verbose_name = _("列")

    def clean(self) -> None:
        """Demand a text where a fixed one is to be written."""
        if self.field == FIXED and not self.fixed:
            raise ValidationError({"fixed": _("请写固定的文字。")})


class TemplateValue(Orderable):
    """The portal's own word for one of our values."""

    template = ParentalKey(
        PortalTemplate, on_delete=models.CASCADE, related_name="values"
    )
    field = models.CharField(_("哪一项"), max_length=20, choices=FIELDS)
    ours = models.CharField(_("我们的"), max_length=100)
    theirs = models.CharField(_("门户的"), max_length=100)

    class Meta(Orderable.Meta):
        verbose_name = _("门户的叫法")


class TemplateBatch(models.Model):
    """One numbered package; visible to others from the instant it is ``written_at``."""

    portal = models.CharField(_("门户"), max_length=40)
    number = models.PositiveIntegerField(_("批次"))
    withdrawals = models.BooleanField(_("撤下批次"), default=False)
    name = models.CharField(_("文件"), max_length=100, blank=True)
    created_at = models.DateTimeField(_("导出时间"), auto_now_add=True)
    written_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("门户批次")
        ordering = ["-created_at", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["portal", "number"], name="template_batch_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{target_label(f'portal:{self.portal}')} {self.number}"


class TemplateRow(models.Model):
    """One version of one item in a package, and what the portal said about it."""

    class Result(models.TextChoices):
        WAITING = "waiting", _("已导出，待回执")
        ACCEPTED = "accepted", _("门户已接收")
        REFUSED = "refused", _("门户退回")

    batch = models.ForeignKey(
        TemplateBatch, on_delete=models.CASCADE, related_name="rows"
    )
    portal = models.CharField(max_length=40)
    place = models.PositiveIntegerField(_("行"))
    key = models.CharField(_("永久标识"), max_length=80)
    version = models.PositiveBigIntegerField(_("版本"))
    sha256 = models.CharField(_("校验码"), max_length=64)
    state = models.CharField(max_length=10)
    index_number = models.CharField(_("索引号"), max_length=60, blank=True)
    result = models.CharField(
        _("结果"), max_length=10, choices=Result.choices, default=Result.WAITING
    )
    url = models.CharField(_("门户网址"), max_length=500, blank=True)
    words = models.CharField(_("门户的说明"), max_length=400, blank=True)
    answered_at = models.DateTimeField(_("回执时间"), null=True)
    removed_at = models.DateTimeField(_("从包里取出"), null=True)

    class Meta:
        verbose_name = _("批次中的一条")
        ordering = ["batch", "place"]
        constraints = [
            models.UniqueConstraint(
                fields=["portal", "key", "version"], name="template_row_unique"
            )
        ]
        indexes = [
            models.Index(fields=["portal", "result"], name="template_row_result"),
            models.Index(
                fields=["portal", "index_number"], name="template_row_index_number"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.version}"

    @classmethod
    def newest(cls, portal: str, keys: Iterable[str]) -> dict[str, "TemplateRow"]:
        """Return the highest version that was exported of each key (one query)."""
        rows = cls.objects.filter(portal=portal, key__in=list(keys))
        return {
            row.key: row for row in rows.order_by("version").select_related("batch")
        }

    @classmethod
    def open_rows(cls, portal: str) -> "models.QuerySet[TemplateRow]":
        """Return what still waits for an answer, only the newest version of a key."""
        newer = cls.objects.filter(
            portal=portal,
            key=models.OuterRef("key"),
            version__gt=models.OuterRef("version"),
        )
        rows = cls.objects.filter(portal=portal, result=cls.Result.WAITING)
        return rows.filter(~models.Exists(newer), removed_at=None)


class TemplateReceipt(models.Model):
    """A receipt file that was read: how much of it counted, and what did not."""

    portal = models.CharField(_("门户"), max_length=40)
    name = models.CharField(_("文件"), max_length=200)
    sha256 = models.CharField(max_length=64)
    received_at = models.DateTimeField(_("收到时间"), auto_now_add=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    accepted = models.PositiveIntegerField(_("接收"), default=0)
    refused = models.PositiveIntegerField(_("退回"), default=0)
    problems = models.JSONField(_("问题"), default=list)

    class Meta:
        verbose_name = _("门户回执")
        ordering = ["-received_at", "-pk"]

    def __str__(self) -> str:
        return self.name
