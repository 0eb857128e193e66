import datetime as dt

import pytest
import time_machine

from tasks.portal.signing import EMPTY_SHA256, SignatureRefused, sign, verify

KEY = "whsec_dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXk="
OTHER = "whsec_b3RoZXIta2V5LW90aGVyLWtleS1vdGhlci1rZXk="
PATH = "/portal/v1/manifest/11330099MB1A2B3C4D?bucket=3&after="
NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def test_a_signed_request_is_accepted_and_names_its_message():
    headers = sign(KEY, "GET", PATH)
    assert verify([KEY], headers, "GET", PATH, EMPTY_SHA256) == headers["webhook-id"]


def test_every_attempt_has_an_id_of_its_own():
    assert len({sign(KEY, "GET", PATH)["webhook-id"] for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("method", "path", "sha256"),
    [
        ("PUT", PATH, EMPTY_SHA256),
        ("HEAD", PATH, EMPTY_SHA256),
        ("GET", PATH.replace("3", "4"), EMPTY_SHA256),
        ("GET", PATH.partition("?")[0], EMPTY_SHA256),
        ("GET", "/prefix" + PATH, EMPTY_SHA256),
        ("GET", PATH, "0" * 64),
    ],
)
def test_a_signature_fits_one_request_only(method, path, sha256):
    headers = sign(KEY, "GET", PATH)
    with pytest.raises(SignatureRefused):
        verify([KEY], headers, method, path, sha256)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp"])
def test_id_and_timestamp_are_part_of_what_is_signed(name):
    headers = sign(KEY, "GET", PATH)
    headers[name] = headers[name][:-1] + ("0" if headers[name][-1] != "0" else "1")
    with pytest.raises(SignatureRefused):
        verify([KEY], headers, "GET", PATH, EMPTY_SHA256)


@pytest.mark.parametrize("seconds", [-301, 301, -86_400, 86_400])
def test_a_message_outside_five_minutes_is_refused(seconds):
    headers = sign(KEY, "GET", PATH, now=NOW + dt.timedelta(seconds=seconds))
    with pytest.raises(SignatureRefused):
        verify([KEY], headers, "GET", PATH, EMPTY_SHA256)


@pytest.mark.parametrize("seconds", [-299, 0, 299])
def test_clocks_may_differ_by_less_than_five_minutes(seconds):
    headers = sign(KEY, "GET", PATH, now=NOW + dt.timedelta(seconds=seconds))
    assert verify([KEY], headers, "GET", PATH, EMPTY_SHA256)


def test_while_a_key_is_replaced_the_old_and_the_new_one_are_accepted():
    for key in (KEY, OTHER):
        headers = sign(key, "GET", PATH)
        assert verify([OTHER, KEY], headers, "GET", PATH, EMPTY_SHA256)
    with pytest.raises(SignatureRefused):
        verify([OTHER], sign(KEY, "GET", PATH), "GET", PATH, EMPTY_SHA256)


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook-signature": ""},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,not base64!"},
        {"webhook-signature": "v1,a,b"},
        {"webhook-signature": "v2,AAAA"},
        {"webhook-signature": "v1,\xff"},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "nan"},
        {"webhook-timestamp": "inf"},
        {"webhook-timestamp": "yesterday"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-id": ""},
        {"webhook-id": "short"},
        {"webhook-id": "a.b.c.d.e.f"},
        {"webhook-id": "x" * 65},
        {"webhook-id": "编号编号编号编号"},
    ],
)
def test_malformed_headers_are_refused(changes):
    headers = {**sign(KEY, "GET", PATH), **changes}
    with pytest.raises(SignatureRefused):
        verify([KEY], headers, "GET", PATH, EMPTY_SHA256)


def test_without_a_key_nothing_is_accepted():
    with pytest.raises(SignatureRefused):
        verify([], sign(KEY, "GET", PATH), "GET", PATH, EMPTY_SHA256)
