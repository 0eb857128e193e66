"""What a clerk should know of each attached file, beside its name."""

from django import template

from disclosure_pages.desk.checks_panel import FileState, states_of
from disclosure_pages.models import ItemAttachment

register = template.Library()


@register.simple_tag
def with_file_states(
    attachments: list[tuple[int, ItemAttachment]],
) -> list[tuple[int, ItemAttachment, FileState]]:
    """Return (number, attachment, state) of each; one query for all."""
    states = states_of([row for _number, row in attachments])
    return [
        (n, row, state) for (n, row), state in zip(attachments, states, strict=True)
    ]
