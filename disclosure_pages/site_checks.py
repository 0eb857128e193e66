"""Does every kind of public page keep what the rules ask, as it is configured here?

Each kind is read through Django's own client, without a server: meta tags, footer, the
one heading, the canonical address, links, and what a first view weighs.
"""

import gzip
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from django.utils.translation import gettext as _

from disclosure_pages.site_kinds import Kind, Tags, kinds

MAX_REQUESTS, MAX_BYTES, MAX_CSS, MAX_JS = 8, 120_000, 12_000, 20_000
MAX_LINKS = 2_000
SITE_TAGS = ("SiteName", "SiteDomain", "SiteIDCode")
COLUMN_TAGS = ("ColumnName", "ColumnDescription", "ColumnKeywords", "ColumnType")
ARTICLE_TAGS = ("ArticleTitle", "PubDate", "ContentSource", "Url")
REQUIRED = {
    Tags.SITE: SITE_TAGS,
    Tags.COLUMN: SITE_TAGS + COLUMN_TAGS,
    Tags.ARTICLE: SITE_TAGS + ARTICLE_TAGS,
}
PUB_DATE = re.compile(r"\d{4}-\d{2}-\d{2} ([01]\d|2[0-3]):[0-5]\d")
LOADED = {("link", "href"), ("script", "src"), ("img", "src"), ("source", "src")}
LOADED_RELS = {"stylesheet", "icon", "preload"}


class Outline(HTMLParser):
    """What a page says in its head and foot, links to, and makes the browser load."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.meta: dict[str, str] = {}
        self.links: list[str] = []
        self.files: list[str] = []
        self.canonical = self.language = self.footer = ""
        self.h1 = self.feeds = self.data = 0
        self._in_footer = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "meta" and "name" in values:
            self.meta[values["name"]] = values.get("content", "")
        elif tag == "html":
            self.language = values.get("lang", "")
        elif tag == "link":
            self._head_link(values)
        elif tag == "a" and "href" in values:
            self.links.append(values["href"])
        self.h1 += tag == "h1"
        self.data += values.get("type") == "application/ld+json"
        self._in_footer |= tag == "footer"
        for name in ("src", "href"):
            wanted = tag != "link" or set(values.get("rel", "").split()) & LOADED_RELS
            if (tag, name) in LOADED and wanted and values.get(name):
                self.files.append(values[name])

    def _head_link(self, values: dict[str, str]) -> None:
        if values.get("rel") == "canonical":
            self.canonical = values.get("href", "")
        self.feeds += values.get("rel") == "alternate"

    def handle_endtag(self, tag: str) -> None:
        self._in_footer &= tag != "footer"

    def handle_data(self, data: str) -> None:
        if self._in_footer:
            self.footer += data


@dataclass
class Weight:
    """What a first view costs; sizes as they travel (gzip)."""

    requests: int = 1
    bytes: int = 0
    css: int = 0
    js: int = 0


@dataclass
class Finding:
    """What was found on one kind of page; ``faults`` is empty when all is well."""

    kind: Kind
    faults: list[str] = field(default_factory=list)
    weight: Weight = field(default_factory=Weight)
    links: int = 0

    @property
    def missing(self) -> bool:
        """Whether there is no page of this kind to look at."""
        return not self.kind.path and self.kind.known


@dataclass
class Report:
    """All kinds, and the links that lead nowhere."""

    findings: list[Finding] = field(default_factory=list)
    broken: dict[str, int] = field(default_factory=dict)
    checked_links: int = 0
    facts: list[str] = field(default_factory=list)

    @property
    def passed(self) -> int:
        """How many kinds were looked at and found in order."""
        return sum(not (f.faults or f.missing) for f in self.findings)

    @property
    def missing(self) -> list[str]:
        """The kinds of which this site has no page yet."""
        return [str(f.kind.label) for f in self.findings if f.missing]

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong anywhere."""
        found = any(finding.faults for finding in self.findings)
        return not (found or self.broken or self.facts)


class Visitor:
    """A reader without cookies who visits the running configuration."""

    def __init__(self) -> None:
        parts = urlsplit(settings.GONGKAI_BASE_URL)
        self.host, self.secure = parts.netloc, parts.scheme == "https"
        self.root = f"{parts.scheme}://{parts.netloc}"
        self.sizes: dict[str, tuple[int, bool]] = {}

    def get(self, path: str) -> tuple[int, bytes, str]:
        """Return status, body and kind of content of one answer; follows nothing."""
        client = Client(raise_request_exception=False, headers={"host": self.host})
        response = client.get(path, secure=self.secure)
        if response.streaming:  # a file or an export: its beginning is enough
            body = next(iter(response.streaming_content), b"")
        else:
            body = response.content
        return response.status_code, body, response.headers.get("Content-Type", "")

    def path_of(self, address: str, base: str) -> str:
        """Return the address as a path of this site, or nothing."""
        full = urldefrag(urljoin(f"{self.root}{base}", address)).url
        parts = urlsplit(full)
        if f"{parts.scheme}://{parts.netloc}" != self.root:
            return ""
        return f"{parts.path}?{parts.query}" if parts.query else parts.path

    def size(self, path: str) -> tuple[int, bool]:
        """Return how much a file weighs as it travels, and whether it is there."""
        if path not in self.sizes:
            file = self._static(path)
            if file is not None:
                body, there = file.read_bytes(), True
            else:
                status, body, _kind = self.get(path)
                there = status < 400
            self.sizes[path] = (len(gzip.compress(body)), there)
        return self.sizes[path]

    def _static(self, path: str) -> Path | None:
        name = path.removeprefix(settings.STATIC_URL).partition("?")[0]
        if name == path:
            return None
        stored = Path(settings.STATIC_ROOT) / name
        if stored.is_file():
            return stored
        found = finders.find(name)
        return Path(found) if found else None


def check_site() -> Report:
    """Read every kind of page once and every link on them once.

    Django's own warnings of missing pages are left out: the report names them.
    """
    logger = logging.getLogger("django.request")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        return _checked()
    finally:
        logger.setLevel(before)


def _checked() -> Report:
    visitor, report = Visitor(), Report()
    seen: dict[str, str] = {}
    footers = []
    for kind in kinds():
        finding = Finding(kind)
        report.findings.append(finding)
        if not kind.known:
            finding.faults.append(_("没有列入检查的页面种类或网址"))
        elif kind.path:
            outline = _visit(visitor, finding)
            if outline.footer.strip():  # a page without any is told by itself
                footers.append(outline.footer)
            for address in outline.links:
                path = visitor.path_of(address, kind.path)
                own = path.partition("?")[0] == kind.path and kind.status != 200
                if path and not own:  # a page that is gone links to itself, too
                    seen.setdefault(path, kind.path)
            finding.links = len(outline.links)
    report.facts = _missing_in(footers)
    _follow(visitor, seen, report)
    return report


def _visit(visitor: Visitor, finding: Finding) -> Outline:
    kind = finding.kind
    status, body, content_type = visitor.get(kind.path)
    outline = Outline(body.decode("utf-8", "replace"))
    if status != kind.status:
        finding.faults.append(_("状态码 %(status)d") % {"status": status})
        return outline
    if not content_type.startswith("text/html"):
        finding.faults.append(_("不是网页"))
    finding.faults += [*_head_faults(outline, kind), *_foot_faults(outline)]
    finding.weight = _weigh(visitor, outline, body, kind.path, finding.faults)
    return outline


def _head_faults(outline: Outline, kind: Kind) -> Iterable[str]:
    if kind.status == 200:
        for name in REQUIRED[kind.tags]:
            if not outline.meta.get(name):
                yield _("缺 meta %(name)s") % {"name": name}
        noindex = "noindex" in outline.meta.get("robots", "")
        if not outline.canonical and not noindex:
            yield _("缺 canonical")
        if not outline.data:
            yield _("缺 JSON-LD")
        if outline.feeds < 2:
            yield _("缺订阅地址")
    date = outline.meta.get("PubDate")
    if date and not PUB_DATE.fullmatch(date):
        yield _("PubDate 格式不对")
    if outline.h1 != 1:
        yield _("h1 有 %(n)d 个") % {"n": outline.h1}
    if not outline.language:
        yield _("缺 lang")


def _foot_faults(outline: Outline) -> Iterable[str]:
    if not outline.footer.strip():
        yield _("没有页脚")


def _missing_in(footers: list[str]) -> list[str]:
    """Return the items that a footer must show, with how many pages lack them."""
    wanted = (
        *(_("主办"), _("承办"), _("电话"), _("网站标识码"), _("备案号")),
        *(_("公安备案号"), _("网站地图"), _("我为政府网站找错")),
    )
    lacking = {name: sum(name not in footer for footer in footers) for name in wanted}
    return [
        _("页脚缺“%(name)s”：%(n)d 类页面") % {"name": name, "n": number}
        for name, number in lacking.items()
        if number
    ]


def _weigh(
    visitor: Visitor, outline: Outline, body: bytes, base: str, faults: list[str]
) -> Weight:
    weight = Weight(bytes=len(gzip.compress(body)))
    for address in dict.fromkeys(outline.files):
        if address.startswith("data:"):
            continue
        weight.requests += 1
        path = visitor.path_of(address, base)
        if not path:
            faults.append(_("引用外部文件 %(url)s") % {"url": address})
            continue
        size, there = visitor.size(path)
        weight.bytes += size
        weight.css += size if ".css" in path else 0
        weight.js += size if ".js" in path else 0
        if not there:
            faults.append(_("文件打不开 %(url)s") % {"url": path})
    limits = (
        (weight.requests, MAX_REQUESTS, _("请求")),
        (weight.bytes, MAX_BYTES, _("字节")),
        (weight.css, MAX_CSS, "CSS"),
        (weight.js, MAX_JS, "JS"),
    )
    faults += [
        _("%(name)s %(value)d 超过 %(limit)d")
        % {"name": name, "value": value, "limit": limit}
        for value, limit, name in limits
        if value > limit
    ]
    return weight


def _follow(visitor: Visitor, seen: dict[str, str], report: Report) -> None:
    """Ask for every address that a visited page links to, once."""
    for path in list(seen)[:MAX_LINKS]:
        status, _body, _kind = visitor.get(path)
        report.checked_links += 1
        if status >= 400:
            report.broken[f"{path} ← {seen[path]}"] = status
