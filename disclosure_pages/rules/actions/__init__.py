"""What rules can do, one file each; importing them makes them known."""

from disclosure_pages.rules.actions import (
    add_keyword,
    add_to_dossier,
    notify,
    require_step,
    set_field,
)

__all__ = ["add_keyword", "add_to_dossier", "notify", "require_step", "set_field"]
