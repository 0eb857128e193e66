"""What Wagtail's desk must not be able to do, whatever permissions are handed out."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from wagtail import hooks
from wagtail.admin.api.views import PagesAdminAPIViewSet
from wagtail.api.v2.router import WagtailAPIRouter


class ReadOnlyPages(PagesAdminAPIViewSet):
    """The desk's own API: the explorer reads; nothing is changed past a lock."""

    actions: dict[str, Any] = {}


@hooks.register("construct_admin_api")
def pages_are_read_only(router: WagtailAPIRouter) -> None:
    router.register_endpoint("pages", ReadOnlyPages)


@hooks.register("before_create_user")
def no_new_superuser(request: HttpRequest) -> None:
    """Refuse that an administrator makes a superuser; that is for the server's hands.

    Raises:
        PermissionDenied: somebody else than a superuser asked for one.
    """
    if request.POST.get("is_superuser") and not request.user.is_superuser:
        raise PermissionDenied


@hooks.register("before_edit_user")
def no_way_to_superuser(request: HttpRequest, user: Any) -> None:
    """Refuse that an administrator takes over a superuser, or makes one.

    Raises:
        PermissionDenied: somebody else than a superuser asked for it.
    """
    if user.is_superuser and not request.user.is_superuser:
        raise PermissionDenied
    no_new_superuser(request)
