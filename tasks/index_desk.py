"""索引 on the desk: what each index holds, what it lacks, and how to build it anew."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from wagtail.admin import messages
from wagtail.permissions import policy_registry

from disclosure_pages.choices import TextState
from disclosure_pages.models import DisclosureDocument, FileText, ItemAttachment
from search import engines
from search.desk import VIEW, tabs
from search.engines.base import EngineDown, SearchQuery
from search.tokens import PIPELINE_VERSION

from .choices import CHANGE, OrderKind, target_label, target_names
from .choices import VIEW as VIEW_OUTBOX
from .models import IndexOrder, OutboxEntry, ReconcileReport
from .orders import OrderRunning, order, unfinished
from .reports import latest
from .selectors import Backlog, Rebuild, backlogs, current_rebuild

FILES_SHOWN = 50
REFRESH_S = 5  # without a script: browsers ask again by themselves


@dataclass(frozen=True)
class IndexState:
    """One index as the desk shows it; ``documents`` is None when it doesn't answer.

    ``sound``: it is complete and holds tokens of this program's version.
    """

    engine: str
    label: str
    documents: int | None
    sound: bool
    backlog: Backlog
    changed_at: datetime | None
    rebuild: Rebuild | None
    rebuild_order: IndexOrder | None
    comparison: IndexOrder | None
    report: ReconcileReport | None

    @property
    def busy(self) -> bool:
        """Whether something is under way, so that the page should look again."""
        rows = (self.rebuild_order, self.comparison)
        running = self.rebuild is not None and self.rebuild.running
        return running or any(row is not None and unfinished(row) for row in rows)

    @property
    def comparing(self) -> bool:
        """Whether a comparison waits or is under way."""
        return self.comparison is not None and unfinished(self.comparison)

    @property
    def rebuild_waits(self) -> bool:
        """Whether a rebuild was asked for that nobody has begun to report of."""
        row = self.rebuild_order
        running = self.rebuild is not None and self.rebuild.running
        return row is not None and unfinished(row) and not running

    @property
    def note_is_news(self) -> bool:
        """Whether how the order ended is later than the last rebuild that ended."""
        ordered = self.rebuild_order.ended_at if self.rebuild_order else None
        built = self.rebuild.ended_at if self.rebuild else None
        return ordered is not None and (built is None or ordered >= built)


@permission_required(VIEW, raise_exception=True)
@require_safe
def indexes(request: HttpRequest) -> HttpResponse:
    """Show every index; while one is built, the page looks again by itself."""
    states = _states()
    context = {
        "tabs": tabs(request),
        "states": states,
        "busy": any(state.busy for state in states),
        "pipeline": PIPELINE_VERSION,
        "may_change": request.user.has_perm(CHANGE),
        "may_report": request.user.has_perm(VIEW_OUTBOX),
        **_unread_files(request.user),
    }
    answer = TemplateResponse(request, "tasks/desk/indexes.html", context)
    if context["busy"]:
        answer["Refresh"] = REFRESH_S
    return answer


@permission_required(CHANGE, raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def order_for(request: HttpRequest, engine: str) -> HttpResponse:
    """Ask once more, then order a rebuild; a comparison is ordered at once."""
    target = f"index:{engine}"
    if target not in target_names():
        raise Http404
    if request.method != "POST":
        context = {
            "tabs": tabs(request),
            "engine": engine,
            "label": target_label(target),
        }
        return TemplateResponse(request, "tasks/desk/rebuild.html", context)
    wanted = request.POST.get("kind")
    kind = OrderKind.COMPARE if wanted == OrderKind.COMPARE else OrderKind.REBUILD
    if kind == OrderKind.REBUILD and request.POST.get("sure") != "1":
        return redirect("gongkai_index_order", engine)
    try:
        order(target, kind, request.user)
    except OrderRunning:
        messages.warning(request, _("已经在办了，不用再点。"))
    else:
        messages.success(request, _("已开始，进度就在这一页。"))
    return redirect("gongkai_indexes")


def _states() -> list[IndexState]:
    names = [name for name in target_names() if name.startswith("index:")]
    behind = {backlog.target: backlog for backlog in backlogs()}
    rows = OutboxEntry.objects.filter(target__in=names).order_by().values("target")
    last = dict(rows.annotate(at=Max("delivered_at")).values_list("target", "at"))
    reports = latest()
    orders = {(o.target, o.kind): o for o in IndexOrder.objects.all()}
    return [
        IndexState(
            **_held(name.partition(":")[2]),
            label=target_label(name),
            backlog=behind[name],
            changed_at=last.get(name),
            rebuild=current_rebuild(name),
            rebuild_order=orders.get((name, OrderKind.REBUILD)),
            comparison=orders.get((name, OrderKind.COMPARE)),
            report=reports.get(name),
        )
        for name in names
    ]


def _held(name: str) -> dict[str, Any]:
    engine = engines.get(name)
    documents: int | None = None
    sound = False
    try:
        documents = engine.search(SearchQuery(page_size=1)).total
        sound = not engine.needs_rebuild
    except EngineDown:
        pass
    return {"engine": name, "documents": documents, "sound": sound}


def _unread_files(user: Any) -> dict[str, Any]:
    """Return how many files can't be read, and those that the user may see.

    Each with what is wrong and the item that it belongs to, where there is one.
    """
    failed = FileText.objects.filter(state=TextState.FAILED)
    notes = dict(failed.values_list("sha256", "message"))
    documents = DisclosureDocument.objects.filter(
        sha256__in=failed.order_by().values("sha256")
    )
    policy = policy_registry.get_by_type(DisclosureDocument)
    mine = policy.instances_user_has_any_permission_for(user, ["change", "choose"])
    own = list(documents.filter(pk__in=mine.values("pk")).order_by("-pk")[:FILES_SHOWN])
    used = ItemAttachment.objects.filter(document__in=own).select_related("page")
    items = {row.document_id: row.page for row in used.defer("page__body")}
    return {
        "unread": documents.count(),
        "unread_files": [(d, notes.get(d.sha256, ""), items.get(d.pk)) for d in own],
    }
