"""Deciding on a page under review: bound to the revision shown, four eyes, one path."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import chain

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser, Group
from django.core.exceptions import (
    NON_FIELD_ERRORS,
    PermissionDenied,
    ValidationError,
)
from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext as _
from wagtail.log_actions import log
from wagtail.models import Page, Revision, TaskState, WorkflowState

from cms.audit.actions import SECRECY_REVIEW, SIGN
from cms.models.duties import Countersignature, ReviewDuty
from cms.models.moderation import CountersignTask, SecrecyReviewTask
from cms.models.paths import missing_steps
from cms.models.secrecy import SecrecyOpinion, SecrecyReview
from cms.people import person_name
from cms.services.binding import content_hash, named_files
from cms.services.lost import what_is_lost
from cms.services.reviewers import (
    Acting,
    acting,
    authors,
    deciders,
    deciders_of_each,
    kept_acting,
    open_groups,
)


class ReviewConflict(Exception):
    """The page is no longer what was shown, or the rules of review forbid this."""


@dataclass(frozen=True)
class SecrecyRecord:
    """What the secrecy reviewer filled in: answers by question, ground and note.

    ``questions``: what was asked, each ``{code, text, legal_ground}``.
    """

    opinion: str = SecrecyOpinion.OPEN
    questions: list[dict[str, str]] = field(default_factory=list)
    answers: dict[str, bool] = field(default_factory=dict)
    legal_ground: str = ""
    note: str = ""


def may_review(task_state: TaskState, user: AbstractUser) -> str:
    """Return "" when the user may decide on this step, else why not, in Chinese."""
    return _place_of(task_state, acting(user), user)[1]


def seems_to_review(task_state: TaskState, user: AbstractUser) -> str:
    """Return the same for a screen: the user's groups are asked once a request."""
    return _place_of(task_state, kept_acting(user), user)[1]


def is_secrecy_step(task_state: TaskState) -> bool:
    """Whether the step is a secrecy review."""
    return issubclass(task_state.task.specific_class, SecrecyReviewTask)


@dataclass(frozen=True)
class _Place:
    """In which group the user acts, and for whom when he stands in."""

    group: int
    principal: int | None


def _place_of(
    task_state: TaskState, hats: Acting, user: AbstractUser
) -> tuple[_Place | None, str]:
    """Return the user's place in a step, or None and why he has none.

    Four eyes hold for persons: neither who wrote or submitted the text nor who decided
    on another step may act, nor anybody in the place of one of them.
    """
    page = task_state.workflow_state.content_object
    acting_for = hats.at(task_state)
    groups = open_groups(task_state, page) & set(acting_for)
    mine = _smallest_first(groups, acting_for)
    if not mine:
        return None, _("这一步不由您审查。")
    wrote = authors(page) | {task_state.workflow_state.requested_by_id}
    if user.pk in wrote:
        return None, _("您参与了起草或提交，不能审查同一条信息。")
    approved = task_state.workflow_state.task_states.filter(
        status=TaskState.STATUS_APPROVED, revision_id=task_state.revision_id
    )
    done = deciders([*approved, task_state])
    if user.pk in done:
        return None, _("您已完成其他审查步骤，一人不能审两步。")
    for group in mine:
        if acting_for[group] not in wrote | done:
            return _Place(group, acting_for[group]), ""
    return None, _("您代的人参与了起草或其他步骤，这一步请别人审查。")


def _smallest_first(groups: set[int], acting_for: dict[int, int | None]) -> list[int]:
    """Order a user's groups: own ones first, then those with fewest people to ask.

    Where several groups must consent, who is in two of them leaves the other to others.
    """
    if len(groups) < 2:  # noqa: PLR2004
        return list(groups)
    sizes = Group.objects.filter(pk__in=groups).annotate(people=Count("user"))
    people = dict(sizes.values_list("pk", "people"))
    return sorted(groups, key=lambda pk: (acting_for[pk] is not None, people[pk], pk))


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
        ReviewConflict: someone was faster, the text changed or can't go live as it
            is; nothing was done.
    """
    page_id = task_state.workflow_state.object_id
    page = Page.objects.select_for_update().get(pk=page_id)
    duties = ReviewDuty.objects.select_for_update(of=("self",))
    duty = duties.select_related("assignee").filter(task_state=task_state.pk).first()
    task_state = TaskState.objects.select_related("workflow_state", "task").get(
        pk=task_state.pk
    )
    if duty:
        task_state.duty = duty
    task_state.workflow_state.content_object = page
    if task_state.status != TaskState.STATUS_IN_PROGRESS:
        if task_state.finished_by_id == user.pk:
            raise ReviewConflict(_("这一步您已经办结了，没有再办一次。"))
        raise ReviewConflict(_("这一步已经由别人办结，请返回待审列表。"))
    if not revision_id == task_state.revision_id == page.latest_revision_id:
        raise ReviewConflict(
            _("您看到的不是最新的文字，未作任何处理。请重新打开再审。")
        )
    place, reason = _place_of(task_state, acting(user), user)
    if place is None:
        raise PermissionDenied(reason)
    if approve and (
        lost := what_is_lost(page.specific_class, task_state.revision.content)
    ):
        raise ReviewConflict(lost)
    _assert_not_assigned_away(task_state, place, user)
    is_secrecy = is_secrecy_step(task_state)
    open_to_all = record is not None and record.opinion == SecrecyOpinion.OPEN
    if is_secrecy and approve and not open_to_all:
        raise ReviewConflict(_("保密审查意见为“可以公开”时才能通过。"))
    if is_secrecy and record is not None:
        _keep_record(task_state, user, record, place)
    if approve:
        _keep_approval(task_state, place, user)
        if _countersigned(task_state, place, user, comment):
            _approve(task_state, user, comment)
        return
    if not comment.strip():
        raise ReviewConflict(_("退回时请写明原因，起草人会逐字看到。"))
    task_state.specific.reject(user=user, comment=comment)


def _assert_not_assigned_away(
    task_state: TaskState, place: _Place, user: AbstractUser
) -> None:
    duty: ReviewDuty | None = getattr(task_state, "duty", None)
    if duty is None or duty.assignee_id in (None, user.pk, place.principal):
        return
    raise ReviewConflict(
        _("这一步现在由%(name)s承办，未作任何处理。需要您办时，请先改派给您。")
        % {"name": person_name(duty.assignee)}
    )


def _keep_approval(task_state: TaskState, place: _Place, user: AbstractUser) -> None:
    """Bind the step to the text that was approved, and to whom it was done for."""
    ReviewDuty.objects.filter(task_state_id=task_state.pk).update(
        acted_for=place.principal, content_sha256=content_hash(task_state.revision)
    )
    several = issubclass(task_state.task.specific_class, CountersignTask)
    if not several and not place.principal:
        return  # Wagtail's own entry says it all
    log(
        task_state.workflow_state.content_object,
        SIGN,
        user=user,
        revision=task_state.revision,
        data={
            "step": task_state.task.name,
            "group": str(Group.objects.get(pk=place.group)),
            "acted_for": _name_of(place.principal),
        },
    )


def _name_of(principal: int | None) -> str:
    if principal is None:
        return ""
    return person_name(get_user_model().objects.get(pk=principal))


def _countersigned(
    task_state: TaskState, place: _Place, user: AbstractUser, comment: str
) -> bool:
    """Sign for one group where several must consent; whether nobody is missing now."""
    if not isinstance(task_state.task.specific, CountersignTask):
        return True
    Countersignature.objects.create(
        task_state_id=task_state.pk,
        group_id=place.group,
        user=user,
        acted_for_id=place.principal,
        comment=comment,
    )
    page = task_state.workflow_state.content_object
    return not open_groups(task_state, page)


def _approve(task_state: TaskState, user: AbstractUser, comment: str) -> None:
    try:
        task_state.specific.approve(user=user, comment=comment)
    except ValidationError as error:
        model = task_state.workflow_state.content_object.specific_class
        values = {"missing": _sentences(model, error)}
        raise ReviewConflict(
            _("还不能公开，未作任何处理，请退回修改：%(missing)s") % values
        ) from error


def _sentences(model: type[Page], error: ValidationError) -> str:
    """Return what is wrong with a page, by the names that its editor shows."""
    if not hasattr(error, "error_dict"):
        return "；".join(error.messages)
    found = []
    for name, messages in error.message_dict.items():
        told = " ".join(messages)
        if name != NON_FIELD_ERRORS:
            told = f"{model._meta.get_field(name).verbose_name}：{told}"
        found.append(told)
    return "；".join(found)


def _keep_record(
    task_state: TaskState, user: AbstractUser, record: SecrecyRecord, place: _Place
) -> None:
    kept = SecrecyReview.objects.create(
        revision_id=task_state.revision_id,
        task_state=task_state,
        reviewer=user,
        reviewer_name=person_name(user),
        acted_for_name=_name_of(place.principal),
        opinion=record.opinion,
        questions=record.questions,
        answers=record.answers,
        legal_ground=record.legal_ground,
        note=record.note,
        content_sha256=content_hash(task_state.revision),
        files=named_files(task_state.revision.as_object()),
    )
    log(
        task_state.workflow_state.content_object,
        SECRECY_REVIEW,
        user=user,
        revision=task_state.revision,
        data={
            "opinion": str(kept.opinion),
            "answers": kept.answers,
            "legal_ground": kept.legal_ground,
            "reason": kept.note,
            "acted_for": kept.acted_for_name,
            "content": kept.content_sha256,
            "files": kept.file_hashes,
        },
    )


def assert_fully_approved(workflow_state: WorkflowState, revision: Revision) -> None:
    """Raise unless every step approved this very text, in order, by other persons.

    Args:
        revision: the one to be published, freshly read.

    Raises:
        ReviewConflict: with the reason in Chinese.
    """
    states = list(
        workflow_state.task_states.filter(
            revision=revision, status=TaskState.STATUS_APPROVED
        )
        .select_related("task", "duty", "secrecy_review")
        .order_by("pk")
    )
    draft = revision.as_object()
    _assert_every_step(workflow_state, states, draft)
    _assert_other_persons(states, authors(draft))
    text = content_hash(revision)
    if any(_approved_text(state) != text for state in states):
        raise ReviewConflict(_("文字在审查以后变动过，需要重新审查。"))
    for state in filter(is_secrecy_step, states):
        record = getattr(state, "secrecy_review", None)
        if record is None:
            raise ReviewConflict(_("没有保密审查记录，需要重新审查。"))
        _assert_as_reviewed(record, revision, draft)


def _approved_text(state: TaskState) -> str:
    duty: ReviewDuty | None = getattr(state, "duty", None)
    return duty.content_sha256 if duty else ""


def _assert_every_step(
    workflow_state: WorkflowState, states: list[TaskState], draft: Page
) -> None:
    """Raise unless all steps that the text needs now were done, one after the other."""
    steps = [task.pk for task in workflow_state.workflow.tasks]
    kinds = {state.task.specific_class for state in states}
    done = [state.task_id for state in states]
    if done != steps or missing_steps(kinds, draft.risk):
        raise ReviewConflict(_("还有审查步骤没有就这一版文字作出决定。"))
    wanted = draft.get_workflow()
    if wanted is None or {task.pk for task in wanted.tasks} - set(steps):
        raise ReviewConflict(
            _("这条信息现在要走更多的审查步骤。请退回，由起草人重新提交。")
        )


def _assert_other_persons(states: list[TaskState], wrote: set[int]) -> None:
    """Raise when one person, or one in whose place somebody stood, acted twice."""
    acts = Counter(chain.from_iterable(deciders_of_each(states).values()))
    acts.update(wrote)
    if max(acts.values()) > 1 or not all(state.finished_by_id for state in states):
        raise ReviewConflict(_("一人只能办理一个步骤，起草人不能审查。"))


def assert_unchanged(revision: Revision) -> None:
    """Raise when the revision is not what its secrecy review saw.

    For what goes live later than it was approved; material that came in without a
    review of ours has no record and passes.

    Args:
        revision: freshly read.

    Raises:
        ReviewConflict: with the reason in Chinese.
    """
    record = revision.secrecy_reviews.filter(opinion=SecrecyOpinion.OPEN).first()
    if record:
        _assert_as_reviewed(record, revision, revision.as_object())


def _assert_as_reviewed(record: SecrecyReview, revision: Revision, draft: Page) -> None:
    if record.content_sha256 != content_hash(revision):
        raise ReviewConflict(_("文字在保密审查以后变动过，需要重新审查。"))
    if record.files != named_files(draft):
        raise ReviewConflict(_("附件在保密审查以后变动过，需要重新审查。"))
