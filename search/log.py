"""What was looked for and opened, noted without slowing a search down.

A request only appends to a list in memory. A moment later a thread writes what came in
(`search.log_writing`); until then the text and the visitor's address are nowhere but
there, and a process that dies loses no more than that moment.

Not noted: robots, HEAD, people who are signed in, further pages, filters, days and
orders of the same question, whatever looks like somebody's number, and what one network
address asks beyond ``PER_HOUR``.
"""

import logging
import re
import threading
from collections import deque
from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest

from cms.folding import fold_text
from disclosure_pages.checks import personal_data
from disclosure_pages.feedback_views import reader_address
from disclosure_pages.services.feedback import TooMany, count_for, sender_of

from . import log_writing
from .address import Address

logger = logging.getLogger(__name__)
MOST_WAITING = 2_000
PER_HOUR = 200  # questions of one network address; more would be no reader
LONGEST_NUMBER = 10
_ROBOT = re.compile(
    r"bot|crawl|spider|slurp|curl|wget|python|java/|okhttp|go-http|headless|monitor|"
    r"preview|scan|fetch|lighthouse|httpclient|postman|sogou web|bytespider|yisou",
    re.IGNORECASE,
)
# These browsers say nothing when a link is opened: `ping` is off in them.
_SILENT = re.compile(r"firefox/|msie |trident/", re.IGNORECASE)
_LONG_NUMBER = re.compile(rf"\d(?:[\s.·–—-]?\d){{{LONGEST_NUMBER},}}")
_waiting: deque[log_writing.Note] = deque(maxlen=MOST_WAITING)
_guard = threading.Lock()
_writing = threading.Lock()


@dataclass(frozen=True)
class Visitor:
    """Who asked, for as long as it is not written down."""

    sender: str
    agent: str

    @property
    def tells(self) -> bool:
        """Whether this browser says when a result is opened."""
        return not _SILENT.search(self.agent)


def question_of(text: str) -> str:
    """Return a question as it is compared: folded, trimmed, single blanks."""
    return " ".join(fold_text(text).split())


def may_be_kept(question: str) -> bool:
    """Whether a question looks like nobody's number (identity card, phone, bank)."""
    return not (_LONG_NUMBER.search(question) or personal_data.find(question))


def visitor_of(request: HttpRequest) -> Visitor | None:
    """Return who asks; nobody for robots and for who is signed in."""
    agent = request.headers.get("User-Agent", "")[:300]
    if not agent or _ROBOT.search(agent) or "Sec-Purpose" in request.headers:
        return None
    if request.user.is_authenticated:
        return None
    return Visitor(sender_of(reader_address(request)), agent)


def asked(request: HttpRequest, address: Address, found: int) -> str:
    """Note a question and how many documents answered it; never raises.

    Returns:
        The question as it was noted; nothing if it was not.
    """
    question = question_of(address.q)
    if request.method != "GET" or not question or not _is_plain(address):
        return ""
    visitor = visitor_of(request) if may_be_kept(question) else None
    if visitor is None or not _within_limit(visitor):
        return ""
    _note(
        log_writing.Note(
            digest=log_writing.digest_of(question),
            text=question,
            sender=visitor.sender,
            agent=visitor.agent,
            found=found > 0,
            tells=visitor.tells,
        )
    )
    return question


def _is_plain(address: Address) -> bool:
    """Whether nothing was chosen beside the question."""
    chosen = address.filters or address.period or address.verbatim
    return not chosen and address.page == 1 and address.sort == "relevance"


def opened(request: HttpRequest, digest: str, key: str) -> None:
    """Note that a result of a question was opened; never raises."""
    visitor = visitor_of(request)
    if visitor is not None:
        _note(
            log_writing.Note(
                digest=digest, key=key, sender=visitor.sender, agent=visitor.agent
            )
        )


def flush() -> int:
    """Write what waits; returns how many notes. What can't be written is dropped."""
    with _guard:
        notes = list(_waiting)
        _waiting.clear()
    if not notes:
        return 0
    try:
        with _writing:
            log_writing.write(notes)
    except (DatabaseError, InterfaceError):
        logger.exception("%s notes of searches are lost", len(notes))
        return 0
    return len(notes)


def _within_limit(visitor: Visitor) -> bool:
    try:
        count_for(visitor.sender, act="asked", most=PER_HOUR)
    except TooMany:
        return False
    return True


def _note(note: log_writing.Note) -> None:
    after_s = settings.GONGKAI_SEARCH_LOG_AFTER_S
    with _guard:
        first = not _waiting
        _waiting.append(note)
    if first and after_s is not None:
        timer = threading.Timer(after_s, _flush_and_close)
        timer.daemon = True
        timer.start()


def _flush_and_close() -> None:
    try:
        flush()
    finally:
        connection.close()
