"""Numbers as a browser sends them."""

TOO_LARGE = 2**63  # for a column of any database


def small_int(text: str) -> int | None:
    """Return the number that a text of ASCII digits is, None for anything else."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(TOO_LARGE))):
        return None
    number = int(text)
    return number if number < TOO_LARGE else None
