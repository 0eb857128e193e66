"""What the desk's log says of a review that was claimed, handed over or hurried."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.log_actions import LogActionRegistry, LogFormatter

from cms.models.duties import Priority


@hooks.register("register_log_actions")
def log_actions(actions: LogActionRegistry) -> None:
    @actions.register_action("gongkai.review.claim")
    class ClaimFormatter(LogFormatter):
        label = _("接办审查")

        def format_message(self, log_entry: Any) -> str:
            return _("%(to)s接办%(step)s") % log_entry.data

    @actions.register_action("gongkai.review.release")
    class ReleaseFormatter(LogFormatter):
        label = _("交回审查")

        def format_message(self, log_entry: Any) -> str:
            return _("%(to)s交回%(step)s") % log_entry.data

    @actions.register_action("gongkai.review.reassign")
    class ReassignFormatter(LogFormatter):
        label = _("改派审查")

        def format_message(self, log_entry: Any) -> str:
            return _("%(step)s改派给%(to)s，原因：%(reason)s") % log_entry.data

    @actions.register_action("gongkai.review.priority")
    class PriorityFormatter(LogFormatter):
        label = _("改变缓急")

        def format_message(self, log_entry: Any) -> str:
            level = Priority(log_entry.data["priority"]).label
            return _("改为%(level)s，原因：%(reason)s") % (
                log_entry.data | {"level": level}
            )
