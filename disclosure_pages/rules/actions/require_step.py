from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.models import ReviewPath
from disclosure_pages.rules.registry import Action, Refused, Subject, register_action
from disclosure_pages.rules.steps import STEP, SUBMITTED, holds, steps_of


@register_action
class RequireStep(Action):
    """Have a page take more steps; `with_more_steps` chooses them at submission."""

    name = STEP
    label = gettext_lazy("增加审查步骤")
    needs = ("workflow",)

    def check(self, row: Any) -> None:
        """Refuse steps that no page may take."""
        super().check(row)
        ReviewPath(workflow=row.workflow).clean()

    def plan(self, row: Any, subject: Subject) -> str:
        """Say by which steps it is reviewed."""
        if row.rule.event != SUBMITTED or subject.page is None:
            raise Refused(_("只能在提交审查时增加步骤。"))
        if not holds(row.workflow, subject.page.usual_workflow()):
            raise Refused(_("“%(name)s”少了原有的步骤，不采用。") % _name(row))
        return _("按“%(name)s”审查") % _name(row)

    def act(self, row: Any, subject: Subject) -> None:
        """Look whether the review that began has these steps."""
        state = subject.workflow_state
        if state and not steps_of(row.workflow) <= steps_of(state.workflow):
            raise Refused(
                _("提交时没有按“%(name)s”审查，另有规则或设置在先。") % _name(row)
            )


def _name(row: Any) -> dict[str, str]:
    return {"name": row.workflow.name}
