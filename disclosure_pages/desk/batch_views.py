"""The pages of a batch review: the table with its decision, and what came of it."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods
from wagtail import hooks
from wagtail.models import Page, TaskState

from cms.numbers import small_int
from cms.services.reviewers import is_reviewer
from disclosure_pages.csv_answers import csv_answer
from disclosure_pages.desk import batch_pieces
from disclosure_pages.desk.batch_review import (
    PER_PAGE,
    Choice,
    outcome_rows,
    rows_of,
    shown_rows,
    unconfirmed,
)
from disclosure_pages.desk.forms import ReviewForm, SecrecyForm
from disclosure_pages.desk.waiting import Waiting, revisions_of
from disclosure_pages.headed_offices import headed_offices
from disclosure_pages.models import ImportBatch

MAX_TOLD = 10  # the others stand in the queue
COLUMNS = ("title", "step", "status", "who", "when", "comment")


@require_http_methods(["GET", "POST"])
def review_batch(request: HttpRequest, batch: uuid.UUID) -> HttpResponse:
    """Show the items of a bulk load that wait here, and decide on them at once."""
    loads = ImportBatch.objects.select_related("user")
    if request.method == "POST":
        loads = loads.select_for_update(of=("self",))
    load = get_object_or_404(loads, uuid=batch)
    if "go_on" in request.POST:
        return _go_on(request, load)
    rows = rows_of(request.user, batch)
    if not rows:
        if request.method == "POST" or reviewed(request, load):
            return redirect("gongkai_review_batch_result", batch)
        raise PermissionDenied
    step = _step(request, rows)
    rows = [row for row in rows if row.state.task_id == step]
    if kept := batch_pieces.pending(load, request.user, step):
        return _progress(request, load, rows[0], kept)
    form_class = SecrecyForm if rows[0].is_secrecy else ReviewForm
    form = form_class(request.POST or None, initial={"revision": 0})
    if request.method == "POST" and form.is_valid():
        answer = _take(request, load, rows, form)
        if answer:
            return answer
    return TemplateResponse(
        request,
        "disclosure_pages/desk/batch_review.html",
        _context(request, load, rows, form),
    )


def reviewed(request: HttpRequest, load: ImportBatch) -> bool:
    """Whether the user loaded this batch, decided on some of it or holds such a step.

    Persons and groups count by what they are, never by a name: names are not unique.
    """
    if load.user_id == request.user.pk:
        return True
    states = TaskState.objects.filter(revision__in=revisions_of(load.uuid))
    if states.filter(finished_by=request.user).exists():
        return True
    first = {state.task_id: state for state in states.select_related("task")}
    return any(
        is_reviewer(state, state.workflow_state.content_object, request.user)
        for state in first.values()
    )


def _step(request: HttpRequest, rows: list[Waiting]) -> int:
    wanted = request.POST.get("step") or request.GET.get("step") or ""
    steps = {row.state.task_id for row in rows}
    if (number := small_int(wanted)) in steps:
        return number
    able = [row for row in rows if not row.hindrance]
    return (able or rows)[0].state.task_id


def _context(
    request: HttpRequest, load: ImportBatch, rows: list[Waiting], form: ReviewForm
) -> dict[str, Any]:
    able = [row for row in rows if not row.hindrance]
    page = Paginator(able, PER_PAGE).get_page(request.GET.get("page"))
    return {
        "batch": load,
        "step": rows[0].state.task,
        "page": page,
        "shown": shown_rows(list(page)),
        "unable": [row for row in rows if row.hindrance],
        "form": form,
        "is_secrecy": rows[0].is_secrecy,
        "excluded": set(request.POST.getlist("exclude")),
        "looked": set(request.POST.getlist("looked")),
    }


def _take(
    request: HttpRequest, load: ImportBatch, rows: list[Waiting], form: ReviewForm
) -> HttpResponse | None:
    """Return the answer to a decision, or None when the form must be shown again."""
    choice = _choice(request, form)
    if choice is None:
        return None
    if conflicts := batch_pieces.conflicts_of(request.user, load, choice):
        return TemplateResponse(
            request,
            "disclosure_pages/desk/batch_conflict.html",
            {"batch": load, "conflicts": conflicts},
            status=409,
        )
    if choice.record and choice.approve and (left := unconfirmed(rows, choice)):
        text = _("这几条的附件还没有提取出文字，请打开看过后在各条里勾选：%(titles)s。")
        form.add_error(None, text % {"titles": "；".join(left[:MAX_TOLD])})
        return None
    step = rows[0].state.task_id
    batch_pieces.keep(load, request.user, step, choice)
    return _piece(request, load, step)


def _go_on(request: HttpRequest, load: ImportBatch) -> HttpResponse:
    """Go on with what was decided; once is enough, however often it is asked."""
    step = small_int(request.POST.get("step", ""))
    if step and batch_pieces.pending(load, request.user, step):
        return _piece(request, load, step)
    return redirect("gongkai_review_batch", load.uuid)


def _piece(request: HttpRequest, load: ImportBatch, step: int) -> HttpResponse:
    kept = batch_pieces.piece(load, request.user, step)
    if not batch_pieces.is_done(kept):
        return redirect(
            f"{reverse('gongkai_review_batch', args=[load.uuid])}?step={step}"
        )
    text = _("通过 %(approved)d 条，退回 %(rejected)d 条，留待单独审查 %(left)d 条。")
    messages.success(request, text % kept)
    for title, reason in kept["conflicts"][:MAX_TOLD]:
        values = {"title": title, "reason": reason}
        messages.warning(request, _("《%(title)s》没有办：%(reason)s") % values)
    left = [row for row in rows_of(request.user, load.uuid) if not row.hindrance]
    name = "gongkai_review_batch" if left else "gongkai_review_batch_result"
    return redirect(name, load.uuid)


def _progress(
    request: HttpRequest, load: ImportBatch, row: Waiting, kept: dict[str, Any]
) -> HttpResponse:
    return TemplateResponse(
        request,
        "disclosure_pages/desk/batch_progress.html",
        {
            "batch": load,
            "step": row.state.task,
            "done": kept["next"],
            "total": len(kept["items"]),
        },
    )


def _choice(request: HttpRequest, form: ReviewForm) -> Choice | None:
    approve = request.POST.get("decision") == "approve"
    excluded = frozenset(_numbers(request.POST.getlist("exclude")))
    reject = request.POST.get("excluded_are") == "reject"
    comment = form.cleaned_data["comment"].strip()
    secrecy = isinstance(form, SecrecyForm)
    if secrecy and approve and form.unanswered():
        text = _("还没有逐项确认：%(items)s。")
        form.add_error(None, text % {"items": "；".join(form.unanswered())})
        return None
    if (not approve or (reject and excluded)) and not comment:
        form.add_error("comment", _("退回时请写明原因，起草人会逐字看到。"))
        return None
    shown = [_token(value) for value in request.POST.getlist("shown")]
    pairs = [pair for pair in shown if pair]
    if not pairs or len(pairs) > PER_PAGE or len(pairs) != len(shown):
        form.add_error(None, _("请重新打开这一页，再作决定。"))
        return None
    return Choice(
        pairs,
        approve=approve,
        excluded=excluded,
        reject_excluded=reject,
        looked=frozenset(_numbers(request.POST.getlist("looked"))),
        comment=comment,
        record=form.record(approve=True) if secrecy else None,
        refusal=form.record(approve=False) if secrecy else None,
    )


def _token(value: str) -> tuple[int, int] | None:
    state, _colon, revision = value.partition(":")
    pair = small_int(state), small_int(revision)
    return None if None in pair else pair


def _numbers(values: list[str]) -> list[int]:
    return [number for number in map(small_int, values) if number is not None]


@require_GET
def batch_result(request: HttpRequest, batch: uuid.UUID) -> HttpResponse:
    """Show every decision on the batch, a row per item and step; also as CSV."""
    load = get_object_or_404(ImportBatch, uuid=batch)
    every = load.user_id == request.user.pk
    every = every or request.user.has_perm("disclosure_pages.withdraw_item")
    if not (every or reviewed(request, load) or rows_of(request.user, batch)):
        raise PermissionDenied
    rows = outcome_rows(batch, None if every else _own_pages(request.user, batch))
    if request.GET.get("format") == "csv":
        return _csv(load, rows)
    page = Paginator(rows, 200).get_page(request.GET.get("page"))
    return TemplateResponse(
        request,
        "disclosure_pages/desk/batch_result.html",
        {"batch": load, "page": page},
    )


def _own_pages(user: Any, batch: uuid.UUID) -> set[str]:
    """Return the pages of a batch that a reviewer had or has in hand, or heads."""
    states = TaskState.objects.filter(revision__in=revisions_of(batch))
    acted = states.filter(Q(finished_by=user) | Q(countersignatures__user=user))
    keys = set(acted.values_list("workflow_state__object_id", flat=True))
    keys |= {str(row.page.pk) for row in rows_of(user, batch)}
    if offices := tuple(headed_offices(user).values()):
        every = states.values_list("workflow_state__object_id", flat=True)
        pages = Page.objects.filter(pk__in={int(pk) for pk in every})
        keys |= {str(page.pk) for page in pages if page.path.startswith(offices)}
    return keys


def _csv(load: ImportBatch, rows: list[dict[str, str]]) -> HttpResponse:
    head = (_("标题"), _("步骤"), _("结果"), _("办理人"), _("时间"), _("意见"))
    cells = ([row[key] for key in COLUMNS] for row in rows)
    return csv_answer(f"review-{load.uuid.hex[:8]}.csv", head, cells)


@hooks.register("register_admin_urls")
def batch_urls() -> list[URLPattern]:
    return [
        path("review/batch/<uuid:batch>/", review_batch, name="gongkai_review_batch"),
        path(
            "review/batch/<uuid:batch>/result/",
            batch_result,
            name="gongkai_review_batch_result",
        ),
    ]
