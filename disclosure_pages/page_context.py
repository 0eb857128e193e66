"""What a page gives its template, registered per page type in ``contexts.py``.

Page models call this and know nothing of the reads behind it.
"""

from functools import singledispatch
from typing import Any

from django.http import HttpRequest
from wagtail.models import Page


@singledispatch
def page_context(page: Page, request: HttpRequest) -> dict[str, Any]:
    """Return the extra template variables of a page; none by default."""
    return {}


@singledispatch
def tombstone_context(page: Page) -> dict[str, Any]:
    """Return the extra template variables of a page that was withdrawn."""
    return {}
