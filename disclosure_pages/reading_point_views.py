"""The coverage of reading points as CSV and JSON."""

import json

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from disclosure_pages.list_exports import TYPES
from disclosure_pages.listed import is_portal
from disclosure_pages.reading_point_coverage import csv_lines, described, read_coverage


@require_safe
def reading_point_coverage(request: HttpRequest, form: str) -> HttpResponse:
    """Every village with its point and what it lacks; a portal has none of its own."""
    if is_portal():
        raise Http404
    coverage = read_coverage()
    if form == "csv":
        text = "".join(csv_lines(coverage))
    else:
        made_at = timezone.localtime().isoformat(timespec="seconds")
        text = json.dumps(
            {"made_at": made_at} | described(coverage), ensure_ascii=False, indent=1
        )
    response = HttpResponse(text.encode("utf-8", "replace"), content_type=TYPES[form])
    name = f"reading-points-{timezone.localdate().isoformat()}.{form}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-cache"
    response["X-Robots-Tag"] = "noindex"
    return response
