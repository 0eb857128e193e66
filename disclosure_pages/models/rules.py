from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
    InlinePanel,
    MultiFieldPanel,
)
from wagtail.models import Orderable, Page, Workflow

from cms.models import Office, Risk
from disclosure_pages.choices import Category, PublicKind
from disclosure_pages.rules.registry import (
    ACTIONS,
    EVENTS,
    action_choices,
    event_choices,
)


class ContentRule(ClusterableModel):
    """When this happens to something that fits, do that (内容规则).

    Rules of one event run in their order; empty conditions fit everything.
    """

    name = models.CharField(_("名称"), max_length=60, unique=True)
    event = models.CharField(
        _("什么时候"), max_length=30, choices=event_choices, db_index=True
    )
    category = models.CharField(
        _("类别"),
        max_length=20,
        choices=Category.choices,
        blank=True,
        help_text=_("空着即不限；附件没有类别。"),
    )
    office = models.ForeignKey(
        Office,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("科室"),
        help_text=_("空着即不限。"),
    )
    kind = models.CharField(
        _("页面种类"),
        max_length=20,
        choices=PublicKind.choices,
        blank=True,
        help_text=_("空着即不限；附件不是页面。"),
    )
    risk = models.CharField(
        _("风险"),
        max_length=10,
        choices=Risk.choices,
        blank=True,
        help_text=_("空着即不限。"),
    )
    keyword = models.CharField(
        _("包含的字"),
        max_length=40,
        blank=True,
        help_text=_("标题、关键词或来信里要有的字；空着即不限。"),
    )
    is_active = models.BooleanField(
        _("启用"), default=False, help_text=_("先“试运行”看看，再启用。")
    )
    stop_after = models.BooleanField(
        _("到此为止"),
        default=False,
        help_text=_("这条规则办了以后，排在后面的规则不再办。"),
    )
    sort_order = models.PositiveSmallIntegerField(_("排序"), default=0)

    panels = [
        FieldPanel("name"),
        FieldRowPanel([FieldPanel("event"), FieldPanel("sort_order")]),
        MultiFieldPanel(
            [
                FieldRowPanel([FieldPanel("category"), FieldPanel("office")]),
                FieldRowPanel([FieldPanel("kind"), FieldPanel("risk")]),
                FieldPanel("keyword"),
            ],
            heading=_("条件（都符合才办）"),
        ),
        InlinePanel("actions", heading=_("办什么"), label=_("动作"), min_num=1),
        FieldRowPanel([FieldPanel("stop_after"), FieldPanel("is_active")]),
    ]

    class Meta:
        verbose_name = _("内容规则")
        verbose_name_plural = _("内容规则")
        ordering = ["sort_order", "pk"]

    def __str__(self) -> str:
        return self.name


class RuleAction(Orderable):
    """One thing that a rule does; which columns it needs depends on what it is."""

    rule = ParentalKey(ContentRule, on_delete=models.CASCADE, related_name="actions")
    action = models.CharField(_("动作"), max_length=30, choices=action_choices)
    group = models.ForeignKey(
        Group,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("通知哪个组"),
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("通知谁"),
        limit_choices_to={"is_active": True},
    )
    workflow = models.ForeignKey(
        Workflow,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("审查步骤"),
        help_text=_("“增加审查步骤”用：原有的步骤一个都不能少，只能多。"),
    )
    field = models.CharField(
        _("哪一栏"),
        max_length=30,
        blank=True,
        choices=[
            ("publisher", _("发布机构")),
            ("retention", _("保管期限")),
            ("validity", _("有效性")),
        ],
        help_text=_("“填写一栏”用：只改草稿，公开仍须审查。"),
    )
    value = models.CharField(
        _("内容"),
        max_length=200,
        blank=True,
        help_text=_("通知的话、要填的内容或者关键词；通知可以空着。"),
    )
    dossier = models.ForeignKey(
        "disclosure_pages.DossierPage",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("专题"),
        help_text=_("“收入专题”用：写进专题的草稿，公开仍须审查。"),
    )

    panels = [
        FieldPanel("action"),
        FieldRowPanel([FieldPanel("group"), FieldPanel("person")]),
        FieldRowPanel([FieldPanel("field"), FieldPanel("value")]),
        FieldPanel("workflow"),
        FieldPanel("dossier"),
    ]

    class Meta(Orderable.Meta):
        verbose_name = _("规则动作")

    def __str__(self) -> str:
        return self.get_action_display()

    def clean(self) -> None:
        """Refuse an action without what it needs."""
        super().clean()
        if known := ACTIONS.get(self.action):
            known.check(self)


class RuleRun(models.Model):
    """One run of a rule on one thing: what was done, and what was not and why.

    ``outcomes`` is a list of ``{"action", "text", "done"}``.
    """

    rule = models.ForeignKey(
        ContentRule, on_delete=models.SET_NULL, null=True, related_name="runs"
    )
    rule_name = models.CharField(_("规则"), max_length=60)
    event = models.CharField(_("什么时候"), max_length=30)
    page = models.ForeignKey(
        Page, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    title = models.CharField(_("对象"), max_length=255)
    url = models.CharField(_("网址"), max_length=300, blank=True)
    outcomes = models.JSONField(_("结果"), default=list)
    error = models.CharField(_("没有办成"), max_length=500, blank=True)
    run_at = models.DateTimeField(_("时间"), auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("规则运行记录")
        verbose_name_plural = _("规则运行记录")
        ordering = ["-run_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.rule_name}：{self.title}"

    def event_label(self) -> Any:
        """The event in words, also when nothing registers it any more."""
        known = EVENTS.get(self.event)
        return known.label if known else self.event

    def summary(self) -> str:
        """What was done, in one line."""
        return "；".join(row["text"] for row in self.outcomes)
