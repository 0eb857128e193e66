from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.models import TaskState


class Priority(models.IntegerChoices):
    """How fast a review must be done; an emergency counts in minutes, not days."""

    NORMAL = 0, _("一般")
    URGENT = 1, _("急件")
    EMERGENCY = 2, _("紧急公开")


class ReviewDuty(models.Model):
    """Who does one step until when (办理): opened with the step, one row each.

    Without ``assignee`` whoever may do the step does it; with one, he or his stand-in.
    ``content_sha256`` is of the text that the step approved.
    """

    task_state = models.OneToOneField(
        TaskState, on_delete=models.CASCADE, related_name="duty"
    )
    priority = models.PositiveSmallIntegerField(
        _("缓急"), choices=Priority.choices, default=Priority.NORMAL
    )
    due_at = models.DateTimeField(_("应办结时间"), db_index=True)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="review_duties",
        verbose_name=_("承办人"),
    )
    assigned_at = models.DateTimeField(_("接办时间"), null=True, blank=True)
    acted_for = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("代谁办理"),
    )
    content_sha256 = models.CharField(
        _("通过时的内容校验值"), max_length=64, blank=True
    )
    reminded_at = models.DateTimeField(_("催办时间"), null=True, blank=True)
    escalated_at = models.DateTimeField(_("上报时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("审查办理")
        verbose_name_plural = _("审查办理")

    def __str__(self) -> str:
        return f"{self.task_state_id} {self.get_priority_display()}"


class Countersignature(models.Model):
    """The consent of one group in a step that several must agree to (会签)."""

    task_state = models.ForeignKey(
        TaskState, on_delete=models.CASCADE, related_name="countersignatures"
    )
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    acted_for = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    comment = models.CharField(_("意见"), max_length=1000, blank=True)
    signed_at = models.DateTimeField(_("会签时间"), auto_now_add=True)

    class Meta:
        verbose_name = _("会签")
        verbose_name_plural = _("会签")
        constraints = [
            models.UniqueConstraint(
                fields=["task_state", "group"], name="one_signature_per_group"
            ),
            models.UniqueConstraint(
                fields=["task_state", "user"], name="one_signature_per_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group}：{self.user}"


class StandIn(models.Model):
    """A named stand-in (A/B 岗): acts while the principal is away, or in emergencies.

    He acts as himself: what he did, wrote or submitted himself he may not review.
    """

    principal = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="stand_ins",
        verbose_name=_("A 岗"),
    )
    substitute = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="stands_in_for",
        verbose_name=_("B 岗"),
        help_text=_("A 岗不在岗的日子，或者紧急公开时，由 B 岗代为审查。"),
    )

    class Meta:
        verbose_name = _("A/B 岗")
        verbose_name_plural = _("A/B 岗")
        constraints = [
            models.UniqueConstraint(
                fields=["principal", "substitute"], name="stand_in_named_once"
            ),
            models.CheckConstraint(
                condition=~models.Q(principal=models.F("substitute")),
                name="stand_in_is_another",
                violation_error_message=_("A 岗和 B 岗不能是同一个人。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.principal} → {self.substitute}"


class Absence(models.Model):
    """Days on which a person is away; both days count."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="absences",
        verbose_name=_("人员"),
    )
    first_day = models.DateField(_("从"))
    last_day = models.DateField(_("到"), help_text=_("这一天也算在内。"))
    reason = models.CharField(_("事由"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("不在岗")
        verbose_name_plural = _("不在岗")
        ordering = ["-first_day"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last_day__gte=models.F("first_day")),
                name="absence_ends_after_it_begins",
                violation_error_message=_("“到”不能早于“从”。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.first_day}—{self.last_day}"
