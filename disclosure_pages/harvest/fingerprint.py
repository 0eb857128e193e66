"""What stands for a content, so that the same again is known."""

import hashlib
from dataclasses import astuple
from typing import Any

from disclosure_pages.harvest.base import Content


def fingerprint(content: Content, *more: Any) -> str:
    """Return 64 characters that change when anything of the content does."""
    told = repr((astuple(content), *more)).encode("utf-8", "replace")
    return hashlib.sha256(told).hexdigest()
