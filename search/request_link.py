"""The way from a question that found nothing to a request (依申请公开)."""

from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse

FORM = "request_form"


def request_address(words: str) -> str:
    """Return the address of the request form with the words filled in.

    Nothing where the site has no form.
    """
    try:
        address = reverse(FORM)
    except NoReverseMatch:
        return ""
    return f"{address}?{urlencode({'content': words})}" if words else address
