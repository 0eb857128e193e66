import io
import json
import socket
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.utils import timezone

from disclosure_pages import outgoing
from disclosure_pages.choices import LinkStatus, ReferenceKind
from disclosure_pages.links import LinkChecker
from disclosure_pages.models import ExternalItem
from disclosure_pages.outgoing import UnsafeAddress, resolve
from disclosure_pages.public_state import public_keys, visible_external
from disclosure_pages.reference_rules import reference_label, reference_warning
from disclosure_pages.services.references import (
    check_due_links,
    check_links,
    record_superior_item,
)
from tests.factories import body_of, make_item

URL = "https://www.ningmin.example.cn/art/1.html"


def superior(url=URL, **values):
    defaults = {"title": "关于发放冬令救助的通知", "publisher": "宁澜市民政局"}
    return record_superior_item(url=url, **(defaults | values))


@pytest.mark.django_db
def test_an_address_is_one_row():
    first = superior()
    assert superior(f"{URL}#part", title="另一个标题") == first
    assert ExternalItem.objects.count() == 1
    assert (first.relation, first.state, first.version) == ("superior", "published", 1)
    assert len(first.key) == 32


@pytest.mark.django_db
def test_a_superiors_item_is_never_served_or_sent():
    item = superior()
    assert not visible_external().exists()
    assert item.full_key not in public_keys()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://x.example.cn/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://user:secret@x.example.cn/",
        "https://",
        "//x.example.cn/",
        "https://x.example.cn:99999/",
        "https://x y.example.cn/",
        f"https://x.example.cn/{'a' * 500}",
    ],
)
def test_other_addresses_are_refused_with_words(url):
    with pytest.raises(ValidationError) as refused:
        superior(url)
    assert "网址" in str(refused.value.message_dict["url"])
    assert not ExternalItem.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["title", "publisher"])
def test_title_and_publisher_are_needed(field):
    with pytest.raises(ValidationError) as refused:
        superior(**{field: "  "})
    assert field in refused.value.message_dict


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "text", "wrong"),
    [
        (ReferenceKind.REFERENCE, "", None),
        (ReferenceKind.REFERENCE, "抄来的正文", "body"),
        (ReferenceKind.SUPPLEMENT, "本镇补充。", None),
        (ReferenceKind.SUPPLEMENT, "", "body"),
        ("", "正文", "reference_kind"),
    ],
)
def test_reference_and_text_must_fit(kind, text, wrong):
    item = make_item(live=False)
    item.reference, item.reference_kind = superior(), kind
    item.body = body_of(text) if text else []
    if wrong is None:
        item.full_clean()
        return
    with pytest.raises(ValidationError) as refused:
        item.full_clean()
    assert set(refused.value.message_dict) == {wrong}


@pytest.mark.django_db
def test_a_kind_without_a_reference_is_refused():
    item = make_item(live=False)
    item.reference_kind = ReferenceKind.REFERENCE
    with pytest.raises(ValidationError) as refused:
        item.full_clean()
    assert set(refused.value.message_dict) == {"reference"}


@pytest.mark.django_db
def test_labels_and_warnings_in_plain_words():
    item = make_item(live=False)
    assert (reference_label(item), reference_warning(item)) == ("", "")
    item.reference, item.reference_kind = superior(), ReferenceKind.REFERENCE
    assert reference_label(item) == "引用：宁澜市民政局"
    assert reference_warning(item) == ""
    item.reference.link_status = LinkStatus.BROKEN
    assert reference_warning(item) == "原文暂时打不开"
    item.reference.link_status = LinkStatus.GONE
    assert reference_warning(item) == "原文已撤下"
    item.reference_kind = ReferenceKind.SUPPLEMENT
    assert reference_label(item) == "补充：宁澜市民政局"


class Answers(BaseHTTPRequestHandler):
    """What a superior's site may do."""

    seen: list[tuple[str, str]] = []

    def answer(self):
        Answers.seen.append((self.command, self.path))
        name = self.path.strip("/")
        if name == "slow":
            threading.Event().wait(3)
        if name == "no-head" and self.command == "HEAD":
            return self.send(405)
        if name.startswith("to-"):
            self.send_response(302)
            places = {"to-ok": "/ok", "to-gone": "/gone", "to-loop": "/to-loop"}
            self.send_header(
                "Location", places.get(name, "http://169.254.169.254/latest/")
            )
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        return self.send({"gone": 404, "error": 500}.get(name, 200))

    do_GET = do_HEAD = answer  # noqa: N815

    def send(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    running = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    Answers.seen = []
    thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()


@pytest.fixture
def checker():
    return LinkChecker(pause_s=0, timeout_s=1)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("ok", LinkStatus.OK),
        ("no-head", LinkStatus.OK),
        ("to-ok", LinkStatus.OK),
        ("gone", LinkStatus.GONE),
        ("to-gone", LinkStatus.GONE),
        ("error", LinkStatus.BROKEN),
        ("to-loop", LinkStatus.BROKEN),
        ("slow", LinkStatus.BROKEN),
    ],
)
def test_a_link_is_judged_by_what_the_server_answers(
    server, checker, settings, path, status
):
    settings.GONGKAI_LINK_CHECK_PRIVATE = True
    result = checker.check(f"{server}/{path}")
    assert result.status == status
    assert bool(result.detail) == (status != LinkStatus.OK)


def test_a_server_that_is_not_there_is_broken(checker, settings):
    settings.GONGKAI_LINK_CHECK_PRIVATE = True
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
    assert checker.check(url).status == LinkStatus.BROKEN
    assert checker.check("http://nowhere.invalid/").status == LinkStatus.BROKEN


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "10.0.0.1", "192.168.1.1", "172.16.0.1"),
        *("169.254.169.254", "0.0.0.0", "[::1]", "[fe80::1]", "[::ffff:127.0.0.1]"),
        *("[fd00::1]", "2130706433", "0x7f000001", "127.1", "224.0.0.1"),
        *("100.64.0.1", "[2002:7f00:1::]"),
        *("[64:ff9b::7f00:1]", "[64:ff9b::a00:1]", "[64:ff9b:1::a00:1]"),
        *("[::127.0.0.1]", "[::10.0.0.1]", "[::ffff:0:10.0.0.1]", "[fec0::1]"),
    ],
)
def test_the_offices_own_network_is_never_asked(server, checker, host):
    port = server.rpartition(":")[2]
    result = checker.check(f"http://{host}:{port}/ok")
    assert result.status == LinkStatus.BROKEN
    assert Answers.seen == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("64:ff9b::5db8:d70e", True),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("64:ff9b:1::5db8:d70e", False),
        ("::ffff:0:10.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("::10.0.0.1", False),
        ("::1", False),
        ("fec0::1", False),
        ("2400:3200::1", True),
    ],
)
def test_an_ipv4_address_inside_of_ipv6_is_looked_at(address, public):
    assert outgoing._is_public(address) is public


def test_a_name_that_leads_inside_is_refused(monkeypatch):
    inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.1.2.3", 80))]
    outside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: outside + inside)
    with pytest.raises(UnsafeAddress):
        resolve("two-faced.example.cn", 80)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: outside)
    assert resolve("honest.example.cn", 80) == "93.184.215.14"


def test_a_redirect_into_the_network_is_not_followed(
    server, checker, settings, monkeypatch
):
    """The first host counts as public here; the place it sends to does not."""
    settings.GONGKAI_LINK_CHECK_PRIVATE = False
    real = outgoing._is_public
    monkeypatch.setattr(
        outgoing, "_is_public", lambda ip: ip == "127.0.0.1" or real(ip)
    )
    result = checker.check(f"{server}/to-metadata")
    assert (result.status, "内部网络" in result.detail) == (LinkStatus.BROKEN, True)


def test_one_host_is_asked_at_most_once_a_second(server, settings):
    settings.GONGKAI_LINK_CHECK_PRIVATE = True
    pauses = []
    checker = LinkChecker(pause_s=1, sleep=pauses.append)
    for _n in range(3):
        checker.check(f"{server}/ok")
    assert len(pauses) == 2
    assert all(0.5 < pause <= 1 for pause in pauses)


@pytest.mark.django_db
def test_what_was_found_is_kept(server, settings, checker):
    settings.GONGKAI_LINK_CHECK_PRIVATE = True
    for path in ("ok", "gone"):
        superior(f"{server}/{path}", title=path)
    assert len(check_links(checker)) == 2
    rows = {item.title: item for item in ExternalItem.objects.all()}
    assert rows["ok"].link_status == LinkStatus.OK
    assert rows["gone"].link_status == LinkStatus.GONE
    assert "404" in rows["gone"].link_detail
    assert rows["gone"].link_checked_at is not None


@pytest.mark.django_db
def test_the_command_prints_what_is_broken(server, settings):
    settings.GONGKAI_LINK_CHECK_PRIVATE = True
    superior(f"{server}/gone")
    out = io.StringIO()
    call_command("check_links", "--json", stdout=out)
    (row,) = json.loads(out.getvalue())
    assert row["status"] == "gone"
    out = io.StringIO()
    call_command("check_links", stdout=out)
    assert f"原文已撤下  {server}/gone" in out.getvalue()
    assert "检查 1 条，打得开 0 条，打不开 1 条。" in out.getvalue()


@pytest.mark.django_db
def test_each_link_is_asked_once_a_day_and_the_longest_unasked_first(server, settings):
    settings.GONGKAI_LINK_CHECK_PRIVATE = True
    checker = LinkChecker(pause_s=0)
    now = timezone.now()
    for path, hours in (("ok?old", 49), ("ok?fresh", 23), ("ok?day", 25), ("ok", None)):
        item = superior(f"{server}/{path}", title=path)
        item.link_checked_at = now - timedelta(hours=hours) if hours else None
        item.save()
    Answers.seen.clear()
    assert check_due_links(checker) == 3
    assert [path for _method, path in Answers.seen] == ["/ok", "/ok?old", "/ok?day"]
    assert check_due_links(checker) == 0
    rows = ExternalItem.objects.filter(link_checked_at__gte=now)
    assert set(rows.values_list("link_status", flat=True)) == {LinkStatus.OK}


@pytest.mark.django_db
def test_a_run_of_the_daily_check_is_bounded(server, settings):
    settings.GONGKAI_LINK_CHECK_PRIVATE = True
    superior(f"{server}/ok")
    assert check_due_links(LinkChecker(pause_s=0), budget_s=-1) == 0
    assert ExternalItem.objects.get().link_checked_at is None
