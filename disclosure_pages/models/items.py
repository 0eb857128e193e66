import re
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.forms import CheckboxSelectMultiple
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalManyToManyField
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
    InlinePanel,
    MultiFieldPanel,
    ObjectList,
    PageChooserPanel,
    TabbedInterface,
)
from wagtail.fields import StreamField
from wagtail.models import Page
from wagtail.search import index

from cms.models import Office
from disclosure_pages.blocks import DisclosureBody
from disclosure_pages.choices import (
    Category,
    DisclosureMode,
    LegalStatus,
    PublicKind,
    ReferenceKind,
    Retention,
    TermScheme,
)
from disclosure_pages.document_numbers import normalise
from disclosure_pages.item_rules import (
    record_errors,
    repeal_warning,
    title_errors,
)
from disclosure_pages.models.base import PublicPage
from disclosure_pages.models.batches import ImportBatch
from disclosure_pages.models.catalogue import CatalogueEntry, Subcategory, Term
from disclosure_pages.models.external import ExternalItem
from disclosure_pages.models.files import NamedFile
from disclosure_pages.reference_rules import reference_errors

ITEM = "disclosure_pages.DisclosureItemPage"
KEYWORD_SEPARATORS = re.compile(r"[；;，,、\s]+")


class DisclosureItemPage(PublicPage):
    """One entry of the catalogue (目录): a document disclosed, or about to be.

    It lives under the page of its office, which is what permissions follow; its
    category (类别) decides in which public list it stands.
    """

    kind = PublicKind.ITEM
    names_others = False  # whether the page as served links to other items

    index_number = models.CharField(
        _("索引号"), max_length=60, blank=True, editable=False
    )
    category = models.CharField(
        _("类别"),
        max_length=20,
        choices=Category.choices,
        help_text=_("六类之一。例：低保名单公示是“工作信息”，年度预算是“财政管理”。"),
    )
    document_number = models.CharField(
        _("文号"),
        max_length=80,
        blank=True,
        help_text=_("没有文号就空着。例：云政〔2026〕31号"),
    )
    publisher = models.CharField(
        _("发布机构"), max_length=80, blank=True, help_text=_("空着即为本机关。")
    )
    date_made = models.DateField(
        _("成文日期"), null=True, help_text=_("文件落款的日期，例：2026-08-24")
    )
    date_published = models.DateField(
        _("公开日期"),
        null=True,
        blank=True,
        help_text=_("空着即为审查通过、公开的当天。"),
    )
    validity = models.CharField(
        _("有效性"),
        max_length=20,
        choices=LegalStatus.choices,
        default=LegalStatus.VALID,
    )
    disclosure_mode = models.CharField(
        _("公开属性"),
        max_length=20,
        choices=DisclosureMode.choices,
        default=DisclosureMode.PROACTIVE,
        help_text=_("后两种须写明理由，只登记，不在网上公开。"),
    )
    disclosure_reason = models.CharField(
        _("不主动公开的理由"), max_length=300, blank=True
    )
    summary = models.CharField(
        _("内容概述"),
        max_length=300,
        blank=True,
        help_text=_("一两句话，让村民一看就懂：谁、什么事、多少钱、到什么时候。"),
    )
    keywords = models.CharField(
        _("关键词"), max_length=200, blank=True, help_text=_("用“；”分开。")
    )
    body = StreamField(DisclosureBody(), verbose_name=_("正文"), blank=True)
    subcategory = models.ForeignKey(
        Subcategory,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="items",
        verbose_name=_("子类别"),
    )
    genre = models.ForeignKey(
        Term,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="items_of_genre",
        limit_choices_to={"scheme": TermScheme.GENRE},
        verbose_name=_("体裁"),
    )
    subject = models.ForeignKey(
        Term,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="items_of_subject",
        limit_choices_to={"scheme": TermScheme.SUBJECT},
        verbose_name=_("主题"),
    )
    audiences = ParentalManyToManyField(
        Term,
        blank=True,
        related_name="items_for_audience",
        limit_choices_to={"scheme": TermScheme.AUDIENCE},
        verbose_name=_("服务对象"),
    )
    catalogue_entry = models.ForeignKey(
        CatalogueEntry,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="items",
        verbose_name=_("标准目录事项"),
        help_text=_("对应哪一项公开要求；决定公开时限。"),
    )
    effective_on = models.DateField(_("生效日期"), null=True, blank=True)
    expires_on = models.DateField(_("失效或废止日期"), null=True, blank=True)
    supersedes = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="superseded_by",
        verbose_name=_("代替哪一件"),
        help_text=_("本件公布后，被它修改、代替或废止的文件。"),
    )
    interpretation_of = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="interpretations",
        verbose_name=_("解读的是哪一件"),
    )
    reference = models.ForeignKey(
        ExternalItem,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="references",
        verbose_name=_("上级信息"),
    )
    reference_kind = models.CharField(
        _("与上级信息的关系"),
        max_length=12,
        choices=ReferenceKind.choices,
        blank=True,
    )
    duplicate_reason = models.CharField(_("仍要另发的理由"), max_length=300, blank=True)
    retention = models.CharField(
        _("保管期限"), max_length=10, choices=Retention.choices, blank=True
    )
    change_note = models.CharField(
        _("本次改了什么"),
        max_length=200,
        blank=True,
        help_text=_("改动已公开的信息时填写，读者看得到。"),
    )
    source_url = models.URLField(_("来源网址"), max_length=500, blank=True)
    external_id = models.CharField(
        _("外部编号"), max_length=120, blank=True, editable=False
    )
    batch_source = models.CharField(max_length=80, blank=True, editable=False)
    import_batch = models.ForeignKey(
        ImportBatch,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="items",
    )

    edit_handler = TabbedInterface(
        [
            ObjectList(
                [
                    FieldPanel("title", heading=_("标题")),
                    FieldPanel("summary"),
                    FieldPanel("body"),
                    InlinePanel("attachments", label=_("附件")),
                    InlinePanel("corrections", label=_("更正说明")),
                    FieldPanel("change_note"),
                ],
                heading=_("内容"),
            ),
            ObjectList(
                [
                    MultiFieldPanel(
                        [
                            FieldRowPanel(
                                [FieldPanel("category"), FieldPanel("subcategory")]
                            ),
                            FieldPanel("catalogue_entry"),
                            FieldRowPanel(
                                [FieldPanel("date_made"), FieldPanel("date_published")]
                            ),
                            FieldRowPanel(
                                [FieldPanel("document_number"), FieldPanel("publisher")]
                            ),
                            FieldRowPanel([FieldPanel("genre"), FieldPanel("subject")]),
                            FieldPanel("audiences", widget=CheckboxSelectMultiple),
                            FieldPanel("keywords"),
                        ],
                        heading=_("目录信息"),
                    ),
                    MultiFieldPanel(
                        [
                            FieldPanel("validity"),
                            FieldRowPanel(
                                [FieldPanel("effective_on"), FieldPanel("expires_on")]
                            ),
                            PageChooserPanel("supersedes", ITEM),
                            PageChooserPanel("interpretation_of", ITEM),
                        ],
                        heading=_("有效性和关联文件"),
                    ),
                    MultiFieldPanel(
                        [
                            FieldPanel("reference"),
                            FieldPanel("reference_kind"),
                            FieldPanel("duplicate_reason"),
                            FieldPanel("source_url"),
                            InlinePanel("identifiers", label=_("外部编号")),
                            FieldPanel("retention"),
                        ],
                        heading=_("来源、引用和保管"),
                    ),
                    MultiFieldPanel(
                        [
                            FieldPanel("disclosure_mode"),
                            FieldPanel("disclosure_reason"),
                        ],
                        heading=_("公开属性（起草时认定）"),
                    ),
                ],
                heading=_("目录信息"),
            ),
            ObjectList(
                [
                    FieldRowPanel([FieldPanel("go_live_at"), FieldPanel("expire_at")]),
                ],
                heading=_("定时"),
            ),
        ]
    )
    search_fields = [
        *Page.search_fields,
        index.SearchField("document_number"),
        index.SearchField("index_number"),
        index.SearchField("summary"),
        index.FilterField("category"),
    ]

    parent_page_types = ["disclosure_pages.OfficeIndexPage"]
    subpage_types: list[str] = []
    show_in_menus_default = False
    template = "disclosure_pages/disclosure_item_page.html"
    exclude_fields_in_copy = [
        *PublicPage.exclude_fields_in_copy,
        *("index_number", "external_id", "batch_source", "import_batch"),
        *("date_published", "change_note", "corrections", "identifiers"),
    ]
    PRESERVED = (
        *PublicPage.PRESERVED,
        *("index_number", "external_id", "batch_source", "import_batch_id"),
    )

    class Meta:
        verbose_name = _("公开信息")
        verbose_name_plural = _("公开信息")
        permissions = [("withdraw_item", _("可以撤回任何已公开的信息"))]
        indexes = [
            models.Index(fields=["category", "-date_published"]),
            models.Index(fields=["-date_published"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["index_number"],
                condition=~models.Q(index_number=""),
                name="item_index_number_unique",
                violation_error_message=_("该索引号已被使用。"),
            ),
            models.UniqueConstraint(
                fields=["batch_source", "external_id"],
                condition=~models.Q(external_id=""),
                name="item_external_id_unique",
                violation_error_message=_("该外部编号已被使用。"),
            ),
        ]

    def clean(self) -> None:
        super().clean()
        self.document_number = normalise(self.document_number)
        errors = title_errors(self) | record_errors(self, timezone.localdate())
        errors |= reference_errors(self)
        if errors:
            raise ValidationError(errors)

    def save(self, *args: Any, **kwargs: Any) -> Any:
        if self.live and not self.date_published:
            self.date_published = timezone.localdate()
        return super().save(*args, **kwargs)

    def with_content_json(self, content: dict[str, Any]) -> Page:
        page = super().with_content_json(content)
        if not page.date_published:
            page.date_published = self.date_published
        return page

    @property
    def warning(self) -> str:
        """What is not wrong, but should be looked at; nothing when all is well."""
        return repeal_warning(self)

    @property
    def keyword_list(self) -> list[str]:
        """The keywords, split and without empty ones."""
        return [word for word in KEYWORD_SEPARATORS.split(self.keywords) if word]

    @property
    def responsible_office(self) -> Office | None:
        """The office under whose page the item lives."""
        parent = self.get_parent()
        if parent is None:
            return None
        return getattr(parent.specific, "office", None)

    @property
    def is_public_now(self) -> bool:
        return (
            super().is_public_now and self.disclosure_mode == DisclosureMode.PROACTIVE
        )

    def own_files(self) -> list[NamedFile]:
        rows = [row for row in self.attachments.all() if row.document_id]
        models.prefetch_related_objects(rows, "document")
        return [NamedFile(row.document, row.label, "attachments") for row in rows]
