"""Rights that Wagtail's group form hands out without a signal."""

from typing import Any

from django.contrib.auth.models import Group
from django.forms import Media
from wagtail.log_actions import log
from wagtail.models import GroupCollectionPermission, GroupPagePermission

from cms.audit import actions

GRANTS = (GroupPagePermission, GroupCollectionPermission)


def grant_name(grant: Any) -> str:
    """Return a right with its place, as the log keeps it."""
    place = getattr(grant, "page", None) or grant.collection
    return f"{grant.permission.codename}: {place}"


def rights_of(group: Group | None) -> set[str]:
    """Return the names of all rights on pages and collections of files."""
    if group is None or group.pk is None:
        return set()
    return {
        grant_name(grant)
        for model in GRANTS
        for grant in model.objects.filter(group=group).select_related("permission")
    }


class RightsRecorder:
    """The last panel of the group form: shows nothing, logs what the others added.

    They write in bulk. What they take away sends signals and is logged there.
    """

    media = Media()

    def __init__(self, instance: Group | None = None, **kwargs: Any) -> None:
        self.group = instance
        self.before = rights_of(instance)

    def is_valid(self) -> bool:
        return True

    def as_admin_panel(self) -> str:
        return ""

    def save(self) -> None:
        added = sorted(rights_of(self.group) - self.before)
        if added:
            log(self.group, actions.PERMISSIONS, data={"added": added})
