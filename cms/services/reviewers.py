"""Who may review: members of a step's groups, and stand-ins (A/B 岗) in their place."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from wagtail.models import Page, Task, TaskState

from cms.models.duties import Absence, Countersignature, Priority, ReviewDuty, StandIn
from cms.models.moderation import CountersignTask


@dataclass(frozen=True)
class Acting:
    """In whose name a user may review now: groups, each with None or a principal."""

    everyday: dict[int, int | None]
    emergency: dict[int, int | None]
    principals: frozenset[int]

    def at(self, task_state: TaskState) -> dict[int, int | None]:
        """Return the groups for a step: in an emergency all stand-ins are called."""
        return self.emergency if is_emergency(task_state) else self.everyday


def acting(user: Any) -> Acting:
    """Return in which groups the user may act now, asked of the database.

    A group of his own maps to None, another to the principal in whose place he stands:
    on days on which the principal is away, and always in an emergency. Two queries.
    """
    if not user.is_active:
        return Acting({}, {}, frozenset())
    away = _places(user)
    rows = Group.user_set.through.objects.filter(user__in=[user.pk, *away])
    everyday: dict[int, int | None] = {}
    emergency: dict[int, int | None] = {}
    for group, member in rows.order_by("pk").values_list("group_id", "user_id"):
        if member == user.pk:
            everyday[group] = emergency[group] = None
            continue
        emergency.setdefault(group, member)
        if away[member]:
            everyday.setdefault(group, member)
    return Acting(everyday, emergency, frozenset(away))


def kept_acting(user: Any) -> Acting:
    """Return the same, asked once a request: for lists and menus, not for decisions."""
    if not hasattr(user, "_gongkai_acting"):
        user._gongkai_acting = acting(user)
    return user._gongkai_acting


def _places(user: Any) -> dict[int, bool]:
    """Return whose place the user may take, and whether they are away today."""
    today = timezone.localdate()
    absences = Absence.objects.filter(
        person=OuterRef("principal"), first_day__lte=today, last_day__gte=today
    )
    places = StandIn.objects.filter(substitute=user, principal__is_active=True)
    rows = places.annotate(away=Exists(absences)).order_by("pk")
    return dict(rows.values_list("principal_id", "away"))


def is_emergency(task_state: TaskState) -> bool:
    """Whether the step belongs to an emergency publication, as the state knows it."""
    duty: ReviewDuty | None = getattr(task_state, "duty", None)
    return duty is not None and duty.priority == Priority.EMERGENCY


def open_groups(task_state: TaskState, page: Page) -> set[int]:
    """Return the groups that may still decide on this step."""
    task = task_state.task.specific
    groups = task.reviewer_groups(page)
    if isinstance(task, CountersignTask):
        signed = Countersignature.objects.filter(task_state_id=task_state.pk)
        groups -= set(signed.values_list("group_id", flat=True))
    return groups


def is_reviewer(task_state: TaskState, page: Page, user: Any) -> bool:
    """Whether the step is the user's at all, leaving the four eyes aside.

    For what may be read: asked once a request.
    """
    task: Task = task_state.task.specific
    groups = getattr(task, "reviewer_groups", None)  # a task of Wagtail's own has none
    if groups is None:
        return False
    return not groups(page).isdisjoint(kept_acting(user).at(task_state))


def reviewers_of(
    task_state: TaskState, page: Page, *, emergency: bool = False
) -> QuerySet:
    """Return the active users who do this step now, stand-ins included."""
    users = get_user_model().objects.filter(is_active=True)
    members = users.filter(groups__in=open_groups(task_state, page)).distinct()
    places = StandIn.objects.filter(principal__in=members.values("pk"))
    if not emergency:
        today = timezone.localdate()
        places = places.filter(
            principal__absences__first_day__lte=today,
            principal__absences__last_day__gte=today,
        )
    return users.filter(pk__in=members.values("pk")) | users.filter(
        pk__in=places.values("substitute")
    )


def authors(page: Page) -> set[int]:
    """Return the users who wrote what is not public yet: they may not review it.

    Whoever has a revision since the last live one. A copy carries the revisions of its
    source, each with its author, so that nobody reviews his own text in a copy.
    """
    revisions = page.revisions.exclude(user=None)
    if page.live_revision_id:
        revisions = revisions.filter(pk__gt=page.live_revision_id)
    return set(revisions.values_list("user_id", flat=True))


def deciders(task_states: Iterable[TaskState]) -> set[int]:
    """Return who decided on these steps, countersigned, or was represented there."""
    return set().union(*deciders_of_each(task_states).values())


def deciders_of_each(task_states: Iterable[TaskState]) -> dict[int, set[int]]:
    """Return the same for each step by its key; two queries."""
    found = {state.pk: {state.finished_by_id} for state in task_states}
    duties = ReviewDuty.objects.filter(task_state__in=found)
    for key, principal in duties.values_list("task_state_id", "acted_for_id"):
        found[key].add(principal)
    signed = Countersignature.objects.filter(task_state__in=found)
    for key, *pair in signed.values_list("task_state_id", "user_id", "acted_for_id"):
        found[key].update(pair)
    return {key: people - {None} for key, people in found.items()}
