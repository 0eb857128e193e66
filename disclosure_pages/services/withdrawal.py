"""Taking back what is public (撤回): at once, with a reason, leaving a tombstone."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.log_actions import log
from wagtail.models import Page

from cms.context import base_url
from cms.people import person_name
from disclosure_pages.choices import WithdrawalKind
from disclosure_pages.external_html import web_address
from disclosure_pages.headed_offices import headed_offices
from disclosure_pages.models import DisclosureItemPage, OpinionRequest, Successor
from disclosure_pages.models.base import ModeratedPage, PublicPage
from disclosure_pages.public_state import visible_pages
from disclosure_pages.services.feedback import subject_of
from disclosure_pages.signals import page_withdrawn, public_state_changed

MAX_ADDRESS = Successor._meta.get_field("url").max_length


def may_withdraw(user: Any, page: ModeratedPage) -> bool:
    """Whether the user may take this page back at once.

    Whoever may edit the page; of what is, was or will be public also those with the
    permission everywhere (officer, secrecy reviewer, leader) and the office's head.
    """
    if not page.withdrawable or not user.is_active:
        return False
    if not user.has_perm("wagtailadmin.access_admin"):
        return False
    if page.permissions_for_user(user).can_edit():
        return True
    if not (page.live or page.withdrawn_at or page.approved_schedule):
        return False
    if user.has_perm("disclosure_pages.withdraw_item"):
        return True
    headed = headed_offices(user)
    if not headed:
        return False
    if page.path[: -page.steplen] in headed.values():
        return True
    if isinstance(page, DisclosureItemPage):
        return False
    return getattr(page.responsible_office, "pk", None) in headed


@transaction.atomic
def withdraw(
    page: ModeratedPage,
    *,
    user: Any = None,
    reason: str,
    kind: str = WithdrawalKind.MISTAKE,
    successor: str = "",
    actor_name: str = "",
) -> bool:
    """Take a page back; returns whether it was public or about to be by schedule.

    Local pages, files and lists stop with the commit of this transaction; index and
    portal follow in their own lane. The page keeps its address as a tombstone.

    Args:
        successor: index number or address here of a public page, or an address
            elsewhere, to which readers are sent; none by default.

    Raises:
        ValidationError: no reason was given, or the successor is nothing to go to.
    """
    if not reason.strip():
        raise ValidationError({"reason": _("请写明撤回原因，读者会看到。")})
    page = type(page).objects.select_for_update().get(pk=page.pk)
    if not page.live:
        return stop_schedule(page, user=user, reason=reason, actor_name=actor_name)
    target = successor_named(successor, page)
    name = actor_name or (person_name(user) if user else "")
    page.withdrawn_at = timezone.now()
    page.withdrawn_kind = kind
    page.withdrawn_reason = reason.strip()
    page.withdrawn_by_name = name or _("管理命令")
    page.live = False
    page.has_unpublished_changes = True
    page.live_revision = None
    page.save(clean=False)
    page.revisions.update(approved_go_live_at=None)
    _set_successor(page, target)
    OpinionRequest.objects.filter(page=page.pk).open().update(
        revoked_at=page.withdrawn_at
    )
    state = page.current_workflow_state
    if state:
        state.cancel(user=user)
    log(
        instance=page,
        action="gongkai.withdraw",
        user=user,
        data={
            "kind": str(kind),
            "reason": page.withdrawn_reason,
            "actor": name,
            **({"successor": str(target)} if target else {}),
        },
    )
    if isinstance(page, PublicPage):
        public_state_changed.send(type(page), keys=[page.key], lane="withdraw")
    page_withdrawn.send(type(page), instance=page)
    return True


def stop_schedule(
    page: Page, *, user: Any = None, reason: str, actor_name: str = ""
) -> bool:
    """Keep what was approved for a later moment from going out; whether there was any.

    What is public stays public.
    """
    stopped = page.revisions.exclude(approved_go_live_at=None)
    if not stopped.update(approved_go_live_at=None):
        return False
    log(
        instance=page,
        action="wagtail.schedule.cancel",
        user=user,
        data={"reason": reason.strip(), "actor": actor_name},
    )
    return True


def successor_named(text: str, page: Page) -> Successor | None:
    """Return what the words of a clerk name as successor of a page, not yet stored.

    Raises:
        ValidationError: it is neither a public page nor an address, or the page itself.
    """
    text = text.strip()
    if not text:
        return None
    target = _public_page(text)
    if target and target.pk == page.pk:
        raise ValidationError({"successor": _("不能指向要撤回的这一条自己。")})
    if target:
        return Successor(page_id=page.pk, target=target)
    ours = text.startswith(f"{base_url()}/")
    if ours or not web_address(text) or len(text) > MAX_ADDRESS:
        raise ValidationError(
            {"successor": _("请填已公开信息的索引号或网址，或者别处 http 开头的网址。")}
        )
    return Successor(page_id=page.pk, url=text)


def _public_page(text: str) -> Page | None:
    item = visible_pages(DisclosureItemPage).filter(index_number=text).first()
    if item:
        return item.page_ptr
    path = text.removeprefix(base_url())
    if not path.startswith("/"):
        return None
    subject = subject_of(path)
    if subject.path == "/" or not subject.key:
        return None
    return Page.objects.get(translation_key=subject.key)


def _set_successor(page: ModeratedPage, successor: Successor | None) -> None:
    Successor.objects.filter(page=page.pk).delete()
    if successor:
        successor.save()
