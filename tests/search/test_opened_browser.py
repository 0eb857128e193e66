"""A real browser without scripts says which result was opened, and opens it."""

from contextvars import copy_context
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders
from django.urls import reverse

from disclosure_pages.public_state import public_keys, public_states
from search import engines, log
from search.builder import build_document
from search.models import OpenedHit, QuestionDay
from tests.factories import make_item, make_site

from .conftest import start_day

pytestmark = [pytest.mark.django_db, pytest.mark.browser]
HOST = "http://127.0.0.1:8000"
AGENT = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/120.0 Safari/537.36"


@pytest.fixture
def reader(browser, client, home_index):
    """A page without scripts; what it asks for is answered by Django's client."""
    make_site()
    log._waiting.clear()
    start_day()
    context = browser.new_context(java_script_enabled=False, user_agent=AGENT)
    page, here = context.new_page(), copy_context()

    def ask(request):
        address = urlsplit(request.url)
        send = client.post if request.method == "POST" else client.get
        path = f"{address.path}?{address.query}"
        return send(path, headers={"user-agent": AGENT})

    def answer(route):
        address = urlsplit(route.request.url)
        if f"{address.scheme}://{address.netloc}" != HOST:
            route.abort()
        elif address.path.startswith("/static/"):
            file = finders.find(address.path.removeprefix("/static/"))
            route.fulfill(path=file)
        else:
            response = here.run(ask, route.request)
            body = b"" if response.streaming else response.content
            headers = {k: v for k, v in response.items() if k != "Content-Length"}
            route.fulfill(body=body, status=response.status_code, headers=headers)

    context.route("**/*", answer)
    yield page
    context.close()
    log._waiting.clear()
    start_day()


def test_clicking_a_result_opens_it_and_is_counted(reader):
    item = make_item("低保公示")
    make_item("低保通知")
    states = public_states(public_keys()).values()
    engines.get("local").rebuild((1, build_document(state)) for state in states)
    reader.goto(f"{HOST}{reverse('search')}?q=低保")
    with reader.context.expect_event(
        "request", lambda request: urlsplit(request.url).path == "/search/opened/"
    ) as told:
        reader.get_by_role("link", name="低保公示").click()
    assert told.value.method == "POST"
    told.value.response()
    assert urlsplit(reader.url).path == item.url
    assert reader.get_by_role("heading", name="低保公示", level=1).is_visible()
    log.flush()
    assert OpenedHit.objects.get().key == item.key
    day = QuestionDay.objects.get()
    assert (day.asked, day.told, day.opened) == (1, 1, 1)
