"""Readers' notes that something is wrong (纠错): taken in, limited, answered."""

import hashlib
import re
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.log_actions import log
from wagtail.models import Page, Site

from disclosure_pages.choices import FeedbackStatus
from disclosure_pages.models import Feedback
from disclosure_pages.public_state import PAGE_MODELS, visible_pages

PER_HOUR = 5
WINDOW_S = 3600
NOT_IN_PATHS = re.compile(r"[\x00-\x20\x7f\\<>\"'`]|[\u202a-\u202e\u2066-\u2069]")


class TooMany(Exception):
    """This address sent as much as it may for now."""


@dataclass(frozen=True)
class Subject:
    """The page that a note is about: a path of this site, never another address."""

    path: str
    title: str = ""
    key: str = ""


def subject_of(text: str) -> Subject:
    """Return the page that an address names; the front page when it is not ours.

    Only a path is kept: a note can't carry a link to another site to the desk. The
    title comes from the page, and only while anybody may read it.
    """
    path = _own_path(text)
    roots = Site.get_site_root_paths()
    if not roots:
        return Subject(path)
    url_path = f"{roots[0].root_path.rstrip('/')}{unquote(path)}"
    page = visible_pages(Page).filter(url_path=url_path).first()
    if page is None:
        return Subject(path)
    if page.specific_class in PAGE_MODELS:
        public = visible_pages(page.specific_class).filter(pk=page.pk).exists()
        if not public:
            return Subject(path)
    return Subject(path, page.title, page.translation_key.hex)


def _own_path(text: str) -> str:
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        return "/"
    path = parts.path
    foreign = parts.scheme or parts.netloc or not path.startswith("/")
    if foreign or path.startswith("//") or NOT_IN_PATHS.search(unquote(path)):
        return "/"
    return path if len(path) <= Feedback._meta.get_field("page_url").max_length else "/"


def take(*, subject: Subject, text: str, contact: str, address: str) -> Feedback:
    """Keep a note; the reader's network address is only counted, never kept.

    Raises:
        TooMany: this address has sent ``PER_HOUR`` notes within the hour.
    """
    count_attempt(address)
    return Feedback.objects.create(
        page_title=subject.title,
        page_url=subject.path,
        page_key=subject.key,
        text=text,
        contact=contact,
    )


def sender_of(address: str) -> str:
    """Return what counts as one sender: an IPv4 address, or the net of an IPv6 one."""
    try:
        found = ip_address(address.strip())
    except ValueError:
        return ""
    if isinstance(found, IPv6Address):
        return str(ip_network((found, 64), strict=False))
    return str(found)


def count_attempt(
    address: str, *, act: str = "feedback", per_hour: int = PER_HOUR
) -> None:
    """Count one attempt of an address at something.

    Raises:
        TooMany: it is one too many within the hour.
    """
    count_for(sender_of(address), act=act, most=per_hour)


def count_for(whom: str, *, act: str, most: int, seconds: int = WINDOW_S) -> None:
    """Count one thing that concerns somebody, of whom only a hash is kept.

    Raises:
        TooMany: it is one too many within these seconds.
    """
    key = f"{act}:{hashlib.sha256(whom.encode()).hexdigest()[:24]}"
    cache.add(key, 0, seconds)
    try:
        number = cache.incr(key)
    except ValueError:  # it ran out between the two
        cache.set(key, 1, seconds)
        number = 1
    if number > most:
        raise TooMany


def answer(note: Feedback, *, user: Any, status: str, text: str) -> None:
    """Close a note (or open it again) with what was done about it.

    Raises:
        ValidationError: it is closed without a word about what was done.
    """
    if status != FeedbackStatus.NEW and not text.strip():
        raise ValidationError({"answer": _("请写明怎样处理的。")})
    note.status, note.answer = status, text.strip()
    closed = status != FeedbackStatus.NEW
    note.handled_at = timezone.now() if closed else None
    note.handled_by = user if closed else None
    note.save(update_fields=["status", "answer", "handled_at", "handled_by"])
    log(note, "gongkai.feedback", user=user, data={"status": status})


def waiting() -> int:
    """Return how many notes nobody has dealt with yet."""
    return Feedback.objects.filter(status=FeedbackStatus.NEW).count()
