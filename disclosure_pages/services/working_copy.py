"""The working copy (修改稿): a newer draft of something that stays public as it is."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from wagtail.log_actions import log
from wagtail.models import Page, Revision

from disclosure_pages.models.base import ModeratedPage

DISCARD = "gongkai.discard"


def is_working_copy(page: Page) -> bool:
    """Whether the newest draft says something else than what readers see."""
    return page.live and page.has_unpublished_changes


def may_discard(user: Any, page: Page) -> bool:
    """Whether the user may give the draft up; a locked one is not his to change."""
    if not isinstance(page, ModeratedPage) or not is_working_copy(page):
        return False
    rights = page.permissions_for_user(user)
    return rights.can_edit() and not rights.page_locked()


@transaction.atomic
def discard(page: Page, user: Any) -> Revision:
    """Begin again from what is public: a new revision that says the same.

    What was written stays in the history. Nothing public changes, and the revision
    that was approved stays the live one.

    Raises:
        PermissionDenied: the user may not.
        ValidationError: there is nothing to give up, it is under review, or it was
            approved for a later time.
    """
    row = Page.objects.select_for_update().get(pk=page.pk).specific
    if not is_working_copy(row):
        raise ValidationError(_("没有改动，和线上的版本一样。"))
    if row.current_workflow_task:
        raise ValidationError(
            _("修改稿正在审查，不能放弃。请先取消审查流程，或者请审查人退回。")
        )
    if row.approved_schedule:
        raise ValidationError(_("修改稿已经审定，正等着定时公开。请先取消定时。"))
    if not may_discard(user, row):
        raise PermissionDenied
    given_up = row.get_latest_revision()
    if row.current_workflow_state:
        row.current_workflow_state.cancel(user=user)
    revision = row.save_revision(user=user, changed=False, clean=False)
    Page.objects.filter(pk=row.pk).update(has_unpublished_changes=False)
    log(
        row,
        DISCARD,
        user=user,
        revision=revision,
        data={"given_up": given_up.pk, "title": given_up.object_str},
    )
    return revision
