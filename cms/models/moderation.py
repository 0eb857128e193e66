from typing import Any

from django.contrib.auth.models import AbstractBaseUser, Group
from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from wagtail.models import AbstractGroupApprovalTask, Page, Task, TaskState

Users = AbstractBaseUser


class StepSettings(models.Model):
    """How long a step may take, and who hears of it when it takes longer."""

    due_days = models.PositiveSmallIntegerField(
        _("办理时限（工作日）"),
        default=2,
        help_text=_("从转到这一步的次日起算；本单位的要求，不是法定期限。"),
    )
    emergency_minutes = models.PositiveSmallIntegerField(
        _("紧急公开时限（分钟）"), default=30
    )
    escalation_group = models.ForeignKey(
        Group,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("超期报给"),
        help_text=_("超过时限一个工作日还没有办的，告诉这些人。"),
    )

    admin_form_fields = [
        *Task.admin_form_fields,
        *("due_days", "emergency_minutes", "escalation_group"),
    ]

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class ReviewStep:
    """What all steps share: locked for everyone, decided only in the review.

    The page stays locked for all while it waits; a decision is made in our review
    view, which binds it to the revision shown, so Wagtail's own actions are empty.
    """

    def reviewer_groups(self, page: Page) -> set[int]:
        """Return the groups whose members, or their stand-ins, do this step.

        A superuser is in none of them by being one.
        """
        raise NotImplementedError

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

    def get_task_states_user_can_moderate(
        self, user: Users, **kwargs: Any
    ) -> QuerySet[TaskState]:
        """Return none: our queue lists them, and Wagtail's panels stay empty."""
        return TaskState.objects.none()


class OfficeHeadTask(ReviewStep, StepSettings, Task):
    """初审: a head of the office that is responsible for the page."""

    def reviewer_groups(self, page: Page) -> set[int]:
        """Return the group of the heads of the page's office."""
        office = getattr(page.specific, "responsible_office", None)
        return {office.head_group_id} - {None} if office else set()

    @classmethod
    def get_description(cls) -> str:
        return _("由信息所属科室的负责人初审")

    class Meta:
        verbose_name = _("科室负责人初审")
        verbose_name_plural = _("科室负责人初审")


class GroupStep(ReviewStep, StepSettings, AbstractGroupApprovalTask):
    """A step done by any member of the chosen groups."""

    admin_form_fields = [*StepSettings.admin_form_fields, "groups"]

    def reviewer_groups(self, page: Page) -> set[int]:
        """Return the chosen groups, whatever the page."""
        return set(self.groups.values_list("pk", flat=True))

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


class CountersignTask(GroupStep):
    """会签: every chosen group must consent, in any order, each by another person."""

    @classmethod
    def get_description(cls) -> str:
        return _("由几个组同时审查，每个组都同意才通过")

    class Meta:
        verbose_name = _("会签")
        verbose_name_plural = _("会签")
