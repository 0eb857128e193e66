"""The guide on paper: booklet, poster and large print, drawn once per content.

A print is kept under ``GONGKAI_HOME/prints`` by the hash of what it is drawn from, so
that asking again, however often, costs no drawing; nor does asking for one that could
not be drawn, for a while. A changed or withdrawn guide leaves no print behind.
"""

import base64
import hashlib
import json
import logging
import mimetypes
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote, urljoin

from django.conf import settings
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.db import models
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.context import base_url, public_path
from disclosure_pages.guide_drawing import UNAVAILABLE
from disclosure_pages.guide_parts import (
    CONTENT_LANGUAGE,
    guide_parts,
    guide_preamble,
    guide_steps,
    read_register,
)
from disclosure_pages.models import DisclosureRendition, GuidePage
from disclosure_pages.public_state import visible_pages
from disclosure_pages.qr import qr_path

WAITING = 3  # who may wait for a drawing; others are asked to come back
WAIT_S = 20
DRAW_S = 60
RETRY_S = 10  # after which somebody who was sent away may come back
FAILED_S = 300  # how long a failure is remembered instead of being repeated
DRAWING = [sys.executable, "-m", "disclosure_pages.guide_drawing"]
SOURCE = re.compile(r'<img [^>]*?src="([^"]+)"')
logger = logging.getLogger(__name__)
_drawing = threading.Lock()
_waiting = threading.BoundedSemaphore(WAITING)


class PrintKind(models.TextChoices):
    """The three prints."""

    BOOKLET = "booklet", gettext_lazy("小册子")
    POSTER = "poster", gettext_lazy("海报")
    LARGE = "large", gettext_lazy("大字版")


class DrawingFailed(Exception):
    """A print could not be drawn now; the argument is a key of ``_sentences``."""


class PrintingUnavailable(Exception):
    """This print cannot be had for ``FAILED_S``; the message says why."""


class PrintingBusy(Exception):
    """Others wait already."""


@dataclass(frozen=True)
class Sheet:
    """A finished print, open: it may be replaced on the disk at any time."""

    kind: PrintKind
    version: int
    file: BinaryIO

    @property
    def name(self) -> str:
        """The name under which it is saved."""
        return f"guide-{self.kind}-v{self.version}.pdf"


def guide_print(page: GuidePage, kind: PrintKind) -> Sheet:
    """Return the print of a public guide as it stands now, drawing it if need be.

    Raises:
        PrintingUnavailable: Pango is missing, or the drawing failed a while ago.
        PrintingBusy: too many wait for the same.
    """
    version = page.versions.defer("sections").first()
    number = version.number if version else 0
    html = _html(page, kind, number, version)
    css = render_to_string("disclosure_pages/guide/print.css")
    sha256 = hashlib.sha256(f"{css}\n{html}".encode()).hexdigest()
    path = _folder() / f"{kind}-{sha256}.pdf"
    return Sheet(kind, number, _stored(path) or _draw_once(path, html, css, kind))


def discard_prints() -> None:
    """Remove every print from the disk."""
    for path in _folder().glob("*.pdf"):
        path.unlink(missing_ok=True)


def discard_withdrawn_prints() -> None:
    """Remove the prints when nobody may read the guide any more."""
    if not visible_pages(GuidePage).exists():
        discard_prints()


def _folder() -> Path:
    return Path(settings.GONGKAI_HOME) / "prints"


def _stored(path: Path) -> BinaryIO | None:
    """Return a print that was drawn before.

    Raises:
        PrintingUnavailable: its drawing failed a while ago.
    """
    with suppress(OSError):
        return path.open("rb")
    if reason := cache.get(_failure(path)):
        raise PrintingUnavailable(_sentences()[reason])
    return None


def _failure(path: Path) -> str:
    return f"guide-print-failed:{path.stem}"


def _sentences() -> dict[str, str]:
    return {
        "missing": _(
            "这台服务器还不能生成 PDF：缺少 Pango 或中文字体。"
            "请管理员安装 libpango-1.0-0、libpangoft2-1.0-0 和 fonts-noto-cjk。"
        ),
        "slow": _(
            "PDF 一分钟还没有生成完，先停下了。请五分钟后再试；还不行，请找管理员。"
        ),
        "failed": _(
            "PDF 没有生成成功，原因已记入日志。请五分钟后再试；还不行，请找管理员。"
        ),
    }


def _html(page: GuidePage, kind: PrintKind, number: int, version: Any) -> str:
    address = f"{base_url()}{public_path(page.url_path)}"
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


def draw_now(html: str, css: str) -> bytes:
    """Draw something that is not kept on the disk, and return the PDF.

    Raises:
        PrintingUnavailable: Pango is missing, or the drawing failed.
        PrintingBusy: too many wait already.
    """
    with _turn():
        try:
            return _pdf(html, css)
        except DrawingFailed as error:
            (reason,) = error.args
            raise PrintingUnavailable(_sentences()[reason]) from error


@contextmanager
def _turn() -> Iterator[None]:
    """Let one drawing be made at a time and a few wait for it.

    Raises:
        PrintingBusy: too many wait already.
    """
    if not _waiting.acquire(blocking=False):
        raise PrintingBusy
    try:
        if not _drawing.acquire(timeout=WAIT_S):
            raise PrintingBusy
        try:
            yield
        finally:
            _drawing.release()
    finally:
        _waiting.release()


def _draw_once(path: Path, html: str, css: str, kind: str) -> BinaryIO:
    """Draw one print at a time; who comes while it is drawn gets the same file."""
    with _turn():
        return _stored(path) or _draw(path, html, css, kind)


def _draw(path: Path, html: str, css: str, kind: str) -> BinaryIO:
    """Draw a print; a failure is remembered."""
    try:
        return _store(path, _pdf(html, css, one_page=kind == PrintKind.POSTER))
    except DrawingFailed as error:
        (reason,) = error.args
    except OSError:
        logger.exception("print failed")
        reason = "failed"
    cache.set(_failure(path), reason, FAILED_S)
    raise PrintingUnavailable(_sentences()[reason])


def _store(path: Path, content: bytes) -> BinaryIO:
    """Put the file in place in one step, open, and remove what it replaces."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    file = os.fdopen(handle, "w+b")
    try:
        file.write(content)
        file.seek(0)
        Path(name).replace(path)
    except OSError:
        file.close()
        Path(name).unlink(missing_ok=True)
        raise
    kind = path.name.partition("-")[0]
    for old in path.parent.glob(f"{kind}-*.pdf"):
        if old != path:
            old.unlink(missing_ok=True)
    return file


def _pdf(html: str, css: str, *, one_page: bool = False) -> bytes:
    """Draw in a process of its own, which gives its memory back."""
    order = {
        "html": html,
        "css": css,
        "base_url": base_url(),
        "pictures": _pictures(html),
        "one_page": one_page,
    }
    try:
        done = subprocess.run(  # noqa: S603  # our own module, no shell
            DRAWING,
            input=json.dumps(order).encode(),
            capture_output=True,
            cwd=settings.BASE_DIR,
            timeout=DRAW_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise DrawingFailed("slow") from error
    if done.returncode == UNAVAILABLE:
        raise DrawingFailed("missing")
    if done.returncode or not done.stdout.startswith(b"%PDF-"):
        logger.error("print failed: %s", done.stderr.decode(errors="replace")[-2000:])
        raise DrawingFailed("failed")
    return done.stdout


def _pictures(html: str) -> dict[str, list[str]]:
    """Return the renditions that the guide shows, by address: kind and content."""
    base = f"{base_url()}{settings.MEDIA_URL}"
    found: dict[str, list[str]] = {}
    for source in SOURCE.findall(html):
        url = urljoin(f"{base_url()}/", unescape(source))
        name = unquote(url.removeprefix(base))
        known = DisclosureRendition.objects.filter(file=name).exists()
        if not known or not default_storage.exists(name):
            continue
        with default_storage.open(name) as file:
            content = base64.b64encode(file.read()).decode()
        found[url] = [mimetypes.guess_type(name)[0] or "", content]
    return found
