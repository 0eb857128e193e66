"""How Wagtail's admin reaches the wizard, the references and the duplicate check."""

from django.contrib import messages
from django.http import HttpRequest, QueryDict
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.models import Page

from disclosure_pages.checks.contents import body_text
from disclosure_pages.desk.selectors import offices_to_write_in
from disclosure_pages.desk.superiors import SuperiorChooserViewSet, superiors
from disclosure_pages.desk.wizard import beside, screens, start
from disclosure_pages.duplicates import Match, find_duplicates
from disclosure_pages.models import DisclosureItemPage

SUBMITTING = ("action-submit", "action-restart-workflow")


@hooks.register("register_admin_urls")
def wizard_urls() -> list[URLPattern]:
    one = "publish/<int:page_id>/"
    return [
        path("publish/", start.start, name="gongkai_publish"),
        path("publish/refer/", start.refer, name="gongkai_publish_refer"),
        path(one, start.resume, name="gongkai_publish_resume"),
        *(
            path(
                f"{one}{screen.step}/",
                screen.as_view(),
                name=f"gongkai_publish_{screen.step}",
            )
            for screen in (
                *(screens.WhatScreen, screens.SameScreen, screens.RecordScreen),
                *(screens.TextScreen, screens.CheckScreen),
            )
        ),
        path(f"{one}done/", screens.done, name="gongkai_publish_done"),
        path(
            f"{one}beside/superior/<int:external_id>/",
            beside.superior_beside,
            name="gongkai_superior_beside",
        ),
        path(
            f"{one}beside/<int:other_id>/",
            beside.item_beside,
            name="gongkai_item_beside",
        ),
        path("superiors/", superiors, name="gongkai_superiors"),
    ]


@hooks.register("register_admin_viewset")
def superior_chooser() -> SuperiorChooserViewSet:
    return SuperiorChooserViewSet("gongkai_superior_chooser", url_prefix="superior")


class WriterMenuItem(MenuItem):
    """An entry for whoever may write in some office."""

    def is_shown(self, request: HttpRequest) -> bool:
        return bool(offices_to_write_in(request.user))


@hooks.register("register_admin_menu_item")
def publish_menu_item() -> MenuItem:
    return WriterMenuItem(
        _("发布一条信息"), reverse("gongkai_publish"), icon_name="plus", order=80
    )


@hooks.register("register_admin_menu_item")
def superiors_menu_item() -> MenuItem:
    return WriterMenuItem(
        _("上级信息"), reverse("gongkai_superiors"), icon_name="link", order=320
    )


@hooks.register("before_create_page")
def look_before_creating(
    request: HttpRequest, parent: Page, page_class: type[Page]
) -> None:
    if page_class is DisclosureItemPage:
        hold_back_duplicate(request)


@hooks.register("before_edit_page")
def look_before_submitting(request: HttpRequest, page: Page) -> None:
    if isinstance(page, DisclosureItemPage) and not page.live:
        hold_back_duplicate(request, page)


def hold_back_duplicate(
    request: HttpRequest, page: DisclosureItemPage | None = None
) -> None:
    """Turn a submission into a saved draft when the same thing is there already.

    Nothing typed is lost: the editor saves as usual and shows why it did not submit. A
    reason for another one, or a reference, lets the submission through.
    """
    typed = request.POST
    if not any(typed.get(name) for name in SUBMITTING):
        return
    if typed.get("duplicate_reason", "").strip() or typed.get("reference"):
        return
    matches = find_duplicates(
        title=typed.get("title", ""),
        document_number=typed.get("document_number", ""),
        url=typed.get("source_url", ""),
        text=typed_text(typed),
        user=request.user,
        exclude_page_id=page.pk if page else None,
    )
    replaced = {typed.get("supersedes"), typed.get("interpretation_of")}
    same = [m for m in matches if m.certain and str(m.page_id) not in replaced]
    if not same:
        return
    data = typed.copy()
    for name in SUBMITTING:
        data.pop(name, None)
    request.POST = data
    messages.warning(request, _warning(same, page))


def typed_text(typed: QueryDict) -> str:
    """Return the text of a body as the editor sends it; "" when it is broken."""
    block = DisclosureItemPage._meta.get_field("body").stream_block
    try:
        return body_text(block.value_from_datadict(typed, {}, "body"))
    except (ValueError, KeyError, TypeError):
        return ""  # the form says what is wrong


def _warning(matches: list[Match], page: DisclosureItemPage | None) -> str:
    links = format_html_join(
        "；",
        '<a href="{}" target="_blank" rel="noopener">《{}》</a>（{}{}）',
        ((address_of(m), m.title, m.why, _beside(m, page)) for m in matches[:3]),
    )
    return format_html(
        "{}{}{}",
        _("内容已存为草稿，还没有提交：好像已经有了"),
        links,
        _("。确实要另发的，请在“仍要另发的理由”里写明，再提交。"),
    )


def _beside(match: Match, page: DisclosureItemPage | None) -> str:
    """Return a link to both texts, once the draft has an address."""
    if page is None or not match.same_text:
        return ""
    name, other = "gongkai_item_beside", match.page_id
    if match.external_id:
        name, other = "gongkai_superior_beside", match.external_id
    return format_html(
        '，<a href="{}" target="_blank" rel="noopener">{}</a>',
        reverse(name, args=[page.pk, other]),
        _("并排对照"),
    )


def address_of(match: Match) -> str:
    """Return where a match can be looked at."""
    if match.page_id:
        return reverse("wagtailadmin_pages:view_draft", args=[match.page_id])
    return match.url
