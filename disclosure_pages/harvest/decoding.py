"""Bytes from foreign sites as text: GBK pages, wrong labels, BOMs, stray bytes."""

import codecs
import re
from collections.abc import Iterator

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
LABEL = re.compile(
    rb"""(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE
)
HEADER = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
HAN = re.compile(r"[\u3000-\u9fff]")
LOOKED_AT = 4096
# What is called so is a part of what it is read as.
WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030"}
WIDER |= {"x-gbk": "gb18030", "iso-8859-1": "cp1252", "ascii": "utf-8"}
HARMLESS = {"utf-8", "gb18030", "big5", "big5hkscs", "cp1252", "utf-16", "shift_jis"}
HARMLESS |= {"utf-16-le", "utf-16-be", "euc_kr", "euc_jp"}
CONTROLS = dict.fromkeys({*range(32), 127, 0xFFFE, 0xFFFF} - {9, 10, 13})


def decoded(body: bytes, content_type: str = "") -> str:
    """Return the text: by BOM, as Chinese in UTF-8, as labelled, else as GB 18030.

    UTF-8 before the label: pages that became UTF-8 often keep their old one. But short
    texts in GBK can be valid UTF-8 by chance (通知), only never with Han in it. What
    fits nowhere becomes U+FFFD; control characters fall out.
    """
    for mark, name in BOMS:
        if body.startswith(mark):
            return _clean(body[len(mark) :].decode(name, "replace"))
    labels = [*_candidates(body, content_type)]
    for name in ("utf-8", *labels):
        try:
            text = body.decode(name)
        except UnicodeDecodeError:
            continue
        if name in labels or body.isascii() or HAN.search(text):
            return _clean(text)
    return _clean(body.decode(labels[0], "replace"))


def _candidates(body: bytes, content_type: str) -> Iterator[str]:
    named = HEADER.search(content_type)
    labelled = LABEL.search(body[:LOOKED_AT])
    for text in (
        named[1] if named else "",
        labelled[1].decode("ascii", "replace") if labelled else "",
        "gb18030",
    ):
        if name := _codec(text):
            yield name


def _codec(label: str) -> str:
    """Return a text codec that may be used; "" for what Python calls so and is none."""
    label = WIDER.get(label.lower(), label)
    try:
        name = codecs.lookup(label).name
    except LookupError:
        return ""
    name = WIDER.get(name.replace("_", "-"), name)
    return name if name in HARMLESS or name.startswith("cp125") else ""


def _clean(text: str) -> str:
    return text.translate(CONTROLS).lstrip("\ufeff")
