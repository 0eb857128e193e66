"""上级信息: what superiors published, for references; a list, a form and a chooser."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic.chooser import (
    ChooseResultsView,
    ChooseView,
    ChosenView,
)
from wagtail.admin.viewsets.chooser import ChooserViewSet

from disclosure_pages.compared import superior_items
from disclosure_pages.desk.wizard import access
from disclosure_pages.desk.wizard.forms import SuperiorForm
from disclosure_pages.models import ExternalItem
from disclosure_pages.services.references import record_superior_item

PER_PAGE = 30


@require_http_methods(["GET", "POST"])
def superiors(request: HttpRequest) -> HttpResponse:
    """List superiors' items with the state of their links, and take in another."""
    access.offices_or_deny(request)
    form = SuperiorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            item = record_superior_item(**form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(
                request, _("已记下《%(title)s》。") % {"title": item.title}
            )
            return redirect("gongkai_superiors")
    words = request.GET.get("q", "").strip()[:100]
    rows = matching(words).annotate(uses=Count("references"))
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("p"))
    return TemplateResponse(
        request,
        "disclosure_pages/desk/wizard/superiors.html",
        {"form": form, "rows": page, "q": words},
    )


def matching(words: str) -> QuerySet[ExternalItem]:
    """Return the superiors' items whose title, number or publisher has the words."""
    items = superior_items().order_by("-pk")
    if words:
        items = items.filter(
            Q(title__icontains=words)
            | Q(document_number__icontains=words)
            | Q(publisher__icontains=words)
        )
    return items


class SuperiorsOnly:
    """Only what superiors published can be referred to."""

    def get_object_list(self) -> QuerySet[ExternalItem]:
        return superior_items().order_by("-pk")

    @property
    def columns(self) -> list[Column]:
        return [
            *super().columns,
            Column("publisher", label=gettext_lazy("发布机构")),
            Column("document_number", label=gettext_lazy("文号")),
            Column("get_link_status_display", label=gettext_lazy("链接")),
        ]


class ChooseSuperior(SuperiorsOnly, ChooseView):
    """The chooser's window."""


class ChooseSuperiorResults(SuperiorsOnly, ChooseResultsView):
    """The chooser's list alone."""


class SuperiorChosen(ChosenView):
    """Takes a chosen superior's item into the form; nothing else."""

    def get_object(self, pk: int) -> ExternalItem:
        return superior_items().get(pk=pk)


class SuperiorChooserViewSet(ChooserViewSet):
    """Chooses a superior's item in the full editor."""

    model = ExternalItem
    icon = "link"
    choose_one_text = gettext_lazy("选择上级信息")
    choose_another_text = gettext_lazy("另选一条")
    choose_view_class = ChooseSuperior
    choose_results_view_class = ChooseSuperiorResults
    chosen_view_class = SuperiorChosen
