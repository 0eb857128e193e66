from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from search import log, opened

register = template.Library()


@register.simple_tag
def opened_ping(text: str, key: str) -> SafeString:
    """Return the attribute by which a browser says that a result was opened.

    None where nothing was asked, or where it looks like somebody's number.
    """
    question = log.question_of(text)
    if not question or not log.may_be_kept(question):
        return SafeString("")
    return format_html(' ping="{}"', opened.address_of(question, key))
