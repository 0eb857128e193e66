"""并排对照: a draft beside what it seems to repeat."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from disclosure_pages.checks.contents import body_text
from disclosure_pages.compared import (
    external_text,
    own_drafts,
    page_text,
    superior_items,
)
from disclosure_pages.desk.wizard import access, drafts
from disclosure_pages.likeness.passages import side_by_side
from disclosure_pages.models import DisclosureItemPage, ExternalItem
from disclosure_pages.public_state import visible_pages


@require_safe
def superior_beside(
    request: HttpRequest, page_id: int, external_id: int
) -> HttpResponse:
    """Show the draft beside a superior's text."""
    page = _draft(request, page_id)
    item = get_object_or_404(superior_items(), pk=external_id)
    return _shown(request, page, item, item.title, external_text(item))


@require_safe
def item_beside(request: HttpRequest, page_id: int, other_id: int) -> HttpResponse:
    """Show the draft beside what is public, or beside another draft of one's own."""
    page = _draft(request, page_id)
    other = visible_pages(DisclosureItemPage).filter(pk=other_id).first()
    if other is None:
        mine = own_drafts(request.user).select_related("latest_revision")
        other = mine.filter(pk=other_id).first()
    if other is None:
        raise Http404
    title = other.title if other.live else other.draft_title
    return _shown(request, page, other, title, page_text(other))


def _draft(request: HttpRequest, page_id: int) -> DisclosureItemPage:
    page, _office = access.draft_or_deny(request, page_id)
    return drafts.latest(page)


def _shown(
    request: HttpRequest,
    page: DisclosureItemPage,
    other: DisclosureItemPage | ExternalItem,
    title: str,
    text: str,
) -> HttpResponse:
    return TemplateResponse(
        request,
        "disclosure_pages/desk/wizard/beside.html",
        {
            "page": page,
            "other": other,
            "title": title,
            "superior": isinstance(other, ExternalItem),
            "texts": side_by_side(body_text(page.body), text),
            "undecided": not (
                page.live or page.first_published_at or access.in_review(page)
            ),
        },
    )
