"""The pages about letters in a real browser: axe, and no page wider than a phone."""

import pytest
from django.core import signing

from search.saved import subscribing
from search.saved.models import SavedSearch
from tests.disclosure_pages.test_accessibility import violations, with_query
from tests.disclosure_pages.test_public_browser import HOST, Served
from tests.factories import make_site

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.browser,
    pytest.mark.usefixtures("browser"),
]


@pytest.fixture
def served(browser_page, client, settings):
    settings.GONGKAI_MAIL = True
    settings.GONGKAI_BASE_URL = HOST
    make_site()
    return Served(browser_page, client)


def pages():
    """Name → path and status of each page that a GET shows."""
    asked = SavedSearch.objects.create(mail="a@yunxi.example", search="q=低保")
    gone = SavedSearch(mail="b@yunxi.example", search="q=低保")
    token = signing.dumps(gone.ref.hex, salt=subscribing.CONFIRM)
    return {
        "form": ("/search/save/?q=低保&category=work", 200),
        "sent": ("/search/save/sent/", 200),
        "confirm": (subscribing.confirm_url(asked).removeprefix(HOST), 200),
        "stop": (subscribing.stop_url(asked).removeprefix(HOST), 200),
        "stopped": (subscribing.stop_url(gone).removeprefix(HOST), 200),
        "over": (f"/search/save/confirm/{token}/", 410),
    }


@pytest.mark.parametrize("query", ["mode=normal", "mode=elder", "lang=en"])
def test_axe_finds_nothing_serious_and_nothing_sticks_out(served, query):
    found = {}
    for name, (path, status) in pages().items():
        page = served.open(with_query(path, query))
        assert served.status == status, name
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
        if faults := violations(page):
            found[name] = faults
    assert found == {}
    assert served.complaints == []


def test_without_a_mail_server_the_page_is_sound_too(served, settings):
    settings.GONGKAI_MAIL = False
    page = served.open("/search/save/?q=低保")
    assert "没有开通邮件" in page.inner_text("main")
    assert violations(page) == []
