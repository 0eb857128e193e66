"""What the desk shows to one user: pure reads."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from wagtail.models import GroupPagePermission, Task, TaskState

from cms.models import Office
from cms.services.reviewers import kept_acting
from disclosure_pages.desk.waiting import Waiting, grouped, waiting_for
from disclosure_pages.models import OfficeIndexPage


def review_queue(user: Any) -> list[TaskState]:
    """Return the steps that wait for this user, the most pressing first."""
    return [row.state for row in waiting_for(user) if not row.hindrance]


def next_waiting(user: Any) -> TaskState | None:
    """Return the most pressing step that is decided by itself, not with a bulk load."""
    rows = [row for row in waiting_for(user) if not row.hindrance]
    _batches, single = grouped(rows)
    return single[0].state if single else None


def waiting_on(request: HttpRequest) -> list[Waiting]:
    """Return what the user of this request may decide on; asked for once a request."""
    found: list[Waiting] | None = getattr(request, "_gongkai_waiting", None)
    if found is None:
        rows = waiting_for(request.user) if reviews_at_all(request.user) else []
        found = [row for row in rows if not row.hindrance]
        request._gongkai_waiting = found
    return found


def reviews_at_all(user: Any) -> bool:
    """Whether the user does a step of the review, were it as a stand-in.

    Kept on the user object of the request, as the menu asks too.
    """
    if not hasattr(user, "_gongkai_reviews"):
        user._gongkai_reviews = _reviews_at_all(user)
    return user._gongkai_reviews


def _reviews_at_all(user: Any) -> bool:
    groups = list(kept_acting(user).emergency)
    if not groups:
        return False
    chosen = Q()
    for name in ("secrecyreviewtask", "leadertask", "countersigntask"):
        chosen |= Q(**{f"{name}__groups__in": groups})
    heads = Office.objects.filter(head_group__in=groups).order_by().values_list("pk")
    return bool(heads.union(Task.objects.filter(chosen).values_list("pk"))[:1])


def offices_to_write_in(user: Any) -> list[OfficeIndexPage]:
    """Return the office pages under which the user may begin an item.

    Kept on the user object of the request: menu and panels ask for them too.
    """
    return _offices(user)[0]


def writes_everywhere(user: Any) -> bool:
    """Whether the user may begin an item in every office, and there is one."""
    own, every = _offices(user)
    return bool(own) and len(own) == len(every)


def _offices(user: Any) -> tuple[list[OfficeIndexPage], list[OfficeIndexPage]]:
    """Return the pages of the offices to write in, and of all offices."""
    if not hasattr(user, "_gongkai_offices"):
        pages = OfficeIndexPage.objects.select_related("office").order_by("path")
        every = list(pages)
        user._gongkai_offices = _to_write_in(user, every), every
    return user._gongkai_offices


def _to_write_in(user: Any, pages: list[OfficeIndexPage]) -> list[OfficeIndexPage]:
    if user.is_superuser:
        return pages
    granted = GroupPagePermission.objects.filter(
        group__user=user, permission__codename="add_page"
    )
    paths = tuple(granted.values_list("page__path", flat=True))
    return [page for page in pages if page.path.startswith(paths)]
