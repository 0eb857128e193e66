"""Who keeps the reading point of which village.

The role (查阅点管理员) lets somebody into the desk. A village with managers has a group
besides: it may change the village's point and has a collection for its pictures.
Whoever loses the role loses the desk, whatever villages are left.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from wagtail.models import (
    Collection,
    GroupCollectionPermission,
    GroupPagePermission,
    Page,
)

from cms.models import Village
from disclosure_pages.models import ReadingPointPage
from disclosure_pages.services.grants import allow_files, allow_pages, rename_group

VILLAGE_GROUP = "查阅点管理员"


def possible_managers() -> QuerySet[Any]:
    """Return the users who hold the role, by name."""
    users = get_user_model().objects.filter(is_active=True, groups__name=VILLAGE_GROUP)
    return users.order_by("last_name", "first_name", "username")


def managers(village: Village) -> QuerySet[Any]:
    """Return those who keep the village's point."""
    if village.manager_group_id is None:
        return get_user_model().objects.none()
    return possible_managers().filter(groups=village.manager_group_id)


@transaction.atomic
def assign_managers(village: Village, users: Iterable[Any]) -> None:
    """Let these users, and no others, keep the village's point."""
    name, users = f"查阅点·{village.name}", list(users)
    if village.manager_group is None and not users:
        return
    if village.manager_group is None:
        village.manager_group, _made = Group.objects.get_or_create(name=name)
        village.save(update_fields=["manager_group"])
    _rename(village.manager_group, name)
    village.manager_group.user_set.set(users)
    allow_files(village.manager_group, village.manager_group.name, images_only=True)
    point = ReadingPointPage.objects.filter(village=village).first()
    if point:
        allow_managers(point)


def _rename(group: Group, name: str) -> None:
    before = group.name
    rename_group(group, name)
    if group.name != before:
        Collection.objects.filter(depth=2, name=before).update(name=group.name)


def allow_managers(point: ReadingPointPage) -> None:
    """Let the managers of the point's village change it, and those of no other."""
    group = point.village.manager_group if point.village else None
    others = Village.objects.exclude(manager_group=None)
    others = others.exclude(manager_group=group) if group else others
    GroupPagePermission.objects.filter(
        page=point, group__in=others.values("manager_group")
    ).delete()
    if group:
        allow_pages(group, point, ["change_page"])


def confine_role(group: Group, points: Page) -> None:
    """Take from the role what it held before villages had managers of their own."""
    GroupPagePermission.objects.filter(group=group, page=points).delete()
    root = Collection.get_first_root_node()
    GroupCollectionPermission.objects.filter(group=group, collection=root).delete()
