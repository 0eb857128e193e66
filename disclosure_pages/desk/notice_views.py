"""通知: what the user was told, what he has read, and what he wants mailed."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from cms.models.notices import Mailing
from cms.notice_kinds import kind_of
from cms.services import notices
from disclosure_pages.desk.today import (
    Line,
    Section,
    first_rows,
    register_section,
)

PER_PAGE = 50
LIST = "gongkai_notices"


@require_safe
def notice_list(request: HttpRequest) -> HttpResponse:
    """List what the user was told, the newest first; reading it writes nothing."""
    found = notices.notices_of(request.user)
    only_unread = request.GET.get("unread") == "1"
    if only_unread:
        found = found.filter(read_at=None)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("p"))
    return TemplateResponse(
        request,
        "disclosure_pages/desk/notices.html",
        {
            "page": page,
            "rows": [(row, kind_of(row.kind).label) for row in page.object_list],
            "only_unread": only_unread,
            "unread": notices.notices_of(request.user).filter(read_at=None).count(),
        },
    )


@require_POST
def mark_read(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Mark one notice as read, or all of them."""
    count = notices.mark_read(request.user, pk)
    messages.success(request, _("已标为已读 %(count)d 条。") % {"count": count})
    return redirect(LIST)


@require_http_methods(["GET", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Choose for each kind whether the desk shows it and whether it is mailed."""
    rows = notices.preferences_of(request.user)
    if request.method == "POST":
        notices.choose(request.user, {row.kind: _chosen(request, row) for row in rows})
        messages.success(request, _("通知设置已保存。"))
        return redirect(LIST)
    return TemplateResponse(
        request,
        "disclosure_pages/desk/notice_preferences.html",
        {
            "rows": [(row, kind_of(row.kind)) for row in rows],
            "mailings": Mailing.choices,
            "mail": settings.GONGKAI_MAIL,
            "email": request.user.email,
        },
    )


def _chosen(request: HttpRequest, row: Any) -> tuple[bool, str]:
    mailing = request.POST.get(f"{row.kind}-mailing", row.mailing)
    if mailing not in Mailing.values:
        mailing = row.mailing
    return f"{row.kind}-desk" in request.POST, mailing


@register_section("notices")
def unread(request: HttpRequest) -> Section | None:
    """通知: what the user has not read yet."""
    rows, count = first_rows(notices.notices_of(request.user).filter(read_at=None))
    if not rows:
        return None
    lines = [
        Line(
            row.text,
            row.url or reverse(LIST),
            note=f"{timezone.localtime(row.created_at):%m-%d %H:%M}",
            tone="emergency" if row.kind == "review_emergency" else "",
        )
        for row in rows
    ]
    url = f"{reverse(LIST)}?unread=1"
    return Section("notices", _("通知"), count, lines, 15, url, aside=True)


@hooks.register("register_admin_urls")
def notice_urls() -> list[URLPattern]:
    return [
        path("notices/", notice_list, name=LIST),
        path("notices/read/", mark_read, name="gongkai_notices_read"),
        path("notices/<int:pk>/read/", mark_read, name="gongkai_notice_read"),
        path("notices/settings/", preferences, name="gongkai_notice_preferences"),
    ]


@hooks.register("register_admin_menu_item")
def notice_menu_item() -> MenuItem:
    return MenuItem(
        gettext_lazy("通知"), reverse(LIST), icon_name="mail", name="notices", order=15
    )
