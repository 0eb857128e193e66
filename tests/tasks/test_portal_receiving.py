"""The receiving end, by HTTP against a portal process."""

import datetime as dt
import hashlib
import http.client
import json
import os
import threading
import urllib.parse

import pytest

from tasks.portal.protocol import MAX_FILE_BYTES, MAX_ITEM_BYTES, file_path, item_path
from tasks.portal.signing import EMPTY_SHA256, sign
from tests.tasks.messages import message_of, new_key, state_of, withdrawal_of


def raw(portal, method, path, body=b"", headers=None):
    """One request exactly as given: status and JSON answer."""
    connection = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=20)
    connection.request(method, path, body=body or None, headers=headers or {})
    response = connection.getresponse()
    text = response.read()
    connection.close()
    try:
        return response.status, json.loads(text)
    except ValueError:
        return response.status, {}


def signed(city, method, path, body=b"", *, key=None):
    sha256 = hashlib.sha256(body).hexdigest()
    return sign(key or city.key, method, path, sha256)


def test_an_item_is_taken_shown_and_read_back(city):
    state = state_of(title="农村低保公示", html="<p>九月份名单。</p>")
    answer = city.put(state, 3)
    url = f"{city.portal.url}/external/{city.origin}/{state.key}/"
    assert answer.status == 200
    assert answer.data == {
        "key": state.key,
        "version": 3,
        "sha256": state.sha256,
        "url": url,
    }
    assert city.read(state.key).data == {**message_of(state, 3), "url": url}
    status, _headers, page = city.page(state.key)
    assert status == 200
    assert "农村低保公示" in page.decode()
    assert "九月份名单。" in page.decode()


def test_the_page_names_the_township_and_points_to_its_original(city):
    url = "https://yunxi.example/disclosure/item-1/"
    state = state_of(url=url, origin=city.origin, origin_label="云溪镇人民政府")
    city.put(state)
    page = city.page(state.key)[2].decode()
    assert f'<link rel="canonical" href="{url}">' in page
    assert "云溪镇人民政府" in page


def test_what_was_never_received_is_not_there(city):
    assert city.read(new_key()).status == 404
    assert city.page(new_key())[0] == 404


@pytest.mark.parametrize("version", [1, 4])
def test_a_lower_version_is_refused_and_told_what_is_held(city, version):
    state = state_of()
    city.put(state, 5)
    older = city.put(state_of(state.key, title="旧标题"), version)
    assert older.status == 409
    assert older.data == {"version": 5, "sha256": state.sha256}
    assert city.read(state.key).data["version"] == 5


def test_the_same_version_again_is_the_same_receipt(city):
    state = state_of()
    assert city.put(state, 5).data == city.put(state, 5).data


def test_the_same_version_with_another_content_is_refused(city):
    state = state_of()
    city.put(state, 5)
    other = city.put(state_of(state.key, title="另一标题"), 5)
    assert other.status == 409
    assert other.data == {"version": 5, "sha256": state.sha256}


def test_a_higher_version_replaces_the_content(city):
    state = state_of(title="旧标题")
    city.put(state, 1)
    assert city.put(state_of(state.key, title="新标题"), 9).status == 200
    page = city.page(state.key)[2].decode()
    assert "新标题" in page
    assert "旧标题" not in page


def test_content_that_does_not_match_its_hash_is_refused(city):
    state = state_of()
    answer = city.put(state, html="<p>被改过的正文</p>")
    assert answer.status == 422
    assert city.read(state.key).status == 404


def test_a_key_that_differs_from_the_path_is_refused(city):
    state = state_of()
    path = item_path(city.origin, new_key())
    assert city.client.send_json("PUT", path, message_of(state)).status == 422


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"\xff", b'{"version": NaN}'])
def test_what_is_not_json_is_refused(city, body):
    path = item_path(city.origin, new_key())
    assert raw(city.portal, "PUT", path, body, signed(city, "PUT", path, body))[0] in (
        400,
        411,
    )


def test_a_withdrawal_leaves_a_tombstone_without_content(city):
    state = state_of(title="不该公开的名单", html="<p>身份证号</p>")
    city.put(state, 1)
    gone = withdrawal_of(state.key, reason="含个人信息")
    assert city.put(gone, 2).status == 200
    status, _headers, page = city.page(state.key)
    assert status == 410
    assert "不该公开的名单" not in page.decode()
    assert "身份证号" not in page.decode()
    held = city.read(state.key).data
    assert (held["state"], held["version"], held["html"]) == ("withdrawn", 2, "")
    assert "不该公开的名单" not in json.dumps(held, ensure_ascii=False)


def test_a_late_publication_does_not_bring_back_what_was_withdrawn(city):
    state = state_of()
    city.put(withdrawal_of(state.key), 8)
    assert city.put(state, 7).status == 409
    assert city.page(state.key)[0] == 410


def test_what_was_withdrawn_can_be_published_again_with_a_higher_version(city):
    state = state_of()
    city.put(withdrawal_of(state.key), 8)
    assert city.put(state, 9).status == 200
    assert city.page(state.key)[0] == 200


# Files


def test_an_item_whose_files_were_not_sent_is_refused_and_names_them(city):
    content = os.urandom(40)
    state = state_of(files=[("名单.txt", content)])
    sha256 = state.attachments[0]["sha256"]
    answer = city.put(state)
    assert (answer.status, answer.data["missing"]) == (422, [sha256])
    assert city.client.request("HEAD", file_path(sha256)).status == 404
    assert city.put_file(content, sha256).status == 201
    assert city.client.request("HEAD", file_path(sha256)).status == 200
    assert city.put_file(content, sha256).status == 200
    assert city.put(state).status == 200


def test_a_file_is_served_while_a_published_item_names_it(city):
    content = os.urandom(200_000)
    state = state_of(files=[("名单 一.txt", content)])
    sha256 = state.attachments[0]["sha256"]
    path = f"/external-files/{sha256}/x.txt"
    assert city.portal.get(path)[0] == 404
    city.put_file(content, sha256)
    assert city.portal.get(path)[0] == 410  # nothing public names it
    city.put(state, 1)
    status, headers, body = city.portal.get(path)
    assert (status, body) == (200, content)
    assert headers["Content-Disposition"].startswith("attachment;")
    assert "%E5%90%8D%E5%8D%95" in headers["Content-Disposition"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    city.put(withdrawal_of(state.key), 2)
    assert city.portal.get(path)[0] == 410


def test_a_file_that_another_item_still_names_stays_public(city):
    content = os.urandom(40)
    first = state_of(files=[("a.txt", content)])
    second = state_of(files=[("b.txt", content)])
    sha256 = first.attachments[0]["sha256"]
    city.put_file(content, sha256)
    city.put(first), city.put(second)
    city.put(withdrawal_of(first.key), 2)
    assert city.portal.get(f"/external-files/{sha256}/b.txt")[0] == 200


def test_a_file_the_new_version_no_longer_names_is_not_served(city):
    content = os.urandom(40)
    state = state_of(files=[("a.txt", content)])
    sha256 = state.attachments[0]["sha256"]
    city.put_file(content, sha256)
    city.put(state, 1)
    city.put(state_of(state.key), 2)
    assert city.portal.get(f"/external-files/{sha256}/a.txt")[0] == 410


def test_bytes_that_do_not_match_their_hash_are_not_kept(city):
    sha256 = hashlib.sha256(os.urandom(8)).hexdigest()
    assert city.put_file(b"something else", sha256).status == 422
    assert city.client.request("HEAD", file_path(sha256)).status == 404


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\r\nX: y.txt", "\u202egpj.exe", "/", "", "长" * 300]
)
def test_no_file_name_whatever_breaks_the_answer(city, name):
    content = os.urandom(16)
    state = state_of(files=[(name, content)])
    sha256 = state.attachments[0]["sha256"]
    city.put_file(content, sha256)
    assert city.put(state).status == 200
    assert city.page(state.key)[0] == 200
    status, headers, body = city.portal.get(f"/external-files/{sha256}/x")
    assert (status, body) == (200, content)
    assert "X" not in headers
    assert "/" not in urllib.parse.unquote(headers["Content-Disposition"])


@pytest.mark.parametrize(
    ("path", "cap"),
    [(file_path("a" * 64), MAX_FILE_BYTES), ("item", MAX_ITEM_BYTES)],
)
def test_a_body_over_the_limit_is_refused_before_it_is_read(city, path, cap):
    path = item_path(city.origin, new_key()) if path == "item" else path
    headers = {**sign(city.key, "PUT", path, "a" * 64), "Content-Length": str(cap + 1)}
    assert raw(city.portal, "PUT", path, b"", headers)[0] == 413


# Who may


def test_without_a_signature_nothing_is_shown_or_taken(city):
    state = state_of()
    city.put(state)
    body = json.dumps(message_of(state, 2)).encode()
    path = item_path(city.origin, state.key)
    for method, where in [
        ("GET", path),
        ("PUT", path),
        ("HEAD", file_path("a" * 64)),
        ("PUT", file_path("a" * 64)),
        ("GET", f"/portal/v1/digest/{city.origin}"),
        ("GET", f"/portal/v1/manifest/{city.origin}"),
    ]:
        sent = body if method == "PUT" else b""
        assert raw(city.portal, method, where, sent)[0] == 401, (method, where)
    assert city.read(state.key).data["version"] == 1


def test_another_townships_key_opens_nothing_of_ours(city):
    other = next(key for key in city.portal.pairs.values() if key != city.key)
    state = state_of()
    city.put(state)
    path = item_path(city.origin, state.key)
    body = json.dumps(message_of(withdrawal_of(state.key), 2)).encode()
    headers = signed(city, "PUT", path, body, key=other)
    assert raw(city.portal, "PUT", path, body, headers)[0] == 401
    for where in (path, f"/portal/v1/digest/{city.origin}"):
        headers = signed(city, "GET", where, key=other)
        assert raw(city.portal, "GET", where, headers=headers)[0] == 401
    assert city.page(state.key)[0] == 200


def test_a_key_of_nobody_is_refused(city):
    path = file_path("a" * 64)
    stranger = "whsec_c3RyYW5nZXItc3RyYW5nZXItc3RyYW5nZXI="
    headers = signed(city, "HEAD", path, key=stranger)
    assert raw(city.portal, "HEAD", path, headers=headers)[0] == 401


def test_an_altered_body_is_refused(city):
    state = state_of()
    path = item_path(city.origin, state.key)
    body = json.dumps(message_of(state)).encode()
    headers = signed(city, "PUT", path, body)
    altered = body.replace(b'"version": 1', b'"version": 2')
    assert altered != body
    assert raw(city.portal, "PUT", path, altered, headers)[0] == 401


def test_a_signature_for_one_path_does_not_open_another(city):
    state, other = state_of(), state_of()
    city.put(state), city.put(other)
    headers = signed(city, "GET", item_path(city.origin, state.key))
    path = item_path(city.origin, other.key)
    assert raw(city.portal, "GET", path, headers=headers)[0] == 401


def test_a_signature_for_one_query_does_not_open_another(city):
    path = f"/portal/v1/manifest/{city.origin}?bucket=1"
    headers = signed(city, "GET", path)
    assert raw(city.portal, "GET", path + "2", headers=headers)[0] == 401


def test_a_signature_for_reading_does_not_allow_writing(city):
    state = state_of()
    path = item_path(city.origin, state.key)
    body = json.dumps(message_of(state)).encode()
    headers = signed(city, "GET", path, body)
    assert raw(city.portal, "PUT", path, body, headers)[0] == 401


def test_a_request_is_accepted_once(city):
    state = state_of()
    path = item_path(city.origin, state.key)
    body = json.dumps(message_of(state)).encode()
    headers = signed(city, "PUT", path, body)
    assert raw(city.portal, "PUT", path, body, headers)[0] == 200
    assert raw(city.portal, "PUT", path, body, headers)[0] == 401


def test_a_request_sent_many_times_at_once_is_accepted_once(city):
    path = f"/portal/v1/digest/{city.origin}"
    headers = signed(city, "GET", path)
    answers = at_once(8, lambda _n: raw(city.portal, "GET", path, headers=headers)[0])
    assert sorted(answers) == [200] + [401] * 7


def test_an_old_request_is_refused(city):
    path = f"/portal/v1/digest/{city.origin}"
    old = dt.datetime.now(tz=dt.UTC) - dt.timedelta(minutes=6)
    headers = sign(city.key, "GET", path, EMPTY_SHA256, now=old)
    assert raw(city.portal, "GET", path, headers=headers)[0] == 401


def test_no_cookie_is_set_and_none_is_needed(city):
    path = f"/portal/v1/digest/{city.origin}"
    connection = http.client.HTTPConnection("127.0.0.1", city.portal.port)
    connection.request("GET", path, headers=signed(city, "GET", path))
    response = connection.getresponse()
    assert response.status == 200
    assert response.headers["Set-Cookie"] is None
    assert response.headers["Cache-Control"] == "no-store"


def test_in_the_township_role_the_protocol_does_not_exist(client, db, settings):
    settings.GONGKAI_ROLE = "township"
    path = item_path("11330099MB1A2B3C4D", new_key())
    assert client.get(path).status_code == 404
    assert client.put(path, b"{}", content_type="application/json").status_code == 404
    assert client.get("/external/11330099MB1A2B3C4D/x/").status_code == 404


@pytest.mark.parametrize("method", ["POST", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(city, method):
    path = item_path(city.origin, new_key())
    assert raw(city.portal, method, path, headers=signed(city, method, path))[0] == 405


# Several at once


def at_once(count, act):
    """Run ``act(n)`` in threads released together; the results in order."""
    barrier, results = threading.Barrier(count), [None] * count

    def run(number):
        barrier.wait()
        results[number] = act(number)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.parametrize("round_", range(3))
def test_of_many_versions_at_once_the_highest_stays(city, round_):
    key = new_key()
    states = [state_of(key, title=f"第 {n} 版") for n in range(12)]
    answers = at_once(12, lambda n: city.put(states[n], n + 1))
    assert {answer.status for answer in answers} <= {200, 409}
    assert answers[-1].status == 200
    held = city.read(key).data
    assert (held["version"], held["sha256"]) == (12, states[-1].sha256)
    for answer in answers:
        assert answer.data["version"] >= 1


def test_of_two_contents_with_one_version_one_is_taken(city):
    key = new_key()
    states = [state_of(key, title=f"内容 {n}") for n in range(8)]
    answers = at_once(8, lambda n: city.put(states[n], 1))
    assert sorted(answer.status for answer in answers) == [200] + [409] * 7
    taken = next(a.data["sha256"] for a in answers if a.status == 200)
    assert {answer.data["sha256"] for answer in answers} == {taken}


def test_one_file_sent_by_many_at_once_is_kept_once(city):
    content = os.urandom(300_000)
    sha256 = hashlib.sha256(content).hexdigest()
    answers = at_once(6, lambda _n: city.put_file(content, sha256).status)
    assert sorted(answers) == [200] * 5 + [201]
    kept = list((city.portal.home / "media" / "external").rglob(f"{sha256}*"))
    assert len(kept) == 1


# What is shown


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '<a href="javascript:alert(1)">x</a>',
        "<svg onload=alert(1)>",
        '<iframe src="https://evil.example"></iframe>',
        '<p style="background:url(https://evil.example)">x</p>',
        '<form action="https://evil.example"><input></form>',
        '<base href="https://evil.example">',
        "<style>*{display:none}</style>",
        '<a href="data:text/html,<script>alert(1)</script>">x</a>',
        '<table><tr><td onclick="alert(1)">x</td></tr></table>',
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    ],
)
def test_html_from_elsewhere_can_do_no_harm(city, html):
    state = state_of(html=f"<p>正文</p>{html}")
    assert city.put(state).status == 200
    page = city.page(state.key)[2].decode().partition("<main")[2].partition("</main")[0]
    assert "正文" in page
    for bad in ("alert(1)", "evil.example", "<svg", "<img", "onerror", "onclick="):
        assert bad not in page.replace("&lt;", "<!")
    assert city.read(state.key).data["html"] == state.html  # as it was signed


def test_relative_links_lead_to_the_township(city):
    state = state_of(
        html='<p><a href="/documents/7/a.pdf">附件</a></p>',
        url="https://yunxi.example/disclosure/item-1/",
    )
    city.put(state)
    page = city.page(state.key)[2].decode()
    assert 'href="https://yunxi.example/documents/7/a.pdf"' in page


@pytest.mark.parametrize("url", ["javascript:alert(1)", "//evil", "http://[", "x"])
def test_an_address_that_is_none_is_not_linked(city, url):
    state = state_of(url=url, source_url=url)
    city.put(state)
    status, _headers, page = city.page(state.key)
    assert status == 200
    assert f'href="{url}"' not in page.decode()


def test_odd_metadata_does_not_break_the_page(city):
    state = state_of(
        title="长" * 500,
        type="x" * 90,
        index_number="9" * 100,
        date_published="2026-02-31",
        category="none",
        future_field={"a": [1, None]},
    )
    assert city.put(state).status == 200
    assert city.page(state.key)[0] == 200


def test_the_list_shows_what_was_received_by_township(city):
    state = state_of(title="只在列表里的一条", origin_label="云溪镇人民政府")
    city.put(state)
    page = city.portal.get(f"/external/?origin={city.origin}")[2].decode()
    assert "只在列表里的一条" in page
    city.put(withdrawal_of(state.key), 2)
    page = city.portal.get(f"/external/?origin={city.origin}")[2].decode()
    assert "只在列表里的一条" not in page


# Comparing


def test_a_manifest_comes_in_pages_sorted_by_key(city):
    states = [state_of() for _ in range(7)]
    for state in states:
        city.put(state)
    path, after, seen = f"/portal/v1/manifest/{city.origin}", "", []
    for _page in range(4):
        params = {"after": after, "limit": 2}
        data = city.client.request("GET", path, params=params).data
        seen += data["items"]
        after = data["next"]
        if not after:
            break
    assert [row["key"] for row in seen] == sorted(state.key for state in states)
    assert {row["version"] for row in seen} == {1}
    assert {row["state"] for row in seen} == {"published"}


@pytest.mark.parametrize(
    "query",
    ["bucket=256", "bucket=-1", "bucket=x", "limit=x", "after=x", "bucket=٣"],
)
def test_a_wrong_parameter_is_refused(city, query):
    path = f"/portal/v1/manifest/{city.origin}"
    params = dict([query.split("=")])
    assert city.client.request("GET", path, params=params).status == 400


def test_a_digest_of_nothing_has_256_equal_buckets(city):
    path = f"/portal/v1/digest/{city.origin}"
    data = city.client.request("GET", path).data
    assert data["items"] == 0
    assert data["buckets"] == [EMPTY_SHA256] * 256
