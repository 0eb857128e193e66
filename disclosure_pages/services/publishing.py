"""Scheduled publication and expiry, one page per transaction."""

import logging

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.models import Page, Revision

from cms.approval import publication_approved
from cms.clock import database_now
from cms.services.review import ReviewConflict, assert_unchanged
from disclosure_pages.models.base import ModeratedPage
from disclosure_pages.services.withdrawal import withdraw

logger = logging.getLogger(__name__)
_warned: set[int] = set()  # revisions that wait for this machine's clock


def publish_scheduled() -> int:
    """Publish approved revisions whose time came and take back what expired.

    Safe to run twice or side by side: each page is locked and looked at again. Whether
    a time came is for the database's clock to say.
    Returns the number of pages changed.
    """
    now = database_now()
    due = Revision.page_revisions.filter(approved_go_live_at__lte=now)
    changed = sum(_try_to_go_live(pk) for pk in list(due.values_list("pk", flat=True)))
    expired = Page.objects.live().filter(expire_at__lte=now)
    return changed + sum(_expire(pk) for pk in expired.values_list("pk", flat=True))


def _try_to_go_live(revision_id: int) -> bool:
    """Go live, or log why not: one that can't must not keep back the others."""
    try:
        return _go_live(revision_id)
    except (ReviewConflict, ValidationError) as error:
        logger.error("scheduled revision %s can't go live: %s", revision_id, error)
        return False


@transaction.atomic
def _go_live(revision_id: int) -> bool:
    revision = Revision.objects.filter(
        pk=revision_id, approved_go_live_at__lte=database_now()
    ).first()
    if revision is None:
        return False
    page = Page.objects.select_for_update().filter(pk=revision.object_id).first()
    due = Revision.objects.filter(
        pk=revision_id, approved_go_live_at__lte=database_now()
    )
    if page is None or not due.exists() or _clock_is_behind(revision):
        return False
    assert_unchanged(revision)
    with publication_approved("schedule"):
        revision.publish(skip_permission_checks=True)
    return True


def _clock_is_behind(revision: Revision) -> bool:
    """Whether Wagtail, which asks this machine's clock, would only schedule again."""
    go_live_at = revision.as_object().go_live_at
    if not go_live_at or go_live_at <= timezone.now():
        _warned.discard(revision.pk)
        return False
    if revision.pk not in _warned:
        _warned.add(revision.pk)
        by_s = (database_now() - timezone.now()).total_seconds()
        logger.warning(
            "scheduled revision %s waits: the clock of this machine is %.0f s behind "
            "that of the database",
            revision.pk,
            by_s,
        )
    return True


@transaction.atomic
def _expire(page_id: int) -> bool:
    due = Page.objects.live().filter(pk=page_id, expire_at__lte=database_now())
    found = due.select_for_update().first()
    page = found.specific if found else None
    if not isinstance(page, ModeratedPage):
        return False
    withdrawn = withdraw(
        page,
        reason=_("公开期限已到"),
        kind="repealed",
        actor_name=_("定时任务"),
    )
    if withdrawn:
        type(page).objects.filter(pk=page.pk).update(expired=True)
        logger.info("expired page %s", page.pk)
    return withdrawn
