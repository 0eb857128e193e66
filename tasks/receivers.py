"""Every change of what is public gets its outbox row in the same transaction."""

from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from django.dispatch import receiver
from wagtail.models import Page, PageViewRestriction
from wagtail.signals import page_unpublished, post_page_move

from cms.models import Authority, Office, SteeringMember, Village
from disclosure_pages.attached import keys_naming
from disclosure_pages.models import InstitutionPage
from disclosure_pages.models.base import PublicPage
from disclosure_pages.naming import naming_keys
from disclosure_pages.public_state import (
    PAGE_MODELS,
    public_keys,
    publicly_visible,
    visible_pages,
)
from disclosure_pages.signals import files_read, public_state_changed

from .choices import target_names
from .models import ChangedKey, OutboxEntry
from .wake import wake

# What saving a draft writes to the page itself; none of it is public.
DRAFT_FIELDS = {
    *("latest_revision", "latest_revision_created_at", "draft_title"),
    *("has_unpublished_changes", "locked", "locked_at", "locked_by"),
    *("go_live_at", "expire_at", "owner", "alias_of"),
}

# What pages show of the register: names everywhere, contacts on the guide, the
# institution's page and in contact blocks.
SHOWN_FIELDS = {
    *("name", "code", "credit_code", "phone", "address", "fax", "email"),
    *("postal_code", "hours", "office_hours", "consult_place", "head_name", "duties"),
    *("sort_order", "receiving_office", "information_officer"),
    "information_officer_phone",
}


def record(keys: Iterable[str], lane: str) -> None:
    """Write the rows, and wake the drain once they are committed.

    Items that name the changed ones (代替、解读) tell their titles: they change too.
    """
    keys = set(keys)
    keys |= naming_keys(keys)
    ChangedKey.mark(keys)
    if keys:
        OutboxEntry.record(keys, lane)
        wake_on_commit()


def wake_on_commit() -> None:
    """Wake the drain after this transaction, once however much it changed."""
    if all(hook[1] is not wake for hook in connection.run_on_commit):
        transaction.on_commit(wake, robust=True)


def record_truth(keys: Iterable[str]) -> None:
    """Record keys that may have appeared or vanished; what vanished goes first."""
    keys = set(keys)
    visible = publicly_visible(keys)
    record(keys - visible, "withdraw")
    record(visible, "publish")


def keys_below(page: Page) -> list[str]:
    """Return the keys of all pages at and below ``page`` that were ever public."""
    keys: list[str] = []
    for model in PAGE_MODELS:
        pages = model.objects.descendant_of(page, inclusive=True)
        pages = pages.filter(first_published_at__isnull=False)
        keys += [key.hex for key in pages.values_list("translation_key", flat=True)]
    return keys


@receiver(page_unpublished, dispatch_uid="outbox_unpublished")
def record_unpublished(sender: Any, instance: Page, **kwargs: Any) -> None:
    """Wagtail's base class may be what is saved then."""
    page = instance.specific_deferred
    if isinstance(page, PublicPage):
        record([page.key], "withdraw")


@receiver(public_state_changed, dispatch_uid="outbox_changed")
def record_changed(sender: Any, keys: list[str], lane: str, **kwargs: Any) -> None:
    record(keys, lane)


@receiver(files_read, dispatch_uid="outbox_files_read")
def record_read_files(sender: Any, hashes: list[str], **kwargs: Any) -> None:
    """The words of a file are found once they are known; portals read it themselves."""
    keys = keys_naming(hashes)
    indexes = [name for name in target_names() if name.startswith("index:")]
    if keys and OutboxEntry.record(keys, "bulk", targets=indexes):
        wake_on_commit()


@receiver(post_save, dispatch_uid="outbox_saved")
def record_saved(
    sender: Any,
    instance: Any,
    created: bool,
    raw: bool,
    update_fields: frozenset[str] | None,
    **kwargs: Any,
) -> None:
    """Every way out ends in a save of the page: a publication, an alias, a copy."""
    if raw or not isinstance(instance, PublicPage):
        return
    if update_fields is not None and set(update_fields) <= DRAFT_FIELDS:
        return
    if instance.live:
        record([instance.key], "publish")
    elif not created and instance.first_published_at:
        record([instance.key], "withdraw")


@receiver(pre_delete, dispatch_uid="outbox_deleted")
def record_deleted(sender: Any, instance: Any, **kwargs: Any) -> None:
    if isinstance(instance, PublicPage) and instance.first_published_at:
        record([instance.key], "withdraw")


@receiver(post_page_move, dispatch_uid="outbox_moved")
def record_moved(
    sender: Any,
    instance: Page,
    url_path_before: str,
    url_path_after: str,
    **kwargs: Any,
) -> None:
    """One signal for a whole subtree: every address below changed."""
    if url_path_before != url_path_after:
        record_truth(keys_below(instance))


@receiver(pre_save, dispatch_uid="outbox_address_changed")
def record_new_address(
    sender: Any,
    instance: Any,
    raw: bool,
    update_fields: frozenset[str] | None,
    **kwargs: Any,
) -> None:
    """A section's new slug moves everything below.

    Wagtail's ``page_slug_changed`` comes after the commit: too late for a row that must
    not be lost.
    """
    if raw or not isinstance(instance, Page) or not instance.pk:
        return
    if update_fields is not None and not {"slug", "url_path"} & set(update_fields):
        return
    stored = Page.objects.filter(pk=instance.pk).values_list("url_path", flat=True)
    if stored.exclude(url_path=instance.url_path).exists():
        record_truth(keys_below(instance))


@receiver(post_save, sender=PageViewRestriction, dispatch_uid="outbox_restricted")
@receiver(post_delete, sender=PageViewRestriction, dispatch_uid="outbox_unrestricted")
def record_restriction(
    sender: Any, instance: PageViewRestriction, **kwargs: Any
) -> None:
    page = Page.objects.filter(pk=instance.page_id).first()
    if page is not None:
        record_truth(keys_below(page))


@receiver(post_save, sender=Authority, dispatch_uid="outbox_authority")
@receiver(post_save, sender=Office, dispatch_uid="outbox_office")
@receiver(post_save, sender=Village, dispatch_uid="outbox_village")
def record_names(
    sender: Any,
    instance: Any,
    created: bool,
    update_fields: frozenset[str] | None,
    **kwargs: Any,
) -> None:
    """Names and contacts of the register are part of what pages say."""
    if update_fields is not None and not SHOWN_FIELDS & set(update_fields):
        return
    if created:
        record_institution()
    else:
        record(public_keys(), "bulk")


@receiver(post_save, sender=SteeringMember, dispatch_uid="outbox_member")
@receiver(post_delete, sender=SteeringMember, dispatch_uid="outbox_member_gone")
@receiver(post_delete, sender=Office, dispatch_uid="outbox_office_gone")
def record_organisation(sender: Any, **kwargs: Any) -> None:
    """Who is in the steering group and which offices there are: one page says it."""
    record_institution()


def record_institution() -> None:
    """Record the page of the institution, if it is public."""
    keys = visible_pages(InstitutionPage).values_list("translation_key", flat=True)
    record([key.hex for key in keys], "publish")
