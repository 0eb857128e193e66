"""操作记录 on the desk: who did what, when and why; read only, one's office or all."""

from collections.abc import Iterator
from typing import Any

import django_filters
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe
from wagtail import hooks
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic import IndexView
from wagtail.admin.widgets.button import HeaderButton
from wagtail.log_actions import log, registry
from wagtail.permission_policies import ModelPermissionPolicy

from cms.audit.actions import EXPORT
from cms.models import ChainHead, Office, SealedEvent
from disclosure_pages.csv_answers import CONTENT_TYPE, csv_rows, dated_download
from disclosure_pages.headed_offices import headed_offices

VIEW = "gongkai_cms.view_sealedevent"
NAME = "gongkai_audit"
GROUNDS = {  # of `cms.approval.publication_approved`
    "review": gettext_lazy("审查通过"),
    "schedule": gettext_lazy("到了预定的时间"),
    "setup": gettext_lazy("建站"),
    "demo": gettext_lazy("演示数据"),
}


def visible_events(user: Any) -> QuerySet[SealedEvent]:
    """Return what the user may see: all, or what an office headed did or has.

    Raises:
        PermissionDenied: neither.
    """
    events = SealedEvent.objects.order_by("-number")
    if user.has_perm(VIEW):
        return events
    headed = Office.objects.filter(pk__in=headed_offices(user))
    codes = list(headed.values_list("code", flat=True))
    if not codes:
        raise PermissionDenied
    own = Q()
    for code in codes:
        own |= Q(offices__contains=f",{code},")
    return events.filter(own)


def action_labels() -> dict[str, str]:
    """Return every act that can be logged with its name in words."""
    return {action: str(label) for action, label in registry.get_choices()}


class AuditFilterSet(WagtailFilterSet):
    """By person, act, object and day."""

    who = django_filters.CharFilter(label=gettext_lazy("操作人"), method="by_person")
    action = django_filters.ChoiceFilter(
        label=gettext_lazy("操作"), choices=lambda: action_labels().items()
    )
    what = django_filters.CharFilter(label=gettext_lazy("对象"), method="by_object")
    acted_at = django_filters.DateFromToRangeFilter(
        label=gettext_lazy("日期"), widget=DateRangePickerWidget
    )

    class Meta:
        model = SealedEvent
        fields: list[str] = []

    def by_person(self, events: QuerySet, name: str, value: str) -> QuerySet:
        """Narrow to a part of the account's or the person's name, as it was then."""
        found = Q(actor_username__icontains=value) | Q(actor_name__icontains=value)
        return events.filter(found)

    def by_object(self, events: QuerySet, name: str, value: str) -> QuerySet:
        """Narrow to a part of the title, or to the permanent key."""
        key = value.strip().replace("-", "").lower()
        return events.filter(Q(object_title__icontains=value) | Q(object_uuid=key))


class TimeColumn(Column):
    """The moment itself, not how long ago it was."""

    def get_value(self, instance: SealedEvent) -> str:
        return shown_time(instance)


class PersonColumn(Column):
    """Name and account as they were when it happened."""

    def get_value(self, instance: SealedEvent) -> str:
        name, account = instance.actor_name, instance.actor_username
        if not account:
            return name or _("系统")
        return f"{name}（{account}）" if name else account


class ActionColumn(Column):
    """The act in words."""

    def get_value(self, instance: SealedEvent) -> str:
        return action_labels().get(instance.action, instance.action)


class ReasonColumn(Column):
    """What was written down, or on which ground something was published."""

    def get_value(self, instance: SealedEvent) -> str:
        return shown_reason(instance)


def shown_reason(event: SealedEvent) -> str:
    """Return the reason in words; what people wrote stays as it is."""
    return str(GROUNDS.get(event.reason, event.reason))


def shown_time(event: SealedEvent) -> str:
    """Return the local time to the second."""
    return timezone.localtime(event.acted_at).strftime("%Y-%m-%d %H:%M:%S")


class AuditView(IndexView):
    """Every sealed act, the newest first."""

    model = SealedEvent
    permission_policy = ModelPermissionPolicy(SealedEvent)
    any_permission_required = None  # `visible_events` decides
    page_title = gettext_lazy("操作记录")
    header_icon = "history"
    index_url_name = NAME
    index_results_url_name = f"{NAME}_results"
    default_ordering = "-number"
    filterset_class = AuditFilterSet
    paginate_by = 50
    columns = [
        Column("number", label=gettext_lazy("序号")),
        TimeColumn("acted_at", label=gettext_lazy("时间")),
        PersonColumn("actor", label=gettext_lazy("操作人")),
        ActionColumn("action", label=gettext_lazy("操作")),
        Column("object_title", label=gettext_lazy("对象")),
        ReasonColumn("reason", label=gettext_lazy("原因")),
    ]

    def get_base_queryset(self) -> QuerySet[SealedEvent]:
        return visible_events(self.request.user).defer("event")

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        address = f"{reverse(f'{NAME}_csv')}?{self.request.GET.urlencode()}"
        return [HeaderButton(_("导出 CSV"), url=address, icon_name="download")]


@require_safe
def audit_csv(request: HttpRequest) -> HttpResponse:
    """Send what the same filters show, whole; the export itself is an act."""
    filters = AuditFilterSet(
        request.GET, queryset=visible_events(request.user), request=request
    )
    if not filters.is_valid():
        return HttpResponse(status=400)
    if request.method == "GET":
        log(
            ChainHead.objects.get_or_create(pk=1)[0],
            EXPORT,
            user=request.user,
            title=str(SealedEvent._meta.verbose_name),
            data={"filters": request.GET.urlencode()},
        )
    answer = StreamingHttpResponse(
        csv_rows(_header(), _lines(filters.qs)), content_type=CONTENT_TYPE
    )
    dated_download(answer, "audit", "csv")
    answer["Cache-Control"] = "private, no-store"
    return answer


def _header() -> list[str]:
    return [
        *(_("序号"), _("时间"), _("账号"), _("操作人"), _("科室"), _("操作")),
        *(_("对象"), _("对象类型"), _("对象编号"), _("原因"), _("校验值")),
    ]


def _lines(events: QuerySet[SealedEvent]) -> Iterator[list[object]]:
    offices = dict(Office.objects.values_list("code", "name"))
    labels = action_labels()
    for event in events.defer("event").iterator(chunk_size=1000):
        codes = [code for code in event.offices.split(",") if code]
        yield [
            event.number,
            shown_time(event),
            event.actor_username,
            event.actor_name,
            "；".join(offices.get(code, code) for code in codes),
            labels.get(event.action, event.action),
            event.object_title,
            event.object_kind,
            event.object_uuid or event.object_id,
            shown_reason(event),
            event.hash,
        ]


class AuditMenuItem(MenuItem):
    """操作记录, for whoever may see all of it or heads an office."""

    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm(VIEW) or bool(headed_offices(request.user))


@hooks.register("register_admin_urls")
def audit_urls() -> list[URLPattern]:
    return [
        path("audit/", AuditView.as_view(), name=NAME),
        path(
            "audit/results/",
            AuditView.as_view(results_only=True),
            name=f"{NAME}_results",
        ),
        path("audit/export.csv", audit_csv, name=f"{NAME}_csv"),
    ]


@hooks.register("register_admin_menu_item")
def audit_menu_item() -> MenuItem:
    return AuditMenuItem(
        gettext_lazy("操作记录"),
        reverse(NAME),
        name="audit",
        icon_name="history",
        order=98,
    )
