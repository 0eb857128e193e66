"""Title, number, date and text of an official document."""

from typing import IO

from disclosure_pages.intake.results import Limits, Recognised
from disclosure_pages.intake.text import extract_text


def recognise(
    file: IO[bytes] | bytes, name: str, limits: Limits | None = None
) -> Recognised:
    """Return what the file seems to be."""
    found = extract_text(file, name, limits)
    lines = [line.strip() for line in found.text.splitlines() if line.strip()]
    title = next((line for line in lines if "关于" in line), lines[0] if lines else "")
    return Recognised(
        found.state,
        title[:255],
        text=found.text,
        message=found.message,
        findings=found.findings,
    )
