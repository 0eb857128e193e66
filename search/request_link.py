"""The way from a question that found nothing to a request (依申请公开)."""

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse

from cms.context import NavigationLink

FORM = "request_form"


def request_address(
    words: str, parts: Mapping[str, NavigationLink] = MappingProxyType({})
) -> str:
    """Return the address of the request form with the words filled in.

    Nothing where the site has no form, neither as a view nor as a part of the site.
    """
    try:
        address = reverse(FORM)
    except NoReverseMatch:
        if "request" not in parts:
            return ""
        address = parts["request"].url
    return f"{address}?{urlencode({'content': words})}" if words else address
