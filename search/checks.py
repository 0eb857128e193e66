"""Settings that would only fail at the first question are refused at the start."""

from typing import Any

from django.conf import settings
from django.core.checks import Error, register

from .ranking import RULES


@register
def ranking_is_known(**_options: Any) -> list[Error]:
    """Refuse a rule that does not exist."""
    if settings.GONGKAI_RANKING in RULES:
        return []
    return [
        Error(
            f"GONGKAI_RANKING={settings.GONGKAI_RANKING!r} 没有这种排序。",
            hint=f"可用：{'、'.join(RULES)}",
            id="search.E001",
        )
    ]
