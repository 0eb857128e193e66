"""The coverage of reading points as CSV and JSON."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from cms.context import is_portal
from disclosure_pages.csv_answers import CONTENT_TYPE, dated_download
from disclosure_pages.reading_point_coverage import csv_lines, described, read_coverage


@require_safe
def reading_point_coverage(request: HttpRequest, form: str) -> HttpResponse:
    """Every village with its point and what it lacks; a portal has none of its own."""
    if is_portal():
        raise Http404
    coverage = read_coverage()
    if form == "csv":
        response = HttpResponse("".join(csv_lines(coverage)), content_type=CONTENT_TYPE)
    else:
        made_at = timezone.localtime().isoformat(timespec="seconds")
        told = {"made_at": made_at} | described(coverage)
        response = JsonResponse(
            told, json_dumps_params={"ensure_ascii": False, "indent": 1}
        )
    dated_download(response, "reading-points", form)
    return response
