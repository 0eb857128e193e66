import re

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.contrib.settings.models import BaseGenericSetting, register_setting

from cms.models.organisation import Office

INDEX_NUMBER_PATTERN = "{organ}/{year}-{serial:05d}"
MONTH_DAY = RegexValidator(
    r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$", _("请写成“月-日”，例如 05-01。")
)
PATTERN = re.compile(
    r"(?:[^{}]|\{organ\}|\{year\})*\{serial(?::0[1-9]d)?\}(?:[^{}]|\{organ\}|\{year\})*"
)


def check_index_number_pattern(value: str) -> None:
    """Refuse a pattern that could give two numbers alike or that cannot be filled."""
    if not PATTERN.fullmatch(value) or "{year}" not in value:
        raise ValidationError(
            _("索引号格式须含 {year} 和一个 {serial}，例如 %(example)s。"),
            params={"example": INDEX_NUMBER_PATTERN},
        )


@register_setting(icon="home")
class Authority(BaseGenericSetting):
    """The authority that discloses (公开机关): one per installation.

    Its unified social credit code (统一社会信用代码) is the *origin* in the portal
    protocol and the first part of every index number (索引号).
    """

    name = models.CharField(
        _("机关名称"),
        max_length=80,
        default="",
        blank=True,
        help_text=_("全称，例如“云溪镇人民政府”。"),
    )
    short_name = models.CharField(_("简称"), max_length=40, default="", blank=True)
    credit_code = models.CharField(
        _("统一社会信用代码"),
        max_length=18,
        default="",
        blank=True,
        validators=[RegexValidator(r"^[0-9A-Z]{18}$", _("应为 18 位数字或大写字母。"))],
        help_text=_("18 位，用作索引号的前段。开始公开以后不要改动。"),
    )
    city_name = models.CharField(_("上级机关"), max_length=80, default="", blank=True)
    host_unit = models.CharField(_("主办单位"), max_length=80, default="", blank=True)
    operator_unit = models.CharField(
        _("承办单位"), max_length=80, default="", blank=True
    )
    address = models.CharField(_("地址"), max_length=120, default="", blank=True)
    phone = models.CharField(_("咨询电话"), max_length=40, default="", blank=True)
    email = models.EmailField(_("电子邮箱"), default="", blank=True)
    office_hours = models.CharField(
        _("办公时间"), max_length=80, default="", blank=True
    )
    fax = models.CharField(_("传真"), max_length=40, default="", blank=True)
    postal_code = models.CharField(_("邮政编码"), max_length=6, default="", blank=True)
    receiving_office = models.ForeignKey(
        Office,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("受理机构"),
        help_text=_("受理公开申请和咨询的科室。"),
    )
    information_officer = models.CharField(
        _("信息管理员"), max_length=20, default="", blank=True
    )
    information_officer_phone = models.CharField(
        _("信息管理员电话"), max_length=40, default="", blank=True
    )
    index_number_pattern = models.CharField(
        _("索引号格式"),
        max_length=60,
        default=INDEX_NUMBER_PATTERN,
        validators=[check_index_number_pattern],
        help_text=_("{organ} 是信用代码，{year} 年份，{serial} 流水号（必须有）。"),
    )
    publish_within_days = models.PositiveSmallIntegerField(
        _("公开时限（工作日）"),
        default=20,
        help_text=_("形成或变更之日起算（条例第二十六条），目录另有规定的从其规定。"),
    )
    summer_from = models.CharField(
        _("夏季作息起"), max_length=5, default="05-01", validators=[MONTH_DAY]
    )
    summer_to = models.CharField(
        _("夏季作息止"), max_length=5, default="09-30", validators=[MONTH_DAY]
    )
    consult_place = models.CharField(
        _("咨询地点"), max_length=80, default="", blank=True
    )
    site_id_code = models.CharField(
        _("网站标识码"), max_length=12, default="", blank=True
    )
    icp_number = models.CharField(
        _("ICP 备案号"), max_length=60, default="", blank=True
    )
    police_number = models.CharField(
        _("公安备案号"), max_length=60, default="", blank=True
    )

    panels = [
        MultiFieldPanel(
            [
                FieldPanel(name)
                for name in ("name", "short_name", "credit_code", "city_name")
            ],
            heading=_("机关"),
        ),
        MultiFieldPanel(
            [
                FieldPanel(name)
                for name in (
                    *("host_unit", "operator_unit", "address", "phone", "email"),
                    *("fax", "postal_code", "office_hours", "consult_place"),
                    *("receiving_office", "information_officer"),
                    "information_officer_phone",
                )
            ],
            heading=_("联系方式"),
        ),
        MultiFieldPanel(
            [
                FieldPanel(name)
                for name in ("site_id_code", "icp_number", "police_number")
            ],
            heading=_("网站标识"),
        ),
        MultiFieldPanel(
            [
                FieldPanel(name)
                for name in (
                    *("index_number_pattern", "publish_within_days"),
                    *("summer_from", "summer_to"),
                )
            ],
            heading=_("编号和时限"),
        ),
    ]

    class Meta:
        verbose_name = _("公开机关")

    def __str__(self) -> str:
        return self.name
