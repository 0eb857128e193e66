"""A value is read again when it is old or was forgotten, and not before."""

import time_machine

from search.kept import Kept


def test_it_is_read_once_until_it_is_old_or_forgotten():
    read = iter(range(10))
    with time_machine.travel("2026-05-04T00:00:00Z", tick=False) as clock:
        kept = Kept(lambda: next(read), fresh_s=60.0)
        assert (kept.get(), kept.get()) == (0, 0)
        clock.shift(60)
        assert kept.get() == 0
        clock.shift(1)
        assert kept.get() == 1
        kept.forget()
        assert (kept.get(), kept.get()) == (2, 2)


def test_nothing_is_kept_of_a_reading_that_failed():
    answers = iter([ValueError(), "read"])

    def read():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    kept = Kept(read, fresh_s=60.0)
    try:
        kept.get()
    except ValueError:
        pass
    assert kept.get() == "read"
