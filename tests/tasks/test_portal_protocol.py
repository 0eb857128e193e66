import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure_pages.models.external import bucket_of
from disclosure_pages.public_state import canonical_sha256
from tasks.portal.protocol import Digest, Refused, Row, parse_body, read_message
from tests.tasks.messages import message_of, new_key, state_of, withdrawal_of

ORIGIN = "11330099MB1A2B3C4D"


def test_a_message_survives_the_way_unchanged():
    message = message_of(state_of(title="标题 “引号” \\u0000 照写"), 7)
    found = parse_body(json.dumps(message, ensure_ascii=False).encode())
    assert read_message(ORIGIN, message["key"], found).as_json() == message


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"\xff\xfe",
        b'{"version": NaN}',
        b'{"version": Infinity}',
        b'{"version": 1e999}',
        b'{"version": ' + b"9" * 5000 + b"}",
        b'{"html": "\\ud800"}',
        b'{"html": "\\u0000"}',
        b'{"html": "\\\\\\u0000"}',
        b"[" * 100_000,
        b'{"a":' * 50_000,
    ],
)
def test_what_is_not_json_or_cannot_be_stored_is_refused(body):
    with pytest.raises(Refused) as refused:
        parse_body(body)
    assert refused.value.status == 400


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_whatever_break_the_parser(body):
    try:
        assert isinstance(parse_body(body), dict)
    except Refused as refused:
        assert refused.status == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"key": new_key()},
        {"version": 0},
        {"version": -1},
        {"version": True},
        {"version": "1"},
        {"version": 1.0},
        {"version": 2**63},
        {"state": "draft"},
        {"state": None},
        {"html": None},
        {"html": "<p>another text</p>"},
        {"reason": 3},
        {"metadata": []},
        {"metadata": {"title": 3}},
        {"metadata": {"keywords": "text"}},
        {"metadata": {"keywords": [1]}},
        {"metadata": {"audiences": "老年人"}},
        {"metadata": {"audiences": [None]}},
        {"metadata": {"supersedes": "text"}},
        {"metadata": {"interpretation_of": {"title": 1}}},
        {"metadata": {"corrections": "text"}},
        {"metadata": {"corrections": ["text"]}},
        {"metadata": {"corrections": [{"old": 1}]}},
        {"metadata": {"origin": "0" * 18}},
        {"attachments": {}},
        {"attachments": ["a.pdf"]},
        {"attachments": [{"name": "a.pdf"}]},
        {"attachments": [{"name": "a", "mime": "", "bytes": 1, "sha256": "../../x"}]},
        {"sha256": "0" * 64},
        {"sha256": None},
    ],
)
def test_a_message_that_is_wrong_in_one_thing_is_refused(changes):
    key = new_key()
    message = message_of(state_of(key), **changes)
    if "metadata" in changes or "attachments" in changes:  # wrong, but truly hashed
        parts = ("state", "metadata", "html", "attachments")
        message["sha256"] = canonical_sha256(*(message[name] for name in parts))
    with pytest.raises(Refused) as refused:
        read_message(ORIGIN, key, message)
    assert refused.value.status == 422


@pytest.mark.parametrize("name", list(message_of(state_of())))
def test_no_field_may_be_missing(name):
    message = message_of(state_of())
    key = message["key"]
    del message[name]
    with pytest.raises(Refused):
        read_message(ORIGIN, key, message)


def test_a_withdrawal_carries_no_content():
    message = message_of(withdrawal_of(new_key()), html="<p>still here</p>")
    with pytest.raises(Refused):
        read_message(ORIGIN, message["key"], message)


def test_a_digest_changes_in_the_bucket_of_what_changed_only():
    rows = sorted(Row(new_key(), 1, "a" * 64, "published") for _ in range(1000))
    changed = [*rows[:500], rows[500]._replace(version=2), *rows[501:]]
    before, after = Digest(rows).buckets(), Digest(changed).buckets()
    assert len(before) == 256
    differing = [place for place in range(256) if before[place] != after[place]]
    assert differing == [bucket_of(rows[500].key)]


@pytest.mark.parametrize(
    "changes", [{"version": 2}, {"sha256": "b" * 64}, {"state": "withdrawn"}]
)
def test_a_digest_sees_version_content_and_state(changes):
    row = Row(new_key(), 1, "a" * 64, "published")
    assert Digest([row]).buckets() != Digest([row._replace(**changes)]).buckets()
