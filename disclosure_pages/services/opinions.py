"""Asking people without an account for their opinion on a draft (征求意见).

A link with a secret opens one revision, until it is answered, revoked or over; it
decides nothing and makes nothing public. The secret is told once, its hash is kept.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.log_actions import log
from wagtail.models import Page

from cms.models.secrecy import SecrecyOpinion
from cms.services.notices import notify
from cms.services.reviewers import is_reviewer
from disclosure_pages.choices import OpinionAnswer
from disclosure_pages.desk.differences import differences
from disclosure_pages.models import OpinionRequest
from disclosure_pages.models.base import ModeratedPage

ASK = "gongkai.opinion.ask"
OPEN = "gongkai.opinion.open"
ANSWER = "gongkai.opinion.answer"
REVOKE = "gongkai.opinion.revoke"
MAX_DAYS = 30
BESIDE_THE_TEXT = {
    *("slug", "seo_title", "search_description", "show_in_menus"),
    *("go_live_at", "expire_at", "change_note"),
}


class OpinionClosed(Exception):
    """The request was answered, revoked or over before this."""


def may_ask(user: Any, page: ModeratedPage) -> bool:
    """Whether the user may show this page's draft to somebody outside.

    Whoever sees it anyway: its editors and who reviews it now.
    """
    if not user.is_active or not user.has_perm("wagtailadmin.access_admin"):
        return False
    if page.permissions_for_user(user).can_edit():
        return True
    state = page.current_workflow_state
    step = state.current_task_state if state else None
    return bool(step) and is_reviewer(step, page, user)


def not_to_show(page: ModeratedPage) -> str:
    """Return why there is no draft to ask about, in Chinese; "" when there is one."""
    revision = page.latest_revision
    if revision is None or (page.live and not page.has_unpublished_changes):
        return _("没有未公开的草稿，不用征求意见。")
    draft = revision.as_object()
    if page.withdrawn_at and _says(draft, type(page).objects.get(pk=page.pk)):
        return _("撤回以后还没有改过，撤回的内容不能再给别人看。")
    refused = page.revisions.filter(secrecy_reviews__opinion=SecrecyOpinion.NOT_OPEN)
    if any(_says(draft, earlier.as_object()) for earlier in refused.distinct()):
        return _("保密审查认为这一版不宜公开，不能给别人看。请先修改。")
    return ""


def _says(draft: Page, earlier: Page) -> bool:
    """Whether a draft says to readers what an earlier version said, and no more."""
    return not differences(earlier, draft, BESIDE_THE_TEXT)


@transaction.atomic
def ask(
    page: ModeratedPage,
    *,
    user: Any,
    name: str,
    organisation: str,
    days: int,
    mail: str = "",
    question: str = "",
) -> tuple[OpinionRequest, str]:
    """Make a link to the latest revision; returns the request and its secret.

    Args:
        days: how long it can be opened, 1 to ``MAX_DAYS``.

    Raises:
        ValidationError: there is no draft to show, or the days are out of range.
    """
    if reason := not_to_show(page):
        raise ValidationError(reason)
    if not 1 <= days <= MAX_DAYS:
        raise ValidationError(
            _("有效期应在 1 到 %(days)d 天之间。") % {"days": MAX_DAYS}
        )
    token = secrets.token_urlsafe(32)
    request = OpinionRequest.objects.create(
        page_id=page.pk,
        revision=page.latest_revision,
        asked_by=user,
        name=name,
        organisation=organisation,
        mail=mail,
        question=question,
        token_sha256=_hash(token),
        expires_at=timezone.now() + timedelta(days=days),
    )
    _log(request, ASK, user=user, reason=question)
    return request, token


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _log(
    request: OpinionRequest, action: str, *, user: Any = None, **data: str
) -> None:
    log(
        request.page.specific,
        action,
        user=user,
        revision=request.revision,
        data={"who": str(request), **data},
    )


def opened_by(token: str) -> OpinionRequest | None:
    """Return the request that a secret opens now, noting that it was opened."""
    found = OpinionRequest.objects.open().filter(token_sha256=_hash(token))
    request = found.select_related("page", "revision", "asked_by").first()
    if request and not request.opened_at:
        with transaction.atomic():
            now = timezone.now()
            first = OpinionRequest.objects.filter(pk=request.pk, opened_at=None)
            if first.update(opened_at=now):
                _log(request, OPEN)
    return request


@transaction.atomic
def answer(request: OpinionRequest, *, answer: str, comment: str = "") -> None:
    """Keep what the person answered, once, and tell whoever asked.

    Raises:
        ValidationError: anything but consent needs words.
        OpinionClosed: it can't be answered any more.
    """
    if answer != OpinionAnswer.AGREE and not comment.strip():
        raise ValidationError({"comment": _("请写明您的意见。")})
    rows = OpinionRequest.objects.open().filter(pk=request.pk)
    told = {"answer": answer, "comment": comment.strip()}
    if not rows.update(answered_at=timezone.now(), **told):
        raise OpinionClosed
    _log(request, ANSWER, answer=answer, reason=comment.strip())
    if request.asked_by:
        text = _("%(who)s对《%(title)s》的答复：%(answer)s") % {
            "who": request,
            "title": request.revision.object_str,
            "answer": OpinionAnswer(answer).label,
        }
        url = reverse("gongkai_opinions", args=[request.page_id])
        notify([request.asked_by], "opinion", text, url=url)


@transaction.atomic
def revoke(request: OpinionRequest, *, user: Any) -> bool:
    """Close a link at once; returns whether it was open."""
    rows = OpinionRequest.objects.open().filter(pk=request.pk)
    if not rows.update(revoked_at=timezone.now()):
        return False
    _log(request, REVOKE, user=user)
    return True


def opinions_on(page_id: int) -> QuerySet[OpinionRequest]:
    """Return everybody who was asked about a page, the latest first."""
    rows = OpinionRequest.objects.filter(page=page_id)
    return rows.select_related("asked_by", "revision")
