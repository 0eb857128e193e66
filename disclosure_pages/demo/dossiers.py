"""The demo's dossiers and collections; what is there already is left alone."""

from typing import Any

from django.db import transaction
from wagtail.models import Page

from cms.approval import publication_approved
from disclosure_pages.bulk.bodies import body_of
from disclosure_pages.demo.content import load
from disclosure_pages.models import (
    CollectionPage,
    DisclosureItemPage,
    DossierEntry,
    DossierIndexPage,
    DossierPage,
    HomePage,
    Subcategory,
    Term,
)


@transaction.atomic
def load_dossiers(home: HomePage, source: str) -> int:
    """Publish the dossiers and collections that are missing; returns how many."""
    content = load("dossiers")
    index = DossierIndexPage.objects.get()
    items = DisclosureItemPage.objects.filter(batch_source=source)
    keys = dict(items.values_list("external_id", "pk"))
    pages = [(index, _dossier(values, keys)) for values in content["dossiers"]]
    pages += [(home, _collection(values)) for values in content["collections"]]
    made = 0
    for parent, page in pages:
        if Page.objects.child_of(parent).filter(slug=page.slug).exists():
            continue
        parent.refresh_from_db()
        parent.add_child(instance=page)
        with publication_approved("demo"):
            page.save_revision().publish(skip_permission_checks=True)
        made += 1
    return made


def _dossier(values: dict[str, Any], keys: dict[str, int]) -> DossierPage:
    page = DossierPage(
        title=values["title"], slug=values["slug"], summary=values["summary"]
    )
    page.live = False
    page.body = page._meta.get_field("body").to_python(body_of(values["body"]))
    held = [pair for pair in values["entries"] if pair[0] in keys]
    for order, (name, heading) in enumerate(held):
        page.entries.add(
            DossierEntry(item_id=keys[name], heading=heading, sort_order=order)
        )
    return page


def _collection(values: dict[str, Any]) -> CollectionPage:
    page = CollectionPage(live=False)
    if code := values.pop("subcategory", ""):
        rows = Subcategory.objects.filter(category=values["category"])
        page.subcategory = rows.get(code=code)
    if code := values.pop("genre", ""):
        page.genre = Term.objects.get(scheme="genre", code=code)
    for name, value in values.items():
        setattr(page, name, value)
    return page
