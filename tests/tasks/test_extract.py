"""The text of files is taken out in the background, bounded and without loops."""

import pytest
from django.utils import timezone

from disclosure_pages.choices import TextState
from disclosure_pages.models import FileText
from disclosure_pages.services import extraction
from tasks.jobs.extract import extract
from tasks.schedule import beat_schedule, periodic_jobs
from tests.factories import make_document

pytestmark = pytest.mark.django_db


def test_a_stored_file_waits_and_is_read():
    document = make_document("说明.txt", "低保说明".encode())
    row = FileText.objects.get(sha256=document.sha256)
    assert row.state == TextState.WAITING
    assert extract() == 1
    row.refresh_from_db()
    assert (row.state, row.pages, row.attempts) == (TextState.OK, ["低保说明"], 1)
    assert extract() == 0


def test_files_stored_without_a_signal_are_found():
    document = make_document("说明.txt", "低保说明".encode())
    FileText.objects.all().delete()
    assert extract() == 1
    assert FileText.objects.get(sha256=document.sha256).state == TextState.OK


def test_one_content_is_read_once():
    for name in ("一.txt", "二.txt"):
        make_document(name, b"same")
    assert extract() == 1


def test_a_run_is_bounded():
    for number in range(5):
        make_document(f"{number}.txt", f"{number}".encode())
    assert extraction.extract_waiting(limit=2) == 2
    assert extraction.extract_waiting(limit=2, budget_s=-1) == 0
    assert FileText.objects.filter(state=TextState.WAITING).count() == 3


def test_a_file_that_kills_the_process_is_given_up():
    document = make_document("毒.pdf", b"%PDF-")
    rows = FileText.objects.filter(sha256=document.sha256)
    long_ago = timezone.now() - 2 * extraction.RETRY_AFTER
    for attempt in range(extraction.MAX_ATTEMPTS):  # each time it died half-way
        rows.update(attempts=attempt + 1, checked_at=long_ago)
    assert extract() == 0
    row = rows.get()
    assert row.state == TextState.FAILED
    assert "拆小" in row.message


def test_what_another_process_is_reading_is_left_alone():
    make_document("说明.txt", b"text")
    FileText.objects.update(attempts=1, checked_at=timezone.now())
    assert extract() == 0
    assert FileText.objects.get().state == TextState.WAITING


def test_a_file_that_is_gone_fails_with_words():
    document = make_document("说明.txt", b"text")
    document.file.storage.delete(document.file.name)
    extract()
    row = FileText.objects.get()
    assert (row.state, bool(row.message)) == (TextState.FAILED, True)


def test_beat_and_ticker_run_it():
    job = next(job for job in periodic_jobs() if job.name == "tasks.extract")
    assert job.embedded
    assert "tasks.extract" in beat_schedule()
