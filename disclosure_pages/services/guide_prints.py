"""The guide on paper: booklet, poster and large print, drawn once per content.

A print is kept under ``GONGKAI_HOME/prints`` by the hash of what it is drawn from, so
that asking again, however often, costs no drawing.
"""

import functools
import hashlib
import importlib
import mimetypes
import os
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import models
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from disclosure_pages.guide_parts import (
    CONTENT_LANGUAGE,
    guide_parts,
    guide_preamble,
    guide_steps,
    read_register,
)
from disclosure_pages.models import DisclosureRendition, GuidePage
from disclosure_pages.qr import qr_path

WAITING = 3  # who may wait for a drawing; others are asked to come back
WAIT_S = 20
POSTER_PT = (26, 24, 22, 20.5, 19, 17.5, 16, 14, 12, 10, 8)
_drawing = threading.Lock()
_waiting = threading.BoundedSemaphore(WAITING)


class PrintKind(models.TextChoices):
    """The three prints."""

    BOOKLET = "booklet", gettext_lazy("小册子")
    POSTER = "poster", gettext_lazy("海报")
    LARGE = "large", gettext_lazy("大字版")


class PrintingUnavailable(Exception):
    """This machine cannot draw PDFs; the message says what is missing."""


class PrintingBusy(Exception):
    """Others wait already."""


@dataclass(frozen=True)
class Sheet:
    """A finished print."""

    kind: PrintKind
    version: int
    path: Path

    @property
    def name(self) -> str:
        """The name under which it is saved."""
        return f"guide-{self.kind}-v{self.version}.pdf"


def guide_print(page: GuidePage, kind: PrintKind) -> Sheet:
    """Return the print of a public guide as it stands now, drawing it if need be.

    Raises:
        PrintingUnavailable: Pango or the fonts are missing.
        PrintingBusy: too many wait for the same.
    """
    version = page.versions.defer("sections").first()
    number = version.number if version else 0
    html = _html(page, kind, number, version)
    css = render_to_string("disclosure_pages/guide/print.css")
    sha256 = hashlib.sha256(f"{css}\n{html}".encode()).hexdigest()
    path = Path(settings.GONGKAI_HOME) / "prints" / f"{kind}-{sha256}.pdf"
    if not path.exists():
        _draw_once(path, html, css, kind)
    return Sheet(kind, number, path)


def _html(page: GuidePage, kind: PrintKind, number: int, version: Any) -> str:
    address = f"{_base_url()}/guide/"
    with translation.override(CONTENT_LANGUAGE):
        register = read_register()
        return render_to_string(
            f"disclosure_pages/guide/print_{kind}.html",
            {
                "page": page,
                "kind": kind,
                "authority": register.authority,
                "desk": register.desk,
                "preamble": guide_preamble(page),
                "parts": guide_parts(page, register),
                "steps": guide_steps(page, register),
                "number": number,
                "version": version,
                "address": address,
                "qr": qr_path(f"{address}?printed={number}" if number else address),
            },
        )


def _draw_once(path: Path, html: str, css: str, kind: str) -> None:
    """Draw one print at a time; who comes while it is drawn gets the same file."""
    if not _waiting.acquire(blocking=False):
        raise PrintingBusy
    try:
        if not _drawing.acquire(timeout=WAIT_S):
            raise PrintingBusy
        try:
            if not path.exists():
                _store(path, _pdf(html, css, kind))
        finally:
            _drawing.release()
    finally:
        _waiting.release()


def _store(path: Path, content: bytes) -> None:
    """Put the file in place in one step, and remove what it replaces."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(name).replace(path)
    kind = path.name.partition("-")[0]
    for old in path.parent.glob(f"{kind}-*.pdf"):
        if old != path:
            old.unlink(missing_ok=True)


def _pdf(html: str, css: str, kind: str) -> bytes:
    weasyprint = _engine()
    pictures = GuidePictures(weasyprint)
    source = weasyprint.HTML(string=html, base_url=_base_url(), url_fetcher=pictures)
    for size in POSTER_PT if kind == PrintKind.POSTER else (None,):
        smaller = f".poster {{ font-size: {size}pt }}" if size else ""
        document = source.render(
            stylesheets=[
                weasyprint.CSS(string=text, url_fetcher=pictures)
                for text in (css, smaller)
            ]
        )
        if len(document.pages) == 1:
            break
    if kind == PrintKind.POSTER:
        document = document.copy(document.pages[:1])
    return document.write_pdf()


class GuidePictures:
    """Hands WeasyPrint the pictures of the guide; nothing else is ever loaded."""

    _fail_on_errors = False  # WeasyPrint asks: a picture that is missing is left out

    def __init__(self, engine: ModuleType) -> None:
        self.engine = engine

    def __call__(self, url: str, headers: dict[str, str] | None = None) -> Any:
        """Return a rendition that a page of ours may show.

        Raises:
            ValueError: it is something else.
        """
        name = unquote(url.removeprefix(f"{_base_url()}{settings.MEDIA_URL}"))
        rendition = DisclosureRendition.objects.filter(file=name).first()
        if rendition is None:
            raise ValueError(url)
        with default_storage.open(name) as file:
            content = file.read()
        kind = mimetypes.guess_type(name)[0] or ""
        return self.engine.urls.URLFetcherResponse(url, content, {"Content-Type": kind})


def _base_url() -> str:
    return settings.GONGKAI_BASE_URL.rstrip("/")


@functools.cache
def _engine() -> ModuleType:
    """Load WeasyPrint at the first print: it is large, and Pango may be missing."""
    try:
        return importlib.import_module("weasyprint")
    except (ImportError, OSError) as error:
        raise PrintingUnavailable(
            _(
                "这台服务器还不能生成 PDF：缺少 Pango 或中文字体。"
                "请管理员安装 libpango-1.0-0、libpangoft2-1.0-0 和 fonts-noto-cjk。"
            )
        ) from error
