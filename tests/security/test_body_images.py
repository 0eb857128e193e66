"""Pictures in a text: public exactly as long as the page that shows them."""

import datetime as dt
import re

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import PageViewRestriction

from cms.approval import publication_approved
from disclosure_pages.models import (
    DisclosureImage,
    DisclosureItemPage,
    NoticeIndexPage,
    NoticePage,
)
from disclosure_pages.public_state import public_states
from disclosure_pages.services.withdrawal import withdraw
from tests.disclosure_pages.page_kinds import public
from tests.factories import body_of, make_item, make_people, make_site

pytestmark = pytest.mark.django_db
ALT = "石桥头村便民服务点位置"


@pytest.fixture(autouse=True)
def no_renditions_of_other_tests():
    cache.clear()


def picture(name="map.png"):
    image = DisclosureImage(title=name, file=get_test_image_file(name, size=(1200, 90)))
    image.save()
    return image


def with_picture(image, text="看图。"):
    return [*body_of(text), ("image", {"image": image, "alt": ALT, "caption": "图一"})]


def illustrated(image, **values):
    """A draft with a picture in its body, and its renditions made by a preview."""
    item = make_item(live=False)
    item.body = with_picture(image)
    for name, value in values.items():
        setattr(item, name, value)
    item.save()
    item.save_revision()
    item.body.render_as_block()
    return item


def publish(page):
    with publication_approved("test"):
        page.save_revision().publish(skip_permission_checks=True)
    return type(page).objects.get(pk=page.pk)


def answers(client, image):
    """What a stranger gets for the original and each rendition."""
    renditions = [row.file.url for row in image.renditions.all()]
    assert renditions, "nothing was rendered"
    return {client.get(url).status_code for url in (image.file.url, *renditions)}


def test_a_drafts_picture_is_closed_until_published_and_after_withdrawal(client):
    image = picture()
    item = illustrated(image)
    assert answers(client, image) == {404}
    item = publish(item)
    page = client.get(item.url_path.removeprefix("/home")).content.decode()
    [shown] = re.findall(r'<img[^>]* src="([^"]+)"', page)
    assert f'alt="{ALT}"' in page and "图一" in page
    assert client.get(shown).status_code == 200
    assert answers(client, image) == {200}
    withdraw(item, reason="图片有误")
    assert answers(client, image) == {404}
    assert client.get(shown).status_code == 404


def test_the_pictures_of_many_pages_are_read_at_once():
    pages = [publish(illustrated(picture(f"{n}.png"))) for n in range(4)]
    keys = [page.key for page in pages]

    def cost(number):
        cache.clear()
        with CaptureQueriesContext(connection) as asked:
            states = public_states(keys[:number])
        assert all(state.html.count("<img") == 1 for state in states.values())
        assert len(set(re.findall(r'src="([^"]+)"', str(states)))) == number
        return len(asked)

    assert cost(1) == cost(4)


@pytest.mark.parametrize("how", ["expired", "on_request", "restricted"])
def test_what_closes_a_page_closes_its_pictures(client, how):
    image = picture()
    item = publish(illustrated(image))
    assert answers(client, image) == {200}
    if how == "restricted":
        PageViewRestriction.objects.create(
            page=item.get_parent(), restriction_type="login"
        )
    else:
        hour_ago = timezone.now() - dt.timedelta(hours=1)
        DisclosureItemPage.objects.filter(pk=item.pk).update(
            **{"expired": {"expire_at": hour_ago},
               "on_request": {"disclosure_mode": "on_request"}}[how]
        )  # fmt: skip
    assert answers(client, image) == {404}


def test_only_the_live_text_counts(client):
    old, new = picture("old.png"), picture("new.png")
    item = publish(illustrated(old))
    item.body = with_picture(new)
    item.save_revision()
    new.get_rendition("width-900")
    assert answers(client, old) == {200}, "still shown"
    assert answers(client, new) == {404}, "only in the draft"
    publish(item)
    assert answers(client, old) == {404}
    assert answers(client, new) == {200}


def test_a_picture_on_two_pages_stays_while_one_is_public(client):
    image = picture()
    first, second = publish(illustrated(image)), publish(illustrated(image))
    withdraw(first, reason="重复")
    assert answers(client, image) == {200}
    withdraw(second, reason="重复")
    assert answers(client, image) == {404}


def test_other_page_kinds_follow_the_same_rule(client):
    image = picture()
    index = public(make_site(), NoticeIndexPage, "notices", "通知公告")
    page = public(index, NoticePage, "n", "停水通知", body=with_picture(image))
    client.get("/notices/n/")
    assert answers(client, image) == {200}
    withdraw(page, reason="改期")
    assert answers(client, image) == {404}


def test_those_who_work_on_it_see_it_but_no_cache_keeps_it(client):
    image = picture()
    illustrated(image)
    client.force_login(make_people()["officer"])
    response = client.get(image.file.url)
    assert response.status_code == 200
    assert response["Cache-Control"] == "private, no-store"


def test_what_goes_to_portal_and_index_names_pictures_absolutely(settings):
    settings.GONGKAI_BASE_URL = "https://www.yunxi.example"
    item = illustrated(picture())
    link = '<a href="/guide/">指南</a> 文字 href="/not-a-link/"'
    item.body = [*with_picture(item.body[1].value["image"], text=link)]
    item = publish(item)
    html = public_states([item.key])[item.key].html
    [source] = re.findall(r'<img[^>]* src="([^"]+)"', html)
    assert source.startswith("https://www.yunxi.example/media/images/map")
    assert '<a href="https://www.yunxi.example/guide/"' in html
    assert "https://www.yunxi.example/not-a-link/" not in html
