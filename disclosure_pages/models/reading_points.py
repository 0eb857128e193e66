from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel, MultiFieldPanel
from wagtail.fields import RichTextField
from wagtail.models import Orderable, Page

from cms.models import Village
from cms.services.review import ReviewConflict
from disclosure_pages.choices import Equipment, ManagerPost, PublicKind
from disclosure_pages.models.base import ModeratedPage, PublicPage
from disclosure_pages.models.chosen_files import ChosenFilesForm
from disclosure_pages.models.files import DisclosureImage
from disclosure_pages.reading_point_rules import (
    blank_sentences,
    phone_error,
    point_errors,
    unmet,
    village_taken,
)


class ReadingPointIndexPage(ModeratedPage):
    """The list of reading points (查阅点) with the schematic map."""

    lede = models.CharField(_("说明"), max_length=300, blank=True)

    content_panels = [*Page.content_panels, FieldPanel("lede")]
    max_count = 1
    parent_page_types = ["disclosure_pages.HomePage"]
    subpage_types = ["disclosure_pages.ReadingPointPage"]
    template = "disclosure_pages/reading_point_index_page.html"

    class Meta:
        verbose_name = _("查阅点目录")

    def children_named(self, slug: str) -> QuerySet[Page]:
        return ReadingPointPage.objects.select_related("village", "photo")


class _Typed:
    """What was typed, as a point; what was refused already counts as empty."""

    def __init__(self, cleaned: dict[str, Any]) -> None:
        self._cleaned = cleaned

    def __getattr__(self, name: str) -> str:
        return self._cleaned.get(name) or ""


class ReadingPointForm(ChosenFilesForm):
    """Ticks for the equipment; what a draft may still lack is asked for in words."""

    equipment = forms.MultipleChoiceField(
        label=_("设备"),
        choices=Equipment.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, sentence in blank_sentences().items():
            if name in self.fields:
                self.fields[name].error_messages["required"] = sentence

    def clean(self) -> dict[str, Any]:
        """Check what must hold for the public; a draft may be incomplete."""
        cleaned = super().clean()
        if self.is_deferred_validation:
            return cleaned
        for name, sentence in point_errors(_Typed(cleaned), self._absences()):
            if name not in self.errors:
                self.add_error(name or None, sentence)
        return cleaned

    def _absences(self) -> list["ManagerAbsence"]:
        formset = self.formsets.get("absences")
        if formset is None or not formset.is_valid():
            return []
        gone = {id(form) for form in formset.deleted_forms}
        return [form.instance for form in formset.forms if id(form) not in gone]


class ReadingPointPage(PublicPage):
    """A village's reading point, or the township's service window (no village).

    Regulation, art. 25. Two managers share the post (A/B 岗): B covers when A is away.
    """

    kind = PublicKind.READING_POINT
    base_form_class = ReadingPointForm

    village = models.OneToOneField(
        Village,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reading_point",
        verbose_name=_("村"),
        help_text=_("镇便民服务中心的窗口空着。"),
    )
    address = models.CharField(_("地点"), max_length=120)
    hours_summer = models.CharField(_("夏季开放时间"), max_length=80)
    hours_winter = models.CharField(_("冬季开放时间"), max_length=80, blank=True)
    phone = models.CharField(_("电话"), max_length=40, blank=True)
    primary_manager = models.CharField(_("A 岗管理员"), max_length=20)
    primary_phone = models.CharField(_("A 岗电话"), max_length=40, blank=True)
    backup_manager = models.CharField(_("B 岗管理员"), max_length=20)
    backup_phone = models.CharField(_("B 岗电话"), max_length=40, blank=True)
    equipment = models.JSONField(_("设备"), default=list, blank=True)
    has_sign = models.BooleanField(_("挂有查阅点标志牌"), default=False)
    rules_posted = models.BooleanField(_("制度已上墙"), default=False)
    opens_every_workday = models.BooleanField(_("每个工作日开放"), default=True)
    photo = models.ForeignKey(
        DisclosureImage,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("照片"),
    )
    rules = RichTextField(
        _("查阅须知（上墙的制度）"),
        features=["bold", "ol", "ul", "link"],
        blank=True,
    )
    remarks = models.CharField(_("备注"), max_length=200, blank=True)

    content_panels = [
        *Page.content_panels,
        FieldPanel("village", permission="gongkai_cms.change_village"),
        MultiFieldPanel(
            [
                FieldPanel("address"),
                FieldRowPanel([FieldPanel("hours_summer"), FieldPanel("hours_winter")]),
                FieldPanel("opens_every_workday"),
                FieldPanel("phone"),
            ],
            heading=_("地点和时间"),
        ),
        MultiFieldPanel(
            [
                FieldRowPanel(
                    [FieldPanel("primary_manager"), FieldPanel("primary_phone")]
                ),
                FieldRowPanel(
                    [FieldPanel("backup_manager"), FieldPanel("backup_phone")]
                ),
            ],
            heading=_("管理员（A/B 岗）"),
        ),
        InlinePanel("absences", label=_("请假和代班")),
        MultiFieldPanel(
            [
                FieldPanel("equipment"),
                FieldPanel("has_sign"),
                FieldPanel("rules_posted"),
                FieldPanel("rules"),
                FieldPanel("photo"),
                FieldPanel("remarks"),
            ],
            heading=_("设备和标志"),
        ),
        InlinePanel("photos", label=_("更多照片")),
    ]
    parent_page_types = ["disclosure_pages.ReadingPointIndexPage"]
    subpage_types: list[str] = []
    template = "disclosure_pages/reading_point_page.html"
    exclude_fields_in_copy = [*PublicPage.exclude_fields_in_copy, "village"]

    class Meta:
        verbose_name = _("查阅点")
        verbose_name_plural = _("查阅点")

    @property
    def equipment_labels(self) -> list[str]:
        """The equipment in the words of ``Equipment``, in its order."""
        return [str(label) for value, label in Equipment.choices if self.has(value)]

    def has(self, equipment: str) -> bool:
        """Whether the point has a piece of equipment (an ``Equipment`` value)."""
        return equipment in (self.equipment or [])

    @property
    def complete(self) -> bool:
        """Whether every condition of the coverage figure is met."""
        return not unmet(self)

    def unique_error_message(self, model_class: Any, unique_check: Any) -> Any:
        """Say which point the village has, instead of that the value is taken."""
        if tuple(unique_check) != ("village",):
            return super().unique_error_message(model_class, unique_check)
        other = self.other_of_the_village()
        return ValidationError(
            village_taken(other.title if other else ""), code="unique"
        )

    def other_of_the_village(self) -> "ReadingPointPage | None":
        """Return the point that the village has already, if it is another one."""
        if self.village_id is None:
            return None
        others = ReadingPointPage.objects.exclude(pk=self.pk)
        return others.filter(village_id=self.village_id).first()

    def publish(self, revision: Any, *args: Any, **kwargs: Any) -> Any:
        """Publish a revision that a villager can rely on.

        Raises:
            ReviewConflict: something is missing or wrong; the sentences say what.
        """
        point = revision.as_object()
        sentences = [text for _name, text in point_errors(point, point.absences.all())]
        if taken := point.other_of_the_village():
            sentences.append(village_taken(taken.title))
        if sentences:
            raise ReviewConflict(" ".join(sentences))
        return super().publish(revision, *args, **kwargs)


class ManagerAbsence(Orderable):
    """Days on which a manager is away, and who stands in (代班)."""

    page = ParentalKey(
        ReadingPointPage, on_delete=models.CASCADE, related_name="absences"
    )
    post = models.CharField(
        _("岗位"),
        max_length=1,
        choices=ManagerPost.choices,
        default=ManagerPost.PRIMARY,
    )
    from_date = models.DateField(_("从"))
    to_date = models.DateField(_("到"))
    stand_in = models.CharField(
        _("代班人"), max_length=20, blank=True, help_text=_("空着即由另一岗代。")
    )
    stand_in_phone = models.CharField(_("代班电话"), max_length=40, blank=True)

    panels = [
        FieldPanel("post"),
        FieldRowPanel([FieldPanel("from_date"), FieldPanel("to_date")]),
        FieldRowPanel([FieldPanel("stand_in"), FieldPanel("stand_in_phone")]),
    ]

    class Meta(Orderable.Meta):
        verbose_name = _("请假和代班")

    def __str__(self) -> str:
        return f"{self.get_post_display()} {self.from_date}–{self.to_date}"

    def clean(self) -> None:
        super().clean()
        if self.from_date and self.to_date and self.from_date > self.to_date:
            raise ValidationError({"to_date": _("结束日期不能早于开始日期。")})
        if sentence := phone_error(self.stand_in_phone):
            raise ValidationError({"stand_in_phone": sentence})


class ReadingPointPhoto(Orderable):
    """Another picture of the point."""

    page = ParentalKey(
        ReadingPointPage, on_delete=models.CASCADE, related_name="photos"
    )
    image = models.ForeignKey(
        DisclosureImage,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("照片"),
    )
    caption = models.CharField(_("说明"), max_length=80)

    panels = [FieldPanel("image"), FieldPanel("caption")]

    class Meta(Orderable.Meta):
        verbose_name = _("照片")

    def __str__(self) -> str:
        return self.caption
