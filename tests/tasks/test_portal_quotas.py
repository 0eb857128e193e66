"""What one township may send, over the real protocol views."""

import hashlib
import json

import pytest
from django.db import OperationalError

from disclosure_pages.models import ExternalFile, ExternalItem, Origin
from disclosure_pages.services import external
from tasks.models import SeenMessage
from tasks.portal import quotas
from tasks.portal.protocol import file_path, item_path
from tasks.portal.signing import sign
from tasks.portal.views import SMALL
from tests.tasks.messages import message_of, state_of, withdrawal_of

ORIGIN, OTHER = "11330099MB1A2B3C4D", "11330099MB1A2B3C5E"
KEYS = {
    ORIGIN: "whsec_b2xkLWtleS1vbGQta2V5LW9sZC1rZXktb2xkLWtleQ==",
    OTHER: "whsec_dGhlaXJzLXRoZWlycy10aGVpcnMtdGhlaXJzLXRoZWlycw==",
}
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _portal(settings, monkeypatch):
    settings.GONGKAI_ROLE = "portal"
    settings.GONGKAI_ORIGIN_KEYS = {code: [key] for code, key in KEYS.items()}
    for memo in ("_counted", "_room"):
        monkeypatch.setattr(quotas, memo, {})


@pytest.fixture
def ask(client):
    def ask(method, path, body=b"", origin=ORIGIN, mime="application/json"):
        signed = sign(KEYS[origin], method, path, hashlib.sha256(body).hexdigest())
        return client.generic(method, path, body, mime, headers=signed)

    return ask


@pytest.fixture
def put(ask):
    def put(state, version=1, origin=ORIGIN):
        body = json.dumps(message_of(state, version)).encode()
        return ask("PUT", item_path(origin, state.key), body, origin)

    return put


def put_file(ask, content, origin=ORIGIN):
    path = file_path(hashlib.sha256(content).hexdigest())
    return ask("PUT", path, content, origin, "text/plain")


def limit(**limits):
    Origin.objects.update_or_create(
        credit_code=ORIGIN, defaults={"name": "云溪镇"} | limits
    )


def test_one_item_more_than_allowed_is_refused_in_plain_words(put):
    limit(max_items=2)
    first = state_of()
    assert [put(s).status_code for s in (first, state_of())] == [200, 200]
    refused = put(state_of())
    assert refused.status_code == 413
    assert refused.json()["quota"] == "items"
    assert "已满 2 条" in refused.json()["error"]
    assert ExternalItem.objects.count() == 2
    assert "已满 2 条" in Origin.objects.get(credit_code=ORIGIN).refusal


def test_a_full_township_may_still_change_and_withdraw(put):
    limit(max_items=1)
    first = state_of()
    put(first)
    assert put(state_of(first.key, title="改过"), 2).status_code == 200
    assert put(withdrawal_of(first.key), 3).status_code == 200
    assert put(state_of()).status_code == 200, "the withdrawal made room"


def test_one_township_takes_no_room_from_another(put):
    limit(max_items=0)
    assert put(state_of()).status_code == 413
    assert put(state_of(), origin=OTHER).status_code == 200


def test_room_for_many_is_not_counted_each_time(put, django_assert_max_num_queries):
    for _number in range(2):
        put(state_of())
    assert quotas._room["items", ORIGIN][1] > 1000
    limit(max_items=3)
    assert put(state_of()).status_code == 200
    assert put(state_of()).status_code == 413, "a limit that fell counts at once"


def test_a_file_beyond_the_space_is_refused(ask, monkeypatch):
    monkeypatch.setattr(quotas, "MEGABYTE", 10)
    limit(max_megabytes=2)
    assert put_file(ask, b"x" * 15).status_code == 201
    refused = put_file(ask, b"y" * 6)
    assert (refused.status_code, refused.json()["quota"]) == (413, "bytes")
    assert put_file(ask, b"x" * 15).status_code == 200, "it is held already"
    assert put_file(ask, b"y" * 6, OTHER).status_code == 201
    assert ExternalFile.objects.get(bytes=15).origin == ORIGIN


def test_too_many_requests_are_refused_for_a_while(put, ask):
    limit(max_requests=3)
    codes = [put(state_of()).status_code for _number in range(4)]
    assert codes == [200, 200, 200, 429]
    refused = put(state_of())
    assert refused["Retry-After"] == str(quotas.WAIT_S)
    assert "一分钟最多 3 次" in refused.json()["error"]
    assert SeenMessage.objects.filter(signer=ORIGIN).count() == 3
    assert put(state_of(), origin=OTHER).status_code == 200


def test_withdrawals_go_first_even_then(put, ask):
    limit(max_requests=2)
    state = state_of()
    assert [put(state).status_code, put(state_of()).status_code] == [200, 200]
    assert put(state_of()).status_code == 429
    assert put(withdrawal_of(state.key), 2).status_code == 200
    assert ask("GET", item_path(ORIGIN, state.key)).status_code == 200
    assert put(withdrawal_of(state.key), 3).status_code == 429, "but not without end"


def test_what_other_processes_took_counts(put):
    limit(max_requests=3)
    put(state_of())
    SeenMessage.objects.bulk_create(
        SeenMessage(signer=ORIGIN, message_id=f"msg_{n}") for n in range(3)
    )
    quotas._counted.clear()
    assert put(state_of()).status_code == 429


@pytest.mark.parametrize("kind", ["item", "file"])
def test_a_request_whose_act_failed_may_come_again(client, monkeypatch, kind):
    state, content = state_of(), b"list"
    if kind == "item":
        path, body = item_path(ORIGIN, state.key), json.dumps(message_of(state))
    else:
        path, body = file_path(hashlib.sha256(content).hexdigest()), content.decode()
    digest = hashlib.sha256(body.encode()).hexdigest()
    signed = sign(KEYS[ORIGIN], "PUT", path, digest)

    def put():
        answer = client.put(path, body, "application/json", headers=signed)
        return answer.status_code

    def fail(*args, **kwargs):
        raise OperationalError("disk full")

    name = {"item": "_know_origin", "file": "_keep"}[kind]
    with monkeypatch.context() as broken:
        broken.setattr(external, name, fail)
        assert put() == 503
    assert not SeenMessage.objects.exists()
    assert not ExternalItem.objects.exists()
    assert put() in (200, 201)
    assert put() == 401, "once only"


@pytest.mark.parametrize("kind", ["full", "no json", "other bytes", "large", "no room"])
def test_a_refused_request_is_used_up_too(client, kind):
    limit(max_items=0, max_megabytes=0)
    state, sha256 = state_of(), hashlib.sha256(b"list").hexdigest()
    path, body, signed_for = {
        "full": (item_path(ORIGIN, state.key), json.dumps(message_of(state)), None),
        "no json": (item_path(ORIGIN, state.key), "{", None),
        "other bytes": (file_path(sha256), "map", sha256),
        "large": (file_path(sha256), "." * (SMALL + 1), sha256),
        "no room": (file_path(sha256), "list", sha256),
    }[kind]
    if kind in ("other bytes", "large"):
        limit(max_megabytes=2)
    digest = signed_for or hashlib.sha256(body.encode()).hexdigest()
    signed = sign(KEYS[ORIGIN], "PUT", path, digest)
    first, second = (
        client.put(path, body, "application/json", headers=signed) for _try in range(2)
    )
    assert first.status_code in (400, 413, 422)
    assert second.status_code == 401
