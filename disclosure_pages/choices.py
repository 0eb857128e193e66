"""Values that are stored; labels are the words of the statute and of its forms."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Category(models.TextChoices):
    """The six categories of the township's catalogue (目录)."""

    INSTITUTION = "institution", _("机构信息")
    DECISION = "decision", _("决策信息")
    WORK = "work", _("工作信息")
    ENFORCEMENT = "enforcement", _("行政执法")
    PERSONNEL = "personnel", _("人事信息")
    FINANCE = "finance", _("财政管理")


class LegalStatus(models.TextChoices):
    """有效性: whether a document is still in force."""

    VALID = "valid", _("有效")
    AMENDED = "amended", _("已修改")
    EXPIRED = "expired", _("失效")
    REPEALED = "repealed", _("废止")


class DisclosureMode(models.TextChoices):
    """公开属性: decided at source; only proactive items are ever shown."""

    PROACTIVE = "proactive", _("主动公开")
    ON_REQUEST = "on_request", _("依申请公开")
    WITHHELD = "withheld", _("不予公开")


class WithdrawalKind(models.TextChoices):
    """Why something public was taken back (撤回)."""

    MISTAKE = "mistake", _("发布有误")
    MERGED = "merged", _("合并到其他信息")
    REPEALED = "repealed", _("失效或废止")
    UNLAWFUL = "unlawful", _("依法不再公开")


class Equipment(models.TextChoices):
    """What a reading point (查阅点) offers."""

    COMPUTER = "computer", _("电脑")
    PRINTER = "printer", _("打印机")
    TOUCHSCREEN = "touchscreen", _("触摸屏")
    READER = "reader", _("朗读设备")
    RACK = "rack", _("资料架")


class PublicKind(models.TextChoices):
    """What can be found and is sent to the portal."""

    ITEM = "item", _("公开信息")
    GUIDE = "guide", _("公开指南")
    READING_POINT = "reading_point", _("查阅点")


class RegisterStatus(models.TextChoices):
    """State of an index number (索引号) in the gap-free register."""

    ISSUED = "issued", _("已编号")
    PUBLISHED = "published", _("已公开")
    VOID = "void", _("作废")
