"""A changed guide, or changed contacts in it, is a new version at once."""

from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from wagtail.signals import page_published

from cms.models import Authority, Office
from disclosure_pages.models import GuidePage
from disclosure_pages.public_state import visible_pages
from disclosure_pages.services.guide_versions import record_version
from disclosure_pages.signals import public_state_changed


@receiver(page_published, dispatch_uid="guide_published")
def record_published(sender: Any, instance: Any, **kwargs: Any) -> None:
    if isinstance(instance, GuidePage) and instance.live:
        record_version(instance, instance.change_note)


@receiver(post_save, sender=Authority, dispatch_uid="guide_authority")
@receiver(post_save, sender=Office, dispatch_uid="guide_office")
@receiver(post_delete, sender=Office, dispatch_uid="guide_office_deleted")
def record_contacts(sender: Any, instance: Any, **kwargs: Any) -> None:
    """Contacts are part of the guide: index and portal get them too."""
    if kwargs.get("raw"):
        return
    for page in visible_pages(GuidePage):
        if record_version(page):
            public_state_changed.send(sender=GuidePage, keys=[page.key], lane="publish")
