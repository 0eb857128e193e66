"""检索 on the desk: what was looked for in vain, and the ways out of it."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from wagtail.admin import messages
from wagtail.admin.menu import Menu

from disclosure_pages.desk.selectors import offices_to_write_in

from . import questions
from .models import SearchQuestion
from .questions import Way

VIEW = "gongkai_search.view_searchquestion"
CHANGE = "gongkai_search.change_searchquestion"
SHOWN = 100
MENU_HOOK = "register_gongkai_search_menu_item"
menu = Menu(register_hook_name=MENU_HOOK)
# Where each way leads, and the name under which the words are filled in there.
LEADS: dict[str, tuple[str, str]] = {
    Way.PUBLISH: ("gongkai_publish", "title"),
    Way.SYNONYM: ("wagtailsnippets_gongkai_search_synonym:add", "words"),
    Way.BET: ("wagtailsnippets_gongkai_search_bestbet:add", "words"),
}
MAY: dict[str, Callable[[Any], bool]] = {
    Way.PUBLISH: lambda user: bool(offices_to_write_in(user)),
    Way.SYNONYM: lambda user: user.has_perm("gongkai_search.add_synonym"),
    Way.BET: lambda user: user.has_perm("gongkai_search.add_bestbet"),
    Way.IGNORE: lambda user: True,
}


def tabs(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the pages of 检索 that the user may open."""
    items = sorted(menu.menu_items_for_request(request), key=lambda item: item.order)
    return [
        {"label": item.label, "url": item.url, "current": item.url == request.path}
        for item in items
    ]


@permission_required(VIEW, raise_exception=True)
@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """Show what was asked in vain, or what was dealt with."""
    done = request.GET.get("state") == "settled"
    rows = questions.settled()[:SHOWN] if done else questions.waiting()
    may_change = request.user.has_perm(CHANGE)
    ways = [way for way in Way if may_change and MAY[way](request.user)]
    context = {
        "tabs": tabs(request),
        "done": done,
        "rows": [(row, _way(row.way)) for row in rows] if done else rows[:SHOWN],
        "count": len(rows),
        "ways": ways,
        "may_change": may_change,
        "seen_by": settings.GONGKAI_SEARCH_SEEN_BY,
    }
    return TemplateResponse(request, "search/desk/questions.html", context)


@permission_required(CHANGE, raise_exception=True)
@require_POST
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a question off the list and lead on to what was chosen for it."""
    question = get_object_or_404(SearchQuestion.objects.exclude(text=""), pk=pk)
    way = request.POST.get("way", "")
    if way == "again":
        questions.ask_again(question, request.user)
        messages.success(request, _("已放回待办。"))
        return redirect("gongkai_search_questions")
    if way not in Way.values or not MAY[way](request.user):
        return HttpResponseBadRequest()
    questions.settle(question, way, request.user)
    if way == Way.IGNORE:
        text = _("“%(question)s”不再列出。") % {"question": question.text}
        messages.success(request, text)
        return redirect("gongkai_search_questions")
    name, field = LEADS[way]
    return redirect(f"{reverse(name)}?{urlencode({field: question.text})}")


def _way(value: str) -> str:
    return str(Way(value).label) if value in Way.values else ""
