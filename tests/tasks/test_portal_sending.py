"""The sending end: against a real portal, and against a server that misbehaves."""

import datetime as dt
import hashlib
import time
from email.utils import format_datetime

import pytest

from cms.models import Authority
from tasks import targets
from tasks.drain import drain
from tasks.models import OutboxEntry, TargetState
from tasks.models.outbox import from_now
from tasks.targets import Receipt, TargetDown, TargetError, Waiting
from tests.factories import make_document, make_item
from tests.tasks.messages import new_key, state_of, withdrawal_of

CITY = "portal:city"


def send(state, version=1):
    """Send one state to ``portal:city``."""
    (outcome,) = targets.get("portal:city").put_many([(version, state)])
    return outcome


# A real portal


def test_an_item_is_sent_and_its_receipt_names_the_page(city):
    state = state_of()
    assert send(state, 4) == Receipt(
        state.key,
        4,
        state.sha256,
        f"{city.portal.url}/external/{city.origin}/{state.key}/",
    )
    assert city.page(state.key)[0] == 200


def test_sending_the_same_again_is_a_receipt_again(city):
    state = state_of()
    assert send(state, 4) == send(state, 4)


def test_a_batch_is_answered_in_order_whatever_happens_to_one(city):
    states = [state_of() for _ in range(4)]
    city.put(states[2], 9)
    outcomes = city.target.put_many([(1, state) for state in states])
    assert [type(outcome) for outcome in outcomes] == [
        *(Receipt, Receipt, TargetError, Receipt)
    ]
    assert outcomes[2].stale == 9
    assert not outcomes[2].retryable


def test_the_same_version_with_another_content_is_stale(city):
    state = state_of()
    city.put(state, 4)
    outcome = send(state_of(state.key, title="另一标题"), 4)
    assert (outcome.stale, outcome.retryable) == (4, False)


def test_a_withdrawal_counts_when_the_portal_shows_the_tombstone(city):
    state = state_of()
    send(state, 1)
    outcome = send(withdrawal_of(state.key), 2)
    assert isinstance(outcome, Receipt)
    assert city.page(state.key)[0] == 410
    methods = [method for method, _kind, _status in asked_for(city, 3, state.key)]
    assert methods == ["PUT", "PUT", "GET"]


def test_withdrawing_what_was_never_sent_leaves_a_tombstone(city):
    assert isinstance(send(withdrawal_of(new_key()), 1), Receipt)


def test_files_go_first_and_each_only_once(city, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    content = new_key().encode() * 5000
    document = make_document("名单.txt", content)
    first = state_of(files=[("名单.txt", content), ("again.txt", content)])
    second = state_of(files=[("名单.txt", content)])
    assert isinstance(send(first), Receipt)
    assert isinstance(send(second), Receipt)
    uploads = [
        line
        for line in city.portal.requests()
        if line.startswith("PUT") and document.sha256 in line
    ]
    assert len(uploads) == 1
    path = f"/external-files/{document.sha256}/x"
    assert city.portal.get(path)[2] == content


def asked_for(city, count, *names):
    """Method, kind and status of ``count`` requests that name one of these.

    A line is written after its answer: by another thread perhaps than the next one.
    """
    for _try in range(100):
        lines = [line.split() for line in city.portal.requests()]
        found = [
            (method, path.split("/")[3], status)
            for method, path, _protocol, status in lines
            if path.endswith(names)
        ]
        if len(found) >= count:
            break
        time.sleep(0.05)
    return found


@pytest.mark.parametrize(
    ("size", "version", "asks_first"),
    [(1 << 20, 1, False), ((1 << 20) + 1, 1, True), (5, 2, True)],
)
def test_small_files_of_a_new_item_go_ahead_of_it(
    city, settings, tmp_path, size, version, asks_first
):
    settings.MEDIA_ROOT = tmp_path
    content = new_key().encode().ljust(size, b".")[:size]
    document = make_document("名单.txt", content)
    state = state_of(files=[("名单.txt", content)])
    assert isinstance(send(state, version), Receipt)
    refused = [("PUT", "items", "422")] if asks_first else []
    taken = [("PUT", "files", "201"), ("PUT", "items", "200")]
    wanted = refused + taken
    assert asked_for(city, len(wanted), document.sha256, state.key) == wanted


def test_a_file_that_the_portal_lost_is_sent_again(city, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    content = new_key().encode()
    document = make_document("名单.txt", content)
    city.target._sent[document.sha256] = None  # so we believe
    state = state_of(files=[("名单.txt", content)])
    assert isinstance(send(state), Receipt)
    assert ("PUT", "files", "201") in asked_for(city, 1, document.sha256)


def test_nothing_goes_ahead_of_an_item_while_the_portal_refuses(
    city, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    assert isinstance(
        send(state_of(html="<p>" + "长" * 4_000_000 + "</p>")), TargetError
    )
    for asks_first in (True, False):
        content = new_key().encode()
        document = make_document("名单.txt", content)
        state = state_of(files=[("名单.txt", content)])
        assert isinstance(send(state), Receipt)
        found = asked_for(city, 2 + asks_first, document.sha256, state.key)
        assert (found[0] == ("PUT", "items", "422")) is asks_first


def test_a_file_lost_here_that_the_portal_has_is_no_trouble(city):
    content = new_key().encode()
    city.put_file(content, hashlib.sha256(content).hexdigest())
    assert isinstance(send(state_of(files=[("名单.txt", content)])), Receipt)


def test_a_file_that_is_gone_here_is_said_so(city):
    outcome = send(state_of(files=[("名单.txt", new_key().encode())]))
    assert isinstance(outcome, TargetError)
    assert "名单.txt" in outcome.reason_zh


def test_an_unaccepted_key_closes_the_portal_with_a_plain_word(city, settings):
    other = next(key for key in city.portal.pairs.values() if key != city.key)
    settings.GONGKAI_PORTAL_KEYS = {"city": other}
    with pytest.raises(TargetDown) as down:
        send(state_of())
    assert "签名" in down.value.reason_zh


@pytest.mark.parametrize("keys", [{}, {"city": ""}])
def test_without_a_key_nothing_is_sent(city, settings, keys):
    settings.GONGKAI_PORTAL_KEYS = keys
    with pytest.raises(TargetDown, match="密钥"):
        send(state_of())


def test_without_a_credit_code_nothing_is_sent(city):
    Authority.objects.update(credit_code="")
    with pytest.raises(TargetDown, match="统一社会信用代码"):
        send(state_of())


def test_the_address_of_a_portal_may_end_in_a_slash(city, settings):
    settings.GONGKAI_PORTALS = {"city": f"{city.portal.url}/"}
    assert isinstance(send(state_of()), Receipt)


def test_an_item_too_large_is_given_up_with_a_reason(city):
    outcome = send(state_of(html="<p>" + "长" * 4_000_000 + "</p>"))
    assert isinstance(outcome, TargetError)
    assert not outcome.retryable
    assert "413" in outcome.reason_zh


# A server that misbehaves: never a receipt

BAD = {
    "500": {"mode": "status", "status": 500},
    "502 in html": {"mode": "status", "status": 502, "kind": "text/html", "body": "x"},
    "404": {"mode": "status", "status": 404},
    "204": {"mode": "status", "status": 204, "body": ""},
    "201": {"mode": "status", "status": 201},
    "200 in html": {"mode": "html"},
    "200, empty": {"mode": "status", "status": 200, "body": ""},
    "200, a list": {"mode": "status", "status": 200, "body": "[]"},
    "200, half": {"mode": "status", "status": 200, "body": '{"key": "'},
    "redirect": {"mode": "redirect"},
    "permanent redirect": {"mode": "redirect", "status": 308},
    "another key": {"mode": "wrong_echo", "changes": {"key": "0" * 32}},
    "another version": {"mode": "wrong_echo", "changes": {"version": 2}},
    "version as text": {"mode": "wrong_echo", "changes": {"version": "1"}},
    "version as truth": {"mode": "wrong_echo", "changes": {"version": True}},
    "another hash": {"mode": "wrong_echo", "changes": {"sha256": "0" * 64}},
    "no hash": {"mode": "wrong_echo", "changes": {"sha256": None}},
    "cut body": {"mode": "cut"},
    "dropped": {"mode": "drop"},
    "409 with nothing": {"mode": "status", "status": 409},
    "409 below ours": {"mode": "status", "status": 409, "body": '{"version": 0}'},
    "409 absurd": {"mode": "status", "status": 409, "body": f'{{"version": {10**30}}}'},
    "400 in html": {"mode": "status", "status": 400, "kind": "text/html", "body": "x"},
}


@pytest.mark.parametrize("fault", BAD.values(), ids=BAD)
def test_no_nonsense_is_taken_for_a_receipt(faulty, fault):
    faulty.misbehave(**fault)
    outcome = send(state_of())
    assert isinstance(outcome, TargetError)
    assert outcome.retryable
    assert outcome.stale is None
    assert outcome.reason_zh


@pytest.mark.parametrize("fault", BAD.values(), ids=BAD)
def test_when_nothing_works_the_whole_portal_rests(faulty, fault):
    faulty.misbehave(**fault, all_broken=True)
    with pytest.raises(TargetDown) as down:
        send(state_of())
    assert down.value.reason_zh


def test_a_redirect_is_not_followed(faulty):
    faulty.misbehave("redirect")
    send(state_of())
    assert not [line for line in faulty.asked() if "elsewhere" in line]


@pytest.mark.parametrize("status", [400, 411, 422])
def test_a_refusal_with_a_reason_is_for_a_person(faulty, status):
    body = '{"error": "标题含有敏感词"}'
    faulty.misbehave("status", status=status, body=body)
    outcome = send(state_of())
    assert not outcome.retryable
    assert "标题含有敏感词" in outcome.reason_zh


def test_a_portal_that_never_answers_holds_nobody_longer_than_agreed(faulty):
    faulty.misbehave("slow", seconds=30)
    started = time.monotonic()
    outcome = send(state_of())
    assert isinstance(outcome, TargetError)
    assert time.monotonic() - started < 3  # the lease of this test


def test_a_portal_that_drips_holds_nobody_longer_than_agreed(faulty):
    faulty.misbehave("drip")
    started = time.monotonic()
    outcome = send(state_of())
    assert isinstance(outcome, TargetError)
    assert time.monotonic() - started < 3


def test_nobody_listening_is_said_plainly(faulty, settings):
    settings.GONGKAI_PORTALS = {"city": "http://127.0.0.1:9"}
    with pytest.raises(TargetDown, match="连接不上门户"):
        send(state_of())


def test_a_withdrawal_the_portal_only_claims_is_not_a_receipt(faulty):
    faulty.misbehave("lying_withdrawal")
    outcome = send(withdrawal_of(new_key()), 2)
    assert isinstance(outcome, TargetError)
    assert outcome.retryable
    assert "没有撤下" in outcome.reason_zh


# Retry-After


def _in(seconds):
    moment = dt.datetime.now(tz=dt.UTC) + dt.timedelta(seconds=seconds)
    return format_datetime(moment, usegmt=True)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("7", 7, 7),
        (lambda: _in(90), 85, 90),
        ("99999999", 3600, 3600),
        (lambda: _in(10**7), 3600, 3600),
    ],
)
def test_retry_after_is_honoured_up_to_an_hour(faulty, status, text, low, high):
    header = text() if callable(text) else text
    faulty.misbehave("status", status=status, headers={"Retry_After": header})
    with pytest.raises(TargetDown) as down:
        send(state_of())
    assert low <= down.value.retry_after <= high


@pytest.mark.parametrize("text", ["-5", "soon", "1e9", "", "½"])
def test_nonsense_in_its_place_is_no_wish(faulty, text):
    faulty.misbehave("status", status=503, headers={"Retry_After": text})
    with pytest.raises(TargetDown) as down:
        send(state_of())
    assert down.value.retry_after is None


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("good_for", [0, 2])
def test_while_the_portal_asks_to_wait_nobody_sends(faulty, status, good_for):
    faulty.misbehave(
        "status", status=status, headers={"Retry_After": "600"}, good_for=good_for
    )
    for _page in range(3):
        make_item()
    for _turn in range(4):
        OutboxEntry.objects.retry()
        TargetState.try_now()
        targets.get.cache_clear()  # as in another process
        drain(only=[CITY])
    assert len(faulty.asked()) == good_for + 1
    state = TargetState.objects.get(target=CITY)
    asked_s = (state.asked_until - state.failed_at).total_seconds()
    assert round(asked_s) == 600
    assert OutboxEntry.objects.filter(delivered__gt=0).count() == good_for


def test_a_withdrawal_too_leaves_a_busy_portal_alone_for_a_while(faulty):
    faulty.misbehave("status", status=503, headers={"Retry_After": "600"})
    for key in (new_key(), new_key()):
        OutboxEntry.record([key], "withdraw", targets=[CITY])
        drain(only=[CITY])
    assert len(faulty.asked()) == 1
    TargetState.objects.update(failed_at=from_now(-31))
    faulty.misbehave("good")
    OutboxEntry.objects.update(next_at=from_now(-1))
    drain(only=[CITY])
    assert faulty.asked()


def test_when_the_wait_is_over_sending_goes_on(faulty):
    faulty.misbehave("status", status=503, headers={"Retry_After": "1"})
    OutboxEntry.record([new_key()], "publish", targets=[CITY])
    drain(only=[CITY])
    faulty.misbehave("good")
    time.sleep(1.1)
    OutboxEntry.objects.retry()
    TargetState.try_now()
    drain(only=[CITY])
    assert faulty.asked()


def test_what_was_sent_before_the_portal_went_away_keeps_its_receipt(faulty):
    faulty.misbehave("drop", good_for=2, all_broken=True)
    with pytest.raises(TargetDown) as down:
        targets.get(CITY).put_many([(1, state_of()) for _ in range(6)])
    assert [type(outcome) for outcome in down.value.done] == [Receipt] * 2
    puts = [line for line in faulty.asked() if line.startswith("PUT")]
    assert len(puts) == 3  # the others were not tried


def test_what_there_was_no_time_for_is_no_attempt(faulty):
    faulty.misbehave("slow", seconds=0.6)
    outcomes = targets.get(CITY).put_many([(1, state_of()) for _ in range(3)])
    assert [type(outcome) for outcome in outcomes] == [Receipt, Waiting, Waiting]
    assert outcomes[1] == Waiting()


def test_an_item_that_alone_breaks_the_portal_does_not_stop_the_others(faulty):
    faulty.misbehave("status", status=500, good_for=1)
    outcomes = targets.get("portal:city").put_many([(1, state_of()) for _ in range(3)])
    assert [type(outcome) for outcome in outcomes] == [Receipt] + [TargetError] * 2
    puts = [line for line in faulty.asked() if line.startswith("PUT")]
    assert len(puts) == 3
