"""What is required of a document: words, numbers and fields as units of tokens."""

import re
from collections.abc import Iterable, Mapping

from . import fields, tokens
from .engines.base import Match, Unit
from .grammar import Operand
from .recognise import HAN, Found, recognise

_HAN_RUN = re.compile(f"[{HAN}]+")
_ORDER = {"number": 0, "code": 1, "date": 2}


def recognised(text: str) -> list[Found]:
    """Return what is recognised, where readings overlap only the best one."""
    taken: set[int] = set()
    best: list[Found] = []
    for found in sorted(recognise(text), key=lambda item: _ORDER[item.kind]):
        places = set(range(found.start, found.end))
        if not places & taken:
            taken |= places
            best.append(found)
    return best


def blanked(text: str, found: Iterable[Found]) -> str:
    """Return the text with blanks in place of what was recognised."""
    for item in found:
        text = text[: item.start] + " " * (item.end - item.start) + text[item.end :]
    return text


def word_unit(word: str, *, whole: bool = False) -> Unit:
    """Require a word by its bigrams: they find it however a document was cut.

    ``whole``: as they stand, one after the other.
    """
    runs = _HAN_RUN.findall(word)
    others = re.findall(rf"[^\W_{HAN}]+", word)
    pairs = [tokens.bigrams(run) for run in runs]
    if whole:
        pairs = [[" ".join(row)] for row in pairs if row]
    matches = [
        *(("bigrams", pair) for row in pairs for pair in row),
        *(("words", other[: tokens.MAX_TOKEN]) for other in others),
    ]
    single = [run for run in runs if len(run) == 1]
    ways = [
        [*matches, *((field, char) for char in single)]
        for field in (("unigrams", "names") if single else ("",))
    ]
    return Unit(tuple(tuple(dict.fromkeys(way)) for way in ways))


def operand_unit(operand: Operand, *, whole: bool = False) -> Unit:
    """Require one thing: in a field, or anywhere; as it stands if quoted."""
    if operand.field == "title":
        return _title_unit(operand.text)
    if operand.field == "village":
        ways = _tagged_unit("village", operand.text).alternatives
        return Unit((*ways, *_title_unit(operand.text).alternatives))
    if operand.field:
        return _tagged_unit(operand.field, operand.text)
    if operand.quoted or whole:
        return word_unit(operand.text, whole=True)
    found = recognised(operand.text)
    codes = tuple(("words", item.token[: tokens.MAX_TOKEN]) for item in found)
    plain = word_unit(blanked(operand.text, found))
    return Unit(tuple((*codes, *way) for way in plain.alternatives))


def _title_unit(text: str) -> Unit:
    """Require a title by its pairs of characters and its other words."""
    way = [
        ("title" if field != "unigrams" else "names", token)
        for field, token in word_unit(text).alternatives[0]
    ]
    return Unit((tuple(way),))


def _tagged_unit(name: str, text: str) -> Unit:
    """Require the value of a field: by its number, else by all pieces of it."""
    found = [
        item.token[: tokens.MAX_TOKEN]
        for item in recognised(text)
        if item.kind != "date"
    ]
    pieces = found or [token for _f, token in word_unit(text).alternatives[0]]
    return Unit((tuple(("tagged", fields.tag(name, piece)) for piece in pieces),))


def group(
    operands: Iterable[Operand], synonyms: Mapping[str, tuple[str, ...]]
) -> tuple[Unit, str]:
    """Require any one of several; returns it with its name for the reader."""
    ways: dict[tuple[Match, ...], None] = {}
    names = []
    for operand in operands:
        names.append(operand.text)
        units = [operand_unit(operand)]
        if not operand.field:
            units += [word_unit(other) for other in synonyms.get(operand.text, ())]
        ways |= dict.fromkeys(way for unit in units for way in unit.alternatives if way)
    return Unit(tuple(ways) or ((),)), " / ".join(names)


def unit_of(word: str, others: Iterable[str]) -> Unit:
    """Require a word or one that means the same."""
    units = [word_unit(name) for name in (word, *others)]
    return Unit(tuple(way for unit in units for way in unit.alternatives))


def token_unit(names: Iterable[str]) -> Unit:
    """Require any one of these tokens."""
    return Unit(tuple((("words", name[: tokens.MAX_TOKEN]),) for name in names))


def readings(found: Found) -> list[str]:
    """Return the shorter readings of a code that still tell something."""
    return [name for name in found.others if name[0] in "#@" and len(name) > 2]


def known(units: Iterable[Unit]) -> tuple[Unit, ...]:
    """Return each once, without those that require nothing."""
    return tuple(dict.fromkeys(unit for unit in units if unit.alternatives[0]))
