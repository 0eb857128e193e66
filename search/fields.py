"""The token fields of a document; both engines index exactly these strings."""

import os
import re
from collections.abc import Callable, Iterator
from functools import cache, partial

from django.utils.module_loading import import_string

from cms.folding import fold_text

from . import tokens
from .citations import work_of
from .documents import SearchDocument, number_of

TOKEN_FIELDS = (
    *("words", "bigrams", "unigrams", "title", "names", "exact", "initials"),
    *("sounds", "file_words", "file_bigrams", "tagged"),
)
PHRASE_FIELDS = ("bigrams", "file_bigrams")
# What is looked for in these is looked for in the text of attachments too.
FILE_FIELDS = {"words": "file_words", "bigrams": "file_bigrams"}
BOOSTS = {
    **{"words": 1.0, "bigrams": 1.0, "unigrams": 0.3, "title": 1.0},
    **{"file_words": 0.1, "file_bigrams": 0.1},
}
WEAK = 0.3  # what was not typed but means the same
EXACT_SCORE = 1_000.0  # an item's own 文号 or 索引号 comes first
TITLE_SCORE = 100.0  # then the item that has the question as its whole title
COLUMNS = ("number", "work", "section", "category_number", "day", "void")
ENDED = ("expired", "repealed")


def token_fields(document: SearchDocument) -> dict[str, str]:
    """Return the space-joined tokens of each field; nothing for a tombstone."""
    if not document.published:
        return {}
    title = tokens.analyse(document.title)
    body = tokens.analyse(document.text)
    files = tokens.analyse(document.file_text)
    rest = tokens.analyse(
        "\n".join(
            filter(
                None,
                [
                    document.section,
                    document.keywords,
                    document.document_number,
                    document.index_number,
                    document.external_id,
                    *document.villages,
                ],
            )
        )
    )
    exact = tokens.number_keys(document.document_number, document.index_number)
    return {
        "words": " ".join(title.words + rest.words + body.words),
        "bigrams": " ".join(title.pieces + rest.pieces + body.pieces),
        "unigrams": " ".join(body.unigrams),
        "title": " ".join(title.words + title.bigrams),
        "names": " ".join(dict.fromkeys(title.unigrams + rest.unigrams)),
        "exact": " ".join([*exact, tokens.title_key(document.title)]),
        "initials": " ".join(tokens.bigrams(initials(document.title))),
        "sounds": " ".join(dict.fromkeys(letter_triples(sounds(document.title)))),
        # Nowhere empty: engines differ in whether a field that is missing counts.
        "file_words": " ".join([tokens.BREAK, *files.words]),
        "file_bigrams": " ".join([tokens.BREAK, *files.pieces]),
        "tagged": " ".join(dict.fromkeys(_tagged(document))),
    }


def _tagged(document: SearchDocument) -> Iterator[str]:
    """Yield the tokens by which a field word of a question finds a field's value."""
    values = {
        "number": [document.document_number],
        "code": [document.index_number, document.external_id],
        "publisher": [
            document.publisher,
            document.office_label,
            document.origin_label,
        ],
        "village": document.villages,
    }
    for name, texts in values.items():
        for text in filter(None, texts):
            found = tokens.analyse(text)
            for token in (*found.words, *found.bigrams, *found.unigrams):
                yield tag(name, token)


def tag(name: str, token: str) -> str:
    """Return the token of one field's value."""
    return f"{name}={token}"


def columns(document: SearchDocument) -> dict[str, int]:
    """Return what `ranking.Candidates` needs, as numbers for columns of an index."""
    return {
        "number": document.number,
        "work": work_of(document.title),
        "section": number_of(document.section),
        "category_number": number_of(document.category),
        "day": int(re.sub(r"\D", "", document.date_published) or 0),
        "void": int(document.validity in ENDED),
    }


def initials(text: str) -> str:
    """Return the first letters of the pinyin of a title: 政府信息公开 → zfxxgk."""
    letters = _pinyin("FIRST_LETTER")(fold_text(text))
    return re.sub("[^0-9a-z]", "", "".join(letters))


def sounds(text: str) -> str:
    """Return the whole pinyin of a title in one piece: 公开 → gongkai."""
    return "".join(syllables(text))


def letter_triples(letters: str) -> list[str]:
    """Return every three neighbouring letters, by which a piece is found."""
    return [letters[place : place + 3] for place in range(len(letters) - 2)]


def syllables(text: str) -> list[str]:
    """Return the pinyin of Han text without tones: 公开 → gong, kai."""
    return [
        s for s in _pinyin("NORMAL")(fold_text(text)) if s.isascii() and s.isalpha()
    ]


@cache
def _pinyin(style: str) -> Callable[[str], list[str]]:
    """Load the readings at first use, without the table of phrases (47 MB)."""
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
    lazy_pinyin = import_string("pypinyin.lazy_pinyin")
    return partial(lazy_pinyin, style=import_string("pypinyin.Style")[style])
