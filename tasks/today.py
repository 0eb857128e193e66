"""Failed deliveries as a section of the desk's first page."""

from django.db.models import F, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from disclosure_pages.desk.today import LISTED, Line, Section, register_section

from .choices import VIEW, target_label
from .models import OutboxEntry
from .selectors import UNNAMED, titles


@register_section("deliveries")
def deliveries(request: HttpRequest) -> Section | None:
    """没有送达: what a target did not take, for whoever may see the outbox."""
    if not request.user.has_perm(VIEW):
        return None
    failed = OutboxEntry.objects.filter(wanted__gt=F("delivered"), skipped_at=None)
    failed = failed.filter(Q(dead=True) | ~Q(last_error=""))
    count = failed.count()
    if not count:
        return None
    url = reverse("gongkai_outbox")
    rows = list(failed.order_by("-dead", "changed_at")[:LISTED])
    names = titles({row.key for row in rows}, request.user)
    lines = [
        Line(
            names.get(row.key, UNNAMED),
            url,
            _("%(target)s没有收下（已试 %(attempts)d 次）：%(error)s")
            % {
                "target": target_label(row.target),
                "attempts": row.attempts,
                "error": row.last_error[:100],
            },
        )
        for row in rows
    ]
    return Section(
        "deliveries", _("没有送达"), count, lines, 25, url, urgent=True, aside=True
    )
