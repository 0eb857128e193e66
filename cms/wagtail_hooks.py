"""What Wagtail's desk must not be able to do, whatever permissions are handed out."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from wagtail import hooks
from wagtail.admin.api.views import PagesAdminAPIViewSet
from wagtail.admin.views.bulk_action import BulkAction
from wagtail.api.v2.router import WagtailAPIRouter
from wagtail.documents.api.admin.views import DocumentsAdminAPIViewSet
from wagtail.images.api.admin.views import ImagesAdminAPIViewSet
from wagtail.log_actions import log
from wagtail.models import Page
from wagtail.permissions import policy_registry
from wagtail.users.views.bulk_actions import (
    DeleteBulkAction,
    SetActiveStateBulkAction,
)

from cms import review_hooks  # noqa: F401
from cms.audit import actions
from cms.audit.group_rights import RightsRecorder

hooks.register("register_log_actions", actions.register)

# Accounts are closed one by one, each with its line in the log.
for past_the_log in (DeleteBulkAction, SetActiveStateBulkAction):
    past_the_log.models = []


@hooks.register("register_group_permission_panel", order=1000)
def record_rights() -> type[RightsRecorder]:
    return RightsRecorder


class ReadOnlyPages(PagesAdminAPIViewSet):
    """The desk's own API: the explorer reads; nothing is changed past a lock."""

    actions: dict[str, Any] = {}


class OwnFiles:
    """Files of the desk's API: only those that the user may choose or change."""

    def get_queryset(self) -> QuerySet:
        files = super().get_queryset()
        policy = policy_registry.get_by_type(files.model)
        mine = policy.instances_user_has_any_permission_for(
            self.request.user, ["choose", "change", "delete"]
        )
        return files.filter(pk__in=mine.values("pk"))


class OwnDocuments(OwnFiles, DocumentsAdminAPIViewSet):
    """Documents of the collections that are open to the user."""


class OwnImages(OwnFiles, ImagesAdminAPIViewSet):
    """Pictures of the collections that are open to the user."""


@hooks.register("construct_admin_api", order=1)
def restrict_the_desks_api(router: WagtailAPIRouter) -> None:
    router.register_endpoint("pages", ReadOnlyPages)
    router.register_endpoint("documents", OwnDocuments)
    router.register_endpoint("images", OwnImages)


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


@hooks.register("before_bulk_action")
def keep_bulk_actions(
    request: HttpRequest, action_type: str, objects: list[Model], action: BulkAction
) -> None:
    """Log each row and file of a bulk action, as Wagtail does for a single one.

    Pages and the groups of an account are logged where they change.

    Raises:
        PermissionDenied: somebody else than a superuser acts upon one.
    """
    if issubclass(action.model, Page):
        return
    if issubclass(action.model, get_user_model()):
        if not request.user.is_superuser and any(u.is_superuser for u in objects):
            raise PermissionDenied
        return
    chosen = {
        name: str(value) for name, value in action.cleaned_form.cleaned_data.items()
    }
    for thing in objects:
        log(
            thing,
            "wagtail.delete" if action_type == "delete" else "wagtail.edit",
            data={"bulk": action_type, **chosen},
        )
