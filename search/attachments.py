"""Text of attached files: what of it is found, and where in a file a hit lies.

The text is taken out in the background (``disclosure_pages.services.extraction``) and
stored once per content. An index holds only its tokens; what is shown is read from
there, and only of files that what is public names now.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePath

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from cms.folding import fold_text
from disclosure_pages.attached import AttachedFile, attached_files
from disclosure_pages.choices import TextState
from disclosure_pages.models import FileText
from disclosure_pages.public_state import PublicState

from . import highlight
from .query import Parsed

# How much of the text of files is found: 500 pages of a statute book are 400,000
# characters. The rest is only in the file itself.
MAX_FILES = 20
MAX_FILE = 400_000
MAX_DOCUMENT = 800_000
AT_ONCE = 20  # files whose text is in memory at the same time
# A page of hits reads so many characters of files; what comes after shows its text.
MAX_READ = 1_500_000
MAX_FOLDED = 40_000
SHEETS = frozenset({"xls", "xlsx", "xlsm", "xlsb", "et", "ods"})
SLIDES = frozenset({"pptx", "pptm"})


@dataclass(frozen=True)
class FileHit:
    """Where in which file the question's words stand; ``page`` counts from 1.

    ``page`` is 0 where the format has none (Word) or there is only one.
    """

    name: str
    url: str
    page: int
    unit: str
    excerpt: highlight.Excerpt

    @property
    def where(self) -> str:
        """The file and the page in words."""
        values = {"name": self.name, "number": self.page}
        if not self.page:
            return _("附件《%(name)s》") % values
        if self.unit == "sheet":
            return _("附件《%(name)s》第 %(number)d 张表") % values
        if self.unit == "slide":
            return _("附件《%(name)s》第 %(number)d 张幻灯片") % values
        return _("附件《%(name)s》第 %(number)d 页") % values

    @property
    def address(self) -> str:
        """The file, opened at the page where browsers can."""
        return f"{self.url}#page={self.page}" if self.unit == "page" else self.url


def with_texts(states: Iterable[PublicState]) -> Iterator[tuple[PublicState, str, str]]:
    """Give each state with the text of its files and their hashes, few at a time."""
    rows = iter(states)
    while some := list(islice(rows, AT_ONCE)):
        for group in _groups(some):
            texts = _texts(h for state in group for h in _hashes(state))
            for state in group:
                yield state, *_joined(_hashes(state), texts)


def _groups(states: list[PublicState]) -> Iterator[list[PublicState]]:
    """Cut a list so that each part names at most ``AT_ONCE`` files."""
    group: list[PublicState] = []
    files = 0
    for state in states:
        count = len(_hashes(state))
        if group and files + count > AT_ONCE:
            yield group
            group, files = [], 0
        group.append(state)
        files += count
    yield group


def _hashes(state: PublicState) -> list[str]:
    hashes = (str(entry.get("sha256", "")) for entry in state.attachments[:MAX_FILES])
    return [name for name in dict.fromkeys(hashes) if name]


def _read(hashes: Iterable[str]) -> QuerySet[FileText]:
    rows = FileText.objects.filter(sha256__in=sorted(set(hashes)), state=TextState.OK)
    return rows.only("sha256", "pages")


def _texts(hashes: Iterable[str]) -> dict[str, str]:
    """Return the text of each file that was read, cut where it is too long."""
    wanted = set(hashes)
    if not wanted:
        return {}
    rows = _read(wanted).iterator(chunk_size=1)
    return {row.sha256: "\n".join(row.pages)[:MAX_FILE] for row in rows}


def _joined(hashes: Sequence[str], texts: dict[str, str]) -> tuple[str, str]:
    named = [name for name in hashes if texts.get(name)]
    return "\n".join(texts[name] for name in named)[:MAX_DOCUMENT], " ".join(named)


def best(keys: Iterable[str], parsed: Parsed) -> dict[str, FileHit]:
    """Return for each key the place in its files that says most, if any does.

    Three or four queries; only of files that what is public names now.
    """
    files = attached_files(keys)
    pages = _pages({file.sha256 for file in files})
    found: dict[str, FileHit] = {}
    for file in files:
        hit = _place(file, pages.get(file.sha256, []), parsed)
        held = found.get(file.key)
        if hit and (held is None or hit.excerpt.weight > held.excerpt.weight):
            found[file.key] = hit
    return found


def _pages(hashes: set[str]) -> dict[str, list[str]]:
    """Return the pages of files until ``MAX_READ`` characters were read."""
    pages: dict[str, list[str]] = {}
    left = MAX_READ
    for row in _read(hashes).iterator(chunk_size=1) if hashes else ():
        pages[row.sha256] = row.pages
        left -= sum(map(len, row.pages))
        if left <= 0:
            break
    return pages


def _place(file: AttachedFile, pages: list[str], parsed: Parsed) -> FileHit | None:
    number = _best_page(pages, parsed)
    if number is None:
        return None
    excerpt = highlight.excerpt(pages[number], parsed)
    if not excerpt.weight:
        return None
    unit = _unit(file.filename)
    shown = number + 1 if unit and len(pages) > 1 else 0
    return FileHit(file.name, file.url, shown, unit if shown else "", excerpt)


def _best_page(pages: list[str], parsed: Parsed) -> int | None:
    """Return the page that holds most of the question, the first of equal ones.

    Found by ``str.find`` on the text as it is; folded only where that finds nothing.
    """
    scores = [_score(page, parsed) for page in pages]
    if not any(scores) and sum(map(len, pages)) <= MAX_FOLDED:
        scores = [_score(fold_text(page), parsed) for page in pages]
    top = max(scores, default=0)
    return scores.index(top) if top else None


def _score(page: str, parsed: Parsed) -> int:
    words = sum(len(word) for word in parsed.surfaces if word in page)
    codes = (re.findall(r"[^\W_]+", code) for code in parsed.codes)
    numbers = sum(4 for parts in codes if all(p.lstrip("0") in page for p in parts))
    return words + numbers or sum(1 for word in parsed.others if word in page)


def _unit(filename: str) -> str:
    ending = PurePath(filename).suffix.lower().lstrip(".")
    if ending in SHEETS:
        return "sheet"
    if ending in SLIDES:
        return "slide"
    return "page" if ending == "pdf" else ""
