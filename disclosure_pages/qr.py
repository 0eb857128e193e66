"""QR codes as the path of an SVG, drawn in the page itself."""

from dataclasses import dataclass

import segno

QUIET_ZONE = 2


@dataclass(frozen=True)
class QrPath:
    """A square of ``size`` modules and the ``d`` of its dark runs (stroke width 1)."""

    size: int
    path: str


def qr_path(text: str) -> QrPath:
    """Return the QR code of a text, e.g. the address of a page."""
    code = segno.make(text, error="m", micro=False)
    runs: list[str] = []
    for y, row in enumerate(code.matrix_iter(border=QUIET_ZONE)):
        cells = "".join("1" if dark else "0" for dark in row)
        x = cells.find("1")
        while x >= 0:
            end = cells.find("0", x)
            runs.append(f"M{x} {y}.5h{end - x}")
            x = cells.find("1", end)
    return QrPath(size=code.symbol_size(border=QUIET_ZONE)[0], path="".join(runs))
