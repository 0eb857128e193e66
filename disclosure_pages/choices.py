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
    RULES = "rules", _("公开制度")
    INSTITUTION = "institution", _("机构职能")
    REPORT = "report", _("年度报告")
    NOTICE = "notice", _("通知公告")
    DOSSIER = "dossier", _("专题")
    PAGE = "page", _("其他页面")


class RegisterStatus(models.TextChoices):
    """State of an index number (索引号) in the gap-free register."""

    ISSUED = "issued", _("已编号")
    PUBLISHED = "published", _("已公开")
    VOID = "void", _("作废")


class TermScheme(models.TextChoices):
    """The controlled vocabularies of the catalogue."""

    GENRE = "genre", _("体裁")
    SUBJECT = "subject", _("主题")
    AUDIENCE = "audience", _("服务对象")


class Retention(models.TextChoices):
    """保管期限: how long the record is kept; the archive date follows from it."""

    PERMANENT = "permanent", _("永久")
    YEARS_30 = "30", _("30 年")
    YEARS_10 = "10", _("10 年")


class ReferenceKind(models.TextChoices):
    """How an item stands to a superior's: a pointer (引用), or a supplement to it."""

    REFERENCE = "reference", _("引用（只指向原文）")
    SUPPLEMENT = "supplement", _("补充（本地另有内容）")


class ExternalRelation(models.TextChoices):
    """Why a row from elsewhere is here."""

    RECEIVED = "received", _("下级报送")
    SUPERIOR = "superior", _("上级信息")


class LinkStatus(models.TextChoices):
    """What the last check of a link found."""

    UNKNOWN = "", _("未检查")
    OK = "ok", _("正常")
    BROKEN = "broken", _("打不开")
    GONE = "gone", _("原文已撤下")


class HarvestKind(models.TextChoices):
    """How a superior's site tells what it published."""

    GONGKAI = "gongkai", _("本系统的变更清单")
    FEED = "feed", _("RSS 或 Atom 订阅")
    SITEMAP = "sitemap", _("网站地图")
    LIST = "list", _("网页列表（浙江等地）")
    GKMLPT = "gkmlpt", _("公开目录接口（广东）")


class HarvestState(models.TextChoices):
    """Where one address of a source stands."""

    WAITING = "waiting", _("等着取")
    HELD = "held", _("已取")
    GONE = "gone", _("来源已撤下")
    REFUSED = "refused", _("没取成")


class CatalogueLevel(models.TextChoices):
    """公开层级 of the standard catalogue."""

    COUNTY = "county", _("县级")
    TOWNSHIP = "township", _("乡、村级")
    BOTH = "both", _("县、乡、村级")


class ManagerPost(models.TextChoices):
    """The two posts of a reading point (A/B 岗)."""

    PRIMARY = "a", _("A 岗")
    BACKUP = "b", _("B 岗")


class FeedbackStatus(models.TextChoices):
    """What became of a reader's 纠错."""

    NEW = "new", _("待处理")
    DONE = "done", _("已更正")
    REJECTED = "rejected", _("无需更正")


class TextState(models.TextChoices):
    """Whether text could be taken out of a file."""

    WAITING = "waiting", _("等待提取")
    OK = "ok", _("已提取")
    EMPTY = "empty", _("没有文字")
    SCAN = "scan", _("扫描件，没有文字层")
    ENCRYPTED = "encrypted", _("有密码，打不开")
    FAILED = "failed", _("提取失败")
    UNSUPPORTED = "unsupported", _("这种格式不提取")


class CollectionLayout(models.TextChoices):
    """How a collection shows what its query finds."""

    LIST = "list", _("列表")
    TABLE = "table", _("表格")
    RSS = "rss", _("列表和订阅")


class OpinionAnswer(models.TextChoices):
    """What somebody outside answered who was asked for an opinion."""

    AGREE = "agree", _("同意")
    DISAGREE = "disagree", _("不同意")
    REMARKS = "remarks", _("有意见")
