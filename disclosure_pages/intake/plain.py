"""Reading text and csv files in whatever encoding an old machine wrote them."""

from charset_normalizer import from_bytes
from django.utils.translation import gettext as _

from disclosure_pages.choices import TextState
from disclosure_pages.intake.results import Extracted, Limits

TRIED = ("utf-8-sig", "gb18030")


def read(data: bytes, name: str, limits: Limits) -> Extracted:
    """Return the text; what the encoding is, the bytes tell."""
    kind = name.rpartition(".")[2].lower()
    text = decode(data)
    if text is None:
        message = _("看不出文字的编码。请在记事本里另存为 UTF-8 后再传。")
        return Extracted(TextState.FAILED, kind=kind, message=message)
    if not text.strip():
        message = _("文件里没有文字。请检查后重新上传。")
        return Extracted(TextState.EMPTY, kind=kind, message=message)
    return Extracted(TextState.OK, [text[: limits.characters]], kind)


def decode(data: bytes) -> str | None:
    """Return the text of the bytes; None when it is no text."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    if b"\0" in data[:4096]:
        return None
    for encoding in TRIED:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    best = from_bytes(data[: 1 << 20]).best()
    return None if best is None else data.decode(best.encoding, "replace")
