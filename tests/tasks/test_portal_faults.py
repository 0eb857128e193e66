"""What a portal or the line to it can do wrong: bounded in time, never believed."""

import http.server
import subprocess
import threading
import time

import pytest

from disclosure_pages.public_state import public_states
from tasks import targets
from tasks.drain import drain
from tasks.models import OutboxEntry, TargetState
from tasks.models.outbox import from_now
from tasks.targets import Receipt, TargetDown, TargetError
from tests.factories import make_document, make_item
from tests.tasks.messages import new_key, state_of, withdrawal_of
from tests.tasks.processes import FaultServer

pytestmark = pytest.mark.django_db
CITY = "portal:city"
LIMIT_S = 5.0  # a round takes two here; without a bound of its own thirty


def send(*states):
    return targets.get(CITY).put_many([(1, state) for state in states])


def seconds_of(*states):
    """How long one round took, whatever came of it."""
    began = time.monotonic()
    try:
        outcomes = send(*states)
    except TargetDown as down:
        outcomes = down.done
    assert not [outcome for outcome in outcomes if isinstance(outcome, Receipt)]
    return time.monotonic() - began


# Time


def test_a_round_takes_twenty_seconds_at_most_and_less_than_the_lease(faulty, settings):
    settings.GONGKAI_LEASE_S = 30.0
    assert targets.get(CITY)._timeout_s == 20


@pytest.mark.parametrize("all_broken", [False, True])
@pytest.mark.parametrize("fault", ["slow", "drip", "endless"])
def test_a_batch_holds_nobody_longer_than_one_round(faulty, fault, all_broken):
    faulty.misbehave(fault, seconds=30, all_broken=all_broken)
    assert seconds_of(*[state_of() for _ in range(10)]) < LIMIT_S


@pytest.mark.parametrize("good_for", [0, 1])
def test_a_withdrawal_and_its_reading_back_hold_nobody_longer(faulty, good_for):
    faulty.misbehave("drip", good_for=good_for, all_broken=True)
    assert seconds_of(withdrawal_of(new_key())) < LIMIT_S


def test_a_portal_that_does_not_take_a_file_holds_nobody(faulty, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    content = new_key().encode() * 500_000  # 16 MB: more than any buffer on the way
    make_document("名单.txt", content)
    faulty.misbehave("unread", seconds=8)
    assert seconds_of(state_of(files=[("名单.txt", content)])) < LIMIT_S


def test_while_one_portal_hangs_the_others_get_their_items(faulty, city, settings):
    settings.GONGKAI_PORTALS = {"bad": faulty.url, "city": city.portal.url}
    settings.GONGKAI_PORTAL_KEYS = {"bad": city.key, "city": city.key}
    faulty.misbehave("slow", seconds=30, all_broken=True)
    page = make_item()
    began = time.monotonic()
    drain(only=["portal:bad", CITY])
    assert time.monotonic() - began < 2 * LIMIT_S
    assert city.page(page.key)[0] == 200
    assert TargetState.objects.get(target="portal:bad").failures == 1


# No storm


@pytest.mark.parametrize(
    "refusal",
    [
        {"status": 409, "body": '{"version": 7, "sha256": "x"}'},
        {"status": 413},
        {"status": 422, "body": '{"error": "标题含有敏感词"}'},
        {"status": 422, "body": '{"missing": ["%s"], "error": "x"}' % ("0" * 64)},
        {"status": 411, "body": '{"error": "x"}'},
    ],
)
@pytest.mark.parametrize("lane", ["publish", "withdraw"])
def test_a_refusal_is_not_sent_again_and_again(faulty, refusal, lane):
    faulty.misbehave("status", **refusal)
    page = make_item()
    OutboxEntry.objects.all().delete()
    if lane == "withdraw":
        page.unpublish()
        OutboxEntry.objects.all().delete()
    OutboxEntry.record([page.key], lane, targets=[CITY])
    for _turn in range(3):
        drain(only=[CITY])
    puts = [line for line in faulty.asked() if line.startswith("PUT")]
    assert len(puts) <= 3
    entry = OutboxEntry.objects.get()
    assert entry.delivered == 0
    assert entry.last_error
    told = "missing" not in refusal.get("body", "")  # of a file: it may have lost it
    assert entry.dead == (lane == "publish" and told)


# The line


def test_what_comes_twice_has_one_effect(city, fault_server, settings):
    upstream = f"127.0.0.1:{city.portal.port}"
    fault_server.misbehave("doubling", upstream=upstream)
    settings.GONGKAI_PORTALS = {"city": fault_server.url}
    pages = [make_item() for _ in range(4)]
    settle()
    pages[0].unpublish()
    settle()
    assert_held(city, pages)


def test_an_old_request_that_arrives_late_changes_nothing(city, fault_server, settings):
    upstream = f"127.0.0.1:{city.portal.port}"
    fault_server.misbehave("late", upstream=upstream)
    settings.GONGKAI_PORTALS = {"city": fault_server.url}
    pages = [make_item() for _ in range(2)]
    settle()
    for page in pages:
        page.title += "（修改）"
        page.save()
    pages[0].unpublish()
    settle()
    assert_held(city, pages)


def settle():
    """Drain without waiting for any backoff until nothing is left."""
    for _round in range(40):
        if not OutboxEntry.objects.filter(target=CITY).pending().exists():
            return
        OutboxEntry.objects.filter(target=CITY).retry()
        TargetState.try_now()
        drain(only=[CITY])
    raise AssertionError(OutboxEntry.objects.values("key", "last_error"))


def assert_held(city, pages):
    truth = public_states([page.key for page in pages])
    for page in pages:
        row = OutboxEntry.objects.get(target=CITY, key=page.key)
        held = city.read(page.key).data
        state = truth[page.key]
        assert (held["state"], held["sha256"]) == (state.state, state.sha256)
        assert held["version"] == row.delivered == row.wanted


@pytest.fixture
def stranger():
    """A host that no portal may send us to; what it was asked."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_PUT(self):
            asked.append((self.path, dict(self.headers)))
            self.send_response(200)
            self.end_headers()

        do_GET = do_HEAD = do_POST = do_PUT

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}", asked
    server.shutdown()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("adapter", ["", "plone+"])
def test_no_portal_sends_us_to_another_host(
    faulty, settings, stranger, status, adapter
):
    address, asked = stranger
    settings.GONGKAI_PORTALS = {"city": adapter + faulty.url}
    settings.GONGKAI_PORTAL_KEYS["city"] = (
        "name:secret" if adapter else settings.GONGKAI_PORTAL_KEYS["city"]
    )
    faulty.misbehave("redirect", status=status, location=address, all_broken=True)
    with pytest.raises(TargetDown):
        send(state_of())
    with pytest.raises(TargetDown):
        send(withdrawal_of(new_key()))
    assert faulty.asked()
    assert asked == []


@pytest.mark.parametrize("adapter", ["", "plone+"])
def test_a_wish_to_be_left_alone_is_told_on(faulty, settings, adapter):
    settings.GONGKAI_PORTALS = {"city": adapter + faulty.url}
    if adapter:
        settings.GONGKAI_PORTAL_KEYS = {"city": "name:secret"}
    faulty.misbehave("status", status=503, headers={"Retry_After": "7"})
    with pytest.raises(TargetDown) as down:
        send(state_of(), state_of())
    assert (down.value.retry_after, down.value.done) == (7.0, [])
    assert len(faulty.asked()) == 1


def test_an_answer_in_pieces_too_large_is_cut_off(faulty):
    faulty.misbehave("status", status=200, body="x" * 17_000_000)
    (outcome,) = send(state_of())
    assert isinstance(outcome, TargetError)
    assert outcome.retryable


# Certificates


@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    """Makes self-signed certificates for a name."""
    folder = tmp_path_factory.mktemp("certificates")

    def make(name):
        path = folder / f"{name.replace(':', '-')}.pem"
        key = folder / "key.pem"
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "ec"),
                *("-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"),
                *("-subj", "/CN=portal", "-addext", f"subjectAltName={name}"),
                *("-keyout", str(key), "-out", str(path)),
            ],
            check=True,
            capture_output=True,
        )
        path.write_text(path.read_text() + key.read_text())
        return path

    return make


@pytest.fixture(scope="module")
def tls_portal(pem):
    server = FaultServer(pem=pem("IP:127.0.0.1"))
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture
def tls(tls_portal, faulty, settings):
    settings.GONGKAI_PORTALS = {"city": tls_portal.url}
    tls_portal.misbehave("good")
    return tls_portal


def test_a_certificate_that_nobody_vouches_for_gets_nothing(tls):
    with pytest.raises(TargetDown, match="证书"):
        send(state_of())
    with pytest.raises(TargetDown, match="证书"):
        send(withdrawal_of(new_key()))
    assert tls.asked() == []


def test_one_that_is_trusted_here_is_accepted(tls, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(tls.pem))
    targets.get.cache_clear()
    (outcome,) = send(state_of())
    assert isinstance(outcome, Receipt)


def test_a_trusted_one_of_another_name_gets_nothing(tls, pem, monkeypatch, settings):
    other = FaultServer(pem=pem("DNS:other.example.cn"))
    monkeypatch.setenv("SSL_CERT_FILE", str(other.pem))
    try:
        settings.GONGKAI_PORTALS = {"city": other.start().url}
        with pytest.raises(TargetDown, match="证书"):
            send(state_of())
        assert other.asked() == []
    finally:
        other.stop()


def test_a_bad_certificate_gives_nothing_up(tls):
    OutboxEntry.record([new_key()], "withdraw", targets=[CITY])
    OutboxEntry.objects.update(attempts=100, next_at=from_now(-1))
    drain(only=[CITY])
    entry = OutboxEntry.objects.get()
    assert (entry.dead, entry.delivered) == (False, 0)
    assert "证书" in entry.last_error
