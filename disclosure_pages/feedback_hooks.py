"""网站纠错 in the desk's menu, with the number of new notes beside it."""

from typing import Any

from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.log_actions import LogActionRegistry, LogFormatter

from disclosure_pages.choices import FeedbackStatus
from disclosure_pages.feedback_desk import CHANGE, FeedbackView, answer_feedback
from disclosure_pages.services import feedback


@hooks.register("register_admin_urls")
def feedback_urls() -> list[URLPattern]:
    return [
        path("feedback/", FeedbackView.as_view(), name="gongkai_feedback"),
        path(
            "feedback/results/",
            FeedbackView.as_view(results_only=True),
            name="gongkai_feedback_results",
        ),
        path("feedback/<int:pk>/", answer_feedback, name="gongkai_feedback_answer"),
    ]


class FeedbackMenuItem(MenuItem):
    """网站纠错: for whoever may answer; the label tells how many are new."""

    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm(CHANGE)

    def render_component(self, request: HttpRequest) -> Any:
        item = super().render_component(request)
        number = feedback.waiting()
        if number:
            item.label = _("网站纠错（%(n)d 条新）") % {"n": number}
        return item


@hooks.register("register_admin_menu_item")
def feedback_menu_item() -> MenuItem:
    address = format_html("{}?status={}", reverse("gongkai_feedback"), "new")
    return FeedbackMenuItem(
        _("网站纠错"), address, name="feedback", icon_name="warning", order=95
    )


@hooks.register("register_log_actions")
def feedback_log_actions(actions: LogActionRegistry) -> None:
    @actions.register_action("gongkai.feedback")
    class FeedbackFormatter(LogFormatter):
        label = _("处理纠错")

        def format_message(self, log_entry: Any) -> str:
            status = log_entry.data.get("status", "")
            known = status in FeedbackStatus.values
            label = FeedbackStatus(status).label if known else status
            return _("处理纠错：%(status)s") % {"status": label}
