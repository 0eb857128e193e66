"""What somebody of the desk finds on a public page."""

from typing import Any

from django import template
from django.urls import reverse

from disclosure_pages.models.base import ModeratedPage
from disclosure_pages.services.withdrawal import may_withdraw

register = template.Library()


@register.simple_tag(takes_context=True)
def withdraw_url(context: dict[str, Any]) -> str:
    """Return where the reader may take this page back; "" for everybody else.

    Who has no session is not asked about.
    """
    request, page = context.get("request"), context.get("page")
    user = getattr(request, "user", None)
    if not isinstance(page, ModeratedPage) or not getattr(page, "live", False):
        return ""
    if user is None or not user.is_authenticated or not may_withdraw(user, page):
        return ""
    return reverse("gongkai_withdraw", args=[page.pk])
