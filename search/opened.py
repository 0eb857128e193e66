"""Browsers say which result was opened, by the ``ping`` of its link.

The link itself is the plain address: it can be copied, followed without this, and
needs no script. A redirect would tell the same of every browser (Firefox has ``ping``
off), but it would break copied links and stand between every reader and every page.
What a ping says is signed by the page of results, for one day.
"""

from datetime import timedelta

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from disclosure_pages.feedback_views import reader_address
from disclosure_pages.services.feedback import TooMany, count_attempt

from . import log
from .log_writing import digest_of

PER_HOUR = 600
VALID = timedelta(days=1)
_signer = signing.TimestampSigner(salt="search.opened")


def address_of(question: str, key: str) -> str:
    """Return where a browser says that it opened this result of a question.

    Args:
        question: as `log.question_of` gives it.
    """
    said = _signer.sign(f"{digest_of(question)}:{key}")
    return f"{reverse('search_opened')}?{urlencode({'said': said})}"


@csrf_exempt  # a ping carries no token; what it says is signed, and only counted
@require_POST
def opened(request: HttpRequest) -> HttpResponse:
    """Count an opened result; the answer is the same whatever was said."""
    try:
        said = _signer.unsign(request.GET.get("said", ""), max_age=VALID)
        count_attempt(reader_address(request), act="opened", per_hour=PER_HOUR)
    except (signing.BadSignature, TooMany):
        return HttpResponse(status=204)
    digest, _colon, key = said.partition(":")
    log.opened(request, digest, key)
    return HttpResponse(status=204)
