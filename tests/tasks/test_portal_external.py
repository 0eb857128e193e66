"""What the portal role itself says of what it received: state, outbox, own pages."""

import datetime as dt
import hashlib

import pytest
import time_machine
from django.utils import timezone

from disclosure_pages.models import ExternalItem, Origin
from disclosure_pages.public_state import (
    attachment_file,
    public_keys,
    public_states,
    publicly_visible,
)
from disclosure_pages.services.external import (
    FilesMissing,
    Received,
    VersionConflict,
    remove_unshown,
    store_external,
    store_file,
)
from disclosure_pages.signals import public_state_changed
from search import services
from tasks.drain import drain
from tasks.jobs.extract import extract
from tasks.models import OutboxEntry
from tasks.portal.quotas import bytes_of
from tests.tasks.messages import state_of, withdrawal_of

ORIGIN = "11330099MB1A2B3C4D"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _portal_role(settings):
    settings.GONGKAI_ROLE = "portal"
    settings.GONGKAI_PORTALS = {}
    settings.GONGKAI_BASE_URL = "https://city.example"


def receive(state, version=1):
    return store_external(Received(origin=ORIGIN, version=version, **vars(state)))


def state_here(item):
    return public_states([item.full_key])[item.full_key]


def test_a_received_item_is_public_under_origin_and_key():
    item = receive(state_of(title="低保公示"))
    assert public_keys() == [f"{ORIGIN}.{item.key}"]
    assert publicly_visible([item.full_key]) == {item.full_key}
    assert state_here(item).metadata["title"] == "低保公示"


def test_it_is_found_at_the_portals_own_address_with_its_origin():
    item = receive(state_of(url="https://yunxi.example/disclosure/item-1/"))
    metadata = state_here(item).metadata
    assert metadata["url"] == f"https://city.example/external/{ORIGIN}/{item.key}/"
    assert metadata["origin"] == ORIGIN


def test_its_html_is_harmless_everywhere():
    item = receive(state_of(html="<p>正文</p><script>alert(1)</script>"))
    assert state_here(item).html == "<p>正文</p>"


def test_a_withdrawn_item_is_not_public():
    item = receive(state_of())
    receive(withdrawal_of(item.key), 2)
    state = state_here(item)
    assert public_keys() == []
    assert publicly_visible([item.full_key]) == set()
    assert (state.state, state.html, state.attachments) == ("withdrawn", "", [])
    assert state.reason == "发布有误"


def test_the_portals_own_index_follows():
    item = receive(state_of())
    (entry,) = OutboxEntry.objects.filter(key=item.full_key)
    assert entry.target == "index:local"
    receive(withdrawal_of(item.key), 2)
    entry.refresh_from_db()
    assert entry.wanted == 2


def test_a_withdrawal_takes_the_fast_lane():
    lanes = []

    def listen(keys, lane, **kwargs):
        lanes.append((keys, lane))

    public_state_changed.connect(listen)
    try:
        item = receive(state_of())
        receive(withdrawal_of(item.key), 2)
    finally:
        public_state_changed.disconnect(listen)
    assert lanes == [([item.full_key], "publish"), ([item.full_key], "withdraw")]


def test_what_was_refused_changes_nothing():
    item = receive(state_of(title="新"), 5)
    with pytest.raises(VersionConflict):
        receive(state_of(item.key, title="旧"), 4)
    assert ExternalItem.objects.get().title == "新"
    assert OutboxEntry.objects.get(key=item.full_key).wanted == 1


def test_the_same_again_changes_nothing():
    state = state_of()
    first = receive(state, 5)
    assert receive(state, 5) == first
    assert OutboxEntry.objects.get(key=first.full_key).wanted == 1


def test_the_townships_name_follows_what_it_sends():
    receive(state_of(origin_label="云溪镇"))
    receive(state_of(origin_label="云溪镇人民政府"))
    assert Origin.objects.get().name == "云溪镇人民政府"


def test_a_township_that_sends_no_name_is_known_by_its_code():
    receive(state_of())
    assert Origin.objects.get().name == ORIGIN


def test_an_item_without_a_date_stands_in_lists_on_the_day_it_came():
    with time_machine.travel("2026-11-24T09:00:00+08:00"):
        item = receive(state_of(date_published="neither"))
    assert item.date_published == dt.date(2026, 11, 24)
    item = receive(state_of(item.key, title="改过"), 2)
    assert item.date_published == dt.date(2026, 11, 24)
    item = receive(state_of(item.key, date_published="2026-03-01"), 3)
    assert item.date_published == dt.date(2026, 3, 1)


def test_words_in_the_files_that_townships_sent_are_found(settings, tmp_path):
    settings.GONGKAI_HOME = tmp_path
    settings.GONGKAI_INDEXES = ["local"]
    content = "峡门村低保对象名单".encode()
    sha256 = hashlib.sha256(content).hexdigest()
    store_file(sha256, [content], mime="text/plain", max_bytes=1_000)
    drain()
    assert extract() == 0  # nobody names it yet
    item = receive(state_of(files=[("名单.txt", content)]))
    drain()
    assert extract() == 1
    drain()
    (hit,) = services.find(services.Asked("峡门村名单")).hits
    assert hit.document.key == item.full_key
    assert hit.file.where == "附件《名单.txt》"
    assert hit.file.url.startswith(f"/external-files/{sha256}/")
    receive(withdrawal_of(item.key), 2)
    drain()
    assert services.find(services.Asked("峡门村名单")).hits == []


def stored(content, origin=ORIGIN):
    sha256 = hashlib.sha256(content).hexdigest()
    pieces = {"mime": "text/plain", "max_bytes": 1_000, "origin": origin}
    return store_file(sha256, [content], **pieces)


def test_files_that_nothing_public_names_give_their_space_back(
    client, django_capture_on_commit_callbacks
):
    file, _new = stored(b"list")
    shown, _new = stored(b"map")
    item = receive(state_of(files=[("list.txt", b"list")]))
    receive(state_of(files=[("map.txt", b"map")]))
    tomorrow = timezone.now() + dt.timedelta(days=1, minutes=1)
    assert remove_unshown(tomorrow) == 0
    receive(withdrawal_of(item.key), 2)
    path, storage = file.file.name, file.file.storage
    assert remove_unshown(timezone.now()) == 0, "it may be sent again at once"
    with django_capture_on_commit_callbacks(execute=True):
        assert remove_unshown(tomorrow) == 1
    assert not storage.exists(path)
    assert shown.file.storage.exists(shown.file.name)
    assert bytes_of(ORIGIN) == 3
    answer = client.get(f"/external-files/{file.sha256}/list.txt")
    assert answer.status_code == 410


def test_a_removed_file_can_be_sent_again():
    file, _new = stored(b"list")
    remove_unshown(timezone.now() + dt.timedelta(days=2))
    assert attachment_file(file.sha256) is None, "nothing is left to send on"
    with pytest.raises(FilesMissing):
        receive(state_of(files=[("list.txt", b"list")]))
    again, new = stored(b"list", "B" * 18)
    assert (again.pk, new, again.origin) == (file.pk, True, "B" * 18)
    item = receive(state_of(files=[("list.txt", b"list")]))
    with item.attachments.get().file.open_file() as opened:
        assert opened.read() == b"list"
