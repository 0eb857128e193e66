"""Which words of a question were given up, and which of them the site knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from . import engines
from .engines.base import EngineDown
from .query import QUESTION_WORDS, Parsed

MOST_WORDS = 12


@dataclass(frozen=True)
class Dropped:
    """What became of each word.

    ``absent``: no document has it; ``lacking``: key of a hit → words of the others
    that it lacks; ``present``: word → how many documents have it.
    """

    absent: tuple[str, ...] = ()
    lacking: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    present: Mapping[str, int] = field(default_factory=dict)


NOTHING_DROPPED = Dropped()


def find_dropped(engine: str, parsed: Parsed, keys: Sequence[str]) -> Dropped:
    """Ask the engine that answered; nothing is told when it does not answer now.

    Args:
        keys: of the hits that are shown.
    """
    named = [pair for pair in parsed.named if pair[0] not in QUESTION_WORDS]
    named = named[:MOST_WORDS]
    try:
        held = engines.get(engine).holding([unit for _name, unit in named], keys)
    except EngineDown:
        return NOTHING_DROPPED
    found = [(name, one) for (name, _unit), one in zip(named, held, strict=True)]
    present = [(name, one) for name, one in found if one.count]
    lacking: dict[str, tuple[str, ...]] = {}
    for key in () if parsed.question else keys:  # a sentence is never held whole
        if words := tuple(name for name, one in present if key not in one.keys):
            lacking[key] = words
    return Dropped(
        absent=tuple(name for name, one in found if not one.count),
        lacking=lacking,
        present={name: one.count for name, one in present},
    )
