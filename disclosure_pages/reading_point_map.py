"""The schematic map: where each village's dot and name stand, without overlaps."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 880, 590
MARGIN = 10
DOT = 13
GLYPH = 16
NAME_HEIGHT = 20
WINDOW = 26
WINDOW_NAME = 96  # 镇便民服务中心
STEP = 12


@dataclass(frozen=True)
class Box:
    """A rectangle of the map that something fills."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def around(cls, x: float, y: float, width: float, height: float) -> "Box":
        """Return the box of this size with its middle here."""
        return cls(x - width / 2, y - height / 2, x + width / 2, y + height / 2)

    def hits(self, other: "Box") -> bool:
        """Whether the two share any place."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    @property
    def inside(self) -> bool:
        """Whether it lies on the map."""
        return (
            self.left >= MARGIN
            and self.top >= MARGIN
            and self.right <= WIDTH - MARGIN
            and self.bottom <= HEIGHT - MARGIN
        )


@dataclass(frozen=True)
class Place:
    """A dot with its name; a name that would cover another is left to the table."""

    subject: Any
    x: int
    y: int
    text_x: int = 0
    text_y: int = 0
    shows_name: bool = True


def width_of(name: str) -> int:
    """Return how wide a name is drawn, a Chinese character being a full glyph."""
    return sum(GLYPH if ord(char) > 0x2E7F else GLYPH // 2 + 1 for char in name)


def places(named: Iterable[tuple[Any, str, int, int]]) -> list[Place]:
    """Place (subject, name, x, y): names below the dot, else above, right or left."""
    rows = [
        (
            *(subject, name),
            min(max(x, 2 * MARGIN), WIDTH - 2 * MARGIN),
            min(max(y, 2 * MARGIN), HEIGHT - 2 * MARGIN),
        )
        for subject, name, x, y in named
    ]
    taken = [Box.around(x, y, 2 * DOT, 2 * DOT) for _subject, _name, x, y in rows]
    found = []
    for number, (subject, name, x, y) in enumerate(rows):
        others = [box for place, box in enumerate(taken) if place != number]
        width = width_of(name)
        side = DOT + 3 + width // 2
        spots = ((x, y + 23), (x, y - 23), (x + side, y), (x - side, y))
        for text_x, middle in spots:
            box = Box.around(text_x, middle, width, NAME_HEIGHT)
            if box.inside and not any(box.hits(other) for other in others):
                taken.append(box)
                found.append(Place(subject, x, y, text_x, middle + 6))
                break
        else:
            found.append(Place(subject, x, y, shows_name=False))
    return found


def window_place(window: Any, around: Sequence[Place], names: Sequence[str]) -> Place:
    """Place the township's window, which has no village, free and near the middle."""
    taken = [Box.around(p.x, p.y, 2 * DOT, 2 * DOT) for p in around]
    taken += [
        Box.around(p.text_x, p.text_y - 6, width_of(name), NAME_HEIGHT)
        for p, name in zip(around, names, strict=True)
        if p.shows_name
    ]
    middle_x = sum(p.x for p in around) // len(around) if around else WIDTH // 2
    middle_y = sum(p.y for p in around) // len(around) if around else HEIGHT // 2
    grid = [
        (x, y)
        for x in range(2 * WINDOW, WIDTH - 2 * WINDOW, STEP)
        for y in range(2 * WINDOW, HEIGHT - 2 * WINDOW, STEP)
    ]
    grid.sort(key=lambda spot: (spot[0] - middle_x) ** 2 + (spot[1] - middle_y) ** 2)
    for x, y in grid:
        mark = Box.around(x, y, WINDOW + 20, WINDOW + 14)
        name = Box.around(x, y + 27, WINDOW_NAME, NAME_HEIGHT)
        if not any(mark.hits(box) or name.hits(box) for box in taken):
            return Place(window, x, y, x, y + 33)
    return Place(window, middle_x, middle_y, shows_name=False)
