from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.contrib.settings.models import BaseGenericSetting, register_setting


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
                    *("office_hours", "consult_place"),
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
    ]

    class Meta:
        verbose_name = _("公开机关")

    def __str__(self) -> str:
        return self.name
