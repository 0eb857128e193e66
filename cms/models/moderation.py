from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from wagtail.models import AbstractGroupApprovalTask, Page, Revision, Task, TaskState

Users = AbstractBaseUser


class ReviewStep:
    """What the three steps share: locked for everyone, decided only in the review.

    The page stays locked for all while it waits; a decision is made in our review
    view, which binds it to the revision shown, so Wagtail's own actions are empty.
    """

    def locked_for_user(self, obj: Page, user: Users) -> bool:
        return True

    def user_can_lock(self, obj: Page, user: Users) -> bool:
        return False

    def user_can_unlock(self, obj: Page, user: Users) -> bool:
        return False

    def user_can_access_editor(self, obj: Page, user: Users) -> bool:
        return False

    def get_actions(self, obj: Page, user: Users) -> list[tuple[str, str, bool]]:
        return []


class OfficeHeadTask(ReviewStep, Task):
    """初审: a head of the office that is responsible for the page."""

    def is_reviewer(self, page: Page, user: Users) -> bool:
        """Whether the user heads the page's office."""
        office = getattr(page.specific, "responsible_office", None)
        if office is None or office.head_group_id is None:
            return False
        return office.head_group_id in {group.pk for group in user.groups.all()}

    def get_task_states_user_can_moderate(
        self, user: Users, **kwargs: Any
    ) -> QuerySet[TaskState]:
        waiting = self.task_states.filter(status=TaskState.STATUS_IN_PROGRESS)
        mine = [
            state.pk
            for state in waiting.select_related("workflow_state")
            if state.workflow_state.content_object
            and self.is_reviewer(state.workflow_state.content_object, user)
        ]
        return waiting.filter(pk__in=mine)

    @classmethod
    def get_description(cls) -> str:
        return _("由信息所属科室的负责人初审")

    class Meta:
        verbose_name = _("科室负责人初审")
        verbose_name_plural = _("科室负责人初审")


class GroupStep(ReviewStep, AbstractGroupApprovalTask):
    """A step done by any member of the chosen groups."""

    def locked_for_user(self, obj: Page, user: Users) -> bool:
        return True

    def is_reviewer(self, page: Page, user: Users) -> bool:
        """Whether the user is in one of the step's groups; superusers are not."""
        return self._user_in_groups(user)

    def get_task_states_user_can_moderate(
        self, user: Users, **kwargs: Any
    ) -> QuerySet[TaskState]:
        if not self._user_in_groups(user):
            return TaskState.objects.none()
        return self.task_states.filter(status=TaskState.STATUS_IN_PROGRESS)

    class Meta:
        abstract = True


class SecrecyReviewTask(GroupStep):
    """保密审查: leaves a ``SecrecyReview`` record (Regulation, art. 17)."""

    @classmethod
    def get_description(cls) -> str:
        return _("由保密审查员审查，并留下审查记录")

    class Meta:
        verbose_name = _("保密审查")
        verbose_name_plural = _("保密审查")


class LeaderTask(GroupStep):
    """终审: the leader in charge; the approved revision is published."""

    @classmethod
    def get_description(cls) -> str:
        return _("由领导终审，通过后立即公开")

    class Meta:
        verbose_name = _("领导终审")
        verbose_name_plural = _("领导终审")


class SecrecyOpinion(models.TextChoices):
    """What the secrecy reviewer found."""

    OPEN = "open", _("可以公开")
    NOT_OPEN = "not_open", _("不予公开")


class SecrecyReview(models.Model):
    """The secrecy review of one revision (保密审查表): who, what, why, which files.

    A changed text is another revision and needs another review; ``files`` holds the
    SHA-256 of every attachment that was looked at, and publication compares them.
    """

    revision = models.ForeignKey(
        Revision, on_delete=models.PROTECT, related_name="secrecy_reviews"
    )
    task_state = models.OneToOneField(
        TaskState, on_delete=models.PROTECT, related_name="secrecy_review"
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("审查人"),
    )
    reviewer_name = models.CharField(_("审查人姓名"), max_length=150)
    opinion = models.CharField(
        _("审查意见"), max_length=20, choices=SecrecyOpinion.choices
    )
    answers = models.JSONField(_("逐项检查"), default=dict)
    legal_ground = models.CharField(_("法律依据"), max_length=200, blank=True)
    note = models.TextField(_("说明"), blank=True)
    files = models.JSONField(_("附件校验值"), default=list)
    reviewed_at = models.DateTimeField(_("审查时间"), auto_now_add=True)

    class Meta:
        verbose_name = _("保密审查记录")
        verbose_name_plural = _("保密审查记录")
        ordering = ["-reviewed_at"]

    def __str__(self) -> str:
        return f"{self.reviewer_name} {self.get_opinion_display()}"
