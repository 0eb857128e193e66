from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern
from wagtail import hooks
from wagtail.admin.views.mixins import SpreadsheetExportMixin
from wagtail.admin.views.pages.bulk_actions import (
    PublishBulkAction,
    UnpublishBulkAction,
)
from wagtail.models import Page

from disclosure_pages.csv_answers import harmless
from disclosure_pages.desk import listing
from disclosure_pages.desk.bulk_actions import (
    CategoryBulkAction,
    SubmitBulkAction,
    WithdrawBulkAction,
)
from disclosure_pages.desk.listing import (
    ItemListingViewSet,
    item_listing,
    with_secrecy_reviews,
)

# Nothing of ours goes out or comes back past the review: these would do nothing.
for without_effect in (PublishBulkAction, UnpublishBulkAction):
    without_effect.models = []

# Every list and report of the desk; Wagtail guards its workbooks only.
SpreadsheetExportMixin.custom_value_preprocess[str] = {"csv": harmless}

for action in (SubmitBulkAction, CategoryBulkAction, WithdrawBulkAction):
    hooks.register("register_bulk_action", action)


@hooks.register("register_admin_viewset")
def register_item_listing() -> ItemListingViewSet:
    return item_listing


@hooks.register("construct_explorer_page_queryset")
def know_secrecy_reviews(
    parent_page: Page, pages: QuerySet[Page], request: HttpRequest
) -> QuerySet[Page]:
    """Let the explorer's rows know what may be deleted, without a query each."""
    return with_secrecy_reviews(pages)


@hooks.register("register_admin_urls")
def saved_filter_urls() -> list[URLPattern]:
    return listing.urlpatterns
