"""How foreign sites are asked: politely, bounded, and never inside the office."""

import gzip
import socket
import threading
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from disclosure_pages import outgoing
from disclosure_pages.harvest import robots
from disclosure_pages.harvest.decoding import decoded
from disclosure_pages.harvest.web import (
    Gone,
    Later,
    OutOfTime,
    Web,
    WebError,
)
from disclosure_pages.models import HarvestHost


def web(pause_s=0.0, budget_s=20.0, **values):
    return Web(pause_s, time.monotonic() + budget_s, **values)


@pytest.mark.django_db
def test_a_page_comes_with_what_is_needed_to_ask_for_it_again(superior):
    superior.put("/a", "正文", etag='"7"')
    superior.show()
    first = web().get(f"{superior.url}/a")
    assert (first.text, first.etag) == ("正文", '"7"')
    again = web().get(f"{superior.url}/a", etag=first.etag)
    assert (again.unchanged, again.body) == (True, b"")
    assert [r["host"] for r in superior.requests()][-1] == f"127.0.0.1:{superior.port}"


@pytest.mark.django_db
def test_robots_is_read_once_a_day_and_obeyed(superior):
    superior.put("/robots.txt", "User-agent: *\nDisallow: /secret\n")
    superior.put("/a", "a")
    superior.put("/secret/b", "b")
    superior.show()
    web().get(f"{superior.url}/a")
    with pytest.raises(WebError, match=r"robots\.txt"):
        web().get(f"{superior.url}/secret/b?x=1")
    asked = [row["path"] for row in superior.requests()]
    assert asked == ["/robots.txt", "/a"]
    HarvestHost.objects.update(robots_at=timezone.now() - timedelta(days=2))
    web().get(f"{superior.url}/a")
    assert [r["path"] for r in superior.requests()].count("/robots.txt") == 2


@pytest.mark.django_db
def test_no_robots_allows_and_a_broken_one_forbids(superior):
    superior.put("/a", "a")
    superior.show()
    assert web().get(f"{superior.url}/a").text == "a"
    HarvestHost.objects.all().delete()
    superior.put("/robots.txt", "", status=500)
    superior.show()
    with pytest.raises(WebError, match=r"robots\.txt"):
        web().get(f"{superior.url}/a")
    assert [row["path"] for row in superior.requests()] == ["/robots.txt"]


@pytest.mark.django_db
def test_a_redirect_to_what_robots_forbids_is_not_followed(superior):
    superior.put("/robots.txt", "User-agent: gongkai-harvest\nDisallow: /b\n")
    superior.put("/a", status=302, headers={"Location": "/b"})
    superior.put("/b", "b")
    superior.show()
    with pytest.raises(WebError, match=r"robots\.txt"):
        web().get(f"{superior.url}/a")
    assert ("/b", 200) not in superior.asked()


@pytest.mark.django_db
def test_one_host_is_asked_once_in_the_pause_by_all_who_ask(superior):
    superior.put("/robots.txt", "User-agent: *\nCrawl-delay: 0.6\n")
    superior.put("/a", "a")
    superior.show()
    for _process in range(3):  # each a new one, as another process would be
        web(pause_s=0.2).get(f"{superior.url}/a")
    times = [row["at"] for row in superior.requests()]
    gaps = [after - before for before, after in zip(times, times[1:], strict=False)]
    assert gaps[0] >= 0.15  # after robots.txt, whose wish was not known yet
    assert all(gap >= 0.5 for gap in gaps[1:])


@pytest.mark.django_db
@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_host_is_left_alone_by_everybody(superior, status):
    superior.put("/a", status=status, headers={"Retry-After": "120"})
    superior.show()
    with pytest.raises(Later, match="2 分钟") as refused:
        web().get(f"{superior.url}/a")
    assert refused.value.wait_s == 120
    asked = len(superior.requests())
    with pytest.raises(Later):
        web().get(f"{superior.url}/other")
    assert len(superior.requests()) == asked


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, 300), ("soon", 300), ("-5", 300), ("0", 60), ("9" * 40, 86_400)],
)
def test_a_busy_host_is_left_alone_within_bounds(superior, header, seconds):
    superior.put("/a", status=503, headers={"Retry-After": header} if header else {})
    superior.show()
    with pytest.raises(Later) as refused:
        web().get(f"{superior.url}/a")
    assert refused.value.wait_s == seconds


@pytest.mark.django_db
def test_too_much_is_cut_off(superior):
    superior.put("/big", b"x" * 200_000)
    superior.put(
        "/bomb", gzip.compress(b"0" * 20_000_000), headers={"Content-Encoding": "gzip"}
    )
    superior.put(
        "/packed", gzip.compress(b"well"), headers={"Content-Encoding": "gzip"}
    )
    superior.put("/odd", b"x", headers={"Content-Encoding": "br"})
    superior.show()
    for path in ("/big", "/bomb"):
        with pytest.raises(WebError, match="太大"):
            web(max_bytes=100_000).get(superior.url + path)
    assert web().get(f"{superior.url}/packed").body == b"well"
    with pytest.raises(WebError, match="压缩"):
        web().get(f"{superior.url}/odd")


@pytest.mark.django_db
@pytest.mark.parametrize("code", [404, 410])
def test_gone_is_told_from_broken(superior, code):
    superior.put("/gone", status=code)
    superior.put("/bad", status=500)
    superior.show()
    with pytest.raises(Gone):
        web().get(f"{superior.url}/gone")
    with pytest.raises(WebError, match="500") as broken:
        web().get(f"{superior.url}/bad")
    assert not isinstance(broken.value, Gone)


@pytest.mark.django_db
def test_a_page_that_drips_is_cut_when_the_run_ends(superior):
    superior.put("/a", "a")
    superior.put("/slow", "x" * 300, drip_s=0.2)
    superior.show()
    asks = web(budget_s=1.5)
    asks.get(f"{superior.url}/a")
    started = time.monotonic()
    with pytest.raises(OutOfTime):
        asks.get(f"{superior.url}/slow")
    assert time.monotonic() - started < 4
    with pytest.raises(OutOfTime):
        asks.get(f"{superior.url}/a")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:10.0.0.1]/",
        "http://[::1]:1/",
        "http://localhost:1/",
        "http://2130706433/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:70/",
        "http://user:secret@example.com/",
        "//",
    ],
)
def test_a_redirect_never_leads_inside(superior, settings, monkeypatch, location):
    """The first site counts as public here; the place it sends to does not."""
    superior.put("/a", status=302, headers={"Location": location})
    superior.show()
    settings.GONGKAI_LINK_CHECK_PRIVATE = False
    real, connected = outgoing._is_public, []
    monkeypatch.setattr(
        outgoing, "_is_public", lambda ip: ip == "127.0.0.1" or real(ip)
    )
    connect = socket.create_connection

    def counted(address, *args, **kwargs):
        connected.append(address)
        return connect(address, *args, **kwargs)

    monkeypatch.setattr(socket, "create_connection", counted)
    if location.startswith(("http://localhost", "http://2130706433")):
        monkeypatch.setattr(outgoing, "_is_public", _public_once())
    with pytest.raises(WebError):
        web().get(f"{superior.url}/a")
    assert set(connected) <= {("127.0.0.1", superior.port)}


def _public_once():
    """The first two questions (robots.txt and the page) find a public host."""
    answers = [True, True]
    return lambda ip: bool(answers and answers.pop())


@pytest.mark.django_db
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
def test_the_office_is_never_asked(superior, settings, host):
    settings.GONGKAI_LINK_CHECK_PRIVATE = False
    with pytest.raises(WebError, match="内部网络"):
        web().get(f"http://{host}:{superior.port}/a")
    assert superior.requests() == []


@pytest.mark.django_db
def test_a_name_that_changes_its_address_is_asked_where_it_was_looked_at(
    superior, settings, monkeypatch
):
    """DNS rebinding: the second answer leads inside; no second question decides."""
    settings.GONGKAI_LINK_CHECK_PRIVATE = False
    superior.put("/a", "a")
    superior.show()
    port, told = superior.port, []

    def entry(address):
        return (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))

    real = socket.getaddrinfo

    def rebinding(host, *args, **kwargs):
        if host != "two-faced.example.cn":
            return real(host, *args, **kwargs)
        told.append(host)
        return [entry("127.0.0.1" if len(told) == 1 else "127.0.0.2")]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(outgoing, "_is_public", lambda ip: ip == "127.0.0.1")
    asks = web()
    asks._rules[f"two-faced.example.cn:{port}"] = robots.Rules()
    assert asks.get(f"http://two-faced.example.cn:{port}/a").text == "a"
    assert len(told) == 1  # looked at and connected to: the same answer
    with pytest.raises(WebError, match="内部网络"):
        asks.get(f"http://two-faced.example.cn:{port}/a")
    assert superior.asked() == [("/a", 200)]


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        ("通知".encode("gbk"), "text/html", "通知"),
        ("通知".encode("gbk"), "text/html; charset=gb2312", "通知"),
        (
            '<meta charset="gb2312">镕'.encode("gb18030"),
            "",
            '<meta charset="gb2312">镕',
        ),
        ("通知".encode(), "text/html; charset=gbk", "通知"),
        ("通知".encode("utf-16"), "", "通知"),
        ("通知".encode("utf-8-sig"), "", "通知"),
        ("通知".encode("big5"), "text/html; charset=big5", "通知"),
        (b"a\x00b\xff\xff", "text/html; charset=rot13", "ab\ufffd\ufffd"),
        (b"a", "text/html; charset=zip", "a"),
        (b"", "", ""),
    ],
)
def test_odd_encodings_are_read(body, kind, text):
    assert decoded(body, kind) == text


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: other\nDisallow: /", "/a", True),
        (
            "User-agent: *\nDisallow: /\n\nUser-agent: gongkai-harvest\nAllow: /",
            "/a",
            True,
        ),
        ("User-agent: x\nUser-agent: gongkai-harvest\nDisallow: /a", "/a/b", False),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", True),
        ("User-agent: *\nDisallow: /*.pdf$", "/x.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/x.pdf?a=1", True),
        ("User-agent: *\nDisallow: /%E5%85%AC", "/公开", False),
        ("USER-AGENT:*\nDISALLOW:/a#x", "/a", False),
        ("", "/a", True),
        ("\x00<html>", "/a", True),
        ("User-agent: *\nDisallow: /robots.txt", "/robots.txt", True),
    ],
)
def test_robots_by_the_book(rules, path, allowed):
    assert robots.parse(rules).allow(path) is allowed


def test_a_wicked_robots_takes_no_time():
    rules = robots.parse("User-agent: *\n" + f"Disallow: /{'*a' * 5000}$\n" * 500)
    started = time.monotonic()
    rules.allow("/" + "a" * 2000)
    assert time.monotonic() - started < 2


@pytest.mark.django_db
@pytest.mark.parametrize("delay", ["nan", "inf", "-1", "1e999", "x", "3600"])
def test_a_wicked_delay_is_bounded(delay):
    assert robots.parse(f"User-agent: *\nCrawl-delay: {delay}").delay_s <= 60


def test_nothing_hangs_on_a_server_that_never_answers(settings):
    settings.GONGKAI_LINK_CHECK_PRIVATE = True
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done = threading.Event()

        def drip():
            peer, _address = silent.accept()
            with peer:
                while not done.wait(0.1):
                    try:
                        peer.sendall(b"H")
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        started = time.monotonic()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with (
            pytest.raises(outgoing.httpx.HTTPError),
            outgoing.ask("GET", url, headers={}, timeout_s=5, within_s=1),
        ):
            pass
        done.set()
        assert time.monotonic() - started < 4
