"""Packages and receipts on the desk: see, fetch, hand in, export again."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe
from wagtail.log_actions import log

from disclosure_pages.public_state import PUBLISHED, publicly_visible

from ..choices import CHANGE, target_label
from ..models import OutboxEntry, TemplateBatch, TemplateReceipt, TemplateRow
from ..selectors import UNNAMED, titles
from ..wake import wake
from .fields import FIELDS, default_columns
from .inbox import tell
from .receipts import ENDINGS, read_receipt
from .shelves import template_shelves

MAX_UPLOAD = 5 * 1024 * 1024
PER_PAGE = 50
Result = TemplateRow.Result


def may_see(user: Any) -> bool:
    """Whether somebody may see the packages: whoever may see the outbox."""
    return any(
        user.has_perm(f"gongkai_tasks.{verb}_outboxentry")
        for verb in ("view", "change")
    )


def _portals() -> list[tuple[str, str]]:
    return [
        (shelf.portal, target_label(f"portal:{shelf.portal}"))
        for shelf in template_shelves()
    ]


class ReceiptForm(forms.Form):
    """A receipt file that came back from a portal."""

    portal = forms.ChoiceField(label=gettext_lazy("哪个门户"), choices=_portals)
    file = forms.FileField(
        label=gettext_lazy("回执文件"),
        help_text=gettext_lazy("填好的回执表.xlsx，或者门户给的 .xlsx、.csv 文件。"),
        widget=forms.FileInput({"accept": ",".join(ENDINGS)}),
    )

    def clean_file(self) -> UploadedFile:
        """Bound what is read while others wait to write."""
        file = self.cleaned_data["file"]
        if file.size > MAX_UPLOAD:
            raise ValidationError(_("文件超过 5 MB。"))
        return file


@require_safe
def batches(request: HttpRequest) -> HttpResponse:
    """List the packages with what was answered, and the receipts."""
    if not may_see(request.user):
        raise PermissionDenied
    return _list(request, ReceiptForm())


def _list(request: HttpRequest, form: ReceiptForm) -> HttpResponse:
    rows = TemplateBatch.objects.exclude(written_at=None).annotate(
        total=Count("rows"),
        waiting=Count(
            "rows", filter=Q(rows__result=Result.WAITING, rows__removed_at=None)
        ),
        accepted=Count("rows", filter=Q(rows__result=Result.ACCEPTED)),
        refused=Count("rows", filter=Q(rows__result=Result.REFUSED)),
    )
    rows = rows.order_by("-pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("p"))
    for batch in page:
        batch.place = target_label(f"portal:{batch.portal}")
    receipts = list(TemplateReceipt.objects.select_related("user")[:20])
    for receipt in receipts:
        receipt.place = target_label(f"portal:{receipt.portal}")
    context = {
        "page": page,
        "form": form,
        "receipts": receipts,
        "portals": _portals(),
        "may_change": request.user.has_perm(CHANGE),
    }
    return TemplateResponse(request, "tasks/desk/batches.html", context)


@require_safe
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one package, item by item."""
    if not may_see(request.user):
        raise PermissionDenied
    found = get_object_or_404(TemplateBatch.objects.exclude(written_at=None), pk=pk)
    rows = list(found.rows.all())
    names = titles({row.key for row in rows}, request.user)
    for row in rows:
        row.title = names.get(row.key, UNNAMED)
    context = {
        "batch": found,
        "place": target_label(f"portal:{found.portal}"),
        "rows": rows,
        "refused": any(row.result == Result.REFUSED for row in rows),
        "may_change": request.user.has_perm(CHANGE),
    }
    return TemplateResponse(request, "tasks/desk/batch.html", context)


@require_safe
def official_template(request: HttpRequest) -> HttpResponse:
    """Show the columns that a portal without a template of its own gets."""
    if not may_see(request.user):
        raise PermissionDenied
    names = dict(FIELDS)
    columns = [{"plan": plan, "field": names[plan.field]} for plan in default_columns()]
    return TemplateResponse(
        request, "tasks/desk/official_template.html", {"columns": columns}
    )


@require_safe
@permission_required(CHANGE, raise_exception=True)
def download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Give the package, unless something in it may not be shown any more."""
    found = get_object_or_404(TemplateBatch.objects.exclude(written_at=None), pk=pk)
    shelf = next((s for s in template_shelves() if s.portal == found.portal), None)
    path = shelf.batches / found.name if shelf else None
    if path is None or not path.exists():
        messages.error(request, _("这一批的文件已经不在导出文件夹里了。"))
        return redirect("gongkai_batch", pk)
    rows = found.rows.filter(state=PUBLISHED, removed_at=None)
    keys = set(rows.values_list("key", flat=True))
    if keys - publicly_visible(keys):
        text = _("这一批里有已经撤下的信息，不要再报送；请用新的批次。")
        messages.error(request, text)
        return redirect("gongkai_batch", pk)
    return FileResponse(
        _packed(path), as_attachment=True, filename=f"{found.portal}-{path.stem}.zip"
    )


def _packed(path: Path) -> Any:
    """Return the package as an open zip file."""
    if path.is_file():
        return path.open("rb")
    with tempfile.TemporaryDirectory() as folder:
        packed = shutil.make_archive(str(Path(folder) / "package"), "zip", path)
        return Path(packed).open("rb")


@require_POST
@permission_required(CHANGE, raise_exception=True)
def hand_in(request: HttpRequest) -> HttpResponse:
    """Read a receipt that somebody uploads, and say what it settled."""
    form = ReceiptForm(request.POST, request.FILES)
    if not form.is_valid():
        return _list(request, form)
    file = form.cleaned_data["file"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / (Path(file.name).name[-100:] or "receipt")
        path.write_bytes(file.read())
        receipt = read_receipt(form.cleaned_data["portal"], path, user=request.user)
    tell(receipt)
    text = _(
        "已读回执：接收 %(accepted)d 条，退回 %(refused)d 条，对不上 %(n)d 行。"
    ) % {
        "accepted": receipt.accepted,
        "refused": receipt.refused,
        "n": len(receipt.problems),
    }
    say = messages.warning if receipt.problems or receipt.refused else messages.success
    say(request, text)
    return redirect("gongkai_batches")


@require_POST
@permission_required(CHANGE, raise_exception=True)
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Export what the portal refused once more, as a new version."""
    found = get_object_or_404(TemplateBatch, pk=pk)
    rows = found.rows.filter(result=Result.REFUSED)
    held = dict(rows.values_list("key", "version"))
    target = f"portal:{found.portal}"
    if held:
        OutboxEntry.heal(target, held)
    for row in OutboxEntry.objects.filter(target=target, key__in=held):
        log(instance=row, action="gongkai.retry", user=request.user)
    wake()
    text = _("将重新导出 %(n)d 条。") % {"n": len(held)}
    messages.success(request, text)
    return redirect("gongkai_batches")
