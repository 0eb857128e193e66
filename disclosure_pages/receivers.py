"""What follows from Wagtail's events inside this package: numbers and the register."""

from typing import Any

from django.db.models.signals import pre_delete
from django.dispatch import receiver
from wagtail.models import WorkflowState
from wagtail.signals import page_published, workflow_submitted

from disclosure_pages.models import DisclosureItemPage
from disclosure_pages.services.index_numbers import (
    issue_index_number,
    mark_published,
    void,
)


@receiver(workflow_submitted, dispatch_uid="number_at_first_submission")
def number_at_first_submission(
    sender: Any, instance: WorkflowState, **kwargs: Any
) -> None:
    page = getattr(instance.content_object, "specific", None)
    if isinstance(page, DisclosureItemPage):
        issue_index_number(page)


@receiver(page_published, dispatch_uid="register_published")
def register_published(sender: Any, instance: Any, **kwargs: Any) -> None:
    if isinstance(instance, DisclosureItemPage) and instance.live:
        issue_index_number(instance)
        mark_published([instance])


@receiver(pre_delete, sender=DisclosureItemPage, dispatch_uid="void_number")
def void_number(sender: Any, instance: DisclosureItemPage, **kwargs: Any) -> None:
    void(instance)
