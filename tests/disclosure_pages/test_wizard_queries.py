"""What each screen of the wizard asks the database for, shown and saved."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from disclosure_pages.choices import TextState
from disclosure_pages.models import DisclosureItemPage, FileText
from disclosure_pages.services.extraction import extract_waiting
from tests.disclosure_pages.test_wizard import (
    TITLE,
    docx_file,
    record,
    revision_of,
    text,
)
from tests.factories import make_item, make_people, make_site

pytestmark = pytest.mark.django_db
SHOWN = 30
READ = 36  # shown, and the text of files is stored and public pages looked for
SAVED = 70  # two thirds are Wagtail's: page, revision, log and reference index
SUBMITTED = 92  # saving, checking, comparing texts and starting the review


@pytest.fixture
def clerk(client):
    make_site()
    client.force_login(make_people()["clerk"])
    client.get("/admin/publish/")  # roots of the site and content types, kept later
    return client


@pytest.fixture
def costs(clerk):
    def ask(path, data=None, *, status=None):
        """Return how many queries it takes to show a screen or to send it."""
        with CaptureQueriesContext(connection) as asked:
            answer = clerk.get(path) if data is None else clerk.post(path, data)
        assert answer.status_code == status or (200 if data is None else 302), path
        return len(asked)

    return ask


def begin(clerk, attachments=1, *, read=True):
    clerk.post("/admin/publish/", {"file": docx_file(), "keep_file": "on"})
    page = DisclosureItemPage.objects.latest("pk")
    for number in range(attachments - 1):
        content = f"附件{number}的说明。".encode()
        files = [SimpleUploadedFile(f"附件{number}.txt", content)]
        path = f"/admin/publish/{page.pk}/text/"
        clerk.post(path, {**text(page), "files": files, "stay": "1"})
    if read:
        extract_waiting()  # the background job takes seconds to come round
    return page


def test_no_screen_asks_more_than_thirty_times(clerk, costs):
    page = begin(clerk)
    make_item(title=TITLE)  # so that there is something that is the same
    path = f"/admin/publish/{page.pk}/"
    found = {
        step: costs(f"{path}{step}/")
        for step in ("what", "same", "record", "text", "check")
    }
    found |= {"start": costs("/admin/publish/"), "home": costs("/admin/")}
    found |= {"refer": costs("/admin/publish/refer/")}
    assert max(found.values()) <= SHOWN, found


def test_the_check_reads_files_that_nobody_has_read_at_one_cost(clerk, costs):
    few, many = (begin(clerk, attachments=n, read=False) for n in (1, 5))
    reading = [costs(f"/admin/publish/{page.pk}/check/") for page in (few, many)]
    assert FileText.objects.filter(state=TextState.OK).count() == 5
    again = [costs(f"/admin/publish/{page.pk}/check/") for page in (few, many)]
    assert max(reading) <= READ, reading
    assert max(again) <= SHOWN, again
    assert reading[1] - again[1] <= READ - SHOWN, (reading, again)


def test_saving_a_screen_has_its_limit(clerk, costs):
    page = begin(clerk)
    make_item(title=TITLE)
    path = f"/admin/publish/{page.pk}/"
    values = record(page)
    what = {name: values[name] for name in ("revision", "document_number", "date_made")}
    found = {"what": costs(f"{path}what/", {"title": TITLE, **what})}
    reason = {
        "choice": "go_on",
        "reason": "另一件",
        "revision": record(page)["revision"],
    }
    found["same"] = costs(f"{path}same/", reason)
    found["record"] = costs(f"{path}record/", record(page))
    found["text"] = costs(f"{path}text/", text(page))
    assert max(found.values()) <= SAVED, found
    revision = {"revision": revision_of(page)}
    assert costs(f"{path}check/", revision) <= SUBMITTED
    assert costs(f"{path}done/") <= SHOWN


def test_drafts_and_public_items_do_not_add_queries(clerk, costs):
    page = begin(clerk)
    path = f"/admin/publish/{page.pk}/"
    steps = ("what", "record", "text", "check")
    for step in steps:
        costs(f"{path}{step}/")
    few = [costs(f"{path}{step}/") for step in steps] + [costs("/admin/publish/")]
    for number in range(4):
        make_item(title=f"第{number}号公告")
        clerk.post("/admin/publish/", {"title": f"第{number}份草稿"})
    many = [costs(f"{path}{step}/") for step in steps] + [costs("/admin/publish/")]
    assert many == few


def test_an_attachment_adds_two_queries_to_a_screen(clerk, costs):
    one, three = begin(clerk), begin(clerk, attachments=3)
    for page in (one, three):
        costs(f"/admin/publish/{page.pk}/check/")  # the files are read once
    for step in ("text", "check"):
        few = costs(f"/admin/publish/{one.pk}/{step}/")
        many = costs(f"/admin/publish/{three.pk}/{step}/")
        assert many <= few + 2 * 2
