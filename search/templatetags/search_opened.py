from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from search import opened

register = template.Library()


@register.simple_tag
def opened_ping(question: str, key: str) -> SafeString:
    """Return the attribute by which a browser says that a result was opened.

    Args:
        question: as it was noted; nothing if it was not, and then nothing is said.
    """
    if not question:
        return SafeString("")
    return format_html(' ping="{}"', opened.address_of(question, key))
