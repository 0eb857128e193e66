"""The demo's rules, reports, notices, plain pages and steering group."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone
from wagtail.models import Page

from cms.approval import publication_approved
from cms.models import Authority, Office, SteeringMember
from disclosure_pages.bulk.attachments import find_file
from disclosure_pages.bulk.bodies import body_of
from disclosure_pages.bulk.filing import Filing
from disclosure_pages.demo.content import DATA, load
from disclosure_pages.models import (
    AnnualReportIndexPage,
    AnnualReportPage,
    HomePage,
    InstitutionPage,
    NoticeIndexPage,
    NoticePage,
    PlainPage,
    RulesIndexPage,
    RulesPage,
)
from disclosure_pages.models.pages import TextPage

APART = ("body", "published_on", "successor", "document")
HOUR = dt.time(9, 30)


@transaction.atomic
def load_responsible() -> None:
    """Name the receiving office and the steering group, unless somebody has."""
    values = load("organisation")
    offices = {office.code: office for office in Office.objects.all()}
    authority = Authority.load()
    if authority.receiving_office is None:
        authority.receiving_office = offices.get(values["receiving_office"])
        authority.save(update_fields=["receiving_office"])
    if SteeringMember.objects.exists():
        return
    for member in values["steering_group"]:
        office = offices.get(member.pop("office"))
        SteeringMember.objects.create(office=office, **member)


@transaction.atomic
def load_pages(home: HomePage) -> int:
    """Publish the pages that are missing; returns how many."""
    _describe_institution()
    rules = _Shelf(RulesIndexPage.objects.get(), RulesPage)
    reports = _Shelf(AnnualReportIndexPage.objects.get(), AnnualReportPage)
    notices = _Shelf(NoticeIndexPage.objects.get(), NoticePage)
    plain = _Shelf(home, PlainPage)
    shelves = {
        **{"rules": rules, "reports": reports},
        **{"notices": notices, "plain_pages": plain},
    }
    for name, shelf in shelves.items():
        for record in load(name):
            shelf.add(record)
    return sum(shelf.made for shelf in shelves.values())


class _Shelf:
    """The place of one kind of pages; knows which are there."""

    def __init__(self, parent: Page, model: type[TextPage]) -> None:
        self.parent, self.model, self.made = parent, model, 0
        children = model.objects.child_of(parent)
        self.there = {page.slug: page for page in children}

    def add(self, record: dict[str, Any]) -> None:
        """Publish the page of a record, unless there is one at its address."""
        if record["slug"] in self.there:
            return
        values = {name: value for name, value in record.items() if name not in APART}
        day = dt.date.fromisoformat(record["published_on"])
        page = self.model(
            live=False,
            locale=self.parent.locale,
            first_published_at=timezone.make_aware(dt.datetime.combine(day, HOUR)),
            **values,
        )
        page.body = _body(record["body"], self.there.get(record.get("successor", "")))
        if "document" in record:
            page.document = _document(record["document"], self.parent.title)
        self.parent.refresh_from_db()
        self.parent.add_child(instance=page)
        _publish(page)
        self.there[page.slug] = page
        self.made += 1


def _body(text: str, successor: Page | None = None) -> Any:
    """Return the body; of a rule that was replaced, with a link to the new one."""
    blocks = body_of(text)
    if successor is not None:
        link = f'<a linktype="page" id="{successor.pk}">{successor.title}</a>'
        value = {"kind": "warn", "heading": "已由新办法代替", "text": f"<p>{link}</p>"}
        blocks.insert(0, {"type": "notice", "value": value})
    return TextPage._meta.get_field("body").to_python(blocks)


def _document(name: str, collection: str) -> Any:
    file = find_file(DATA, name)
    filing = Filing([file])
    filing.store(file)
    return filing.document(file, collection)


def _describe_institution() -> None:
    page = InstitutionPage.objects.first()
    if page is not None and not page.body:
        page.body = _body(load("organisation")["institution"])
        _publish(page)


def _publish(page: Page) -> None:
    with publication_approved("demo"):
        page.save_revision().publish(skip_permission_checks=True)
