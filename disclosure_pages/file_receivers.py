"""What follows from storing and deleting files."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models.signals import post_delete, post_save, pre_delete
from django.dispatch import receiver
from django.utils.translation import gettext as _
from wagtail.models import ReferenceIndex

from disclosure_pages.models import DisclosureDocument, DisclosureImage
from disclosure_pages.models.files import are_on_a_live_page
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


@receiver(pre_delete, sender=DisclosureDocument)
@receiver(pre_delete, sender=DisclosureImage)
def keep_what_is_public(sender: type, instance: Any, **kwargs: Any) -> None:
    """Refuse to take a picture or a linked file off a public page by deleting it.

    Raises:
        PermissionDenied: a live page names it, in its text too.
    """
    if are_on_a_live_page(ReferenceIndex.get_references_to(instance)):
        raise PermissionDenied(_("已公开的页面用着它，不能删除。"))
