"""Somebody who means harm sends to the portal: refused, and nothing grows."""

import contextlib
import datetime as dt
import hashlib
import io
import json
import socket
import time
import zipfile
from pathlib import Path

import pytest

from disclosure_pages.choices import TextState
from disclosure_pages.models import FileText
from disclosure_pages.services import external, extraction
from tasks.portal.protocol import file_path, item_path
from tasks.portal.signing import sign
from tests.tasks.messages import message_of, new_key, state_of, withdrawal_of
from tests.tasks.test_portal_receiving import raw, signed

GIGABYTE = 1 << 30
MEGABYTE = 1 << 20


def workers(portal):
    """The processes that answer for the portal."""
    tasks = Path(f"/proc/{portal.process.pid}/task").iterdir()
    pids = " ".join((task / "children").read_text() for task in tasks).split()
    return [Path(f"/proc/{pid}") for pid in pids]


def peak_bytes(process):
    (line,) = (
        line
        for line in (process / "status").read_text().splitlines()
        if line.startswith("VmHWM")
    )
    return int(line.split()[1]) * 1024


def pour(portal, head, size=GIGABYTE, limit_s=20.0):
    """Send a head and as much of a body as is taken: status, and the bytes taken."""
    piece, sent, answer = b"0" * MEGABYTE, 0, b""
    ends = time.monotonic() + limit_s
    with socket.create_connection(("127.0.0.1", portal.port), timeout=2) as line:
        line.sendall(head)
        with contextlib.suppress(OSError):
            while sent < size and time.monotonic() < ends:
                line.sendall(piece)
                sent += len(piece)
        line.settimeout(2)
        with contextlib.suppress(OSError):
            answer = line.recv(200)
    return int(answer.split()[1]) if answer else 0, sent


@pytest.mark.parametrize("signed_by", ["city", "nobody"])
@pytest.mark.parametrize("where", ["item", "file"])
@pytest.mark.parametrize("told", ["length", "chunked", "small"])
def test_a_body_of_a_gigabyte_is_refused_and_costs_nothing(
    city, where, told, signed_by
):
    path = file_path("a" * 64) if where == "file" else item_path(city.origin, new_key())
    headers = sign(city.key, "PUT", path, "a" * 64) if signed_by == "city" else {}
    headers |= {
        "length": {"Content-Length": str(GIGABYTE)},
        "chunked": {"Transfer-Encoding": "chunked"},
        "small": {"Content-Length": "10"},  # and then much more
    }[told]
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}\r\n"
    if told == "chunked":
        head += f"{GIGABYTE:x}\r\n"
    (worker,) = workers(city.portal)
    (worker / "clear_refs").write_text("5")  # the peak begins anew
    before = peak_bytes(worker)
    began = time.monotonic()
    status, _sent = pour(city.portal, head.encode())
    assert status in (0, 400, 401, 411, 413, 422)  # 0: cut off before we could read it
    assert peak_bytes(worker) - before < 40 * MEGABYTE
    assert time.monotonic() - began < 20
    assert city.portal.get("/healthz")[0] == 200
    assert not list((city.portal.home / "media" / "external").rglob("*.part*"))


def test_a_request_from_the_future_is_refused(city):
    path = f"/portal/v1/digest/{city.origin}"
    later = dt.datetime.now(tz=dt.UTC) + dt.timedelta(minutes=6)
    headers = sign(city.key, "GET", path, now=later)
    assert raw(city.portal, "GET", path, headers=headers)[0] == 401


def test_a_signature_for_one_file_does_not_bring_another(city):
    good, bad = new_key().encode(), new_key().encode()
    path = file_path(hashlib.sha256(good).hexdigest())
    other = file_path(hashlib.sha256(bad).hexdigest())
    headers = signed(city, "PUT", path, good)
    assert raw(city.portal, "PUT", other, bad, headers)[0] == 401
    headers = signed(city, "PUT", path, good)
    assert raw(city.portal, "PUT", path, bad, headers)[0] == 422
    for where in (path, other):
        assert city.client.request("HEAD", where).status == 404


@pytest.mark.parametrize("change", ["case", "slash", "query"])
def test_another_spelling_of_a_path_is_not_covered_by_its_signature(city, change):
    state = state_of()
    city.put(state)
    path = item_path(city.origin, state.key)
    spelt = {
        "case": path.replace("portal", "Portal", 1),
        "slash": path.replace("/v1/", "//v1/", 1),
        "query": f"{path}?x=1",
    }[change]
    body = json.dumps(message_of(withdrawal_of(state.key), 2)).encode()
    headers = signed(city, "PUT", path, body)
    assert raw(city.portal, "PUT", spelt, body, headers)[0] in (301, 400, 401, 404)
    assert city.page(state.key)[0] == 200


def test_a_method_named_in_a_header_is_not_believed(city):
    state = state_of()
    city.put(state)
    path = item_path(city.origin, state.key)
    body = json.dumps(message_of(withdrawal_of(state.key), 2)).encode()
    headers = {**signed(city, "PUT", path, body), "X-HTTP-Method-Override": "PUT"}
    assert raw(city.portal, "POST", path, body, headers)[0] == 405
    assert city.page(state.key)[0] == 200


def test_an_origin_in_the_content_does_not_change_whose_it_is(city):
    """A township signs with its own key, and names another in what it sends."""
    other = next(origin for origin in city.portal.pairs if origin != city.origin)
    state = state_of(origin=other, origin_label="别的镇")
    assert city.put(state).status == 422
    path = item_path(other, state.key)
    body = json.dumps(message_of(state)).encode()
    assert (
        raw(city.portal, "PUT", path, body, signed(city, "PUT", path, body))[0] == 401
    )
    assert city.portal.get(f"/external/{other}/{state.key}/")[0] == 404


def packed(**parts):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target.getvalue()


LAUGHS = (
    b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">'
    b'<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&c;&f;</x>'
)
WICKED = {
    "a.zip": packed(**{"big.txt": b"0" * 30 * MEGABYTE}),
    "nested.zip": packed(**{"b.zip": packed(**{"big.txt": b"0" * 30 * MEGABYTE})}),
    "many.zip": packed(**{f"{n}.txt": b"" for n in range(20_000)}),
    "up.zip": packed(**{"../../../etc/cron.d/x": b"* * * * * root true"}),
    "laughs.docx": packed(**{"word/document.xml": LAUGHS}),
    "laughs.xlsx": packed(**{"xl/workbook.xml": LAUGHS}),
    "big.docx": packed(**{"word/document.xml": b"0" * 30 * MEGABYTE}),
    "a.svg": LAUGHS,
}


@pytest.mark.django_db
def test_no_attachment_whatever_harms_the_portal_that_reads_it(settings, tmp_path):
    """Received as by the protocol, then read for the search as by its job."""
    settings.MEDIA_ROOT = tmp_path / "media"
    state = state_of(files=list(WICKED.items()))
    for content in WICKED.values():
        name = hashlib.sha256(content).hexdigest()
        external.store_file(name, [content], mime="", max_bytes=10**9)
    message = message_of(state)
    external.store_external(external.Received(origin="1133009900000ATTACK", **message))
    began = time.monotonic()
    while extraction.extract_waiting():
        pass
    assert time.monotonic() - began < 10
    rows = FileText.objects.filter(sha256__in=[r["sha256"] for r in state.attachments])
    assert rows.count() == len(WICKED)
    assert not rows.filter(state=TextState.WAITING).exists()
    for row in rows:
        assert "root:" not in " ".join(row.pages)
        assert sum(map(len, row.pages)) < 2 * MEGABYTE
    outside = [p for p in tmp_path.rglob("*") if "cron" in str(p)]
    assert outside == []
