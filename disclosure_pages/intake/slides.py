"""Reading presentations (pptx): the text of every slide."""

import re

from django.utils.translation import gettext as _

from disclosure_pages.choices import TextState
from disclosure_pages.intake.packages import open_package, package_findings, read_xml
from disclosure_pages.intake.results import Extracted, Limits

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
SLIDE = re.compile(r"ppt/(?:slides/slide|notesSlides/notesSlide)(\d+)\.xml")


def read(data: bytes, name: str, limits: Limits) -> Extracted:
    """Return one page per slide, the speaker's notes after them."""
    pages = []
    with open_package(data, limits) as archive:
        findings = package_findings(archive.namelist())
        parts = [part for part in archive.namelist() if SLIDE.fullmatch(part)]
        parts.sort(key=lambda part: ("notes" in part, int(SLIDE.fullmatch(part)[1])))
        for part in parts[: limits.pages]:
            root = read_xml(archive, part, limits)
            paragraphs = [] if root is None else root.iter(f"{A}p")
            lines = ["".join(t.text or "" for t in p.iter(f"{A}t")) for p in paragraphs]
            pages.append("\n".join(line for line in lines if line.strip()))
    if any(pages):
        return Extracted(TextState.OK, pages, "pptx", findings=findings)
    message = _("演示文稿里没有文字。如果内容是图片，请写明内容，或另附文字版。")
    return Extracted(TextState.EMPTY, [], "pptx", message, findings)
