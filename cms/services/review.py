"""Deciding on a page under review: bound to the revision shown, four eyes, one path."""

from dataclasses import dataclass, field

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _
from wagtail.models import Page, Revision, TaskState, WorkflowState

from cms.models.moderation import (
    LeaderTask,
    OfficeHeadTask,
    SecrecyOpinion,
    SecrecyReview,
    SecrecyReviewTask,
)

# Whatever the desk's settings make of the workflow, these three are never left out.
STEPS = (OfficeHeadTask, SecrecyReviewTask, LeaderTask)


class ReviewConflict(Exception):
    """The page is no longer what was shown, or the rules of review forbid this."""


@dataclass(frozen=True)
class SecrecyRecord:
    """What the secrecy reviewer filled in: answers by question, ground and note."""

    opinion: str = SecrecyOpinion.OPEN
    answers: dict[str, bool] = field(default_factory=dict)
    legal_ground: str = ""
    note: str = ""


def authors(page: Page) -> set[int]:
    """Return the users with a revision since the last live one: they may not review."""
    revisions = page.revisions.exclude(user=None)
    if page.live_revision_id:
        revisions = revisions.filter(pk__gt=page.live_revision_id)
    return set(revisions.values_list("user_id", flat=True))


def may_review(task_state: TaskState, user: AbstractUser) -> str:
    """Return "" when the user may decide on this step, else why not, in Chinese."""
    page = task_state.workflow_state.content_object
    if not task_state.task.specific.is_reviewer(page, user):
        return _("这一步不由您审查。")
    if user.pk in authors(page) | {task_state.workflow_state.requested_by_id}:
        return _("您参与了起草或提交，不能审查同一条信息。")
    done = task_state.workflow_state.task_states.filter(
        status=TaskState.STATUS_APPROVED,
        revision_id=task_state.revision_id,
        finished_by=user,
    )
    if done.exists():
        return _("您已完成其他审查步骤，一人不能审两步。")
    return ""


@transaction.atomic
def decide(
    task_state: TaskState,
    user: AbstractUser,
    *,
    approve: bool,
    revision_id: int,
    comment: str = "",
    record: SecrecyRecord | None = None,
) -> None:
    """Approve or send back one step, for the revision that the reviewer saw.

    Args:
        revision_id: the revision that was on the reviewer's screen.
        comment: obligatory when sending back.
        record: the secrecy review; obligatory for that step.

    Raises:
        PermissionDenied: the user may not do this step.
        ReviewConflict: someone was faster or the text changed; nothing was done.
    """
    page_id = task_state.workflow_state.object_id
    page = Page.objects.select_for_update().get(pk=page_id)
    task_state = TaskState.objects.select_related("workflow_state", "task").get(
        pk=task_state.pk
    )
    if task_state.status != TaskState.STATUS_IN_PROGRESS:
        raise ReviewConflict(_("这一步已经由别人办结，请返回待审列表。"))
    if not revision_id == task_state.revision_id == page.latest_revision_id:
        raise ReviewConflict(
            _("您看到的不是最新的文字，未作任何处理。请重新打开再审。")
        )
    if reason := may_review(task_state, user):
        raise PermissionDenied(reason)
    is_secrecy = isinstance(task_state.task.specific, SecrecyReviewTask)
    open_to_all = record is not None and record.opinion == SecrecyOpinion.OPEN
    if is_secrecy and approve and not open_to_all:
        raise ReviewConflict(_("保密审查意见为“可以公开”时才能通过。"))
    if is_secrecy and record is not None:
        _keep_record(task_state, user, record)
    if approve:
        task_state.specific.approve(user=user, comment=comment)
        return
    if not comment.strip():
        raise ReviewConflict(_("退回时请写明原因，起草人会逐字看到。"))
    task_state.specific.reject(user=user, comment=comment)


def _keep_record(
    task_state: TaskState, user: AbstractUser, record: SecrecyRecord
) -> None:
    SecrecyReview.objects.create(
        revision_id=task_state.revision_id,
        task_state=task_state,
        reviewer=user,
        reviewer_name=user.get_full_name() or user.get_username(),
        opinion=record.opinion,
        answers=record.answers,
        legal_ground=record.legal_ground,
        note=record.note,
        files=file_hashes(task_state.revision),
    )


def file_hashes(revision: Revision) -> list[str]:
    """Return the SHA-256 of every attachment that the revision names, in order."""
    page = revision.as_object()
    hashes = getattr(page, "attachment_hashes", None)
    return hashes() if hashes else []


def assert_fully_approved(workflow_state: WorkflowState, revision: Revision) -> None:
    """Raise unless every step approved this very revision, each by another person.

    Raises:
        ReviewConflict: with the reason in Chinese.
    """
    states = list(
        workflow_state.task_states.filter(
            revision=revision, status=TaskState.STATUS_APPROVED
        ).select_related("task")
    )
    needed = {task.pk for task in workflow_state.workflow.tasks}
    done = {state.task_id for state in states}
    kinds = {type(state.task.specific) for state in states}
    if needed - done or set(STEPS) - kinds:
        raise ReviewConflict(_("还有审查步骤没有就这一版文字作出决定。"))
    people = [state.finished_by_id for state in states]
    page = workflow_state.content_object
    if len(set(people)) < len(people) or set(people) & authors(page):
        raise ReviewConflict(_("一人只能办理一个步骤，起草人不能审查。"))
    for state in states:
        if not isinstance(state.task.specific, SecrecyReviewTask):
            continue
        record = SecrecyReview.objects.filter(task_state_id=state.pk).first()
        if record is None or record.files != file_hashes(revision):
            raise ReviewConflict(_("附件在保密审查以后变动过，需要重新审查。"))
