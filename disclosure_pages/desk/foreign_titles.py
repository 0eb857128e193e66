"""What of Wagtail's desk would tell the titles of other offices' drafts."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from wagtail import hooks
from wagtail.admin import filters
from wagtail.admin.views import tags
from wagtail.admin.views.chooser import BrowseView, ChosenMultipleView
from wagtail.admin.views.pages.bulk_actions import DeleteBulkAction, MoveBulkAction
from wagtail.admin.views.reports.page_types_usage import PageTypesUsageReportView
from wagtail.images.views import chooser as image_chooser
from wagtail.models import Page
from wagtail.permissions import policy_registry

from cms.numbers import small_int
from disclosure_pages.models import DisclosureItemPage
from disclosure_pages.models.chosen_files import choosable_by
from disclosure_pages.selectors import visible_items

# It names the page of each type that was edited last; nobody but administrators
# publishes by permission.
PageTypesUsageReportView.any_permission_required = ["publish"]


def explorable(user: AbstractBaseUser) -> QuerySet[Page]:
    """Return the pages of the user's own part of the tree, drafts among them."""
    return policy_registry.get_by_type(Page).explorable_instances(user)


@hooks.register("construct_page_chooser_queryset")
def choosable_pages(pages: QuerySet[Page], request: HttpRequest) -> QuerySet[Page]:
    """Leave what the user may choose."""
    return pages.filter(pk__in=may_choose(request.user).values("pk"))


def may_choose(user: AbstractBaseUser) -> QuerySet[Page]:
    """Return what is public as it stands, and drafts only of one's own office.

    What is withheld, only to be asked for, expired or restricted is not public.
    """
    unseen = DisclosureItemPage.objects.exclude(pk__in=visible_items().values("pk"))
    public = Q(live=True, has_unpublished_changes=False) & ~Q(
        pk__in=unseen.values("pk")
    )
    return Page.objects.filter(public | Q(pk__in=explorable(user).values("pk")))


choosable_by[Page] = may_choose


class OwnPagesOnly:
    """A bulk action that lists no page which its user may not look into."""

    def get_actionable_objects(self) -> tuple[list[Page], dict[str, list[Page]]]:
        objects, others = super().get_actionable_objects()
        refused = others["items_with_no_access"]
        own = explorable(self.request.user).filter(pk__in=[page.pk for page in refused])
        known = set(own.values_list("pk", flat=True))
        seen = [page for page in refused if page.pk in known]
        return objects, others | {"items_with_no_access": seen}


class OwnDeleteBulkAction(OwnPagesOnly, DeleteBulkAction):
    """Deletes drafts; tells nothing of other offices' pages."""


class OwnMoveBulkAction(OwnPagesOnly, MoveBulkAction):
    """Moves pages; tells nothing of other offices' pages."""


for action in (OwnDeleteBulkAction, OwnMoveBulkAction):
    hooks.register("register_bulk_action", action, order=10)  # after Wagtail's own


def choosable_only(view: Any) -> Any:
    """Answer 404 when the address of a chooser names a page that may not be chosen."""

    def get(self: Any, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        named = {*request.GET.getlist("id"), *map(str, kwargs.values())}
        ids = {small_int(pk) for pk in named}
        if None in ids:
            raise BadRequest
        if choosable_pages(Page.objects.filter(pk__in=ids), request).count() < len(ids):
            raise Http404
        return view(self, request, **kwargs)

    return get


for chooser in (BrowseView, ChosenMultipleView):
    chooser.get = choosable_only(chooser.get)


@hooks.register("before_move_page")
def only_movable(request: HttpRequest, page: Page, destination: Page) -> None:
    """Refuse before Wagtail asks "move this page?", by its title.

    Raises:
        PermissionDenied: the user may not move the page there.
    """
    if not page.permissions_for_user(request.user).can_move_to(destination):
        raise PermissionDenied


def no_tags(model: type[Model], count: int = 0) -> list[Any]:
    """Offer no tags as a filter: the most used ones are those of every office."""
    return []


filters.popular_tags_for_model = image_chooser.popular_tags_for_model = no_tags
tags.TAGS_AUTOCOMPLETE_LIMIT = 0  # nor while one types
