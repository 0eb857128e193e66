"""检索测试 on the desk: ask as readers do, see why, say what is a good answer."""

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from wagtail.admin import messages

from disclosure_pages.public_state import is_key, publicly_visible

from . import bets, explain, questions, services
from .desk import VIEW, tabs
from .log import question_of
from .query import MAX_LENGTH

JUDGE = "gongkai_search.add_searchjudgement"


@permission_required(VIEW, raise_exception=True)
@require_safe
def try_out(request: HttpRequest) -> HttpResponse:
    """Show the hits of a question with the reasons for their order."""
    typed = request.GET.get("q", "").replace("\x00", " ").strip()[:MAX_LENGTH]
    context: dict[str, Any] = {"tabs": tabs(request), "q": typed}
    if typed:
        context |= _explained(typed)
        context["may_judge"] = request.user.has_perm(JUDGE)
    return TemplateResponse(request, "search/desk/try.html", context)


def _explained(typed: str) -> dict[str, Any]:
    try:
        found = explain.explain(typed)
    except services.SearchUnavailable:
        return {"unavailable": True}
    good = questions.judged(question_of(typed))
    return {
        "found": found,
        "rows": [(reason, reason.document.key in good) for reason in found.reasons],
        "boxes": bets.boxes(typed),
    }


@permission_required(JUDGE, raise_exception=True)
@require_POST
def judge(request: HttpRequest) -> HttpResponse:
    """Keep that a document answers a question well, or take it back."""
    typed = request.POST.get("q", "").replace("\x00", " ").strip()[:MAX_LENGTH]
    key, good = request.POST.get("key", ""), request.POST.get("good") == "1"
    question = question_of(typed)
    back = f"{reverse('gongkai_search_try')}?{urlencode({'q': typed})}"
    if not is_key(key):
        messages.error(request, _("没有这一条信息，请重新检索后再试。"))
        return redirect(back)
    if not question or (good and key not in publicly_visible([key])):
        return HttpResponseBadRequest()
    questions.judge(question, key, request.user, good=good)
    messages.success(request, _("已记下。") if good else _("已取消。"))
    return redirect(back)
