"""What a citizen can find: one public item, guide or reading point."""

import hashlib
from dataclasses import asdict, dataclass, field, fields
from typing import Any

PUBLISHED = "published"
WITHDRAWN = "withdrawn"
MAX_NUMBER = 2**62 - 1
VILLAGES = "；"  # between the villages of one document
FILTERS = ("category", "office", "year", "validity", "type", "origin", "village")


def number_of(text: str) -> int:
    """Return 62 bits that stand for a text, alike in every process."""
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 2


@dataclass(frozen=True, slots=True)
class SearchDocument:
    """One document as every engine holds it; a tombstone has only the first three.

    ``text`` is plain text (summary, body, names of attachments) and shown in parts;
    tokens are made when it is put into an engine (``search.fields``). ``section`` are
    the headings above the text where a work (a law) is divided into documents; found
    by, never shown. ``files`` are the hashes, with spaces, of the attachments whose
    text is found too; that text, ``file_text``, goes into the tokens and is not kept:
    what is shown of it comes from where it was taken out (``search.attachments``).
    """

    key: str
    state: str = PUBLISHED
    sha256: str = ""
    type: str = ""
    title: str = ""
    text: str = ""
    section: str = ""
    keywords: str = ""
    index_number: str = ""
    external_id: str = ""
    category: str = ""
    category_label: str = ""
    document_number: str = ""
    publisher: str = ""
    office: str = ""
    office_label: str = ""
    village: str = ""
    date_made: str = ""
    date_published: str = ""
    validity: str = ""
    url: str = ""
    origin: str = ""
    origin_label: str = ""
    files: str = ""
    file_text: str = field(default="", compare=False, repr=False)

    @property
    def number(self) -> int:
        """The key as a number, which engines read faster than text."""
        return number_of(self.key)

    @property
    def villages(self) -> tuple[str, ...]:
        """The villages concerned, as many as there are."""
        return tuple(filter(None, self.village.split(VILLAGES)))

    @property
    def year(self) -> str:
        """Year of publication, as four digits, or nothing."""
        return self.date_published[:4]

    def filter_values(self, name: str) -> tuple[str, ...]:
        """Return the values by which a filter finds it."""
        if name == "village":
            return self.villages
        return tuple(filter(None, [getattr(self, name)]))

    @property
    def published(self) -> bool:
        """Whether it can be found; a tombstone only remembers its version."""
        return self.state == PUBLISHED

    def stored(self) -> dict[str, Any]:
        """Return the fields that have a value, for storing beside the tokens."""
        kept = {name: value for name, value in asdict(self).items() if value}
        kept.pop("file_text", None)
        return kept

    @classmethod
    def from_stored(cls, stored: dict[str, Any]) -> "SearchDocument":
        """Build the document again from what ``stored`` returned."""
        return cls(**{name: stored[name] for name in _NAMES & stored.keys()})


_NAMES = frozenset(known.name for known in fields(SearchDocument))
