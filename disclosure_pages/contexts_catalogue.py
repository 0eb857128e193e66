"""Template variables of items and of categories with their sub-categories."""

from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest

from cms.context import frame_of, is_portal, public_path
from disclosure_pages.catalogue_selectors import (
    record_parts,
    second_level,
)
from disclosure_pages.contexts import (
    Option,
    file_rows,
    list_parts,
    publication_time,
    received_context,
)
from disclosure_pages.list_query import ListQuery
from disclosure_pages.models import CategoryIndexPage, DisclosureItemPage
from disclosure_pages.page_context import page_context
from disclosure_pages.reference_rules import reference_label, reference_warning


@page_context.register
def item_context(page: DisclosureItemPage, request: HttpRequest) -> dict[str, Any]:
    """Return what the record of an item shows beside the page's own fields."""
    address = f"{frame_of(request).base_url}{public_path(page.url_path)}"
    office_path = page.url_path.removesuffix("/").rpartition("/")[0]
    index_url = public_path(f"{office_path.rpartition('/')[0]}/")
    category_url = f"{index_url}{page.category}/"
    head, _slash, tail = page.index_number.rpartition("/")
    draft = getattr(request, "is_preview", False)
    parts = record_parts(page, draft=draft)
    page.names_others = bool(parts.related or parts.dossiers)
    return {
        "address": address,
        "index_url": index_url,
        "category_url": category_url,
        "subcategory_url": (
            f"{category_url}{page.subcategory.code}/" if page.subcategory else ""
        ),
        "office": page.responsible_office,
        "office_url": public_path(f"{office_path}/"),
        "files": file_rows(page),
        "number_head": f"{head}/" if head else "",
        "number_tail": tail,
        "pub_date": publication_time(page),
        "related": parts.related,
        "dossiers": parts.dossiers,
        "parts": parts,
        "reference_label": reference_label(page),
        "reference_warning": reference_warning(page),
    }


@page_context.register
def category_context(page: CategoryIndexPage, request: HttpRequest) -> dict[str, Any]:
    """Return the list of a category, or of one of its sub-categories."""
    query = replace(ListQuery.read(request.GET), category="")
    index_url = public_path(page.url_path.removesuffix(f"{page.slug}/"))
    if is_portal():
        return received_context(index_url, query, page.category)
    chosen = page.chosen_subcategory
    within = replace(query, category=page.category)
    category_url = public_path(page.url_path)
    below = second_level(page.category, category_url, chosen)
    if chosen:
        if chosen not in below.by_code:
            raise Http404
        query = replace(query, subcategory="")
        within = replace(within, subcategory=chosen)
    parts = list_parts(index_url, within)
    used = {p for c, p, *_rest in parts.counts.groups if c == page.category}
    shown = replace(parts.items, query=query)
    return replace(parts, query=query, items=shown).context(
        current_category=page.category,
        category_url=category_url,
        subcategory=below.by_code.get(chosen),
        current_subcategory=chosen,
        below=below,
        subcategory_options=[Option(row.code, row.name) for row in below.subcategories]
        if not chosen
        else [],
        genre_options=[Option(*term) for term in below.genres],
        subject_options=[Option(*term) for term in below.subjects],
        office_options=[
            Option(p.office.code, p.office.name)
            for p in parts.offices
            if p.path in used or p.office.code == query.office
        ],
        years=parts.counts.years(category=page.category),
    )
