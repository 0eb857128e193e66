"""The pages of a bulk load: upload, dry run and confirmation, pieces, result, undo."""

import tempfile
import uuid
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from disclosure_pages.bulk.template import write_template
from disclosure_pages.csv_answers import csv_answer
from disclosure_pages.desk.loading import storing
from disclosure_pages.desk.loading.checking import ERROR, Allowed, check_batch
from disclosure_pages.desk.loading.forms import LoadForm
from disclosure_pages.desk.loading.running import Importer, Undoer, in_review
from disclosure_pages.desk.today import Scope, scope_of
from disclosure_pages.models import ImportBatch

State = ImportBatch.State
PER_PAGE = 100
WORDS = {
    "new": gettext_lazy("新增"),
    "update": gettext_lazy("更新"),
    "same": gettext_lazy("没有变化"),
    "error": gettext_lazy("有误，不导入"),
    "submitted": gettext_lazy("已送审"),
    "draft": gettext_lazy("已存为草稿"),
    "failed": gettext_lazy("没有写入"),
    "undone": gettext_lazy("已撤销"),
    "kept": gettext_lazy("没有撤销"),
}
FILTERS = {
    "error": {"error", "failed"},
    "new": {"new"},
    "update": {"update"},
    "kept": {"kept"},
}


def _scope(request: HttpRequest) -> Scope:
    scope = scope_of(request)
    if not scope.offices:
        raise PermissionDenied
    return scope


def _batch(request: HttpRequest, key: uuid.UUID, *, lock: bool = False) -> ImportBatch:
    """Return the batch, for whoever loaded it or answers for all offices."""
    scope = _scope(request)
    batches = ImportBatch.objects.exclude(file="")
    if lock:
        batches = batches.select_for_update()
    batch = get_object_or_404(batches, uuid=key)
    if batch.user_id != request.user.pk and not scope.everywhere:
        raise PermissionDenied
    return batch


def _allowed(request: HttpRequest, default: str) -> Allowed:
    return Allowed(_scope(request).offices, default)


@require_http_methods(["GET", "POST"])
def load(request: HttpRequest) -> HttpResponse:
    """Take a file; list earlier loads."""
    scope = _scope(request)
    form = LoadForm(request.POST or None, request.FILES or None, offices=scope.offices)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        batch = ImportBatch(
            user=request.user,
            file_name=Path(file.name).name[-200:],
            source=f"desk:{form.cleaned_data['office']}",
            state=State.CHECKED,
        )
        ending = Path(file.name).suffix.lower()
        batch.file.save(f"{batch.uuid.hex}{ending}", file, save=True)
        return redirect("gongkai_load_batch", batch.uuid)
    earlier = ImportBatch.objects.exclude(file="").select_related("user")
    if not scope.everywhere:
        earlier = earlier.filter(user=request.user)
    return TemplateResponse(
        request,
        "disclosure_pages/desk/load_upload.html",
        {"form": form, "earlier": earlier.defer("report")[:20], "scope": scope},
    )


@require_GET
def template(request: HttpRequest) -> HttpResponseBase:
    """Give the template to fill in."""
    _scope(request)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.xlsx"
        write_template(path)
        content = path.open("rb")
    return FileResponse(content, as_attachment=True, filename="信息加载模板.xlsx")


@require_GET
def load_batch(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Show the dry run, the progress or the result, whichever the batch is at.

    The first visit checks the file: in a GET, because an unsafe request of the desk
    holds the write lock from its first moment to its last.
    """
    batch = _batch(request, key)
    if batch.state == State.CHECKED and not batch.report:
        default = batch.source.removeprefix("desk:")
        check_batch(batch, _allowed(request, default))
    report = batch.report
    rows = report.get("results", [])
    shown = request.GET.get("show", "")
    wanted = FILTERS.get(shown)
    listed = [row for row in rows if not wanted or _status(row) in wanted]
    page = Paginator(listed, PER_PAGE).get_page(request.GET.get("page"))
    for row in page:
        row["status"] = WORDS[_status(row)]
        row["bad"] = _status(row) in ("error", "failed", "kept")
    counts = dict.fromkeys(WORDS, 0)
    for row in rows:
        counts[_status(row)] += 1
    return TemplateResponse(
        request,
        "disclosure_pages/desk/load_batch.html",
        {
            "batch": batch,
            "report": report,
            "page": page,
            "counts": counts,
            "show": shown,
            "extra": f"&show={shown}" if shown else "",
            "good": counts["new"] + counts["update"],
            "own": batch.user_id == request.user.pk,
            "in_review": in_review(batch) if batch.state == State.DONE else 0,
            **_progress(batch, rows),
        },
    )


def _progress(batch: ImportBatch, rows: list[dict[str, Any]]) -> dict[str, Any]:
    undoing = batch.report.get("doing") == "undo"
    running = batch.state == State.RUNNING
    over = {"undone", "kept", "failed", "same"} if undoing else None
    good = [row for row in rows if row["what"] != ERROR]
    done = sum(_status(row) in over for row in good) if over else 0
    if not undoing:
        done = batch.report.get("next", 0)
    return {
        "running": running,
        "undoing": undoing,
        "done": done,
        "total": len(good),
        "action": "undo" if undoing else "import",
    }


def _status(row: dict[str, Any]) -> str:
    return row.get("done") or row["what"]


@require_POST
def run(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Do one piece of the import or of its undoing; the page asks for the next."""
    batch = _batch(request, key, lock=True)
    action = request.POST.get("action")
    if action == "discard" and batch.state == State.CHECKED:
        storing.clear(batch)
        batch.file.delete(save=False)
        batch.delete()
        messages.success(request, _("已放弃，什么都没有写入。"))
        return redirect("gongkai_load")
    if action == "import" and batch.user_id != request.user.pk:
        raise PermissionDenied  # they become the loader's drafts, in his name
    undoing = batch.report.get("doing") == "undo"
    try:
        if action == "import" and _may_import(batch, undoing=undoing):
            default = batch.report.get("default", "")
            Importer(batch, _allowed(request, default)).piece()
        elif action == "undo" and (batch.state == State.DONE or undoing):
            Undoer(batch, request.user).piece()
        else:
            messages.warning(request, _("这一批已经办过了，没有再做。"))
    except storing.Gone:
        messages.error(request, _("检查过的内容已清理。请重新上传这个文件。"))
    return redirect("gongkai_load_batch", key)


def _may_import(batch: ImportBatch, *, undoing: bool) -> bool:
    if undoing or batch.report.get("fatal") or "results" not in batch.report:
        return False
    return batch.state in (State.CHECKED, State.RUNNING)


@require_GET
def table(request: HttpRequest, key: uuid.UUID, which: str) -> HttpResponse:
    """Give all rows, or the faults with their cells, as CSV."""
    batch = _batch(request, key)
    name = f"load-{batch.uuid.hex[:8]}-{which}.csv"
    if which == "errors":
        head = (_("行"), _("列"), _("内容"), _("原因"))
        columns = ("row", "column", "value", "reason")
        faults = batch.report.get("problems", [])
        return csv_answer(name, head, ([f[key] for key in columns] for f in faults))
    head = (_("行"), _("标题"), _("结果"), _("说明"))
    return csv_answer(name, head, map(_cells, batch.report.get("results", [])))


def _cells(row: dict[str, Any]) -> tuple[Any, ...]:
    changes = [f"{c['field']}：{c['old']}→{c['new']}" for c in row.get("changes", ())]
    why = "；".join([*row.get("why", ()), row.get("undone", ""), *changes])
    return row["row"], row["title"], WORDS[_status(row)], why.strip("；")
