"""Template variables of dossiers (专题) and collections."""

from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest

from cms.context import is_portal, public_path
from disclosure_pages import listed, selectors
from disclosure_pages.choices import CollectionLayout
from disclosure_pages.contexts import publication_time
from disclosure_pages.dossier_selectors import (
    collected,
    dossier_contents,
    dossiers_below,
)
from disclosure_pages.list_query import ListQuery
from disclosure_pages.models import (
    CollectionPage,
    DossierIndexPage,
    DossierPage,
)
from disclosure_pages.page_context import page_context
from disclosure_pages.portal_selectors import origin_names, received_page


@page_context.register
def dossier_index_context(
    page: DossierIndexPage, request: HttpRequest
) -> dict[str, Any]:
    """Return the dossiers with their addresses."""
    return {
        "dossiers": [
            {"page": dossier, "url": public_path(dossier.url_path)}
            for dossier in dossiers_below(page)
        ]
    }


@page_context.register
def dossier_context(page: DossierPage, request: HttpRequest) -> dict[str, Any]:
    """Return the public items; a preview also tells how many are not public yet."""
    contents = dossier_contents(page)
    page.names_others = True
    return {
        "contents": contents,
        "hidden": contents.hidden if getattr(request, "is_preview", False) else 0,
        "index_url": public_path(page.url_path.removesuffix(f"{page.slug}/")),
        "pub_date": publication_time(page),
    }


@page_context.register
def collection_context(page: CollectionPage, request: HttpRequest) -> dict[str, Any]:
    """Return one page of what the saved query finds now; 404 behind the last one."""
    asked = ListQuery.read(request.GET)
    query = ListQuery(sort=asked.sort, page=asked.page)
    items = listed.items_of_collection(page)
    portal = is_portal()
    if portal:
        names = origin_names()
        found = received_page(items, query, names)
    else:
        found = selectors.item_list(items, query)
    if query.page > found.pages:
        raise Http404
    return {
        "list": replace(found, query=query),
        "query": query,
        "collected": collected(page),
        "as_list": page.layout != CollectionLayout.TABLE,
        "portal": portal,
    }
