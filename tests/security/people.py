"""Those who try: every role, a superuser, and whoever the admin gave everything."""

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from wagtail.models import GroupPagePermission

from disclosure_pages.models import HomePage
from disclosure_pages.services import site
from tests.factories import make_people, make_user

ROLES = (
    *("clerk", "head", "secrecy", "leader", "officer", "village", "admin"),
    "inspector",
)
POWERFUL = ("root", "granted")
EVERYBODY = (*ROLES, *POWERFUL)


def make_attacker(name):
    """The user of that name; needs `make_site()`.

    "granted" holds every Wagtail permission, as 系统管理员 can hand them out.
    """
    if name in ROLES[:5]:
        return make_people()[name]
    if name == "village":
        return make_user(name, site.VILLAGE_GROUP)
    if name in ("admin", "inspector"):
        return make_user(name, getattr(site, f"{name.upper()}_GROUP"))
    if name == "root":
        make_user(name)
        get_user_model().objects.filter(username=name).update(is_superuser=True)
        return get_user_model().objects.get(username=name)
    everything = Group.objects.create(name="全部权限")
    everything.permissions.set(Permission.objects.all())
    for permission in Permission.objects.filter(content_type__model="page"):
        GroupPagePermission.objects.create(
            group=everything, page=HomePage.objects.get(), permission=permission
        )
    return make_user(name, everything.name)
