"""All items in one list: the columns and filters that people look for."""

from typing import Any

import django_filters
from django import forms
from django.contrib import messages
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import CharField, Exists, OuterRef, QuerySet
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.ui.tables import Column
from wagtail.admin.ui.tables.pages import (
    BulkActionsColumn,
    PageStatusColumn,
    PageTitleColumn,
)
from wagtail.admin.views.pages.listing import IndexView
from wagtail.admin.viewsets.pages import PageListingViewSet
from wagtail.models import Page, TaskState, WorkflowState

from cms.models import Priority, ReviewDuty, SecrecyReview
from disclosure_pages.bulk.exporting import record_export
from disclosure_pages.choices import Category, DisclosureMode, LegalStatus
from disclosure_pages.desk.working_copy import working_copy_note
from disclosure_pages.models import DisclosureItemPage, OfficeIndexPage, SavedFilter
from disclosure_pages.selectors import under

STATES = [
    ("draft", _("草稿")),
    ("review", _("审查中")),
    ("back", _("被退回")),
    ("public", _("已公开")),
    ("withdrawn", _("已撤回")),
]
MAX_SAVED = 30


def with_secrecy_reviews(pages: QuerySet) -> QuerySet:
    """Say of each page whether a secrecy review of it is kept, without a query each."""
    reviews = SecrecyReview.objects.filter(
        revision__object_id=Cast(OuterRef("pk"), CharField(max_length=255)),
        revision__base_content_type=ContentType.objects.get_for_model(Page),
    )
    return pages.annotate(secrecy_reviewed=Exists(reviews))


class ItemFilterSet(WagtailFilterSet):
    """State, office, category, dates: what a clerk narrows a list by."""

    state = django_filters.ChoiceFilter(
        label=_("状态"),
        choices=STATES,
        method="by_state",
        empty_label=_("全部"),
        widget=forms.RadioSelect,
    )
    office = django_filters.ModelChoiceFilter(
        label=_("科室"),
        queryset=OfficeIndexPage.objects.order_by("path"),
        method="by_office",
        empty_label=_("全部"),
        widget=forms.RadioSelect,
    )
    category = django_filters.MultipleChoiceFilter(
        label=_("类别"),
        choices=Category.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    validity = django_filters.MultipleChoiceFilter(
        label=_("有效性"),
        choices=LegalStatus.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    disclosure_mode = django_filters.MultipleChoiceFilter(
        label=_("公开属性"),
        choices=DisclosureMode.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    date_made = django_filters.DateFromToRangeFilter(
        label=_("成文日期"), widget=DateRangePickerWidget
    )
    date_published = django_filters.DateFromToRangeFilter(
        label=_("公开日期"), widget=DateRangePickerWidget
    )

    class Meta:
        model = DisclosureItemPage
        fields: list[str] = []

    def by_state(self, items: QuerySet, name: str, value: str) -> QuerySet:
        """Narrow by where the item stands between draft and tombstone."""
        if value == "review":
            return items.filter(pk__in=_at(WorkflowState.STATUS_IN_PROGRESS))
        if value == "back":
            return items.filter(pk__in=_at(WorkflowState.STATUS_NEEDS_CHANGES))
        if value == "draft":
            drafts = items.filter(live=False, withdrawn_at=None)
            return drafts.exclude(pk__in=_at(WorkflowState.STATUS_IN_PROGRESS))
        if value == "public":
            return items.filter(live=True)
        return items.filter(live=False, withdrawn_at__isnull=False)

    def by_office(
        self, items: QuerySet, name: str, value: OfficeIndexPage | None
    ) -> QuerySet:
        """Narrow to the children of an office's page."""
        return items.filter(under(value)) if value else items


def _at(status: str) -> list[int]:
    """Return the pages whose review has come to this."""
    states = WorkflowState.objects.active().filter(status=status)
    return [int(pk) for pk in states.values_list("object_id", flat=True)]


class OfficeColumn(Column):
    """The office under whose page an item lives; one query for the whole list."""

    def get_value(self, instance: DisclosureItemPage) -> str:
        return getattr(instance, "office_name", "")


class HurriedColumn(Column):
    """The priority of a review that goes on, when it is not the usual one."""

    cell_template_name = "disclosure_pages/desk/hurried_cell.html"

    def get_value(self, instance: DisclosureItemPage) -> Priority | None:
        return getattr(instance, "hurried", None)

    def get_cell_context_data(
        self, instance: DisclosureItemPage, parent_context: dict[str, Any]
    ) -> dict[str, Any]:
        context = super().get_cell_context_data(instance, parent_context)
        return context | {"emergency": context["raw_value"] == Priority.EMERGENCY}


def hurried(pages: list[Page]) -> dict[str, Priority]:
    """Return the priority of the reviews that are hurried, by page key; one query."""
    duties = ReviewDuty.objects.filter(
        priority__gt=Priority.NORMAL,
        task_state__status=TaskState.STATUS_IN_PROGRESS,
        task_state__workflow_state__status=WorkflowState.STATUS_IN_PROGRESS,
        task_state__workflow_state__object_id__in=[str(page.pk) for page in pages],
        task_state__workflow_state__base_content_type=(
            ContentType.objects.get_for_model(Page)
        ),
    )
    rows = duties.values_list("task_state__workflow_state__object_id", "priority")
    return {key: Priority(priority) for key, priority in rows}


class ItemTitleColumn(PageTitleColumn):
    """The title, and which version readers see while the item is being changed."""

    cell_template_name = "disclosure_pages/desk/title_cell.html"

    def get_cell_context_data(
        self, instance: DisclosureItemPage, parent_context: dict[str, Any]
    ) -> dict[str, Any]:
        context = super().get_cell_context_data(instance, parent_context)
        return context | {"working_copy": working_copy_note(instance)}


class DayColumn(Column):
    """A day as the catalogue writes it, not how long ago it was."""

    def get_value(self, instance: DisclosureItemPage) -> str:
        day = super().get_value(instance)
        return day.isoformat() if day else ""


WIDE = "gk-wide"  # columns that a phone has no room for


class ItemIndexView(IndexView):
    """The list itself, with the saved filters of whoever looks."""

    template_name = "disclosure_pages/desk/items.html"
    results_template_name = "disclosure_pages/desk/items_results.html"
    page_title = _("公开信息")

    def annotate_queryset(self, pages: QuerySet) -> QuerySet:
        return with_secrecy_reviews(super().annotate_queryset(pages))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        pages = OfficeIndexPage.objects.select_related("office")
        names = {page.path: page.office.name for page in pages}
        pressing = hurried(context["object_list"])
        for item in context["object_list"]:
            item.hurried = pressing.get(str(item.pk))
            item.office_name = names.get(item.path[: -item.steplen], "")
        context["saved_filters"] = SavedFilter.objects.filter(
            user=self.request.user, path=self.request.path
        )
        query = self.request.GET.copy()
        for name in [n for n in query if n == "p" or n.startswith("_w_")]:
            del query[name]
        for name in [n for n, values in query.lists() if not any(values)]:
            del query[name]
        context["filter_query"] = query.urlencode()
        return context

    def render_to_response(
        self, context: dict[str, Any], **response_kwargs: Any
    ) -> HttpResponse:
        if self.is_export and self.request.method == "GET":
            record_export(
                len(context["object_list"]),
                context["filter_query"],
                user=self.request.user,
            )
        return super().render_to_response(context, **response_kwargs)


class ItemListingViewSet(PageListingViewSet):
    """Menu item 公开信息: every item whose office the user may look into."""

    model = DisclosureItemPage
    index_view_class = ItemIndexView
    icon = "doc-full-inverse"
    menu_label = _("全部信息")
    menu_order = 95
    add_to_admin_menu = True
    filterset_class = ItemFilterSet
    export_filename = "items"
    list_export = [
        *("index_number", "title", "document_number", "category", "date_made"),
        *("date_published", "validity", "disclosure_mode", "live"),
    ]
    columns = [
        BulkActionsColumn("bulk_actions"),
        ItemTitleColumn("title", label=_("标题"), sort_key="title", classname="title"),
        Column(
            "index_number", label=_("索引号"), sort_key="index_number", classname=WIDE
        ),
        Column(
            "document_number",
            label=_("文号"),
            sort_key="document_number",
            classname=WIDE,
        ),
        Column(
            "category",
            label=_("类别"),
            accessor="get_category_display",
            classname=WIDE,
        ),
        OfficeColumn("office", label=_("科室"), classname=WIDE),
        DayColumn(
            "date_made",
            label=_("成文"),
            sort_key="date_made",
            classname="gk-day gk-wide",
        ),
        DayColumn(
            "date_published",
            label=_("公开"),
            sort_key="date_published",
            classname="gk-day",
        ),
        PageStatusColumn("status", label=_("状态"), sort_key="live"),
        HurriedColumn("hurried", label=_("缓急")),
    ]


item_listing = ItemListingViewSet("items")


class SavedFilterForm(forms.ModelForm):
    """A name for the filters that are set now."""

    class Meta:
        model = SavedFilter
        fields = ["name", "query"]
        widgets = {"query": forms.HiddenInput}


@require_POST
def save_filter(request: HttpRequest) -> HttpResponse:
    """Keep the filters of the item list under a name; the same name replaces."""
    form = SavedFilterForm(request.POST)
    index = reverse(item_listing.get_url_name("index"))
    own = SavedFilter.objects.filter(user=request.user, path=index)
    if not form.is_valid():
        messages.error(request, _("请给这组筛选起个名字（40 字以内）。"))
        return redirect(index)
    name, query = form.cleaned_data["name"], form.cleaned_data["query"]
    if own.exclude(name=name).count() >= MAX_SAVED:
        messages.error(request, _("常用筛选太多了，请先删掉几个。"))
    else:
        SavedFilter.objects.update_or_create(
            user=request.user, path=index, name=name, defaults={"query": query}
        )
        messages.success(request, _("已存为常用筛选。"))
    return redirect(f"{index}?{query}" if query else index)


@require_POST
def delete_filter(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget one's own saved filter."""
    saved = get_object_or_404(SavedFilter, pk=pk)
    if saved.user_id != request.user.pk:
        raise PermissionDenied
    saved.delete()
    messages.success(request, _("已删除常用筛选。"))
    return redirect(saved.path)


urlpatterns = [
    path("saved-filters/", save_filter, name="gongkai_save_filter"),
    path("saved-filters/<int:pk>/delete/", delete_filter, name="gongkai_delete_filter"),
]
