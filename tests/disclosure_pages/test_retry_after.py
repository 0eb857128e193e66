"""Every kind of Retry-After, the same for portals and for harvested sites."""

import datetime as dt

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from disclosure_pages.retry_after import retry_after_s

NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)
HOUR = 3600.0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 120 ", 120.0),
        ("0", 0.0),
        ("3601", HOUR),
        ("99999999", HOUR),
        ("9" * 5000, HOUR),
        ("Tue, 24 Nov 2026 09:01:30 GMT", 90.0),
        ("Tuesday, 24-Nov-26 09:01:30 GMT", 90.0),
        ("Tue Nov 24 09:01:30 2026", 90.0),
        ("Tue, 24 Nov 2026 17:01:30 +0800", 90.0),
        ("Fri, 01 Jan 1999 00:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", HOUR),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("+5", None),
        ("1.5", None),
        ("1e9", None),
        ("inf", None),
        ("nan", None),
        ("½", None),
        ("٣", None),
        ("1, 2", None),
        ("Tue, 99 Nov 2026 09:01:30 GMT", None),
        ("Tue, 24 Nov 99999 09:01:30 GMT", None),
        ("Tue, 24 Nov 2026 09:01:30 +9999999", None),
    ],
)
def test_every_kind_of_retry_after(header, seconds):
    with time_machine.travel(NOW, tick=False):
        assert retry_after_s(header, longest_s=HOUR) == seconds


@given(st.text(max_size=60))
def test_nothing_whatever_breaks_it_or_leaves_its_bounds(header):
    found = retry_after_s(header, longest_s=HOUR)
    assert found is None or 0 <= found <= HOUR
