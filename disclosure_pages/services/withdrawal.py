"""Taking back what is public (撤回): at once, with a reason, leaving a tombstone."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.log_actions import log

from disclosure_pages.choices import WithdrawalKind
from disclosure_pages.headed_offices import headed_offices
from disclosure_pages.models import DisclosureItemPage
from disclosure_pages.models.base import ModeratedPage, PublicPage
from disclosure_pages.signals import page_withdrawn, public_state_changed


def may_withdraw(user: Any, page: ModeratedPage) -> bool:
    """Whether the user may take this page back at once.

    Those with the permission everywhere (officer, secrecy reviewer, leader), and
    whoever may edit the page.
    """
    if not page.withdrawable or not user.is_active:
        return False
    if not user.has_perm("wagtailadmin.access_admin"):
        return False
    if user.has_perm("disclosure_pages.withdraw_item"):
        return True
    if page.permissions_for_user(user).can_edit():
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
    actor_name: str = "",
) -> bool:
    """Take a public page back; returns whether it was public.

    Local pages, files and lists stop with the commit of this transaction; index and
    portal follow in their own lane. The page keeps its address as a tombstone.

    Raises:
        ValidationError: no reason was given.
    """
    if not reason.strip():
        raise ValidationError({"reason": _("请写明撤回原因，读者会看到。")})
    page = type(page).objects.select_for_update().get(pk=page.pk)
    if not page.live:
        return False
    name = actor_name or (user.get_full_name() or user.get_username() if user else "")
    page.withdrawn_at = timezone.now()
    page.withdrawn_kind = kind
    page.withdrawn_reason = reason.strip()
    page.withdrawn_by_name = name or _("管理命令")
    page.live = False
    page.has_unpublished_changes = True
    page.live_revision = None
    page.save(clean=False)
    page.revisions.update(approved_go_live_at=None)
    state = page.current_workflow_state
    if state:
        state.cancel(user=user)
    log(
        instance=page,
        action="gongkai.withdraw",
        user=user,
        data={"kind": str(kind), "reason": page.withdrawn_reason, "actor": name},
    )
    if isinstance(page, PublicPage):
        public_state_changed.send(type(page), keys=[page.key], lane="withdraw")
    page_withdrawn.send(type(page), instance=page)
    return True
