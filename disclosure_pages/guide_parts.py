"""The guide as its readers get it: page, prints, index and portal show these parts.

Contacts and hours are drawn from the organisation register each time; nothing of them
is stored with the guide.
"""

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from wagtail.rich_text import expand_db_html

from cms.models import Authority, Office
from disclosure_pages import guide_text
from disclosure_pages.guide_text import Part
from disclosure_pages.models import GuidePage

CONTENT_LANGUAGE = "zh-hans"
SECOND_LEVEL = re.compile(r"(</?)h2\b")
LABEL_END = re.compile(r"</dt>")
LINE_END = re.compile(r"</(?:p|li|dd|tr|h3|h4|caption|div)>|<br\s*/?>")
CELL_END = re.compile(r"</t[dh]>\s*(?=<t[dh])")


@dataclass(frozen=True)
class Contact:
    """Whom to ask: name, phone, place and hours."""

    name: str
    phone: str
    place: str
    hours: str


@dataclass(frozen=True)
class Step:
    """One step of a request, with whom to ask."""

    heading: str
    text: SafeString
    contact: Contact

    @property
    def first_sentence(self) -> str:
        """The beginning of the text, for posters."""
        text = "".join(lines(self.text)[:1])
        head, stop, _rest = text.partition("。")
        return f"{head}{stop}"


@dataclass(frozen=True)
class Register:
    """What the guide takes from the organisation register."""

    authority: Authority
    all_offices: list[Office] = field(default_factory=list)

    @property
    def offices(self) -> list[Office]:
        """The offices with a phone, for the list of phones."""
        return [office for office in self.all_offices if office.phone]

    @property
    def desk(self) -> Contact:
        """The office that handles disclosure (政府信息公开工作机构)."""
        authority = self.authority
        names = {office.pk: office.name for office in self.all_offices}
        name = names.get(authority.receiving_office_id) or authority.operator_unit
        return Contact(
            name=name or authority.name,
            phone=authority.phone,
            place=authority.consult_place or authority.address,
            hours=authority.office_hours,
        )

    def contact(self, office: Office | None) -> Contact:
        """Return whom to ask at a step; what the office lacks is the authority's."""
        desk = self.desk
        if office is None:
            return desk
        return Contact(
            name=office.name,
            phone=office.phone or desk.phone,
            place=office.address or self.authority.address,
            hours=office.hours or desk.hours,
        )


def read_register(authority: Authority | None = None) -> Register:
    """Read the offices (one query) and, unless it is given, the authority (one)."""
    authority = authority or Authority.objects.first() or Authority()
    return Register(authority, list(Office.objects.all()))


def guide_parts(page: GuidePage, register: Register) -> list[Part]:
    """Return the parts of the guide in reading order, each with anchor and heading."""
    body = _body(page)
    parts = [
        Part("contact", _("找谁问"), _drawn("contact", register)),
        Part("classification", _("公开哪些信息"), _text(page.classification)),
        Part("ways", _("怎样看到"), _text(page.ways_to_obtain)),
        Part("apply", _("怎样申请"), _steps(page, register)),
        *body.parts,
        Part("remedies", _("不满意怎么办"), _text(page.remedies)),
        Part("offices", _("各科室电话"), _drawn("offices", register)),
    ]
    return [part for part in parts if part.html.strip()]


def guide_preamble(page: GuidePage) -> SafeString:
    """Return what stands above the first heading of the other content."""
    return _body(page).preamble


def guide_html(page: GuidePage, register: Register) -> str:
    """Return the whole guide as one text, in Chinese whoever asks."""
    with translation.override(CONTENT_LANGUAGE):
        parts = guide_parts(page, register)
        html = "".join(f"<h2>{part.heading}</h2>{part.html}" for part in parts)
        return f"{guide_preamble(page)}{html}".strip()


def guide_sections(page: GuidePage, register: Register) -> list[dict[str, Any]]:
    """Return the guide as plain lines by section: what a version keeps and compares."""
    with translation.override(CONTENT_LANGUAGE):
        sections = [
            {"heading": unescape(part.heading), "lines": lines(part.html)}
            for part in guide_parts(page, register)
        ]
        first = [page.title, page.summary, *lines(guide_preamble(page))]
        return [{"heading": "", "lines": [line for line in first if line]}, *sections]


def lines(html: str) -> list[str]:
    """Return HTML as plain lines, one per paragraph, entry or row."""
    text = LABEL_END.sub("：", html)
    text = CELL_END.sub("　", text)
    text = LINE_END.sub("\n", text.replace("\n", " "))
    rows = unescape(strip_tags(text)).split("\n")
    return [row.strip() for row in rows if row.strip()]


def _body(page: GuidePage) -> guide_text.Sections:
    return guide_text.sections("".join(block.render() for block in page.body))


def _text(source: str) -> SafeString:
    """Return an editor's text; its headings are below those of the parts."""
    html = expand_db_html(source) if strip_tags(source).strip() else ""
    return mark_safe(SECOND_LEVEL.sub(r"\1h3", html))  # noqa: S308  # the editor's own


def guide_steps(page: GuidePage, register: Register) -> list[Step]:
    """Return the steps of a request, each with whom to ask."""
    return [
        Step(
            step.value["heading"],
            _text(step.value["text"].source),
            register.contact(step.value["office"]),
        )
        for step in page.steps
    ]


def _steps(page: GuidePage, register: Register) -> SafeString:
    steps = guide_steps(page, register)
    return _template("steps", steps=steps) if steps else SafeString("")


def _drawn(name: str, register: Register) -> SafeString:
    if name == "offices" and not register.offices:
        return SafeString("")
    return _template(name, register=register)


def _template(name: str, **context: Any) -> SafeString:
    return render_to_string(f"disclosure_pages/guide/{name}.html", context)
