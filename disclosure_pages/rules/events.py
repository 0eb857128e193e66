"""What happens here, and what it happened to of late (for the dry run)."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page, TaskState, WorkflowState

from cms.models import ReviewDuty
from disclosure_pages.models import DisclosureDocument, Feedback
from disclosure_pages.models.base import ModeratedPage
from disclosure_pages.rules import subjects
from disclosure_pages.rules.registry import Event, Subject, register_event
from disclosure_pages.rules.steps import SUBMITTED

STEP_APPROVED = "step_approved"
SENT_BACK = "sent_back"
PUBLISHED = "published"
WITHDRAWN = "withdrawn"
OVERDUE = "overdue"
FILE_ADDED = "file_added"
FEEDBACK = "feedback_received"


def _known(found: Iterable[Subject | None]) -> Iterator[Subject]:
    return (subject for subject in found if subject is not None)


def _submitted(since: dt.datetime) -> Iterator[Subject]:
    pages = ContentType.objects.get_for_model(Page)
    states = WorkflowState.objects.filter(
        base_content_type=pages, created_at__gte=since
    )
    return _known(map(subjects.of_workflow, states.order_by("-created_at").iterator()))


def _decided(status: str) -> Callable[[dt.datetime], Iterator[Subject]]:
    def recent(since: dt.datetime) -> Iterator[Subject]:
        states = TaskState.objects.filter(status=status, finished_at__gte=since)
        states = states.exclude(revision=None).order_by("-finished_at")
        return _known(map(subjects.of_state, states.iterator()))

    return recent


def _published(since: dt.datetime) -> Iterator[Subject]:
    pages = Page.objects.live().filter(last_published_at__gte=since)
    found = pages.order_by("-last_published_at").specific()
    return _known(map(subjects.of_page, found.iterator()))


def _withdrawn(since: dt.datetime) -> Iterator[Subject]:
    for model in apps.get_models():
        if issubclass(model, ModeratedPage):
            pages = model.objects.filter(withdrawn_at__gte=since)
            yield from _known(map(subjects.of_page, pages.iterator()))


def _overdue(since: dt.datetime) -> Iterator[Subject]:
    duties = ReviewDuty.objects.filter(escalated_at__gte=since)
    duties = duties.select_related("task_state").order_by("-escalated_at")
    states = (duty.task_state for duty in duties.iterator())
    return _known(map(subjects.of_state, states))


def _files(since: dt.datetime) -> Iterator[Subject]:
    files = DisclosureDocument.objects.filter(created_at__gte=since)
    files = files.select_related("collection").order_by("-created_at")
    return map(subjects.of_document, files.iterator())


def _feedback(since: dt.datetime) -> Iterator[Subject]:
    notes = Feedback.objects.filter(created_at__gte=since)
    return map(subjects.of_feedback, notes.iterator())


for code, label, recent in (
    (SUBMITTED, _("提交审查时"), _submitted),
    (STEP_APPROVED, _("一步审查通过时"), _decided(TaskState.STATUS_APPROVED)),
    (SENT_BACK, _("退回修改时"), _decided(TaskState.STATUS_REJECTED)),
    (PUBLISHED, _("公开时"), _published),
    (WITHDRAWN, _("撤回时"), _withdrawn),
    (OVERDUE, _("审查超期时"), _overdue),
    (FILE_ADDED, _("上传附件时"), _files),
    (FEEDBACK, _("收到纠错时"), _feedback),
):
    register_event(Event(code, label, recent))
