"""What a citizen finds at the portal: its own search, API and front page."""

import json
import time
from urllib.parse import quote

import pytest
from django.utils import timezone

from tasks.reconciliation import KINDS
from tests.tasks.messages import new_key, state_of, withdrawal_of

WITHIN_S = 20  # the figures are measured in bench/, this is only a bound


@pytest.fixture(scope="session")
def portal_site(portal_process):
    """The portal with its page tree, as ``./run`` sets it up."""
    portal_process.manage("setup_site")
    return portal_process


def hits(city, words, **filters):
    """What the portal's API finds."""
    query = "&".join(f"{name}={quote(value)}" for name, value in filters.items())
    status, _headers, body = city.portal.get(
        f"/api/v1/search?q={quote(words)}&page_size=100&{query}"
    )
    assert status == 200
    return json.loads(body)["results"]


def eventually(act):
    deadline = time.monotonic() + WITHIN_S
    while not (result := act()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return result


@pytest.fixture
def received(city):
    """One item that the portal has received, with a word only it has."""
    word = f"zq{new_key()[:10]}"
    state = state_of(
        title=f"临时救助 {word}",
        html="<p>本月救助名单和金额。</p>",
        url="https://yunxi.example/disclosure/item-1/",
        index_number=f"{city.origin}/2026-00001",
        date_published=timezone.localdate().isoformat(),
        origin=city.origin,
        origin_label="云溪镇人民政府",
    )
    assert city.put(state).status == 200
    return word, state


def test_what_was_received_is_found_with_its_origin(city, received):
    word, state = received
    (hit,) = eventually(lambda: hits(city, word))
    assert hit["origin"] == city.origin
    assert hit["url"].endswith(f"/external/{city.origin}/{state.key}/")
    assert [h["title"] for h in hits(city, word, origin=city.origin)]
    assert hits(city, word, origin="0" * 18) == []


def test_what_was_withdrawn_is_found_no_more(city, received):
    word, state = received
    assert eventually(lambda: hits(city, word))
    city.put(withdrawal_of(state.key), 2)
    assert hits(city, word) == []  # at once: hits are checked against the database


def test_a_citizen_finds_it_on_the_search_page(city, received):
    word, state = received
    assert eventually(lambda: hits(city, word))
    status, _headers, page = city.portal.get(f"/search/?q={word}")
    assert status == 200
    assert f"/external/{city.origin}/{state.key}/" in page.decode()


def test_the_front_page_names_townships_and_the_latest_items(
    city, received, portal_site
):
    word, state = received
    status, _headers, page = city.portal.get("/")
    assert status == 200
    assert "云溪镇人民政府" in page.decode()
    assert word in page.decode()


def test_the_portals_own_index_is_equal_to_what_it_received(city, received):
    word, _state = received
    assert eventually(lambda: hits(city, word))

    def equal():
        arguments = ("reconcile", "--target", "index", "--json")
        ended = city.portal.manage(*arguments, check=False)
        return ended.returncode == 0 and json.loads(ended.stdout)

    found = eventually(equal)  # another test's item may just be on its way
    assert found["target"] == "index:local"
    assert found["checked"] >= 1
    assert [found[kind] for kind in KINDS] == [[], [], [], []]
