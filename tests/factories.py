"""The smallest valid objects; a test states only what it is about."""

import datetime as dt
from contextlib import nullcontext

import factory
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from wagtail.signal_handlers import disable_reference_index_auto_update

from cms.approval import publication_approved
from cms.models import Authority, Office, Village
from disclosure_pages.choices import Category
from disclosure_pages.models import (
    DisclosureDocument,
    DisclosureItemPage,
    GuidePage,
    HomePage,
    ItemAttachment,
    OfficeIndexPage,
    ReadingPointIndexPage,
    ReadingPointPage,
)
from disclosure_pages.services import site
from tests.snapshots import Snapshots

CREDIT_CODE = "11330099MB1A2B3C4D"
_count = iter(range(1, 1_000_000))


class OfficeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Office
        django_get_or_create = ("code",)

    code = "civil-affairs"
    name = "民政和社会事务办公室"


class VillageFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Village
        django_get_or_create = ("code",)

    code = factory.Sequence(lambda n: f"village-{n}")
    name = factory.Sequence(lambda n: f"云{n}村")


def make_site() -> HomePage:
    """A site with one office, its groups and the workflow; the same on each call."""
    if HomePage.objects.exists():
        set_up()
    else:
        set_up_again()
    return HomePage.objects.first()


def set_up():
    """Do the work of `make_site`, whatever is there."""
    authority = Authority.load()
    if not authority.credit_code:
        authority.name = "云溪镇人民政府"
        authority.credit_code = CREDIT_CODE
        authority.save()
    OfficeFactory()
    site.setup_site()


set_up_again = Snapshots(set_up)


def ready_site():
    """The home page of a site where every office has its page, else `make_site()`."""
    offices = Office.objects.count()
    if offices and offices == OfficeIndexPage.objects.count():
        return HomePage.objects.first()
    return make_site()


def make_user(username, *groups, **values):
    """A user in the named groups; password "test-password"."""
    user, made = get_user_model().objects.get_or_create(
        username=username, defaults={"first_name": values.pop("name", username)}
    )
    if made:
        user.set_password("test-password")
        user.save()
    user.groups.set([Group.objects.get(name=name) for name in groups])
    return user


def make_people():
    """One person per role of the review, by role name; needs ``make_site()``."""
    office = Office.objects.get(code="civil-affairs")
    return {
        "clerk": make_user("clerk", office.editor_group.name),
        "head": make_user("head", office.head_group.name),
        "secrecy": make_user("secrecy", site.SECRECY_GROUP),
        "leader": make_user("leader", site.LEADER_GROUP),
        "officer": make_user("officer", site.OFFICER_GROUP),
    }


def make_document(name="附件.txt", content=b"attachment", **values):
    """A stored document with its SHA-256."""
    document = DisclosureDocument(
        title=values.pop("title", name), file=ContentFile(content, name=name), **values
    )
    document.file_size = len(content)
    document.save()
    return document


def body_of(text):
    """A StreamField value with one paragraph."""
    return [("paragraph", f"<p>{text}</p>")]


def make_item(
    title=None,
    *,
    live=True,
    text="正文。",
    user=None,
    documents=(),
    office="civil-affairs",
    **values,
):
    """An item under the page of the office, by default public."""
    home = ready_site()
    number = next(_count)
    parent = OfficeIndexPage.objects.descendant_of(home).get(office__code=office)
    item = DisclosureItemPage(
        title=title or f"关于第{number}项救助工作的通知",
        category=values.pop("category", Category.WORK),
        date_made=values.pop("date_made", dt.date(2026, 8, 24)),
        body=body_of(text),
        live=False,
        locale=home.locale,
        **values,
    )
    for order, document in enumerate(documents):
        item.attachments.add(ItemAttachment(document=document, sort_order=order))
    quietly = disable_reference_index_auto_update  # the last save writes the index
    with quietly():
        parent.add_child(instance=item)  # checks it, too
    with quietly() if live else nullcontext():
        revision = item.save_revision(user=user, clean=False)
    if live:
        with publication_approved("test"):
            revision.publish(skip_permission_checks=True)
    return DisclosureItemPage.objects.get(pk=item.pk)


def fill_contacts(**values):
    """Give the authority the contacts that a public guide needs, where it has none."""
    authority = Authority.load()
    contacts = {
        "address": "宁澜市云溪镇溪前路 1 号",
        "office_hours": "工作日 08:30–17:30",
        "phone": "0000-62001203",
        "fax": "0000-62001204",
        "email": "gongkai@yunxi.example",
    }
    for name, value in (contacts | values).items():
        if name in values or not getattr(authority, name):
            setattr(authority, name, value)
    authority.save()
    return authority


def guide_values():
    """The statutory parts of a guide."""
    return {
        "classification": "<p>分六类，按索引号编排。</p>",
        "ways_to_obtain": "<p>上网看，到村里看。</p>",
        "steps": [("step", {"heading": "提出申请", "text": "<p>写信来。</p>"})],
        "remedies": "<p>可以投诉、复议、诉讼。</p>",
    }


def make_guide(title="政府信息公开指南", *, live=True, text="指南正文。", **values):
    """The guide page, by default public."""
    home = ready_site()
    fill_contacts()
    page = GuidePage(
        title=title,
        slug="guide",
        body=body_of(text),
        live=False,
        **(guide_values() | values),
    )
    home.add_child(instance=page)
    return _finished(page, live)


def make_reading_point(village=None, *, live=True, **values):
    """A reading point that meets every condition, by default public."""
    home = ready_site()
    village = village or VillageFactory()
    defaults = {
        "address": "村委会一楼",
        "hours_summer": "08:30–11:30，13:30–17:00",
        "primary_manager": "周建平",
        "backup_manager": "林素芬",
        "equipment": ["computer", "printer"],
        "has_sign": True,
        "rules_posted": True,
    }
    page = ReadingPointPage(
        title=f"{village.name}查阅点",
        village=village,
        live=False,
        **(defaults | values),
    )
    ReadingPointIndexPage.objects.descendant_of(home).get().add_child(instance=page)
    return _finished(page, live)


def _finished(page, live):
    revision = page.save_revision()
    if live:
        with publication_approved("test"):
            revision.publish(skip_permission_checks=True)
    return type(page).objects.get(pk=page.pk)
