"""Lengths of time in words."""

from django import template
from django.utils.translation import ngettext

register = template.Library()
MINUTE, HOUR, DAY = 60, 3_600, 86_400


@register.filter
def in_words(seconds: float) -> str:
    """Return a length of time in its largest unit, rounded: 540 → 9 分钟."""
    if seconds < 2 * MINUTE:
        count = round(seconds)
        return ngettext("%(n)d 秒", "%(n)d 秒", count) % {"n": count}
    if seconds < 2 * HOUR:
        count = round(seconds / MINUTE)
        return ngettext("%(n)d 分钟", "%(n)d 分钟", count) % {"n": count}
    if seconds < 2 * DAY:
        count = round(seconds / HOUR)
        return ngettext("%(n)d 小时", "%(n)d 小时", count) % {"n": count}
    count = round(seconds / DAY)
    return ngettext("%(n)d 天", "%(n)d 天", count) % {"n": count}
