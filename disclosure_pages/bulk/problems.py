"""What is wrong with an import file, in words that a clerk can act on."""

from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext as _

SHOWN = 60


@dataclass(frozen=True)
class Problem:
    """One fault: sheet row (0: the whole file), column heading, value and reason."""

    row: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        where = _("第 %(row)d 行") % {"row": self.row} if self.row else _("整个文件")
        return " · ".join(
            [where, self.column or _("整行"), f"“{self.value}”", self.reason]
        )

    def as_dict(self) -> dict[str, Any]:
        """Return it for ``--json``."""
        return asdict(self)


def problem(row: int, column: str, value: object, reason: str) -> Problem:
    """Return a problem with its value cut to what fits a line."""
    text = " ".join(str("" if value is None else value).split())
    return Problem(row, column, text[:SHOWN] + "…" * (len(text) > SHOWN), reason)


class UnreadableFile(Exception):
    """The file cannot be read at all; ``problem`` says why."""

    def __init__(self, reason: str, *, column: str = "", value: object = "") -> None:
        super().__init__(reason)
        self.problem = problem(0, column, value, reason)
