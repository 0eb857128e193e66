"""Keys of townships: given out once, replaced with overlap, ended with plain words."""

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from disclosure_pages.models import Origin
from tasks.models import OriginKey
from tasks.portal import keys, quotas, services
from tasks.portal.keys import KeyMoved, end_now, fingerprint, held_keys, replace_key
from tasks.portal.protocol import Refused
from tasks.portal.signing import EMPTY_SHA256, SignatureRefused, sign

ORIGIN, OTHER = "11330099MB1A2B3C4D", "11330099MB1A2B3C5E"
CONFIGURED = "whsec_b2xkLWtleS1vbGQta2V5LW9sZC1rZXktb2xkLWtleQ=="
PATH = f"/portal/v1/digest/{ORIGIN}"
WEEK = dt.timedelta(days=7)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_configured(settings, monkeypatch):
    settings.GONGKAI_ORIGIN_KEYS = {}
    monkeypatch.setattr(quotas, "_counted", {})


def replace(known=None, overlap=WEEK, origin=ORIGIN):
    held = held_keys(origin).get(origin, [])
    seen = keys.newest(held) if known is None else known
    return replace_key(origin, by="王芳", overlap=overlap, known=seen)


def ask(key, origin=ORIGIN):
    headers = sign(key, "GET", PATH)
    proof = services.signed(headers, "GET", PATH, EMPTY_SHA256, origin=origin)
    proof.use_up()
    return proof.origin.credit_code


def test_a_key_from_the_desk_opens_the_portal():
    key = replace()
    assert key.startswith("whsec_")
    assert ask(key) == ORIGIN
    assert ask(key, origin=None) == ORIGIN


def test_the_key_itself_is_nowhere_in_the_database():
    key = replace()
    (row,) = OriginKey.objects.values()
    assert key not in str(row)
    assert row["fingerprint"] == fingerprint(key)


def test_old_and_new_key_overlap_and_then_the_old_one_ends():
    with time_machine.travel("2026-11-01T09:00:00+08:00", tick=False) as clock:
        old = replace()
        new = replace()
        assert ask(old) == ask(new) == ORIGIN
        clock.shift(WEEK + dt.timedelta(seconds=1))
        assert ask(new) == ORIGIN
        with pytest.raises(Refused, match="2026-11-08 09:00 停用.*换上") as refused:
            ask(old)
        assert refused.value.status == 401
        assert Origin.objects.get().refusal == refused.value.reason


def test_a_third_key_does_not_lengthen_the_life_of_the_first():
    replace()
    ends_at = None
    for _round in range(2):
        replace()
        first = OriginKey.objects.order_by("pk").first()
        assert ends_at in (None, first.ends_at)
        ends_at = first.ends_at


def test_a_key_of_the_settings_is_replaced_the_same_way(settings):
    settings.GONGKAI_ORIGIN_KEYS = {ORIGIN: [CONFIGURED]}
    assert ask(CONFIGURED) == ORIGIN
    new = replace(overlap=dt.timedelta())
    assert ask(new) == ORIGIN
    with pytest.raises(Refused, match=fingerprint(CONFIGURED)):
        ask(CONFIGURED)
    later = time_machine.travel(timezone.now() + dt.timedelta(days=400))
    with later, pytest.raises(Refused):
        ask(CONFIGURED)


def test_two_people_who_press_at_once_make_one_key():
    replace()
    with pytest.raises(KeyMoved):
        replace(known="")
    assert OriginKey.objects.count() == 1


def test_a_stolen_key_is_ended_at_once():
    key = replace()
    assert end_now(ORIGIN, fingerprint(key))
    assert not end_now(ORIGIN, fingerprint(key))
    with pytest.raises(Refused):
        ask(key)


def test_long_after_its_end_a_key_is_a_strangers():
    key = replace()
    end_now(ORIGIN, fingerprint(key))
    later = time_machine.travel(timezone.now() + dt.timedelta(days=91))
    with later, pytest.raises(SignatureRefused):
        ask(key)


def test_a_key_opens_its_own_township_only():
    key = replace()
    replace(origin=OTHER)
    with pytest.raises(SignatureRefused):
        ask(key, origin=OTHER)


def test_keys_outlive_a_new_secret_while_the_old_one_is_kept(settings):
    key = replace()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-secret-" * 4
    assert ask(key) == ORIGIN
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(SignatureRefused):
        ask(key)


def test_contact_is_noted():
    key = replace()
    before = timezone.now()
    ask(key)
    assert Origin.objects.get(credit_code=ORIGIN).contacted_at >= before
    assert OriginKey.objects.get().used_at >= before


def test_checking_a_key_asks_as_much_for_many_townships(django_assert_max_num_queries):
    key = replace()
    ask(key)
    with django_assert_max_num_queries(20) as few:
        ask(key, origin=None)
    for number in range(5):
        replace(origin=f"11330099MB1A2B3{number:03d}")
    with django_assert_max_num_queries(len(few)):
        ask(key, origin=None)
