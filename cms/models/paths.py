from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.models import Workflow

from cms.models.moderation import LeaderTask, OfficeHeadTask, SecrecyReviewTask
from cms.models.organisation import Office

# What no page can leave out. With low risk: the secrecy review and one other step;
# nobody does two, so that two people beside the author see every word.
STEPS = (OfficeHeadTask, SecrecyReviewTask, LeaderTask)
LOW_RISK_STEPS = (SecrecyReviewTask,)


class Risk(models.TextChoices):
    """How much can go wrong when a page is public by mistake."""

    LOW = "low", _("低")
    NORMAL = "normal", _("一般")
    HIGH = "high", _("高")


class ReviewPath(models.Model):
    """Which steps a page takes (审查流程): the first path that fits it is its own.

    Empty conditions fit every page; a page that no path fits takes the steps of the
    home page. No path can leave out the secrecy review (Regulation, art. 17), and only
    one for pages of low risk can be shorter than the three steps.
    """

    name = models.CharField(_("名称"), max_length=60, unique=True)
    workflow = models.ForeignKey(
        Workflow,
        on_delete=models.PROTECT,
        related_name="review_paths",
        verbose_name=_("审查步骤"),
    )
    office = models.ForeignKey(
        Office,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="review_paths",
        verbose_name=_("科室"),
        help_text=_("空着即所有科室。"),
    )
    category = models.CharField(
        _("类别"), max_length=20, blank=True, help_text=_("空着即所有类别。")
    )
    kind = models.CharField(
        _("页面种类"), max_length=40, blank=True, help_text=_("空着即所有种类。")
    )
    risk = models.CharField(
        _("风险"),
        max_length=10,
        choices=Risk.choices,
        blank=True,
        help_text=_("空着即所有风险。只有低风险的可以少于三步，保密审查不能少。"),
    )
    is_active = models.BooleanField(_("启用"), default=True)
    sort_order = models.PositiveSmallIntegerField(_("排序"), default=0)

    class Meta:
        verbose_name = _("审查流程")
        verbose_name_plural = _("审查流程")
        ordering = ["sort_order", "pk"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse steps that would leave a page of this path without its review."""
        if not self.workflow_id:
            return
        kinds = {type(task.specific) for task in self.workflow.tasks}
        if missing := missing_steps(kinds, self.risk):
            text = _("这些步骤不能少：%(names)s。") % {"names": "、".join(missing)}
            raise ValidationError({"workflow": text})


def missing_steps(kinds: set[type], risk: str) -> list[str]:
    """Return the names of the obligatory steps that are not among ``kinds``."""
    needed = LOW_RISK_STEPS if risk == Risk.LOW else STEPS
    missing = [str(step._meta.verbose_name) for step in needed if step not in kinds]
    if not missing and len(kinds) == 1:
        missing = [str(_("保密审查以外的另一步"))]
    return missing
