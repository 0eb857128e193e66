"""What the desk shows to one user: pure reads."""

from typing import Any

from wagtail.models import GroupPagePermission, TaskState

from cms.services.review import may_review
from disclosure_pages.models import OfficeIndexPage


def review_queue(user: Any, limit: int | None = None) -> list[TaskState]:
    """Return the steps that wait for this user, the oldest first."""
    states = (
        TaskState.objects.reviewable_by(user)
        .select_related("workflow_state__requested_by", "task", "revision")
        .order_by("started_at")
    )
    mine = [state for state in states if not may_review(state, user)]
    return mine[:limit]


def offices_to_write_in(user: Any) -> list[OfficeIndexPage]:
    """Return the office pages under which the user may begin an item."""
    granted = GroupPagePermission.objects.filter(
        group__user=user, permission__codename="add_page"
    )
    paths = tuple(granted.values_list("page__path", flat=True))
    pages = OfficeIndexPage.objects.select_related("office").order_by("path")
    return [page for page in pages if page.path.startswith(paths)]
