"""What follows from Wagtail's events inside this package: numbers and the register."""

from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save, pre_delete
from django.dispatch import receiver
from django.utils import timezone
from wagtail.models import WorkflowState
from wagtail.signals import page_published, workflow_submitted

from cms.models import (
    Authority,
    Office,
    SecrecyOpinion,
    SecrecyReview,
    SteeringMember,
    Village,
)
from disclosure_pages.choices import ExternalRelation
from disclosure_pages.models import (
    DisclosureItemPage,
    ExternalItem,
    OpinionRequest,
    ReadingPointPage,
)
from disclosure_pages.page_cache import forget_copies
from disclosure_pages.services.index_numbers import (
    issue_index_number,
    mark_published,
    void,
)
from disclosure_pages.services.same_marks import keep_marks
from disclosure_pages.services.village_managers import allow_managers

COMPARED = {"title", "document_number", "url", "relation"}
REGISTER = (Authority, Office, SteeringMember, Village)


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


@receiver(post_save, sender=ReadingPointPage, dispatch_uid="point_saved")
def let_managers_of_the_village(
    sender: Any, instance: ReadingPointPage, **kwargs: Any
) -> None:
    allow_managers(instance)


@receiver(post_save, sender=SecrecyReview, dispatch_uid="secrecy_reviewed")
def close_links_to_what_was_refused(
    sender: Any, instance: SecrecyReview, **kwargs: Any
) -> None:
    """What may not become public is shown to nobody outside any more.

    Nor is an earlier version: it may say the same.
    """
    if instance.opinion != SecrecyOpinion.OPEN:
        asked = OpinionRequest.objects.filter(page=int(instance.revision.object_id))
        asked.open().update(revoked_at=timezone.now())


@receiver(post_save, dispatch_uid="register_saved")
@receiver(post_delete, dispatch_uid="register_deleted")
def forget_copies_of_the_register(sender: Any, **kwargs: Any) -> None:
    """Contacts and names stand on every page, in its foot if nowhere else."""
    if sender in REGISTER:
        transaction.on_commit(forget_copies, robust=True)


@receiver(post_save, sender=ExternalItem, dispatch_uid="superior_saved")
def mark_superior(
    sender: Any, instance: ExternalItem, update_fields: Any = None, **kwargs: Any
) -> None:
    written = COMPARED if update_fields is None else COMPARED & set(update_fields)
    if written and instance.relation == ExternalRelation.SUPERIOR:
        keep_marks([instance])
