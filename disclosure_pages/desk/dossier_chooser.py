"""Choosing items for a dossier: only what is public, with the columns people know."""

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.choosers import BaseFilterForm
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic.chooser import (
    ChooseResultsView,
    ChooseView,
    ChosenMultipleView,
    ChosenView,
)

from disclosure_pages.desk.choosers import ChoosesOnly
from disclosure_pages.list_query import ListQuery
from disclosure_pages.models import DisclosureItemPage
from disclosure_pages.models.chosen_files import choosable_by
from disclosure_pages.selectors import narrowed, visible_items

choosable_by[DisclosureItemPage] = lambda user: visible_items()


class WordsForm(BaseFilterForm):
    """Looks for words in title, document number and index number."""

    q = forms.CharField(
        label=_("找一找"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"placeholder": _("名称、文号或索引号")}),
    )

    def filter(self, objects: QuerySet) -> QuerySet:
        """Return the items that have every word."""
        words = self.cleaned_data.get("q", "").replace("\x00", "").strip()
        self.is_searching, self.search_query = bool(words), words
        return narrowed(super().filter(objects), ListQuery(q=words))


class PublicItems:
    """Only what anybody may read now can be chosen."""

    filter_form_class = WordsForm
    ordering = ("-date_published", "-pk")

    def get_object_list(self) -> QuerySet[DisclosureItemPage]:
        return visible_items().order_by(*self.ordering)

    @property
    def columns(self) -> list[Column]:
        return [
            *super().columns,
            Column("index_number", label=_("索引号")),
            Column("document_number", label=_("文号")),
            Column("get_category_display", label=_("类别")),
            Column("date_published", label=_("公开日期")),
        ]


class ChoosePublicItem(PublicItems, ChooseView):
    """The chooser's window."""


class ChoosePublicItemResults(PublicItems, ChooseResultsView):
    """The chooser's list alone."""


class PublicItemChosen(ChosenView):
    """Takes a chosen item into the form; nothing that is not public."""

    def get_object(self, pk: str) -> DisclosureItemPage:
        return visible_items().get(pk=pk)


class PublicItemsChosen(ChosenMultipleView):
    """The same for several at once."""

    def get_objects(self, pks: list[str]) -> QuerySet[DisclosureItemPage]:
        return visible_items().filter(pk__in=pks)


class PublicItemChooserViewSet(ChoosesOnly):
    """Chooses a public item for a dossier."""

    model = DisclosureItemPage
    icon = "doc-full"
    choose_one_text = _("选择已公开的信息")
    choose_another_text = _("另选一条")
    choose_view_class = ChoosePublicItem
    choose_results_view_class = ChoosePublicItemResults
    chosen_view_class = PublicItemChosen
    chosen_multiple_view_class = PublicItemsChosen
