"""待我审查: what waits, what others have in hand, and for its manager all of it."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cms.models import Priority
from cms.people import person_name
from cms.services.duties import MANAGE
from cms.workdays import WorkCalendar
from disclosure_pages.desk.duty_time import TimeLeft, time_left
from disclosure_pages.desk.waiting import Waiting, WaitingBatch, grouped, waiting_for

PER_PAGE = 50
FAR = dt.datetime.max.replace(tzinfo=dt.UTC)


@dataclass(frozen=True)
class Entry:
    """One line of the queue: a step of one page, or of a whole bulk load."""

    title: str
    url: str
    row: Waiting  # of a bulk load the most pressing one
    left: TimeLeft
    who: str
    is_batch: bool = False
    may_claim: bool = False
    may_hand_over: bool = False

    @property
    def level(self) -> str:
        """The priority in words, "" for the usual one."""
        duty = self.row.duty
        usual = duty is None or duty.priority == Priority.NORMAL
        return "" if usual else duty.get_priority_display()

    @property
    def assignee(self) -> str:
        """Who has it in hand, "" when nobody has."""
        duty = self.row.duty
        return person_name(duty.assignee) if duty and duty.assignee else ""


class Queue:
    """The steps that one user sees, in views that he may choose."""

    def __init__(self, user: Any) -> None:
        self.user = user
        self.manages = user.has_perm(MANAGE)
        self.rows = waiting_for(user, everything=self.manages)
        self.calendar, self.now = WorkCalendar.load(), timezone.now()

    @cached_property
    def views(self) -> dict[str, tuple[str, list[Waiting]]]:
        """The views by name, each with its label and rows."""
        found = {
            "mine": (_("等我审查"), [row for row in self.rows if not row.hindrance]),
            "others": (_("由他人承办"), [row for row in self.rows if row.elsewhere]),
        }
        if self.manages:
            found["all"] = (_("全部在审"), self.rows)
        return found

    def waiting(self, view: str, step: str = "") -> list[Waiting | WaitingBatch]:
        """Return what a view shows, the most pressing first.

        Args:
            step: only this step, by the key of its task.
        """
        rows = self.views[view][1]
        if step:
            rows = [row for row in rows if str(row.state.task_id) == step]
        batches, single = grouped(rows) if view == "mine" else ([], rows)
        return sorted([*batches, *single], key=lambda one: _pressing(_first(one)))

    def entry(self, one: Waiting | WaitingBatch, view: str) -> Entry:
        """Return the line of a step or of a bulk load."""
        if isinstance(one, WaitingBatch):
            return self._batch(one)
        return self._single(one, view)

    def steps(self, view: str) -> list[tuple[int, str, int]]:
        """Return the steps of a view: key, name and how many wait there."""
        counts: dict[tuple[int, str], int] = {}
        for row in self.views[view][1]:
            key = (row.state.task_id, row.state.task.name)
            counts[key] = counts.get(key, 0) + 1
        return [(pk, name, n) for (pk, name), n in sorted(counts.items())]

    def _batch(self, entry: WaitingBatch) -> Entry:
        first = _first(entry)
        text = _("批量导入：%(file)s（%(n)d 条，一次审查）")
        return Entry(
            text % {"file": entry.batch.file_name, "n": len(entry.rows)},
            reverse("gongkai_review_batch", args=[entry.batch.uuid]),
            first,
            time_left(first.duty, self.calendar, self.now),
            person_name(entry.batch.user),
            is_batch=True,
        )

    def _single(self, row: Waiting, view: str) -> Entry:
        name = "gongkai_review" if row.mine else "gongkai_hand_over"
        free = row.duty is not None and row.duty.assignee_id is None
        return Entry(
            row.title,
            reverse(name, args=[row.state.pk]),
            row,
            time_left(row.duty, self.calendar, self.now),
            person_name(row.state.workflow_state.requested_by),
            may_claim=view == "mine" and free,
            may_hand_over=row.duty is not None and (row.mine or self.manages),
        )


def _first(one: Waiting | WaitingBatch) -> Waiting:
    """Return the most pressing row of a bulk load, or the row itself."""
    return min(one.rows, key=_pressing) if isinstance(one, WaitingBatch) else one


def _pressing(row: Waiting) -> tuple:
    if row.duty is None:
        return (0, FAR, row.state.pk)
    return (-row.duty.priority, row.duty.due_at, row.state.pk)


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """List what waits for this reviewer, the most pressing first, page by page."""
    found = Queue(request.user)
    view = request.GET.get("view", "")
    if view not in found.views:
        view = "mine" if found.views["mine"][1] or not found.manages else "all"
    step = request.GET.get("step", "")
    waiting = found.waiting(view, step)
    page = Paginator(waiting, PER_PAGE).get_page(request.GET.get("p"))
    return TemplateResponse(
        request,
        "disclosure_pages/desk/queue.html",
        {
            "page": page,
            "entries": [found.entry(one, view) for one in page.object_list],
            "view": view,
            "views": [(name, *pair) for name, pair in found.views.items()],
            "step": step,
            "steps": found.steps(view),
        },
    )
