"""How serious each check is; the setting ``GONGKAI_CHECK_LEVELS`` overrides it."""

from django.conf import settings

BLOCK = "block"
WARN = "warn"
OFF = "off"
DEFAULTS = {
    "personal_data": BLOCK,
    "contact_phone": WARN,
    "document_number": WARN,
    "date_made": WARN,
    "repeal": WARN,
    "guide_part": BLOCK,
    "text_missing": BLOCK,
    "point_part": BLOCK,
    "point_incomplete": WARN,
    "title_length": WARN,
    "title_blank": BLOCK,
    "title_spaces": WARN,
    "hidden_characters": BLOCK,
    "image_description": BLOCK,
    "table_header": WARN,
    "dead_link": BLOCK,
    "wording": WARN,
    "attachment_text": WARN,
    "attachment_waiting": WARN,
    "macros": BLOCK,
    "embedded": WARN,
    "tracked_changes": BLOCK,
    "comments": BLOCK,
    "hidden_sheets": WARN,
    "program": BLOCK,
    "truncated": WARN,
}


def level_of(code: str) -> str:
    """Return "block", "warn" or "off" for a check."""
    chosen = getattr(settings, "GONGKAI_CHECK_LEVELS", {}).get(code)
    return chosen if chosen in (BLOCK, WARN, OFF) else DEFAULTS.get(code, WARN)
