"""The sections that items, reviews, the catalogue and readers' notes give."""

import datetime as dt
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Exists, IntegerField, Max, OuterRef, Q
from django.db.models.functions import Cast, Substr
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.models import Page, WorkflowState

from cms.models import Priority
from cms.people import person_name
from cms.workdays import WorkCalendar
from disclosure_pages.choices import FeedbackStatus
from disclosure_pages.desk.due import Due, due_items, late
from disclosure_pages.desk.duty_time import flagged, time_left
from disclosure_pages.desk.selectors import waiting_on
from disclosure_pages.desk.today import (
    LISTED,
    Line,
    Section,
    address,
    calendar_of,
    first_rows,
    register_section,
    scope_of,
)
from disclosure_pages.desk.waiting import Waiting, grouped
from disclosure_pages.models import (
    CatalogueEntry,
    DisclosureItemPage,
    Feedback,
    OfficeIndexPage,
    Subcategory,
)

QUIET_WEEKS = 8


@register_section("sent-back")
def sent_back(request: HttpRequest) -> Section | None:
    """退回给您修改: with what the reviewer wrote."""
    states, count = _mine(request, WorkflowState.STATUS_NEEDS_CHANGES)
    pages = _pages_of(states)
    lines = []
    for state in states:
        page = pages.get(state.object_id)
        step = state.current_task_state
        if page is None or step is None:
            continue
        lines.append(
            Line(
                page.draft_title,
                _go_on(page),
                quote=step.comment,
                quote_by=_signed(step),
                action=_("打开修改"),
            )
        )
    if not lines:
        return None
    return Section("sent-back", _("退回给您修改"), count, lines, order=10, urgent=True)


@register_section("waiting")
def waiting(request: HttpRequest) -> Section | None:
    """等您审查: a bulk load is one entry."""
    rows = waiting_on(request)
    if not rows:
        return None
    batches, single = grouped(rows)
    lines = [
        Line(
            _("批量导入：%(file)s") % {"file": entry.batch.file_name},
            reverse("gongkai_review_batch", args=[entry.batch.uuid]),
            note=_("%(count)d 条，一次审查") % {"count": len(entry.rows)},
            action=_("去审查"),
        )
        for entry in batches
    ]
    pressing = [_waiting_line(row, calendar_of(request)) for row in single]
    if single and pressing[0].tone == "emergency":
        lines = pressing + lines
    else:
        lines += pressing
    url = reverse("gongkai_review_queue")
    return Section(
        "waiting", _("等您审查"), len(rows), lines, order=20, url=url, urgent=True
    )


def _waiting_line(row: Waiting, calendar: WorkCalendar) -> Line:
    left = time_left(row.duty, calendar, timezone.now())
    words = {
        "step": row.state.task.name,
        "who": _name(row.state.workflow_state.requested_by),
        "day": _day(row.state.workflow_state.created_at),
    }
    return Line(
        row.title,
        reverse("gongkai_review", args=[row.state.pk]),
        note=_("%(step)s，%(who)s %(day)s 送审") % words,
        flag=flagged(row.duty, left),
        tone=left.tone,
        action=_("去审查"),
    )


@register_section("due")
def due(request: HttpRequest) -> Section | None:
    """快到期和超期: working days left until they have to be public."""
    scope = scope_of(request)
    if not scope.offices:
        return None
    found = due_items(scope.items(), calendar=calendar_of(request))
    if not found:
        return None
    counts = {"late": late(found), "soon": len(found) - late(found)}
    return Section(
        "due",
        _("公开期限"),
        len(found),
        [_due_line(one) for one in found],
        order=30,
        urgent=True,
        explain=_("超期 %(late)d，5 个工作日内到期 %(soon)d") % counts,
    )


def _due_line(one: Due) -> Line:
    if one.left < 0:
        flag, tone = _("超期 %(days)d 个工作日") % {"days": -one.left}, "late"
    elif one.left == 0:
        flag, tone = _("今天到期"), "now"
    else:
        flag, tone = _("还剩 %(days)d 个工作日") % {"days": one.left}, ""
    made = {"day": one.day.isoformat(), "made": one.item.date_made.isoformat()}
    note = _("应于 %(day)s 前公开，成文 %(made)s") % made
    title = one.item.draft_title or one.item.title
    return Line(title, _edit(one.item), note, flag, tone, action=_("去办理"))


@register_section("drafts")
def drafts(request: HttpRequest) -> Section | None:
    """我的草稿: begun and not submitted."""
    user = request.user
    active = WorkflowState.objects.active().filter(
        base_content_type=ContentType.objects.get_for_model(Page)
    )
    busy = active.annotate(on_page=Cast("object_id", IntegerField())).values("on_page")
    taken_back = DisclosureItemPage.objects.filter(withdrawn_at__isnull=False)
    pages = (
        Page.objects.filter(Q(owner=user) | Q(latest_revision__user=user))
        .filter(has_unpublished_changes=True)
        .exclude(pk__in=busy)
        .exclude(pk__in=taken_back.values("pk"))
        .order_by("-latest_revision_created_at", "-pk")
    )
    found, count = first_rows(pages)
    if not count:
        return None
    lines = [
        Line(
            page.draft_title or page.title,
            _go_on(page),
            note=_("%(day)s 改过") % {"day": _day(page.latest_revision_created_at)},
            action=_("继续"),
        )
        for page in found
    ]
    return Section("drafts", _("我的草稿"), count, lines, order=40)


@register_section("in-review")
def in_review(request: HttpRequest) -> Section | None:
    """我送审的: at which step they are."""
    states, count = _mine(request, WorkflowState.STATUS_IN_PROGRESS)
    pages = _pages_of(states)
    lines = []
    for state in states:
        page, step = pages.get(state.object_id), state.current_task_state
        if page is None or step is None:
            continue
        duty = getattr(step, "duty", None)
        hurried = duty is not None and duty.priority > Priority.NORMAL
        left = time_left(duty, calendar_of(request), timezone.now())
        where = {"step": step.task.name, "day": _day(step.started_at)}
        lines.append(
            Line(
                page.draft_title,
                reverse("wagtailadmin_pages:history", args=[page.pk]),
                note=_("正在%(step)s，%(day)s 起") % where,
                flag=flagged(duty, left) if hurried else "",
                tone=left.tone if hurried else "",
                action=_("加急"),
                action_url=reverse("gongkai_priority", args=[page.pk]),
            )
        )
    if not lines:
        return None
    return Section("in-review", _("您送审的，正在审查"), count, lines, order=50)


@register_section("gaps")
def gaps(request: HttpRequest) -> Section | None:
    """还没有公开的: what the catalogue demands and nobody has published."""
    scope = scope_of(request)
    if not scope.offices:
        return None
    public = DisclosureItemPage.objects.filter(live=True)
    entries = CatalogueEntry.objects.filter(enabled=True)
    if not scope.everywhere:
        entries = entries.filter(office__in=[page.office_id for page in scope.offices])
    entries = entries.exclude(
        Exists(public.filter(catalogue_entry=OuterRef("pk")))
    ).order_by("field", "number", "code")
    lines = []
    if scope.everywhere:
        subcategories = Subcategory.objects.filter(enabled=True, obligatory=True)
        subcategories = subcategories.exclude(
            Exists(public.filter(subcategory=OuterRef("pk")))
        )
        lines += [
            Line(row.name, publish_url(scope.offices), row.basis, action=_("去发布"))
            for row in subcategories
        ]
    found, count = first_rows(entries)
    count += len(lines)
    lines += [
        Line(str(row), publish_url(scope.offices), row.field, action=_("去发布"))
        for row in found
    ]
    if not count:
        return None
    explain = _("目录要求公开、现在还没有内容的事项")
    return Section(
        "gaps", _("还缺的"), count, lines, order=70, aside=True, explain=explain
    )


@register_section("quiet")
def quiet(request: HttpRequest) -> Section | None:
    """很久没有更新的科室: nothing for eight weeks."""
    scope = scope_of(request)
    if not scope.offices:
        return None
    newest = _newest(scope.offices)
    since = timezone.localdate() - dt.timedelta(weeks=QUIET_WEEKS)
    lines = []
    for page in scope.offices:
        last = newest.get(page.pk)
        if last and last >= since:
            continue
        note = _("最近一次 %(day)s") % {"day": last} if last else _("还没有公开过信息")
        url = reverse("wagtailadmin_explore", args=[page.pk])
        lines.append(Line(page.title, url, note))
    if not lines:
        return None
    explain = _("%(weeks)d 周没有公开新信息的科室") % {"weeks": QUIET_WEEKS}
    return Section(
        "quiet", _("很久没有更新"), len(lines), lines, 80, aside=True, explain=explain
    )


def _newest(offices: list[OfficeIndexPage]) -> dict[int, dt.date]:
    """Return the day of each office's newest public item; one query."""
    steplen = Page.steplen
    length = len(offices[0].path)
    rows = (
        Page.objects.filter(live=True, depth=offices[0].depth + 1)
        .filter(path__startswith=offices[0].path[:-steplen])
        .annotate(office_path=Substr("path", 1, length))
        .order_by()
        .values("office_path")
        .annotate(newest=Max("disclosureitempage__date_published"))
    )
    by_path = {row["office_path"]: row["newest"] for row in rows}
    return {page.pk: by_path[page.path] for page in offices if by_path.get(page.path)}


@register_section("feedback")
def feedback(request: HttpRequest) -> Section | None:
    """读者纠错: new notes, for whoever answers for the whole site."""
    url = address("gongkai_feedback", "wagtailsnippets_disclosure_pages_feedback:list")
    if not scope_of(request).everywhere:
        return None
    notes = Feedback.objects.filter(status=FeedbackStatus.NEW)
    found, count = first_rows(notes.order_by("created_at"))
    if not count:
        return None
    lines = [
        Line(
            note.page_title or note.page_url, url, note.text[:80], _day(note.created_at)
        )
        for note in found
    ]
    return Section(
        "feedback", _("读者指出的错误"), count, lines, order=60, url=url, urgent=True
    )


def publish_url(offices: list[OfficeIndexPage]) -> str:
    """Return where an item is begun: the five screens, else the full editor.

    Nowhere ("") for who may write in no office.
    """
    url = address("gongkai_publish") if offices else ""
    if url or not offices:
        return url
    if len(offices) > 1:
        return reverse("wagtailadmin_explore", args=[offices[0].get_parent().pk])
    return reverse(
        "wagtailadmin_pages:add",
        args=["disclosure_pages", "disclosureitempage", offices[0].pk],
    )


def _mine(request: HttpRequest, status: str) -> tuple[list[WorkflowState], int]:
    """Return reviews that the user asked for, in this state, and their number."""
    found: list[WorkflowState] | None = getattr(request, "_gongkai_asked_for", None)
    states = WorkflowState.objects.active().filter(
        requested_by=request.user,
        base_content_type=ContentType.objects.get_for_model(Page),
    )
    if found is None:
        rows = states.select_related(
            "current_task_state__task",
            "current_task_state__finished_by",
            "current_task_state__duty",
        ).order_by("-status", "-created_at", "-pk")
        found = request._gongkai_asked_for = list(rows[: 2 * LISTED])
    mine = [state for state in found if state.status == status]
    cut = len(found) == 2 * LISTED
    count = states.filter(status=status).count() if cut else len(mine)
    return mine[:LISTED], count


def _pages_of(states: list[WorkflowState]) -> dict[str, Page]:
    ids = [state.object_id for state in states]
    return {str(page.pk): page for page in Page.objects.filter(pk__in=ids)}


def _edit(page: Page) -> str:
    return reverse("wagtailadmin_pages:edit", args=[page.pk])


def _name(user: Any) -> str:
    return person_name(user) if user else ""


def _signed(step: Any) -> str:
    day = _day(step.finished_at)
    return f"{step.task.name} {_name(step.finished_by)} {day}"


def _day(moment: dt.datetime | None) -> str:
    return f"{timezone.localtime(moment):%m-%d %H:%M}" if moment else ""


def _go_on(page: Page) -> str:
    """Return where a draft goes on: for a new item the wizard, at its next screen."""
    if page.first_published_at or page.specific_class is not DisclosureItemPage:
        return _edit(page)
    return reverse("gongkai_publish_resume", args=[page.pk])
