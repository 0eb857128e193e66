"""The working copy on the desk: what differs from what is public, and giving it up."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.widgets.button import Button
from wagtail.log_actions import LogActionRegistry
from wagtail.models import Page

from cms.audit.actions import COMPARE
from cms.audit.recording import record_read
from disclosure_pages.desk.differences import differences, live_version
from disclosure_pages.models.base import ModeratedPage
from disclosure_pages.services.working_copy import (
    DISCARD,
    discard,
    is_working_copy,
    may_discard,
)


def working_copy_note(page: Page) -> str:
    """Return since when the public version stands while the page is changed, or ""."""
    if not is_working_copy(page) or not page.last_published_at:
        return ""
    day = date_format(localtime(page.last_published_at), "MONTH_DAY_FORMAT")
    return _("正在修改，线上仍是 %(day)s 的版本。") % {"day": day}


def tell_working_copy(request: HttpRequest, page: Page) -> None:
    """Say the same at the head of the editor, with the ways on."""
    ways = [(_("看改了什么"), "gongkai_differences")]
    if may_discard(request.user, page):
        ways.append((_("放弃修改"), "gongkai_discard"))
    buttons = [
        messages.button(reverse(name, args=[page.pk]), label) for label, name in ways
    ]
    messages.warning(request, working_copy_note(page), buttons=buttons)


@require_safe
@never_cache
def page_differences(request: HttpRequest, page_id: int) -> HttpResponse:
    """Show what the newest draft changes against the live version.

    Raises:
        PermissionDenied: the user may not edit the page.
    """
    page = _editable(request, page_id)
    draft = page.get_latest_revision_as_object()
    live = live_version(page)
    record_read(request.user, page, COMPARE, revision_id=page.latest_revision_id)
    return TemplateResponse(
        request,
        "disclosure_pages/desk/differences_page.html",
        {
            "page": draft,
            "live": live,
            "found": differences(live, draft) if live else None,
            "note": working_copy_note(page),
            "may_discard": may_discard(request.user, page),
        },
    )


@require_http_methods(["GET", "POST"])
def discard_page(request: HttpRequest, page_id: int) -> HttpResponse:
    """Ask once, then go back to the version that is public.

    Raises:
        PermissionDenied: the user may not edit the page.
    """
    page = _editable(request, page_id)
    if request.method == "POST":
        try:
            discard(page, request.user)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            text = _("已放弃对《%(title)s》的修改，草稿回到线上的版本。")
            messages.success(request, text % {"title": page.title})
        return redirect("wagtailadmin_pages:edit", page.pk)
    return TemplateResponse(
        request,
        "disclosure_pages/desk/discard.html",
        {"page": page, "note": working_copy_note(page)},
    )


def _editable(request: HttpRequest, page_id: int) -> Page:
    page = get_object_or_404(Page, pk=page_id).specific
    if not isinstance(page, ModeratedPage):
        raise PermissionDenied
    if not page.permissions_for_user(request.user).can_edit():
        raise PermissionDenied
    return page


@hooks.register("register_admin_urls")
def working_copy_urls() -> list[URLPattern]:
    address = "checks/<int:page_id>"
    return [
        path(f"{address}/differences/", page_differences, name="gongkai_differences"),
        path(f"{address}/discard/", discard_page, name="gongkai_discard"),
    ]


@hooks.register("register_page_header_buttons")
@hooks.register("register_page_listing_more_buttons")
def differences_button(
    page: Page, user: Any, next_url: str | None = None, **kwargs: Any
) -> Iterator[Button]:
    """Offer the comparison where there is something to compare."""
    if not issubclass(page.specific_class or Page, ModeratedPage):
        return
    if is_working_copy(page) and page.permissions_for_user(user).can_edit():
        yield Button(
            _("和线上的版本比较"),
            reverse("gongkai_differences", args=[page.pk]),
            icon_name="copy",
            priority=6,
        )


@hooks.register("register_log_actions")
def log_actions(actions: LogActionRegistry) -> None:
    actions.register_action(
        DISCARD,
        gettext_lazy("放弃修改"),
        gettext_lazy("放弃修改，草稿回到线上的版本"),
    )
