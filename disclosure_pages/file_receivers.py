"""What follows from storing and deleting files."""

from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from disclosure_pages.models import DisclosureDocument
from disclosure_pages.services.files import expect_text


@receiver(post_save, sender=DisclosureDocument)
def note_new_file(
    sender: type, instance: DisclosureDocument, created: bool, **kwargs: Any
) -> None:
    """Have the text of a new file taken out."""
    if created:
        expect_text(instance)


@receiver(post_delete, sender=DisclosureDocument)
def delete_original(sender: type, instance: DisclosureDocument, **kwargs: Any) -> None:
    """Delete the uploaded bytes with the document, as Wagtail does with the copy."""
    if instance.original:
        instance.original.delete(save=False)
