"""Where one page stands at each index and portal, in words for its editor."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.ui.side_panels import BaseSidePanel

from disclosure_pages.desk import editing
from disclosure_pages.models.base import PublicPage

from .choices import Lane, is_portal_target, target_label, target_names
from .models import Mode, OutboxEntry, TargetState

SHOWN_OF_HASH = 12


@dataclass(frozen=True)
class Standing:
    """One target: what is so, since when, by which receipt, and what to do.

    ``trouble``: somebody should look; ``waits``: it is on its way.
    """

    label: str
    state: str
    since: datetime | None
    advice: str = ""
    error: str = ""
    receipt: str = ""
    url: str = ""
    trouble: bool = False
    waits: bool = False


def standings(page: PublicPage) -> list[Standing]:
    """Return how the page stands at every configured target that knows it."""
    names = target_names()
    rows = {
        row.target: row
        for row in OutboxEntry.objects.filter(key=page.key, target__in=names)
        if row.wanted
    }
    states = {row.target: row for row in TargetState.objects.filter(target__in=rows)}
    return [
        standing(rows[name], states.get(name) or TargetState(target=name))
        for name in names
        if name in rows
    ]


def standing(row: OutboxEntry, target: TargetState) -> Standing:
    """Put one row into words."""
    note = row.receipt or {}
    told = {
        "label": target_label(row.target),
        "receipt": _receipt(row),
        "url": note.get("url", ""),
    }
    if not row.pending:
        gone = row.lane == Lane.WITHDRAW
        unseen = gone and is_portal_target(row.target) and not note.get("read_back")
        return Standing(
            state=_("已撤下") if gone else _("已送达"),
            since=row.delivered_at,
            advice=_("系统看不到是不是真的撤下了，请打开网址看一看。")
            if unseen
            else "",
            trouble=unseen,
            **told,
        )
    return Standing(
        state=row.situation,
        since=row.changed_at,
        error=row.last_error or target.last_error * bool(target.failures),
        advice=_advice(row, target),
        trouble=row.dead and not row.skipped_at,
        waits=not row.dead,
        **told,
    )


def _receipt(row: OutboxEntry) -> str:
    if not row.delivered or not row.delivered_at:
        return ""
    return _("第 %(version)d 版，%(at)s 收下，摘要 %(hash)s") % {
        "version": row.delivered,
        "at": f"{timezone.localtime(row.delivered_at):%Y-%m-%d %H:%M}",
        "hash": row.delivered_sha256[:SHOWN_OF_HASH],
    }


def _advice(row: OutboxEntry, target: TargetState) -> str:
    """Say what to do now, and who."""
    if row.skipped_at:
        return _("信息公开员决定不送这一版。再改动并公开时，会自动再送。")
    if row.dead and row.held_version is not None:
        return _("对方那里的版本更新，请信息公开员对账以后决定。")
    if row.dead:
        return _(
            "系统不再自动重试。照上面的原因改好、重新公开，就会自动再送；"
            "不用改的，请信息公开员重试或者跳过。"
        )
    if target.mode == Mode.FENCED or (
        target.mode == Mode.PAUSED and row.lane != Lane.WITHDRAW
    ):
        return _("信息公开员暂停了推送（%(reason)s），恢复后自动送，不用您做什么。") % {
            "reason": target.reason
        }
    if row.awaiting:
        return _("等对方回执，不用您做什么。")
    if row.lane == Lane.WITHDRAW and row.last_error:
        return _("系统一直在重试撤下。急的话请打电话，或者发撤稿通知单。")
    if row.last_error or target.failures:
        return _("系统会自动再试，不用您做什么。一天还没好，请告诉信息公开员。")
    return _("一般几秒钟送到，不用您做什么。")


class StandingSidePanel(BaseSidePanel):
    """推送: where the public version stands at each target."""

    class SidePanelToggle(BaseSidePanel.SidePanelToggle):
        """The button of the panel, with the number of targets that need somebody."""

        aria_label = gettext_lazy("推送")
        icon_name = "upload"
        counter_classname = "w-bg-critical-200"

        def get_context_data(self, parent_context: dict[str, Any]) -> dict[str, Any]:
            context = super().get_context_data(parent_context)
            context["count"] = sum(row.trouble for row in self.panel.rows)
            return context

    name = "standing"
    title = gettext_lazy("推送")
    template_name = "tasks/desk/standing_side_panel.html"
    order = 60

    @cached_property
    def rows(self) -> list[Standing]:
        """How the page stands at each target (two queries)."""
        return standings(self.object) if self.object.pk else []

    def get_context_data(self, parent_context: dict[str, Any]) -> dict[str, Any]:
        return super().get_context_data(parent_context) | {"standings": self.rows}


editing.side_panels.append(StandingSidePanel)
