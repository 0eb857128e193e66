"""A value is read again when it is old or was forgotten, and not before."""

import pytest

from search.kept import Kept


@pytest.fixture
def clock(monkeypatch):
    """The seconds on the clock, in a list."""
    now = [1_000.0]
    monkeypatch.setattr("search.kept.time.monotonic", lambda: now[0])
    return now


def test_it_is_read_once_until_it_is_old_or_forgotten(clock):
    read = iter(range(10))
    kept = Kept(lambda: next(read), fresh_s=60.0)
    assert (kept.get(), kept.get()) == (0, 0)
    clock[0] += 60
    assert kept.get() == 0
    clock[0] += 1
    assert kept.get() == 1
    kept.forget()
    assert (kept.get(), kept.get()) == (2, 2)


def test_nothing_is_kept_of_a_reading_that_failed(clock):
    answers = [None, 1]
    kept = Kept(lambda: 1 // answers.pop(), fresh_s=60.0)
    answers[1] = 0
    with pytest.raises(ZeroDivisionError):
        kept.get()
    answers[0] = 1
    assert kept.get() == 1
