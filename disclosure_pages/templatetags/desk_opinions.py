"""What people outside said of a draft, wherever it is decided on."""

from typing import Any

from django import template
from wagtail.models import Page

from disclosure_pages.services.opinions import opinions_on

register = template.Library()


@register.inclusion_tag("disclosure_pages/desk/opinions_trail.html")
def opinions_trail(page: Page) -> dict[str, Any]:
    """Show who was asked about a page and what they answered; one query."""
    return {"requests": list(opinions_on(page.pk)), "page": page}
