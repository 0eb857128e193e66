import hashlib

from django.core.files import File
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from disclosure_pages.choices import ExternalRelation, LinkStatus


class Origin(models.Model):
    """A township that may send to this portal, named by its credit code.

    The limits are its own where set, else those of the settings. ``contacted_at``: its
    last signed request, whatever became of it, within a minute; ``refusal``: why the
    last one that was refused for its key or a limit was.
    """

    credit_code = models.CharField(
        _("统一社会信用代码"),
        max_length=18,
        unique=True,
        validators=[
            RegexValidator(r"\A[0-9A-Z]{18}\Z", _("应为 18 位数字或大写字母。"))
        ],
    )
    name = models.CharField(_("名称"), max_length=80)
    enabled = models.BooleanField(_("启用"), default=True)
    max_items = models.PositiveIntegerField(_("最多条数"), null=True, blank=True)
    max_megabytes = models.PositiveIntegerField(
        _("附件最多（MB）"), null=True, blank=True
    )
    max_requests = models.PositiveIntegerField(
        _("每分钟最多请求"), null=True, blank=True, validators=[MinValueValidator(60)]
    )
    contacted_at = models.DateTimeField(
        _("最近联系"), null=True, blank=True, editable=False
    )
    refused_at = models.DateTimeField(
        _("最近拒收"), null=True, blank=True, editable=False
    )
    refusal = models.CharField(
        _("拒收原因"), max_length=200, blank=True, editable=False, db_default=""
    )

    class Meta:
        verbose_name = _("来源机关")
        verbose_name_plural = _("来源机关")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


def bucket_of(key: str) -> int:
    """Return the bucket (0..255) in which both ends compare a key."""
    return hashlib.sha256(key.encode()).digest()[0]


class ExternalItem(models.Model):
    """What another authority published; a row, never a page.

    ``relation`` tells what a lower authority sent here to be shown (portal role) from
    what a superior published elsewhere, known here only to be referred to (引用) and
    to find duplicates: the latter is never served, indexed or sent on.

    ``payload`` is stored as it was signed, so that its hash can be shown again; the
    other columns repeat parts of it for lists and filters.
    """

    origin = models.CharField(_("来源"), max_length=18)
    key = models.CharField(max_length=32)
    bucket = models.PositiveSmallIntegerField(default=0, editable=False)
    version = models.PositiveBigIntegerField()
    state = models.CharField(max_length=12)
    sha256 = models.CharField(max_length=64)
    payload = models.JSONField(default=dict)
    kind = models.CharField(_("种类"), max_length=20, blank=True)
    title = models.CharField(_("标题"), max_length=255, blank=True)
    index_number = models.CharField(_("索引号"), max_length=60, blank=True)
    category = models.CharField(_("类别"), max_length=20, blank=True)
    date_published = models.DateField(_("公开日期"), null=True, blank=True)
    relation = models.CharField(
        _("关系"),
        max_length=10,
        choices=ExternalRelation.choices,
        default=ExternalRelation.RECEIVED,
    )
    url = models.URLField(_("原文网址"), max_length=500, blank=True)
    document_number = models.CharField(_("文号"), max_length=80, blank=True)
    publisher = models.CharField(_("发布机构"), max_length=80, blank=True)
    date_made = models.DateField(_("成文日期"), null=True, blank=True)
    link_status = models.CharField(
        _("链接"), max_length=10, choices=LinkStatus.choices, blank=True
    )
    link_checked_at = models.DateTimeField(_("检查时间"), null=True, blank=True)
    link_detail = models.CharField(_("检查结果"), max_length=200, blank=True)
    received_at = models.DateTimeField(_("收到时间"), auto_now=True)
    first_received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("外来信息")
        verbose_name_plural = _("外来信息")
        ordering = ["-date_published", "-pk"]
        indexes = [
            models.Index(fields=["state", "-date_published"]),
            models.Index(fields=["origin", "category"]),
            models.Index(fields=["origin", "bucket", "key"]),
            models.Index(fields=["relation", "document_number"]),
            models.Index(fields=["relation", "url"]),
            models.Index(fields=["key"]),
            models.Index(  # pages of a category; all counts from the index alone
                fields=[
                    *("relation", "state", "kind", "category"),
                    *("-date_published", "-id", "origin"),
                ],
                name="external_item_lists",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["origin", "key"], name="external_item_unique"
            )
        ]

    def __str__(self) -> str:
        return self.title or self.key

    @property
    def full_key(self) -> str:
        """The key by which the index and the site know it: ``origin.key``."""
        return f"{self.origin}.{self.key}"


class ExternalFileQuerySet(models.QuerySet["ExternalFile"]):
    """Files by whether their bytes are here."""

    def held(self) -> "ExternalFileQuerySet":
        """Return those whose bytes are here."""
        return self.exclude(file="")


class ExternalFile(models.Model):
    """An attachment received from elsewhere, stored once by its hash.

    ``file`` is empty once nothing public named it any more: the row stays, so that its
    address tells that it was withdrawn.
    """

    sha256 = models.CharField(max_length=64, unique=True)
    file = models.FileField(upload_to="external/%Y/%m/")
    bytes = models.PositiveBigIntegerField()
    mime = models.CharField(max_length=100, blank=True)
    received_at = models.DateTimeField(auto_now_add=True)
    # Who sent it first: its space counts as that township's.
    origin = models.CharField(
        _("来源"), max_length=18, blank=True, db_index=True, db_default=""
    )

    objects = ExternalFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("外来附件")
        verbose_name_plural = _("外来附件")

    def __str__(self) -> str:
        return self.sha256

    @property
    def filename(self) -> str:
        """The name under which an item shows it; its ending tells the format."""
        use = self.uses.order_by("pk").first()
        return use.name if use else self.sha256

    @property
    def file_size(self) -> int:
        """Size in bytes, as documents call it."""
        return self.bytes

    def open_file(self) -> File:
        """Open it for reading; close it with ``with``."""
        return self.file.open("rb")


class ExternalAttachment(models.Model):
    """A file under the name by which a published external item shows it."""

    item = models.ForeignKey(
        ExternalItem, on_delete=models.CASCADE, related_name="attachments"
    )
    file = models.ForeignKey(
        ExternalFile, on_delete=models.PROTECT, related_name="uses"
    )
    name = models.CharField(max_length=255)
    mime = models.CharField(max_length=100, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("外来信息的附件")
        verbose_name_plural = _("外来信息的附件")
        ordering = ["position"]

    def __str__(self) -> str:
        return self.name
