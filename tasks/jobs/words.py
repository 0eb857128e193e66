"""Build indexes anew for words that the office taught the segmenter."""

from celery import shared_task

from .. import orders


@shared_task(name="tasks.words")
def words() -> int:
    """Order rebuilds once every process knows the new words; returns how many words."""
    return orders.order_for_words()
