"""Public pages of what other authorities sent; exist in the portal role only."""

import re
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from cms.context import is_portal
from disclosure_pages.csv_answers import csv_answer, dated_download
from disclosure_pages.external_html import clean_external_html, web_address
from disclosure_pages.models import (
    ExternalAttachment,
    ExternalFile,
    ExternalItem,
    Origin,
)
from disclosure_pages.origin_coverage import (
    coverage_cells,
    coverage_header,
    read_origins,
)
from disclosure_pages.public_state import LISTED_FIELDS, PUBLISHED, visible_external

PAGE_SIZE = 20
UNSAFE_IN_NAMES = re.compile(r"[\x00-\x1f\x7f/\\\u202a-\u202e\u2066-\u2069]+")


def _portal_role_only() -> None:
    if not is_portal():
        raise Http404


@require_safe
def external_item(request: HttpRequest, origin: str, key: str) -> HttpResponse:
    """Show one item with its origin, or the tombstone (410) of a withdrawn one."""
    _portal_role_only()
    item = get_object_or_404(ExternalItem, origin=origin, key=key)
    source = Origin.objects.filter(credit_code=origin).first()
    context: dict[str, Any] = {"item": item, "origin": source}
    if item.state != PUBLISHED:
        context["reason"] = item.payload.get("reason", "")
        context["successor"] = _successor(item)
        return TemplateResponse(
            request, "disclosure_pages/external_tombstone.html", context, status=410
        )
    metadata = {**dict.fromkeys(LISTED_FIELDS, ""), **item.payload["metadata"]}
    canonical = web_address(metadata["url"])
    html = clean_external_html(item.payload["html"], canonical)
    context.update(
        metadata=metadata,
        canonical_url=canonical,
        source_url=web_address(metadata["source_url"]),
        html=mark_safe(html),  # noqa: S308  # cleaned on the line above
        attachments=[
            {
                "name": row.name,
                "kind": PurePath(row.name).suffix[1:6].upper(),
                "sha256": row.file.sha256,
                "bytes": row.file.bytes,
                "mime": row.mime,
                "url": file_url(row.file.sha256, row.name),
            }
            for row in item.attachments.select_related("file")
        ],
    )
    return TemplateResponse(request, "disclosure_pages/external_item.html", context)


def _successor(item: ExternalItem) -> dict[str, str] | None:
    """Return where a withdrawn item sends its readers, if that is a web address."""
    found = item.payload.get("metadata", {}).get("successor") or {}
    url = web_address(found.get("url", ""))
    return {"url": url, "title": found.get("title", "")} if url else None


@require_safe
def external_index(request: HttpRequest) -> HttpResponse:
    """List what was received, newest first; ``?origin=`` keeps one authority."""
    _portal_role_only()
    items = visible_external().defer("payload")
    chosen = request.GET.get("origin", "").replace("\x00", "")
    if chosen:
        items = items.filter(origin=chosen)
    page = Paginator(items, PAGE_SIZE).get_page(request.GET.get("page"))
    origins = {origin.credit_code: origin for origin in Origin.objects.all()}
    context = {
        "page_obj": page,
        "rows": [(item, origins.get(item.origin)) for item in page],
        "origins": origins.values(),
        "chosen": origins.get(chosen),
    }
    return TemplateResponse(request, "disclosure_pages/external_index.html", context)


@require_safe
def external_coverage(request: HttpRequest) -> HttpResponse:
    """Show what each township has sent and how fresh it is."""
    _portal_role_only()
    context = {"coverage": read_origins(), "silent_days": settings.GONGKAI_SILENT_DAYS}
    return TemplateResponse(request, "disclosure_pages/external_coverage.html", context)


@require_safe
def external_coverage_file(request: HttpRequest) -> HttpResponse:
    """The same table as CSV."""
    _portal_role_only()
    rows = coverage_cells(read_origins().rows)
    answer = csv_answer("townships.csv", coverage_header(), rows)
    dated_download(answer, "townships", "csv")
    return answer


def file_url(sha256: str, name: str) -> str:
    """Return the address of a received file under a name that is safe in one."""
    return reverse("external_file", kwargs={"sha256": sha256, "name": safe_name(name)})


def safe_name(name: str) -> str:
    """Return the name without path, control and text-direction characters."""
    return UNSAFE_IN_NAMES.sub("_", name).strip(" .") or "file"


@require_safe
def external_file(request: HttpRequest, sha256: str, name: str) -> HttpResponse:
    """Serve a received file while a published item names it; else 410 or 404.

    The name shown is the one that the item gave, whatever stands in the address.
    """
    _portal_role_only()
    file = get_object_or_404(ExternalFile, sha256=sha256)
    uses = ExternalAttachment.objects.filter(file=file, item__state=PUBLISHED)
    names = {safe_name(use.name): use for use in uses}
    if not names:
        return TemplateResponse(
            request, "disclosure_pages/file_withdrawn.html", status=410
        )
    shown = name if name in names else next(iter(names))
    response = FileResponse(
        file.file.open("rb"),
        as_attachment=True,
        filename=shown,
        content_type=_media_type(names[shown].mime),
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "public, max-age=60"
    response["ETag"] = f'"{quote(sha256)}"'
    return response


def _media_type(mime: str) -> str:
    plain = re.fullmatch(r"[a-zA-Z0-9.+-]+/[a-zA-Z0-9.+-]+", mime)
    return mime if plain else "application/octet-stream"
