"""How a step's time and hands are shown inside a page that is not about them."""

from typing import Any

from django import template
from django.utils import timezone
from wagtail.models import TaskState

from cms.services.duties import may_hand_over, may_set_priority
from cms.workdays import WorkCalendar
from disclosure_pages.desk.duty_time import flagged, time_left

register = template.Library()


@register.simple_tag
def duty_of(state: TaskState, user: Any) -> dict[str, Any] | None:
    """Return what the panel on the review page says of a step, None for no duty."""
    duty = getattr(state, "duty", None)
    if duty is None or state.status != TaskState.STATUS_IN_PROGRESS:
        return None
    page = state.workflow_state.content_object
    left = time_left(duty, WorkCalendar.load(), timezone.now())
    return {
        "duty": duty,
        "left": left,
        "flag": flagged(duty, left),
        "may_hand_over": may_hand_over(state, user),
        "may_hurry": may_set_priority(state.workflow_state, page, user),
        "page_id": page.pk,
    }
