"""The first screen before a draft exists, and going on with one that does."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from disclosure_pages.desk.wizard import access, drafts, steps
from disclosure_pages.desk.wizard.forms import StartForm, SuperiorForm
from disclosure_pages.duplicates import duplicates_of
from disclosure_pages.models import DisclosureItemPage, OfficeIndexPage
from disclosure_pages.services.references import record_superior_item

TEMPLATES = "disclosure_pages/desk/wizard"


@require_http_methods(["GET", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Ask for a file or a title, and make the draft."""
    offices = access.offices_or_deny(request)
    form = StartForm(
        request.POST or None,
        request.FILES or None,
        offices=offices,
        initial={"title": request.GET.get("title", "")[:200]},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        page, read = drafts.begin(
            form.parent,
            request.user,
            title=data["title"],
            file=data["file"],
            keep_file=data["keep_file"],
        )
        if read is None:
            return redirect(after_what(request, page))
        remember(request, page, read)
        return redirect("gongkai_publish_what", page.pk)
    context = {
        "form": form,
        "office": offices[0] if len(offices) == 1 else None,
        "steps": steps.progress(None, steps.WHAT),
        "unfinished": access.unfinished_drafts(request.user),
    }
    return TemplateResponse(request, f"{TEMPLATES}/start.html", context)


@require_http_methods(["GET", "POST"])
def refer(request: HttpRequest) -> HttpResponse:
    """Begin with a superior's page: only a pointer is published, never a copy."""
    offices = access.offices_or_deny(request)
    form = SuperiorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            item = record_superior_item(**form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            parent = _chosen(request, offices)
            page, _read = drafts.begin(parent, request.user, reference=item)
            return redirect("gongkai_publish_record", page.pk)
    context = {
        "form": form,
        "offices": offices,
        "steps": steps.progress(None, steps.WHAT),
    }
    return TemplateResponse(request, f"{TEMPLATES}/refer.html", context)


def _chosen(request: HttpRequest, offices: list[OfficeIndexPage]) -> OfficeIndexPage:
    wanted = request.POST.get("office", "")
    return next((o for o in offices if str(o.pk) == wanted), offices[0])


def resume(request: HttpRequest, page_id: int) -> HttpResponse:
    """Open a draft where the clerk left it."""
    page, _parent = access.draft_or_deny(request, page_id)
    if page.live or page.withdrawn_at or page.first_published_at:
        return redirect("wagtailadmin_pages:edit", page.pk)
    if access.in_review(page):
        return redirect("gongkai_publish_done", page.pk)
    draft = drafts.latest(page)
    return redirect(steps.step_url(steps.next_step(draft), draft))


def after_what(request: HttpRequest, page: DisclosureItemPage) -> str:
    """Return where to go on: to what is the same, if there is something."""
    decided = page.reference_id or page.duplicate_reason
    if not decided and duplicates_of(page, request.user):
        return steps.step_url(steps.SAME, page)
    return steps.step_url(steps.RECORD, page)


def remember(
    request: HttpRequest, page: DisclosureItemPage, read: drafts.ReadFile
) -> None:
    """Keep what was said about the file for as long as the clerk is signed in."""
    request.session[f"gongkai-publish-{page.pk}"] = vars(read)


def remembered(request: HttpRequest, page: DisclosureItemPage) -> dict[str, Any]:
    """Return what was said about the draft's file, or nothing."""
    return request.session.get(f"gongkai-publish-{page.pk}", {})
