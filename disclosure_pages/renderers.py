"""How each kind of page becomes metadata, HTML and a list of files."""

from functools import singledispatch
from typing import Any

from django.conf import settings
from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import override
from wagtail.models import Page

from cms.models import Authority, Office
from disclosure_pages.dossier_parts import dossier_parts
from disclosure_pages.guide_parts import guide_html, read_register
from disclosure_pages.institution import institution
from disclosure_pages.item_rows import OWN_FIELDS, iso, row_of
from disclosure_pages.models import (
    AnnualReportPage,
    DisclosureDocument,
    DisclosureItemPage,
    DossierEntry,
    DossierPage,
    GuidePage,
    InstitutionPage,
    OfficeIndexPage,
    ReadingPointPage,
    RulesPage,
)
from disclosure_pages.models.base import PublicPage
from disclosure_pages.models.pages import TextPage


def with_relations(pages: QuerySet, items: QuerySet[DisclosureItemPage]) -> QuerySet:
    """Load what describing the pages needs, so that queries do not grow.

    ``items`` are those that may be named: an entry with another one has none.
    """
    if pages.model is DisclosureItemPage:
        return pages.select_related(
            *("genre__parent", "subject__parent", "subcategory", "reference")
        ).prefetch_related("attachments__document", "audiences", "corrections")
    if pages.model is AnnualReportPage:
        return pages.select_related("document")
    if pages.model is ReadingPointPage:
        return pages.select_related("village")
    if pages.model is DossierPage:
        return pages.prefetch_related(
            Prefetch("entries__item", items.only(*OWN_FIELDS))
        )
    return pages


def read_bodies(pages: list[Page]) -> None:
    """Read what the bodies of pages of one model name, with pictures' renditions.

    As many queries as there are kinds of things named; a body that reads for itself
    asks for each of its pictures.
    """
    written = [page for page in pages if hasattr(page, "body")]
    if not written:
        return
    block = written[0].body.stream_block
    raw = [[dict(child) for child in page.body.raw_data] for page in written]
    pictures = []
    for page, body in zip(written, block.bulk_to_python(raw), strict=True):
        page.body = body
        pictures += [
            child.value["image"] for child in body if child.block_type == "image"
        ]
    prefetch_related_objects(list(filter(None, pictures)), "renditions")


def offices_by_path(pages: list[Page]) -> dict[str, Office]:
    """Return the office of each office page by its tree path (one query)."""
    paths = {p.path[: -p.steplen] for p in pages if isinstance(p, DisclosureItemPage)}
    if not paths:
        return {}
    found = OfficeIndexPage.objects.filter(path__in=paths).select_related("office")
    return {page.path: page.office for page in found}


@singledispatch
def metadata(page: Page, offices: dict[str, Office]) -> dict[str, Any]:
    """Return the metadata that is this page's own."""
    raise NotImplementedError(type(page))


@metadata.register
def _item_metadata(
    page: DisclosureItemPage, offices: dict[str, Office]
) -> dict[str, Any]:
    office = offices.get(page.path[: -page.steplen])
    return {
        "index_number": page.index_number,
        "external_id": page.external_id,
        "category": page.category,
        "category_label": str(page.get_category_display()),
        "document_number": page.document_number,
        "publisher": page.publisher,
        "office": office.code if office else "",
        "office_label": office.name if office else "",
        "date_made": iso(page.date_made),
        "date_published": iso(page.date_published),
        "validity": page.validity,
        "disclosure_mode": page.disclosure_mode,
        "summary": page.summary,
        "keywords": page.keyword_list,
        "source_url": page.source_url,
        "genre": str(page.genre or ""),
        "subject": str(page.subject or ""),
        "audiences": [term.label for term in page.audiences.all()],
        "subcategory": page.subcategory.name if page.subcategory else "",
        "effective_on": iso(page.effective_on),
        "expires_on": iso(page.expires_on),
        "reference_publisher": page.reference.publisher if page.reference else "",
        **_corrections(page),
    }


def _corrections(page: DisclosureItemPage) -> dict[str, Any]:
    """Return the errata; no key without any, so that other items keep their hash."""
    rows = [
        {
            "corrected_on": iso(row.corrected_on),
            "old": row.old,
            "new": row.new,
            "reason": row.reason,
        }
        for row in page.corrections.all()
    ]
    return {"corrections": rows} if rows else {}


@metadata.register
def _guide_metadata(page: GuidePage, offices: dict[str, Office]) -> dict[str, Any]:
    return {"summary": page.summary, "date_published": _published_on(page)}


@metadata.register
def _text_metadata(page: TextPage, offices: dict[str, Office]) -> dict[str, Any]:
    return {"summary": page.summary, "date_published": _published_on(page)}


@metadata.register
def _rules_metadata(page: RulesPage, offices: dict[str, Office]) -> dict[str, Any]:
    return {
        "summary": page.summary,
        "document_number": page.document_number,
        "date_made": iso(page.date_made),
        "date_published": _published_on(page),
        "validity": page.validity,
    }


@metadata.register
def _point_metadata(
    page: ReadingPointPage, offices: dict[str, Office]
) -> dict[str, Any]:
    return {
        "village": page.village.name if page.village else "",
        "summary": page.address,
        "date_published": _published_on(page),
    }


def _published_on(page: Page) -> str:
    """Return the day of the first publication, as people here count days."""
    moment = page.first_published_at
    return iso(timezone.localdate(moment)) if moment else ""


def draft_html(page: Page) -> SafeString:
    """Return what readers would see of a draft; "" for a page that is only a frame."""
    shown = html(page) if isinstance(page, PublicPage) else ""
    return mark_safe(shown)  # noqa: S308  # what the public page would show


@singledispatch
def html(page: Page) -> str:
    """Return the body as semantic HTML, already sanitised by the editor."""
    return "".join(child.render() for child in page.body).strip()


@html.register
def _guide_html(page: GuidePage) -> str:
    return guide_html(page, read_register())


@html.register
def _point_html(page: ReadingPointPage) -> str:
    return render_to_string("disclosure_pages/reading_point_body.html", {"page": page})


@html.register
def _institution_html(page: InstitutionPage) -> str:
    """The register's facts around the body, whatever language somebody reads in."""
    authority = Authority.objects.select_related("receiving_office").first()
    context = {"institution": institution(authority or Authority())}
    with override(settings.LANGUAGE_CODE):
        record, tables = (
            render_to_string(
                f"disclosure_pages/includes/institution_{name}.html", context
            )
            for name in ("record", "tables")
        )
    body = "".join(child.render() for child in page.body)
    return f"{record}{body}{tables}".strip()


@html.register
def _dossier_html(page: DossierPage) -> str:
    """The text and the public items, which ``with_relations`` brought along.

    A draft that is only looked at has brought none, so that it tells no titles.
    """
    entries = page.entries.all()
    item = DossierEntry._meta.get_field("item")
    named = [item.get_cached_value(entry, default=None) for entry in entries]
    rows = {item.pk: row_of(item) for item in named if item}
    with override(settings.LANGUAGE_CODE):
        items = render_to_string(
            "disclosure_pages/includes/dossier_items.html",
            {"parts": dossier_parts(entries, rows)},
        )
    return "".join([*(child.render() for child in page.body), items]).strip()


@singledispatch
def attachments(page: Page) -> list[dict[str, Any]]:
    """Return the files that the live revision names: name, sha256, bytes, mime."""
    return []


def _file_entry(document: DisclosureDocument, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "sha256": document.sha256,
        "bytes": document.file_size or 0,
        "mime": document.mime_type,
    }


@attachments.register
def _report_attachments(page: AnnualReportPage) -> list[dict[str, Any]]:
    document = page.document
    return [_file_entry(document, document.title)] if document else []


@attachments.register
def _item_attachments(page: DisclosureItemPage) -> list[dict[str, Any]]:
    return [_file_entry(row.document, row.label) for row in page.attachments.all()]
