"""Reads of unpublished pages through Wagtail's own views, kept by a middleware."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from wagtail.models import Page, Revision

from cms.audit import actions
from cms.audit.recording import record_read

# Wagtail's views by name. Reading one's own latest words is no act worth a line; old
# revisions and histories hold what others took out.
DRAFTS = {"view_draft", "edit", "preview_on_edit", "workflow_preview"}
ALWAYS = {
    "revisions_view": actions.READ,
    "revisions_revert": actions.READ,
    "revisions_compare": actions.COMPARE,
    "history": actions.READ_HISTORY,
    "history_results": actions.READ_HISTORY,
    "workflow_history": actions.READ_HISTORY,
    "workflow_history_detail": actions.READ_HISTORY,
}


def keep_reads(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Log who was shown an unpublished page, after it was shown."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        match = request.resolver_match
        if (
            match is not None
            and match.app_names[-1:] == ["wagtailadmin_pages"]
            and request.method == "GET"
            and response.status_code == 200
        ):
            _record(request, match.url_name, match.kwargs)
        return response

    return respond


def _record(request: HttpRequest, name: str | None, values: dict[str, str]) -> None:
    if name not in ALWAYS and name not in DRAFTS:
        return
    pages = Page.objects.defer_streamfields()
    page = pages.filter(pk=values.get("page_id", values.get("pk"))).first()
    if page is None:
        return
    if name in ALWAYS:
        revision = values.get("revision_id", values.get("revision_id_a"))
        chosen = {"revision_id": int(revision)} if str(revision).isdigit() else {}
        record_read(request.user, page.specific_deferred, ALWAYS[name], **chosen)
        return
    record_draft_read(request, page)


def record_draft_read(request: HttpRequest, page: Page) -> None:
    """Log that somebody else than its author was shown a page's unpublished state."""
    if page.live and not page.has_unpublished_changes:
        return
    revision = Revision.objects.filter(pk=page.latest_revision_id)
    if request.user.pk in revision.values_list("user_id", flat=True):
        return
    record_read(
        request.user,
        page.specific_deferred,
        actions.READ,
        revision_id=page.latest_revision_id,
    )
