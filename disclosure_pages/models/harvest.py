from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel

from disclosure_pages.choices import Category, HarvestKind, HarvestState
from disclosure_pages.harvest.profiles import ProfileError, profile_of
from disclosure_pages.models.external import ExternalItem
from disclosure_pages.outgoing import UnsafeAddress, split_web_address


class HarvestSource(models.Model):
    """A superior's site from which new items are fetched regularly (采集来源).

    ``cursor`` is where the reading goes on: what it holds depends on the kind.
    Who runs it holds ``lease_until``; a run that was killed is free again after it.
    """

    name = models.CharField(_("名称"), max_length=60, unique=True)
    url = models.CharField(
        _("网址"),
        max_length=500,
        help_text=_(
            "本系统填网站首页；RSS、网站地图、列表页和目录接口填它们自己的网址。"
        ),
    )
    kind = models.CharField(_("种类"), max_length=10, choices=HarvestKind.choices)
    publisher = models.CharField(
        _("发布机构"),
        max_length=80,
        help_text=_("网页上没写是谁发布时，用这个名字。"),
    )
    category = models.CharField(
        _("类别"),
        max_length=20,
        choices=Category.choices,
        blank=True,
        help_text=_("来源没有说明类别时用；空着也可以。"),
    )
    is_active = models.BooleanField(
        _("启用"), default=False, help_text=_("先“试取”看看对不对，再启用。")
    )
    every_minutes = models.PositiveIntegerField(
        _("每隔多少分钟取一次"),
        default=120,
        validators=[MinValueValidator(10), MaxValueValidator(10_080)],
    )
    pause_s = models.PositiveSmallIntegerField(
        _("两次访问至少隔几秒"),
        default=2,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
        help_text=_("对方网站要求更久的，按对方的要求。"),
    )
    profile = models.JSONField(
        _("取数规则"),
        default=dict,
        blank=True,
        help_text=_(
            "一般空着（{}）。对方网页结构特别的，由技术人员填写，写法见运维手册。"
        ),
    )
    cursor = models.JSONField(default=dict, blank=True, editable=False)
    round = models.PositiveIntegerField(default=1, editable=False)
    next_at = models.DateTimeField(null=True, blank=True, editable=False, db_index=True)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    last_run_at = models.DateTimeField(
        _("上次取的时间"), null=True, blank=True, editable=False
    )
    last_good_at = models.DateTimeField(
        _("上次取成的时间"), null=True, blank=True, editable=False
    )
    last_error = models.CharField(
        _("出错说明"), max_length=300, blank=True, editable=False
    )
    last_counts = models.JSONField(default=dict, blank=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)

    panels = [
        MultiFieldPanel(
            [
                *(FieldPanel(name) for name in ("name", "kind", "url", "publisher")),
                FieldPanel("category"),
            ],
            heading=_("从哪里取"),
        ),
        MultiFieldPanel(
            [
                FieldRowPanel([FieldPanel("every_minutes"), FieldPanel("pause_s")]),
                FieldPanel("is_active"),
            ],
            heading=_("怎样取"),
        ),
        MultiFieldPanel(
            [FieldPanel("profile")], heading=_("取数规则"), classname="collapsed"
        ),
    ]

    class Meta:
        verbose_name = _("采集来源")
        verbose_name_plural = _("采集来源")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        wrong = {}
        self.url = (self.url or "").strip()
        try:
            split_web_address(self.url)
        except UnsafeAddress as error:
            wrong["url"] = str(error)
        try:
            profile_of(self.kind, self.profile)
        except ProfileError as error:
            wrong["profile"] = str(error)
        if wrong:
            raise ValidationError(wrong)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep it; another address or kind is read from the beginning."""
        before = type(self).objects.filter(pk=self.pk).values_list("url", "kind")
        if self.pk and before.first() not in (None, (self.url, self.kind)):
            self.cursor, self.next_at, self.failures = {}, None, 0
            self.last_error = ""
            if fields := kwargs.get("update_fields"):
                added = {"cursor", "next_at", "failures", "last_error"}
                kwargs["update_fields"] = {*fields, *added}
        super().save(*args, **kwargs)

    @property
    def state_in_words(self) -> str:
        """How it goes, for the list on the desk."""
        if not self.is_active:
            return _now("停用")
        if self.last_error:
            return self.last_error
        if self.last_run_at is None:
            return _now("还没取过")
        counts = self.last_counts
        return _now("正常；上次新增 %(new)d、更新 %(changed)d、撤下 %(gone)d") % {
            name: counts.get(name, 0) for name in ("new", "changed", "gone")
        }


class HarvestedLink(models.Model):
    """An address at a source and the row that was made of it (链接表).

    ``hint`` is what the list already told, kept until the page is fetched; ``fresh``
    stands for the content that was last seen (lastmod, hash): the same is not fetched.
    ``misses`` counts answers "not there", ``absences`` complete lists without it.
    """

    source = models.ForeignKey(
        HarvestSource, on_delete=models.CASCADE, related_name="links"
    )
    address = models.CharField(max_length=500)
    item = models.ForeignKey(
        ExternalItem,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="harvested",
    )
    state = models.CharField(
        max_length=8, choices=HarvestState.choices, default=HarvestState.WAITING
    )
    hint = models.JSONField(default=dict, blank=True)
    fresh = models.CharField(max_length=64, blank=True)
    part = models.CharField(max_length=16, blank=True)
    etag = models.CharField(max_length=200, blank=True)
    last_modified = models.CharField(max_length=60, blank=True)
    detail = models.CharField(max_length=200, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    misses = models.PositiveSmallIntegerField(default=0)
    absences = models.PositiveSmallIntegerField(default=0)
    seen_round = models.PositiveIntegerField(default=0)
    checked_at = models.DateTimeField(null=True, blank=True)
    next_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("采集的网址")
        verbose_name_plural = _("采集的网址")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "address"], name="harvested_link_once"
            )
        ]
        indexes = [models.Index(fields=["source", "state", "next_at"])]

    def __str__(self) -> str:
        return self.address


class HarvestHost(models.Model):
    """How a foreign host wants to be treated, shared by all processes.

    Nobody asks it before ``next_at``; ``robots`` is its robots.txt as of ``robots_at``.
    """

    host = models.CharField(max_length=255, unique=True)
    next_at = models.DateTimeField(null=True, blank=True)
    robots = models.TextField(blank=True)
    robots_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("采集的网站")
        verbose_name_plural = _("采集的网站")

    def __str__(self) -> str:
        return self.host
