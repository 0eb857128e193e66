"""The demo's authority, offices, villages, reading points and guide."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone
from wagtail.models import Page

from cms.approval import publication_approved
from cms.models import Authority, Office, Village
from disclosure_pages.bulk.bodies import body_of
from disclosure_pages.demo.content import load
from disclosure_pages.demo.pictures import drawn_picture
from disclosure_pages.models import (
    GuidePage,
    HomePage,
    ManagerAbsence,
    ReadingPointIndexPage,
    ReadingPointPage,
    ReadingPointPhoto,
)


@transaction.atomic
def load_authority(role: str) -> Authority:
    """Fill the authority's record, unless somebody has filled it."""
    authority = Authority.load()
    if not authority.credit_code:
        for name, value in load("authority")[role].items():
            setattr(authority, name, value)
        authority.save()
    return authority


@transaction.atomic
def load_offices() -> None:
    """Make offices that are missing."""
    for values in load("offices"):
        code = values.pop("code")
        Office.objects.get_or_create(code=code, defaults=values)


@transaction.atomic
def load_villages(limit: int | None = None) -> None:
    """Make the villages that are missing, each at its place on the map."""
    for values in load("villages")[:limit]:
        code = values.pop("code")
        Village.objects.get_or_create(code=code, defaults=values)


@transaction.atomic
def load_reading_points(home: HomePage) -> int:
    """Publish the reading points of the villages there are, and the service window."""
    index = ReadingPointIndexPage.objects.descendant_of(home).get()
    villages = {village.code: village for village in Village.objects.all()}
    there = set(ReadingPointPage.objects.values_list("village__code", flat=True))
    made = 0
    for values in load("reading_points"):
        code = values.pop("village")
        if code in there or (code and code not in villages):
            continue
        _publish(index, _reading_point(villages.get(code), values, home))
        made += 1
    return made


def _reading_point(
    village: Village | None, values: dict[str, Any], home: HomePage
) -> ReadingPointPage:
    """Make a point with who is away around today, and with its pictures."""
    absences = values.pop("absences", [])
    photo, photos = values.pop("photo", None), values.pop("photos", [])
    title = values.pop("title", "") or f"{village.name}查阅点"
    page = ReadingPointPage(
        title=title,
        slug=f"point-{village.code if village else 'township'}",
        village=village,
        live=False,
        locale=home.locale,
        **{"has_sign": True, "rules_posted": True} | values,
    )
    today = timezone.localdate()
    page.absences = [
        ManagerAbsence(
            from_date=today + dt.timedelta(days=row.pop("from_days")),
            to_date=today + dt.timedelta(days=row.pop("to_days")),
            **row,
        )
        for row in absences
    ]
    if photo:
        page.photo = drawn_picture(photo["scene"], title, photo["description"])
    page.photos = [
        ReadingPointPhoto(
            image=drawn_picture(row["scene"], title, row["description"]),
            caption=row["caption"],
        )
        for row in photos
    ]
    return page


@transaction.atomic
def load_guide(home: HomePage) -> bool:
    """Publish the guide, unless there is one; returns whether it was made."""
    if GuidePage.objects.exists():
        return False
    values: dict[str, Any] = load("guide")
    page = GuidePage(
        title=values["title"],
        slug="guide",
        summary=values["summary"],
        classification=values["classification"],
        ways_to_obtain=values["ways_to_obtain"],
        remedies=values["remedies"],
        live=False,
        locale=home.locale,
    )
    offices = dict(Office.objects.values_list("code", "pk"))
    steps = [
        {"type": "step", "value": step | {"office": offices.get(step["office"])}}
        for step in values["steps"]
    ]
    page.steps = GuidePage._meta.get_field("steps").to_python(steps)
    page.body = GuidePage._meta.get_field("body").to_python(body_of(values["body"]))
    _publish(home, page)
    return True


def _publish(parent: Page, page: Page) -> None:
    parent.refresh_from_db()
    parent.add_child(instance=page)
    with publication_approved("demo"):
        page.save_revision().publish(skip_permission_checks=True)
