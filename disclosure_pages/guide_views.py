"""The prints of the public guide, for anybody to download."""

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from cms.context import public_path
from disclosure_pages.models import GuidePage
from disclosure_pages.public_state import visible_pages
from disclosure_pages.services.guide_prints import (
    FAILED_S,
    RETRY_S,
    PrintingBusy,
    PrintingUnavailable,
    PrintKind,
    guide_print,
)


@require_safe
def guide_print_file(request: HttpRequest, kind: str) -> HttpResponse:
    """Serve a print of the guide that is public now; 404 when there is none."""
    page = visible_pages(GuidePage).first()
    if page is None:
        raise Http404
    try:
        sheet = guide_print(page, PrintKind(kind))
    except PrintingBusy:
        return _later(request, page, RETRY_S)
    except PrintingUnavailable as error:
        return _later(request, page, FAILED_S, str(error))
    response = FileResponse(
        sheet.file, filename=sheet.name, content_type="application/pdf"
    )
    response["Cache-Control"] = "public, max-age=60"
    return response


def _later(
    request: HttpRequest, page: GuidePage, wait_s: int, reason: str = ""
) -> HttpResponse:
    response = TemplateResponse(
        request,
        "disclosure_pages/guide/no_print.html",
        {"reason": reason, "guide_url": public_path(page.url_path)},
        status=503,
    )
    response["Retry-After"] = str(wait_s)
    return response
