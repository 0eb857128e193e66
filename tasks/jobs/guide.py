"""Keep versions and prints of the guide with what is true."""

from celery import shared_task

from disclosure_pages.services import guide_prints, guide_versions


@shared_task(name="tasks.guide")
def guide() -> int:
    """Record what changed without a signal, drop withdrawn prints; returns versions."""
    guide_prints.discard_withdrawn_prints()
    return guide_versions.record_register()
