from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone
from wagtail.models import Page, PageViewRestriction

from cms.approval import publication_approved
from cms.models import Authority, Office
from disclosure_pages.models import DisclosureItemPage, OfficeIndexPage
from disclosure_pages.services.publishing import publish_scheduled
from disclosure_pages.services.withdrawal import withdraw
from disclosure_pages.signals import public_state_changed
from tasks import receivers
from tasks.choices import Lane
from tasks.models import OutboxEntry
from tests.factories import (
    OfficeFactory,
    make_guide,
    make_item,
    make_reading_point,
    make_site,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def item(world):
    return settled(make_item())


def settled(page):
    """Take everything recorded so far as delivered."""
    for entry in OutboxEntry.objects.all():
        OutboxEntry.objects.filter(pk=entry.pk).update(delivered=entry.wanted)
    return page


def recorded():
    """Key → lane of what is pending at the index."""
    rows = OutboxEntry.objects.pending().filter(target="index:local")
    return {row.key: Lane(row.lane) for row in rows}


def publish(page):
    with publication_approved("test"):
        page.save_revision().publish(skip_permission_checks=True)


def test_publishing_is_recorded(world):
    item = make_item()
    assert recorded() == {item.key: Lane.PUBLISH}


@pytest.mark.parametrize("make", [make_guide, make_reading_point])
def test_guide_and_reading_points_are_recorded(world, make):
    page = make()
    assert recorded() == {page.key: Lane.PUBLISH}


def test_a_draft_is_not_recorded(world):
    make_item(live=False)
    assert recorded() == {}


def test_a_draft_of_a_public_item_is_not_recorded(item):
    item.title = "改过的标题"
    item.save_revision()
    assert recorded() == {}


def test_an_edit_is_recorded_when_it_is_published(item):
    item.title = "改过的标题"
    publish(item)
    assert recorded() == {item.key: Lane.PUBLISH}


def test_scheduling_is_recorded_only_when_the_day_comes(world):
    item = settled(make_item(live=False))
    item.go_live_at = timezone.now() + timedelta(hours=1)
    publish(item)
    assert recorded() == {}
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        assert publish_scheduled() == 1
    assert recorded() == {item.key: Lane.PUBLISH}


def test_expiry_is_recorded_as_a_withdrawal(item):
    DisclosureItemPage.objects.update(expire_at=timezone.now() - timedelta(minutes=1))
    assert publish_scheduled() == 1
    assert recorded() == {item.key: Lane.WITHDRAW}


def test_withdrawing_is_recorded_in_its_lane(item):
    withdraw(item, reason="测试撤回")
    assert recorded() == {item.key: Lane.WITHDRAW}


def test_unpublishing_is_recorded_as_a_withdrawal(item):
    item.unpublish()
    assert recorded() == {item.key: Lane.WITHDRAW}


def test_unpublishing_through_the_base_class_is_recorded(item):
    Page.objects.get(pk=item.pk).unpublish()
    assert recorded() == {item.key: Lane.WITHDRAW}


def test_deleting_is_recorded_as_a_withdrawal(item):
    item.delete()
    assert recorded() == {item.key: Lane.WITHDRAW}


def test_deleting_a_section_is_recorded_for_everything_in_it(item):
    Page.objects.get(pk=item.get_parent().pk).delete()
    assert recorded() == {item.key: Lane.WITHDRAW}


def test_deleting_a_draft_is_not_recorded(world):
    make_item(live=False).delete()
    assert recorded() == {}


def other_office():
    OfficeFactory(code="finance", name="财政办公室")
    make_site()
    return OfficeIndexPage.objects.get(office__code="finance")


def test_moving_is_recorded_for_the_moved_page(item):
    settled(other_office())
    item.move(OfficeIndexPage.objects.get(office__code="finance"), pos="last-child")
    assert recorded() == {item.key: Lane.PUBLISH}


def test_moving_a_section_is_recorded_for_everything_below(item):
    settled(other_office())
    target = OfficeIndexPage.objects.get(office__code="finance")
    item.get_parent().specific.move(target, pos="last-child")
    assert recorded() == {item.key: Lane.PUBLISH}


def test_moving_into_a_restricted_section_is_a_withdrawal(item):
    target = other_office()
    PageViewRestriction.objects.create(page=target, restriction_type="login")
    settled(None)
    item.move(OfficeIndexPage.objects.get(office__code="finance"), pos="last-child")
    assert recorded() == {item.key: Lane.WITHDRAW}


def test_a_new_slug_of_a_section_is_recorded_for_everything_below(item):
    section = item.get_parent().specific
    section.slug = "elsewhere"
    publish(section)
    assert recorded() == {item.key: Lane.PUBLISH}


def test_restricting_a_section_withdraws_everything_below(item):
    PageViewRestriction.objects.create(page=item.get_parent(), restriction_type="login")
    assert recorded() == {item.key: Lane.WITHDRAW}


def test_lifting_a_restriction_publishes_everything_below(item):
    restriction = PageViewRestriction.objects.create(
        page=item.get_parent(), restriction_type="groups"
    )
    restriction.groups.add(Group.objects.first())
    settled(None)
    restriction.delete()
    assert recorded() == {item.key: Lane.PUBLISH}


def test_an_alias_is_recorded_and_follows_its_source(world):
    guide = settled(make_guide())
    with publication_approved("test"):
        alias = guide.create_alias(update_slug="alias", parent=guide.get_parent())
    assert recorded() == {alias.key: Lane.PUBLISH}
    settled(None)
    guide.title = "改过的标题"
    publish(guide)
    assert recorded() == {guide.key: Lane.PUBLISH, alias.key: Lane.PUBLISH}


def test_a_plain_save_of_a_public_page_is_recorded(item):
    item.summary = "直接保存"
    item.save()
    assert recorded() == {item.key: Lane.PUBLISH}


def test_bulk_changes_are_recorded_by_our_signal(item):
    public_state_changed.send(DisclosureItemPage, keys=[item.key], lane="bulk")
    assert recorded() == {item.key: Lane.BULK}


def test_pages_that_are_not_synced_are_not_recorded(item):
    section = item.get_parent().specific
    section.title = "新名称"
    publish(section)
    assert recorded() == {}


def test_a_new_name_of_office_or_authority_is_recorded_for_all(item):
    office = Office.objects.get(code="civil-affairs")
    office.name = "民政办"
    office.save()
    assert recorded() == {item.key: Lane.BULK}
    settled(None)
    authority = Authority.load()
    authority.name = "新名称"
    authority.save()
    assert recorded() == {item.key: Lane.BULK}


def test_a_publication_that_is_rolled_back_leaves_no_row(item):
    with pytest.raises(RuntimeError), transaction.atomic():
        item.title = "不会公开的标题"
        publish(item)
        raise RuntimeError
    assert recorded() == {}


def test_one_transaction_wakes_the_drain_once(
    item, monkeypatch, django_capture_on_commit_callbacks
):
    woken = []
    monkeypatch.setattr(receivers, "wake", lambda: woken.append(1))
    with django_capture_on_commit_callbacks(execute=True):
        item.title = "改过的标题"
        publish(item)
    assert woken == [1]
