import pytest

from disclosure_pages.models import OfficeIndexPage
from disclosure_pages.services import site
from disclosure_pages.services.withdrawal import withdraw
from tests.factories import OfficeFactory, make_item, make_site

pytestmark = pytest.mark.django_db


@pytest.fixture
def sections():
    make_site()
    OfficeFactory(code="agriculture", name="农业农村办公室")
    site.setup_site()
    by_code = {page.slug: page for page in OfficeIndexPage.objects.all()}
    return by_code["office-civil-affairs"], by_code["office-agriculture"]


def moved(page, section):
    page = type(page).objects.get(pk=page.pk)
    page.move(type(section).objects.get(pk=section.pk), pos="last-child")
    return type(page).objects.get(pk=page.pk)


def test_the_old_address_of_a_moved_page_leads_to_the_new_one(client, sections):
    item = make_item("低保名单")
    old = item.url
    item = moved(item, sections[1])
    answer = client.get(old)
    assert (answer.status_code, answer["Location"]) == (301, item.url)
    withdraw(item, reason="发布有误")
    assert client.get(old, follow=True).status_code == 410


def test_the_old_address_of_a_draft_tells_nothing(client, sections):
    draft = make_item("草稿", live=False)
    old = draft.url
    draft = moved(draft, sections[1])
    assert [client.get(url).status_code for url in (old, draft.url)] == [404, 404]


def test_a_page_that_was_moved_away_and_back_does_not_lead_to_itself(client, sections):
    draft, item = make_item("草稿", live=False), make_item("低保名单")
    draft, item = (moved(moved(p, sections[1]), sections[0]) for p in (draft, item))
    assert [client.get(page.url).status_code for page in (draft, item)] == [404, 200]
    withdraw(item, reason="发布有误")
    assert client.get(item.url).status_code == 410
