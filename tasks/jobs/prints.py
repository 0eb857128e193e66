"""Keep the prints by which a text is found again."""

from celery import shared_task

from disclosure_pages.services import text_prints


@shared_task(name="tasks.print_texts")
def print_texts() -> int:
    """Read some of the texts that are new or were changed; returns how many."""
    return text_prints.keep_prints()
