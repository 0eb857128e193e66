"""The outbox on the desk: menu entry, addresses and the log action."""

from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.log_actions import LogActionRegistry

from cms.context import is_portal
from cms.notice_kinds import NoticeKind, register_kind
from search.desk import MENU_HOOK, VIEW

from . import confirmation, standing, today  # noqa: F401
from .choices import VIEW as VIEW_OUTBOX
from .desk import OutboxView, RetryView, SkipView
from .index_desk import indexes, order_for
from .origins_desk import (
    OriginAddView,
    OriginKeyEndView,
    OriginKeyView,
    OriginsView,
    OriginView,
)
from .targets_desk import AheadView, DecisionView, ReportView, TargetsView
from .template import hooks as template_hooks  # noqa: F401


@hooks.register("register_admin_urls")
def outbox_urls() -> list[URLPattern]:
    return [
        path("outbox/", OutboxView.as_view(), name="gongkai_outbox"),
        path(
            "outbox/results/",
            OutboxView.as_view(results_only=True),
            name="gongkai_outbox_results",
        ),
        path("outbox/targets/", TargetsView.as_view(), name="gongkai_targets"),
        path(
            "outbox/targets/<str:target>/mode/",
            DecisionView.as_view(),
            name="gongkai_target_mode",
        ),
        path(
            "outbox/targets/<str:target>/ahead/",
            AheadView.as_view(),
            name="gongkai_target_ahead",
        ),
        path(
            "outbox/reports/<int:pk>/",
            ReportView.as_view(),
            name="gongkai_reconcile_report",
        ),
        path("outbox/retry/", RetryView.as_view(), name="gongkai_outbox_retry_all"),
        path(
            "outbox/<int:pk>/retry/", RetryView.as_view(), name="gongkai_outbox_retry"
        ),
        path("outbox/<int:pk>/skip/", SkipView.as_view(), name="gongkai_outbox_skip"),
        path("search/indexes/", indexes, name="gongkai_indexes"),
        path("search/indexes/<str:engine>/", order_for, name="gongkai_index_order"),
    ]


@hooks.register("register_admin_urls")
def origin_urls() -> list[URLPattern]:
    return [
        path("origins/", OriginsView.as_view(), name="gongkai_origins"),
        path("origins/add/", OriginAddView.as_view(), name="gongkai_origin_add"),
        path("origins/<str:code>/", OriginView.as_view(), name="gongkai_origin"),
        path(
            "origins/<str:code>/key/",
            OriginKeyView.as_view(),
            name="gongkai_origin_key",
        ),
        path(
            "origins/<str:code>/key/end/",
            OriginKeyEndView.as_view(),
            name="gongkai_origin_key_end",
        ),
    ]


class OutboxMenuItem(MenuItem):
    """推送情况: for whoever may see the outbox."""

    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm(VIEW_OUTBOX)


@hooks.register("register_reports_menu_item")
def outbox_menu_item() -> MenuItem:
    return OutboxMenuItem(
        _("推送情况"), reverse("gongkai_outbox"), icon_name="upload", order=900
    )


@hooks.register("register_reports_menu_item")
def targets_menu_item() -> MenuItem:
    return OutboxMenuItem(
        _("推送目标"), reverse("gongkai_targets"), icon_name="upload", order=901
    )


class OriginsMenuItem(OutboxMenuItem):
    """来源机关: in the portal role only."""

    def is_shown(self, request: HttpRequest) -> bool:
        return is_portal() and super().is_shown(request)


@hooks.register("register_reports_menu_item")
def origins_menu_item() -> MenuItem:
    return OriginsMenuItem(
        _("来源机关"), reverse("gongkai_origins"), icon_name="download", order=902
    )


class IndexesMenuItem(MenuItem):
    """索引: for whoever may see what readers looked for."""

    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm(VIEW)


@hooks.register(MENU_HOOK)
def indexes_menu_item() -> MenuItem:
    address = reverse("gongkai_indexes")
    return IndexesMenuItem(_("检索索引"), address, icon_name="list-ul", order=50)


register_kind(NoticeKind("delivery", _("对账和推送")))


@hooks.register("register_log_actions")
def log_actions(actions: LogActionRegistry) -> None:
    actions.register_action(
        "gongkai.index_rebuild", _("重建检索索引"), _("已要求重建检索索引")
    )
    actions.register_action(
        "gongkai.index_compare", _("检索索引对账"), _("已要求检索索引对账")
    )
    actions.register_action("gongkai.retry", _("重试推送"), _("已要求立即重试推送"))
    actions.register_action(
        "gongkai.heal", _("对账后重推"), _("对账发现不一致，已要求重新推送")
    )
    actions.register_action("gongkai.target_mode", _("改推送开关"), _("改了推送开关"))
    actions.register_action(
        "gongkai.target_limit", _("限制同时发送"), _("改了同时发送的批数")
    )
    actions.register_action("gongkai.replay", _("重推一段时间"), _("重推了一段时间"))
    actions.register_action(
        "gongkai.restore", _("从备份恢复"), _("从备份恢复了数据库和文件")
    )
    actions.register_action("gongkai.reconcile", _("对账"), _("对账，报告已留存"))
    actions.register_action("gongkai.skip", _("跳过推送"), _("跳过了没收下的一条"))
    actions.register_action("gongkai.origin", _("改来源机关"), _("改了来源机关的设置"))
    actions.register_action("gongkai.origin_key", _("发密钥"), _("发了一把新密钥"))
    actions.register_action("gongkai.origin_key_end", _("停用密钥"), _("停用了密钥"))
