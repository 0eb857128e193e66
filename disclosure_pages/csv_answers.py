"""CSV that opens in Excel and runs nothing: one guard, one way to write and to send."""

import csv
from collections.abc import Iterable, Iterator
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

BOM = "\ufeff"  # without it Excel takes UTF-8 for the system's own encoding
CONTENT_TYPE = "text/csv; charset=utf-8"
SIGNS = frozenset("=+-@＝＋－＠﹦﹢﹣﹫⁼⁺₌₊﬩−")  # a formula begins with one of them
BREAKS = frozenset("\t\r\n")  # a new cell begins behind them
QUOTES = frozenset(' "“”„‟″＂')


class Echo:
    """A file that gives back what is written to it, for ``csv.writer``."""

    def write(self, text: str) -> str:
        return text


def harmless(cell: object) -> str:
    """Return the cell as text that no spreadsheet takes for a formula."""
    text = str(cell).replace("\x00", "")
    return f"'{text}" if _needs_mark(text) else text


def unguarded(cell: Any) -> Any:
    """Return the cell without the mark that ``harmless`` put on it."""
    marked = isinstance(cell, str) and cell[:1] == "'" and _needs_mark(cell[1:])
    return cell[1:] if marked else cell


def _needs_mark(text: str) -> bool:
    """Whether a formula may begin here, or our own mark.

    Programs drop white space, unseen characters and quotes in front of a formula.
    """
    if text[:1] == "'":
        return True
    for character in text:
        if character in SIGNS or character in BREAKS:
            return True
        if character.isprintable() and character not in QUOTES:
            return False
    return False


def csv_rows(
    header: Iterable[object], rows: Iterable[Iterable[object]]
) -> Iterator[str]:
    """Write the mark of the encoding, the header and one line for each row."""
    writer = csv.writer(Echo(), quoting=csv.QUOTE_ALL)
    yield BOM + writer.writerow([str(cell) for cell in header])
    for row in rows:
        yield writer.writerow([harmless(cell) for cell in row])


def csv_answer(
    name: str, header: Iterable[object], rows: Iterable[Iterable[object]]
) -> HttpResponse:
    """Return a table of moderate size as a download."""
    answer = HttpResponse("".join(csv_rows(header, rows)), content_type=CONTENT_TYPE)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def dated_download(answer: HttpResponseBase, name: str, form: str) -> None:
    """Make a public answer a file of today that is neither kept nor indexed."""
    stamp = timezone.localdate().isoformat()
    answer["Content-Disposition"] = f'attachment; filename="{name}-{stamp}.{form}"'
    answer["Cache-Control"] = "no-cache"
    answer["X-Robots-Tag"] = "noindex"
