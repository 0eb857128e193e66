"""目录和日历 in the desk: vocabularies, catalogue, steering group, holidays."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, ObjectList, Panel
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import SnippetViewSet, SnippetViewSetGroup

from cms.desk_columns import yes_no
from cms.models import (
    CalendarDay,
    CannedReason,
    LegalGround,
    OfficialRow,
    SecrecyQuestion,
    SteeringMember,
)
from disclosure_pages.desk.dossier_chooser import PublicItemChooserViewSet
from disclosure_pages.models import CatalogueEntry, Subcategory, Term
from disclosure_pages.services.catalogue import announce

LOCAL = frozenset(("enabled", "local_note"))
OWN_OF_ENTRY = frozenset(("category", "subcategory", "office"))


class OfficialRowForm(WagtailAdminModelForm):
    """A form in which an official row's columns are shown and cannot be changed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        entry = isinstance(self.instance, CatalogueEntry)
        own = LOCAL | OWN_OF_ENTRY if entry else LOCAL
        if self.instance.official:
            for name, field in self.fields.items():
                field.disabled = name not in own


def row_panels(*names: str) -> Panel:
    """Return the panels of an official row: its columns, then the local ones."""
    return ObjectList(
        [FieldPanel(name) for name in (*names, "enabled", "local_note")],
        base_form_class=OfficialRowForm,
    )


class TermViewSet(SnippetViewSet):
    model = Term
    icon = "tag"
    list_display = [
        "label",
        "scheme",
        yes_no(Term, "official"),
        yes_no(Term, "enabled"),
        "source",
    ]
    list_filter = ["scheme", "official", "enabled"]
    search_fields = ["label", "code"]
    edit_handler = row_panels("scheme", "code", "label", "parent", "sort_order")


class SubcategoryViewSet(SnippetViewSet):
    model = Subcategory
    icon = "list-ul"
    list_display = [
        "name",
        "category",
        "basis",
        yes_no(Subcategory, "obligatory"),
        yes_no(Subcategory, "official"),
        yes_no(Subcategory, "enabled"),
    ]
    list_filter = ["category", "official", "enabled"]
    search_fields = ["name", "basis"]
    edit_handler = row_panels(
        *("category", "code", "name", "basis", "obligatory", "sort_order")
    )


class CatalogueEntryViewSet(SnippetViewSet):
    model = CatalogueEntry
    icon = "table"
    list_display = [
        "level1",
        "level2",
        "field",
        "time_limit",
        yes_no(CatalogueEntry, "official"),
        yes_no(CatalogueEntry, "enabled"),
    ]
    list_filter = ["field", "category", "official", "enabled"]
    search_fields = ["code", "level1", "level2", "content"]
    edit_handler = row_panels(
        *("code", "field", "number", "level1", "level2", "content", "basis"),
        *("time_limit", "limit_days", "body", "audience", "mode", "level"),
        *("category", "subcategory", "office"),
    )


class SteeringMemberViewSet(SnippetViewSet):
    model = SteeringMember
    icon = "user"
    list_display = ["name", "position", "role", "duty"]
    search_fields = ["name", "position"]


class CalendarDayViewSet(SnippetViewSet):
    model = CalendarDay
    icon = "calendar-alt"
    list_display = ["day", "name", yes_no(CalendarDay, "is_workday"), "source"]
    list_filter = ["is_workday"]
    search_fields = ["name"]


class SecrecyQuestionViewSet(SnippetViewSet):
    model = SecrecyQuestion
    icon = "clipboard-list"
    list_display = [
        "text",
        "legal_ground",
        yes_no(SecrecyQuestion, "official"),
        yes_no(SecrecyQuestion, "enabled"),
    ]
    list_filter = ["official", "enabled"]
    search_fields = ["text"]
    edit_handler = row_panels("text", "legal_ground", "sort_order")


class LegalGroundViewSet(SnippetViewSet):
    model = LegalGround
    icon = "clipboard-list"
    list_display = [
        "text",
        yes_no(LegalGround, "official"),
        yes_no(LegalGround, "enabled"),
    ]
    list_filter = ["official", "enabled"]
    search_fields = ["text"]
    edit_handler = row_panels("text", "sort_order")


class CannedReasonViewSet(SnippetViewSet):
    model = CannedReason
    icon = "comment"
    list_display = ["text", yes_no(CannedReason, "enabled")]
    list_filter = ["enabled"]
    search_fields = ["text"]
    edit_handler = row_panels("text", "sort_order")


class ReviewWordsGroup(SnippetViewSetGroup):
    items = (SecrecyQuestionViewSet, LegalGroundViewSet, CannedReasonViewSet)
    menu_label = _("审查用语")
    menu_icon = "clipboard-list"
    menu_order = 315


class CatalogueGroup(SnippetViewSetGroup):
    items = (
        *(CatalogueEntryViewSet, SubcategoryViewSet, TermViewSet),
        *(SteeringMemberViewSet, CalendarDayViewSet),
    )
    menu_label = _("目录和日历")
    menu_icon = "list-ul"
    menu_order = 310


register_snippet(CatalogueGroup)
register_snippet(ReviewWordsGroup)


@hooks.register("after_edit_snippet")
def tell_of_changed_words(request: HttpRequest, row: Model) -> None:
    """Bring a changed word to wherever an item was sent with it."""
    if isinstance(row, OfficialRow):
        announce(type(row), [row])


@hooks.register("before_delete_snippet")
def keep_official_rows(
    request: HttpRequest, rows: Sequence[Model]
) -> HttpResponse | None:
    """Refuse to delete what came from an official list."""
    if not any(isinstance(row, OfficialRow) and row.official for row in rows):
        return None
    messages.error(request, _("官方目录的行不能删除；不适用的，请把“本机关适用”去掉。"))
    return redirect("wagtailadmin_home")


@hooks.register("register_admin_viewset")
def public_item_chooser() -> PublicItemChooserViewSet:
    return PublicItemChooserViewSet(
        "gongkai_public_item_chooser", url_prefix="public-item"
    )
