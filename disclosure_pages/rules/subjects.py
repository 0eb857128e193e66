"""What an event happened to, as rules see it."""

from typing import Any

from django.urls import reverse
from wagtail.models import Page, TaskState, WorkflowState

from cms.models import Office
from cms.services.paths import ReviewFacts
from disclosure_pages.models import DisclosureDocument, Feedback
from disclosure_pages.models.base import ModeratedPage
from disclosure_pages.rules.registry import Subject


def of_page(page: Any, **more: Any) -> Subject | None:
    """Return the page as it stands in memory; None for a page that is not of ours."""
    return Subject.of_page(page, **more) if isinstance(page, ModeratedPage) else None


def of_state(state: TaskState) -> Subject | None:
    """Return the page of a step, in the words that are under review."""
    if state.revision is None:
        return None
    return of_page(state.revision.as_object(), workflow_state=state.workflow_state)


def of_workflow(state: WorkflowState) -> Subject | None:
    """Return the page that was submitted, as it was."""
    return of_state(state.current_task_state) if state.current_task_state else None


def of_document(document: DisclosureDocument) -> Subject:
    """Return a file; its office is the one that its collection is named after."""
    office = Office.objects.filter(name=document.collection.name).first()
    return Subject(
        title=document.title,
        url=reverse("wagtaildocs:edit", args=[document.pk]),
        thing=document,
        facts=ReviewFacts(office_id=office.pk if office else None, risk=""),
        words=document.title,
    )


def of_feedback(note: Feedback) -> Subject:
    """Return a reader's note, with what is known of the page that it is about."""
    page = None
    if note.page_key:
        page = Page.objects.filter(translation_key=note.page_key).first()
    about = of_page(page.specific) if page else None
    return Subject(
        title=str(note),
        url=reverse("gongkai_feedback_answer", args=[note.pk]),
        thing=note,
        page=about.page if about else None,
        facts=about.facts if about else ReviewFacts(risk=""),
        words=f"{note.text} {about.words if about else ''}",
    )
