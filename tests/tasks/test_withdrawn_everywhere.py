"""With the commit of a withdrawal every place here stops, whatever else is down."""

import re
import time

import pytest
from django.core.cache import cache

from cms import caches
from disclosure_pages.public_state import public_keys, public_states
from disclosure_pages.services.withdrawal import withdraw
from search import engines
from search import services as searching
from search.builder import build_document
from tests.disclosure_pages.test_dossiers import make_dossier
from tests.factories import make_document, make_item
from tests.security.test_body_images import picture, publish, with_picture
from tests.tasks.processes import free_port

pytestmark = pytest.mark.django_db
WORD = "鸣凤桥加固"
GONE = (404, 410)


@pytest.fixture
def down(settings, monkeypatch, tmp_path):
    """Take a service away: its port is one where nobody listens."""
    settings.GONGKAI_HOME = tmp_path
    settings.GONGKAI_INDEXES = ["local"]
    searching._avoid_until.clear()
    monkeypatch.setattr(caches.ForgivingRedisCache, "_quiet_until", 0.0)

    def take(service):
        nowhere = f"127.0.0.1:{free_port()}"
        if service == "redis":
            settings.CACHES = {
                "default": {
                    "BACKEND": "cms.caches.ForgivingRedisCache",
                    "LOCATION": f"redis://{nowhere}/0",
                }
            }
        elif service == "elasticsearch":
            settings.ELASTICSEARCH_URL = f"http://{nowhere}"
            settings.GONGKAI_INDEXES = ["es", "local"]
        elif service == "portal":
            settings.GONGKAI_PORTALS = {"city": f"http://{nowhere}"}

    return take


@pytest.fixture
def item(down):
    """A public item with a file and a picture, in a dossier and in the index."""
    made = make_item(f"{WORD}通知", live=False, documents=[make_document()])
    made.body = with_picture(picture("withdrawn.png"), text=f"{WORD}工程。")
    made = publish(made)
    make_dossier((made, ""))
    states = public_states(public_keys()).values()
    engines.get("local").rebuild((1, build_document(state)) for state in states)
    return made


def own_addresses(client, item):
    """Page, file and every picture, by address; all open now."""
    text = client.get(item.url).content.decode()
    pictures = set(re.findall(r'src="(/media/[^"]+)"', text))
    assert pictures
    image = item.body[-1].value["image"]
    return [item.url, item.attachments.get().document.url, *pictures, image.file.url]


def places(item):
    """Every address that names the item while it is public."""
    section, api = item.get_parent().url, "/api/v1"
    return [
        "/",
        "/disclosure/",
        "/disclosure/work/",
        section,
        "/dossiers/home-repair/",
        "/feeds/latest.rss",
        "/feeds/latest.atom",
        "/feeds/category/work.rss",
        "/lists/items.csv",
        "/lists/items.json",
        "/sitemap-items-1.xml",
        f"{api}/items",
        f"{api}/item?index_number={item.index_number}",
        f"/search/?q={WORD}",
        f"{api}/search?q={WORD}",
        f"{api}/suggest?q={WORD}",
        f"/feedback/?page={item.url}",
    ]


def naming(client, addresses, item):
    """Those of the addresses that tell the item's title or its address."""
    return [address for address in addresses if tells(client.get(address), item)]


def tells(answer, item):
    content = b"".join(answer) if answer.streaming else answer.content
    body = re.sub("</?mark>", "", content.decode())
    return item.title in body or f"{item.url}</loc>" in body


@pytest.mark.parametrize("service", ["nothing", "redis", "elasticsearch", "portal"])
def test_no_place_here_tells_of_it_any_more(client, item, down, service):
    cache.clear()
    opened = own_addresses(client, item)
    assert [client.get(address).status_code for address in opened] == [200] * 4
    every = places(item)
    before = naming(client, every, item)
    assert before == every
    down(service)
    began = time.monotonic()
    withdraw(item, reason="发布有误")
    assert time.monotonic() - began < 2.0  # waits for no dead service
    for address in opened:
        assert client.get(address).status_code in GONE, address
    assert naming(client, every, item) == []
