"""What a page is, told to machines in the words of schema.org (JSON-LD).

A block of data, not of code: the browser never runs ``application/ld+json``, so that
the policy without inline scripts stays as it is. Nothing is read here that the page did
not read for its reader.
"""

from collections.abc import Mapping
from functools import singledispatch
from typing import Any

from django.urls import reverse
from wagtail.models import Page

from cms.context import SEARCH_PATH, SiteFrame
from disclosure_pages.models import (
    AnnualReportPage,
    CategoryIndexPage,
    CollectionPage,
    DisclosureIndexPage,
    DisclosureItemPage,
    GuidePage,
    HomePage,
    NoticePage,
    OfficeIndexPage,
    ReadingPointPage,
)
from disclosure_pages.models.pages import TextPage

Data = dict[str, Any]
LANGUAGE = "zh-CN"


def filled(**values: Any) -> Data:
    """Return the values that are there; names that begin with @ come as ``at_``."""
    names = {name: name.replace("at_", "@", 1) for name in values}
    return {names[name]: value for name, value in values.items() if value}


def organization(frame: SiteFrame) -> Data:
    """Return the authority: whom it may be, where it sits and how it is reached."""
    authority = frame.authority
    return filled(
        at_type="GovernmentOrganization",
        at_id=f"{frame.base_url}/#authority",
        name=frame.site_name,
        alternateName=authority.short_name,
        identifier=authority.credit_code,
        url=f"{frame.base_url}/",
        telephone=authority.phone,
        email=authority.email,
        address=authority.address,
    )


def graph(frame: SiteFrame, page: Page | None, context: Mapping[str, Any]) -> Data:
    """Return the data of one page: the authority, the path to the page, the page."""
    parts = [organization(frame)]
    if page is not None:
        parts.append(describe(page, frame, context) | _common(page, frame))
        if not frame.is_home:
            parts.append(_breadcrumbs(page, frame, context))
    return {"@context": "https://schema.org", "@graph": parts}


def _common(page: Page, frame: SiteFrame) -> Data:
    return {
        "name": page.title,
        "url": f"{frame.base_url}{frame.request.path}",
        "inLanguage": LANGUAGE,
        "publisher": {"@id": f"{frame.base_url}/#authority"},
    }


def _breadcrumbs(page: Page, frame: SiteFrame, context: Mapping[str, Any]) -> Data:
    steps = [("/", str(frame.site_title))]
    part = next((link for link in frame.navigation if link.current), None)
    if part and part.url != frame.request.path:
        steps.append((part.url, part.label))
    if isinstance(page, DisclosureItemPage) and context.get("category_url"):
        steps.append((context["category_url"], str(page.get_category_display())))
    steps.append((frame.request.path, page.title))
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {
                "@type": "ListItem",
                "position": position,
                "name": name,
                "item": f"{frame.base_url}{path}",
            }
            for position, (path, name) in enumerate(steps, 1)
        ],
    }


@singledispatch
def describe(page: Page, frame: SiteFrame, context: Mapping[str, Any]) -> Data:
    """Return what is this kind of page's own; a list of pages by default."""
    return {"@type": "CollectionPage"}


@describe.register
def _home(page: HomePage, frame: SiteFrame, context: Mapping[str, Any]) -> Data:
    target = f"{frame.base_url}{SEARCH_PATH}?q={{search_term_string}}"
    return {
        "@type": "WebSite",
        "potentialAction": {
            "@type": "SearchAction",
            "target": target,
            "query-input": "required name=search_term_string",
        },
    }


def _day(value: Any) -> str:
    return value.isoformat() if value else ""


@describe.register
def _item(
    page: DisclosureItemPage, frame: SiteFrame, context: Mapping[str, Any]
) -> Data:
    files = [
        filled(
            at_type="MediaObject",
            name=file.label,
            contentUrl=f"{frame.base_url}{file.url}",
            contentSize=str(file.bytes),
            sha256=file.sha256,
        )
        for file in context.get("files", ())
    ]
    parts = context.get("parts")
    corrections = [
        filled(
            at_type="CorrectionComment",
            text=f"{row.old} → {row.new}",
            abstract=row.reason,
            datePublished=row.corrected_on,
        )
        for row in (parts.corrections if parts else ())
    ]
    return filled(
        at_type="DigitalDocument",
        identifier=[number for number in _numbers(page) if number],
        abstract=page.summary,
        keywords=page.keyword_list,
        about=str(page.get_category_display()),
        dateCreated=_day(page.date_made),
        datePublished=_day(page.date_published),
        dateModified=_day(page.last_published_at),
        creativeWorkStatus=str(page.get_validity_display()),
        author={"@type": "Organization", "name": page.publisher}
        if page.publisher
        else None,
        encoding=files,
        correction=corrections,
    )


def _numbers(page: DisclosureItemPage) -> tuple[str, str]:
    return page.index_number, page.document_number


@describe.register(DisclosureIndexPage)
@describe.register(CategoryIndexPage)
@describe.register(OfficeIndexPage)
@describe.register(CollectionPage)
def _dataset(page: Page, frame: SiteFrame, context: Mapping[str, Any]) -> Data:
    address, name = "", "list_export"
    arguments: list[str] = []
    if isinstance(page, CategoryIndexPage):
        address = f"?category={page.category}"
    elif isinstance(page, OfficeIndexPage):
        address = f"?office={page.office.code}"
    elif isinstance(page, CollectionPage):
        name, arguments = "collection_export", [page.slug]
    return filled(
        at_type="Dataset",
        description=getattr(page, "lede", "") or page.title,
        isAccessibleForFree=True,
        creator={"@id": f"{frame.base_url}/#authority"},
        distribution=[
            {
                "@type": "DataDownload",
                "encodingFormat": kind,
                "contentUrl": f"{frame.base_url}"
                f"{reverse(name, args=[*arguments, form])}{address}",
            }
            for form, kind in (("csv", "text/csv"), ("json", "application/json"))
        ],
    )


@describe.register(TextPage)
@describe.register(GuidePage)
def _text(page: Page, frame: SiteFrame, context: Mapping[str, Any]) -> Data:
    kinds = {AnnualReportPage: "Report", NoticePage: "NewsArticle"}
    return filled(
        at_type=kinds.get(type(page), "Article"),
        headline=page.title,
        abstract=page.summary,
        datePublished=_day(page.first_published_at),
        dateModified=_day(page.last_published_at),
    )


@describe.register
def _point(
    page: ReadingPointPage, frame: SiteFrame, context: Mapping[str, Any]
) -> Data:
    return filled(
        at_type="GovernmentOffice",
        address=page.address,
        telephone=page.phone or page.primary_phone,
        parentOrganization={"@id": f"{frame.base_url}/#authority"},
    )
