"""Both texts side by side, in a wide window and on a phone."""

import mimetypes

import pytest

from tests.disclosure_pages import test_public_browser
from tests.disclosure_pages.test_likeness import COVER, TEXT, TITLE
from tests.disclosure_pages.test_public_browser import Served, width_of
from tests.disclosure_pages.test_similar_texts import superior
from tests.factories import make_item, make_people, make_site

pytestmark = [pytest.mark.django_db, pytest.mark.browser]


@pytest.fixture
def served(browser_page, client, monkeypatch):
    for suffix in (".woff2", ".woff", ".png", ".ico"):
        kind = mimetypes.guess_type(f"x{suffix}")[0] or "application/octet-stream"
        monkeypatch.setitem(test_public_browser.TYPES, suffix, kind)
    return Served(browser_page, client)


def test_two_texts_stand_side_by_side_or_one_below_the_other(served, client):
    make_site()
    client.force_login(make_people()["clerk"])
    item = superior()
    text = f"{COVER}{TITLE}\n{TEXT}".replace("\n", "</p><p>")
    page = make_item(f"关于转发《{TITLE}》的通知", text=text, live=False)
    address = f"/admin/publish/{page.pk}/beside/superior/{item.pk}/"
    for width in (1280, 390):
        shown = served.open(address, width)
        assert width_of(shown) <= width
        left, right = (
            shown.locator(".gk-beside > section").nth(n).bounding_box() for n in (0, 1)
        )
        if width == 1280:
            assert left["y"] == right["y"]
            assert left["x"] + left["width"] < right["x"]
        else:
            assert left["x"] == right["x"]
            assert left["y"] + left["height"] <= right["y"]
        assert shown.locator(".gk-beside mark").first.is_visible()
        shown = served.open(f"/admin/publish/{page.pk}/same/", width)
        assert width_of(shown) <= width
        assert shown.get_by_text("全文转发了它").first.is_visible()
        assert shown.get_by_role("link", name="并排对照").first.is_visible()
