"""A changed guide, or changed contacts in it, is a new version at once."""

from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from wagtail.signals import page_published, page_unpublished

from cms.models import Authority, Office
from disclosure_pages.models import GuidePage
from disclosure_pages.services.guide_prints import discard_prints
from disclosure_pages.services.guide_versions import record_register, record_version
from disclosure_pages.signals import public_state_changed


@receiver(page_published, dispatch_uid="guide_published")
def record_published(sender: Any, instance: Any, **kwargs: Any) -> None:
    if isinstance(instance, GuidePage) and instance.live:
        record_version(instance, instance.change_note)


@receiver(post_save, sender=Authority, dispatch_uid="guide_authority")
@receiver(post_save, sender=Office, dispatch_uid="guide_office")
@receiver(post_delete, sender=Office, dispatch_uid="guide_office_deleted")
def record_contacts(sender: Any, instance: Any, **kwargs: Any) -> None:
    """Contacts are part of the guide."""
    if not kwargs.get("raw"):
        record_register()


@receiver(page_published, sender=GuidePage, dispatch_uid="guide_prints_published")
@receiver(page_unpublished, sender=GuidePage, dispatch_uid="guide_prints_unpublished")
@receiver(public_state_changed, sender=GuidePage, dispatch_uid="guide_prints_changed")
def forget_prints(**kwargs: Any) -> None:
    """What a print says may be withdrawn, or no longer in the guide."""
    transaction.on_commit(discard_prints, robust=True)
