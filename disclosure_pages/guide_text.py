"""Cutting a rendered text at its second-level headings, for a table of contents."""

import re
from dataclasses import dataclass

from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe

HEADING = re.compile(r"<h2\b[^>]*>(.*?)</h2>", re.DOTALL)


@dataclass(frozen=True)
class Part:
    """One section: anchor, heading without markup, text."""

    anchor: str
    heading: str
    html: SafeString


@dataclass(frozen=True)
class Sections:
    """The text before the first heading and the parts after it."""

    preamble: SafeString
    parts: list[Part]


def sections(html: str) -> Sections:
    """Cut already safe HTML (as blocks render it) at every ``<h2>``."""
    before, *rest = HEADING.split(html)
    pairs = zip(rest[::2], rest[1::2], strict=True)
    return Sections(
        preamble=_safe(before.strip()),
        parts=[
            Part(f"part-{number}", _plain(heading), _safe(text.strip()))
            for number, (heading, text) in enumerate(pairs, start=1)
        ],
    )


def _plain(heading: str) -> SafeString:
    return _safe(strip_tags(heading).strip())


def _safe(html: str) -> SafeString:
    return mark_safe(html)  # noqa: S308  # pieces of what the blocks rendered
