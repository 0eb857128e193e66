"""Reading one HTML table into the value of the table block."""

from typing import Any

MAX_SPAN = 50


class TableReader:
    """Cells of one table while it is being read; spans are filled by repetition."""

    def __init__(self) -> None:
        self.caption: list[str] = []
        self.rows: list[list[str]] = []
        self._pending: dict[tuple[int, int], str] = {}
        self._cell: list[str] | None = None
        self._spans = (1, 1)

    def start_row(self) -> None:
        self.rows.append([])

    def start_cell(self, attributes: dict[str, str | None]) -> None:
        self.end_cell()
        if not self.rows:
            self.start_row()
        self._cell = []
        self._spans = (
            _span(attributes.get("colspan")),
            _span(attributes.get("rowspan")),
        )

    def text(self, data: str, *, caption: bool) -> None:
        if caption:
            self.caption.append(data)
        elif self._cell is not None:
            self._cell.append(data)

    def end_cell(self) -> None:
        if self._cell is None:
            return
        value = " ".join("".join(self._cell).split())
        row = len(self.rows) - 1
        self._fill(row)
        columns, rows = self._spans
        for _column in range(columns):
            place = len(self.rows[row])
            self.rows[row].append(value)
            for below in range(1, rows):
                self._pending[row + below, place] = value
        self._fill(row)
        self._cell = None

    def _fill(self, row: int) -> None:
        """Repeat what a cell above spans into the next places of this row."""
        while (row, len(self.rows[row])) in self._pending:
            self.rows[row].append(self._pending.pop((row, len(self.rows[row]))))

    def value(self) -> dict[str, Any] | None:
        """Return the value of the table block; None for a table without cells."""
        self.end_cell()
        rows = [row for row in self.rows if row]
        if not rows:
            return None
        width = max(len(row) for row in rows)
        rows = [row + [""] * (width - len(row)) for row in rows]
        has_heading = len(rows) > 1
        heading = rows[0] if has_heading else [""] * width
        return {
            "columns": [{"type": "text", "heading": text} for text in heading],
            "rows": [{"values": row} for row in (rows[1:] if has_heading else rows)],
            "caption": " ".join("".join(self.caption).split()),
        }


def _span(value: str | None) -> int:
    return min(int(value), MAX_SPAN) if value and value.isdigit() and int(value) else 1
