"""What the desk shows besides lists tells nothing of another office either."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from disclosure_pages.models import DisclosureItemPage, OfficeIndexPage
from tests.factories import (
    OfficeFactory,
    make_document,
    make_item,
    make_people,
    make_site,
    make_user,
)

pytestmark = pytest.mark.django_db
CANARY = "CANARY"


@pytest.fixture
def stranger(client):
    """A clerk of another office than the things' own."""
    OfficeFactory(code="finance", name="财政所")
    make_site()
    make_people()
    client.force_login(make_user("other", "编辑·财政所"))
    return client


@pytest.mark.parametrize("how", ["withheld", "on_request", "expired"])
def test_what_is_live_but_not_public_is_not_offered(stranger, how):
    item = make_item(f"{CANARY}-title")
    hour_ago = timezone.now() - dt.timedelta(hours=1)
    DisclosureItemPage.objects.filter(pk=item.pk).update(
        **({"expire_at": hour_ago} if how == "expired" else {"disclosure_mode": how})
    )
    for path in (
        f"/admin/choose-page/{item.get_parent().pk}/",
        f"/admin/choose-page/search/?q={CANARY}",
        f"/admin/choose-page/chosen-multiple/?id={item.pk}",
    ):
        assert f"{CANARY}-title" not in stranger.get(path).content.decode(), path


def test_what_is_public_is_still_offered(stranger):
    item = make_item(f"{CANARY}-title")
    answer = stranger.get(f"/admin/choose-page/{item.get_parent().pk}/")
    assert f"{CANARY}-title" in answer.content.decode()


def test_who_may_not_move_a_draft_is_not_asked_by_its_title(stranger):
    draft = make_item(f"{CANARY}-title", live=False)
    for office in ("civil-affairs", "finance"):
        parent = OfficeIndexPage.objects.get(office__code=office)
        url = reverse("wagtailadmin_pages:move_confirm", args=[draft.pk, parent.pk])
        for answer in (stranger.get(url), stranger.post(url)):
            assert answer.status_code == 302
            assert CANARY not in answer.content.decode()
    assert draft.get_parent().specific.office.code == "civil-affairs"


def test_tags_of_other_offices_are_not_offered(stranger):
    make_document().tags.add(f"{CANARY}-tag")
    for path in ("/admin/documents/", f"/admin/tag-autocomplete/?term={CANARY}"):
        answer = stranger.get(path)
        assert answer.status_code == 200
        assert f"{CANARY}-tag" not in answer.content.decode()


def test_nothing_at_the_desk_fails_on_purpose(stranger):
    assert stranger.get("/admin/failwhale/").status_code == 404
