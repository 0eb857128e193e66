from django.urls import URLPattern
from wagtail import hooks

from disclosure_pages.desk import listing
from disclosure_pages.desk.bulk_actions import (
    CategoryBulkAction,
    SubmitBulkAction,
    WithdrawBulkAction,
)
from disclosure_pages.desk.listing import ItemListingViewSet, item_listing

for action in (SubmitBulkAction, CategoryBulkAction, WithdrawBulkAction):
    hooks.register("register_bulk_action", action)


@hooks.register("register_admin_viewset")
def register_item_listing() -> ItemListingViewSet:
    return item_listing


@hooks.register("register_admin_urls")
def saved_filter_urls() -> list[URLPattern]:
    return listing.urlpatterns
