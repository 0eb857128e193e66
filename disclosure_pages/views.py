"""Guarded files: served only while something public shows them."""

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from wagtail.models import Page, ReferenceIndex
from wagtail.permissions import policy_registry

from cms.audit.actions import READ_FILE
from cms.audit.recording import record_read
from disclosure_pages.desk.selectors import review_queue
from disclosure_pages.models import (
    AnnualReportPage,
    DisclosureDocument,
    DisclosureImage,
    DisclosureItemPage,
    DisclosureRendition,
)
from disclosure_pages.public_state import PAGE_MODELS, visible_pages

PRIVATE = "private, no-store"


def may_open(
    request: HttpRequest, target: DisclosureDocument | DisclosureImage
) -> bool:
    """Whether somebody at the desk may see a file that is not public.

    The information officer, the secrecy reviewer and the leader see all, editors what
    they may choose for their items, reviewers what waits for their decision.
    """
    user = request.user
    if not user.is_authenticated or not user.has_perm("wagtailadmin.access_admin"):
        return False
    if user.has_perm("disclosure_pages.withdraw_item"):
        return True
    policy = policy_registry.get_by_type(type(target))
    if policy.user_has_any_permission_for_instance(user, ["choose", "change"], target):
        return True
    wanted = (ContentType.objects.get_for_model(target).pk, str(target.pk))
    return any(
        wanted == reference[:2]
        for state in review_queue(user)
        for reference in ReferenceIndex._extract_references_from_object(
            state.revision.as_object()
        )
    )


def document_is_public(document: DisclosureDocument) -> bool:
    """Whether the live revision of a public item names this document."""
    items = visible_pages(DisclosureItemPage)
    if items.filter(attachments__document=document).exists():
        return True
    return _referenced_by_public_page(document)


def image_is_public(image: DisclosureImage) -> bool:
    """Whether a public page shows this picture."""
    return _referenced_by_public_page(image)


def _referenced_by_public_page(target: DisclosureDocument | DisclosureImage) -> bool:
    references = ReferenceIndex.get_references_to(target).filter(
        base_content_type=ContentType.objects.get_for_model(Page)
    )
    ids = list(references.values_list("object_id", flat=True).distinct())
    pages = Page.objects.filter(pk__in=[pk for pk in ids if pk.isdigit()])
    page_ids = list(pages.live().public().values_list("pk", flat=True))
    return any(
        visible_pages(model).filter(pk__in=page_ids).exists() for model in PAGE_MODELS
    )


def guard_document(
    document: DisclosureDocument, request: HttpRequest
) -> HttpResponse | None:
    """Wagtail's ``before_serve_document``: 200 public, 410 withdrawn, else 404."""
    if document_is_public(document):
        return None
    if may_open(request, document):
        record_read(request.user, document, READ_FILE)
        return None
    items = DisclosureItemPage.objects.filter(attachments__document=document)
    reports = AnnualReportPage.objects.filter(document=document)
    if any(pages.exclude(withdrawn_at=None).exists() for pages in (items, reports)):
        return TemplateResponse(
            request, "disclosure_pages/file_withdrawn.html", status=410
        )
    raise Http404


def media(request: HttpRequest, name: str) -> HttpResponse:
    """Serve a picture (original or rendition) while a public page shows it.

    Nothing else under the media folder has an address: documents go through
    ``/documents/``, received files through ``/external-files/``.
    """
    image = DisclosureImage.objects.filter(file=name).first()
    if image is None:
        rendition = DisclosureRendition.objects.filter(file=name).first()
        image = rendition.image if rendition else None
    if image is None or not default_storage.exists(name):
        raise Http404
    public = image_is_public(image)
    if not public:
        if not may_open(request, image):
            raise Http404
        record_read(request.user, image, READ_FILE)
    response = FileResponse(default_storage.open(name))
    response["Cache-Control"] = "public, max-age=60" if public else PRIVATE
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'"
    return response


def robots(request: HttpRequest) -> HttpResponse:
    """Serve robots.txt: everything public may be read, the desk is not."""
    lines = [
        "User-agent: *",
        "Disallow: /admin/",
        "Disallow: /opinion/",
        f"Sitemap: {settings.GONGKAI_BASE_URL}/sitemap.xml",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain")
