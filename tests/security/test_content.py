"""What editors, files and other authorities write is text, never code."""

import json
import zipfile

import pytest
from django.urls import reverse
from wagtail.models import TaskState
from wagtail.test.utils.form_data import inline_formset, nested_form_data, streamfield

from cms.services.review import SecrecyRecord, decide
from disclosure_pages.bulk import extents
from disclosure_pages.bulk.problems import UnreadableFile
from disclosure_pages.bulk.reading import read_table
from disclosure_pages.bulk.template import write_template
from tests.factories import make_document, make_item, make_people, make_site

pytestmark = pytest.mark.django_db
SCRIPT = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>"
LINKS = ("javascript:alert(1)", "JaVaScRiPt:alert(1)", "\x01javascript:alert(1)")


def contentstate(url):
    """A paragraph with one link, as the editor sends it."""
    return json.dumps(
        {
            "blocks": [
                {
                    "key": "00000",
                    "text": SCRIPT,
                    "type": "unstyled",
                    "depth": 0,
                    "inlineStyleRanges": [],
                    "entityRanges": [{"key": 0, "offset": 0, "length": 5}],
                }
            ],
            "entityMap": {
                "0": {"type": "LINK", "mutability": "MUTABLE", "data": {"url": url}}
            },
        }
    )


def save_with(client, item, url):
    fields = {
        "title": SCRIPT,
        "slug": item.slug,
        "summary": SCRIPT,
        "keywords": "<script>alert(1)</script>",
        "publisher": "<script>alert(1)</script>",
        "document_number": "<script>alert(1)</script>",
        "category": "work",
        "date_made": "2026-08-24",
        "validity": "valid",
        "disclosure_mode": "proactive",
        "body": streamfield([("paragraph", contentstate(url))]),
        "attachments": inline_formset([]),
        "corrections": inline_formset([]),
        "identifiers": inline_formset([]),
        "comments": inline_formset([]),
    }
    answer = client.post(
        reverse("wagtailadmin_pages:edit", args=[item.pk]), nested_form_data(fields)
    )
    assert answer.status_code == 302


def harmless(client, url):
    text = client.get(url).content.decode()
    assert "<script>alert" not in text, url
    assert "<img src=x" not in text, url
    assert "javascript:alert" not in text.lower(), url
    return text


@pytest.mark.parametrize("link", LINKS)
def test_nothing_that_an_editor_types_runs(client, link):
    make_site()
    people = make_people()
    document = make_document("a.txt", title=SCRIPT)
    item = make_item(live=False, user=people["clerk"], documents=[document])
    client.force_login(people["officer"])
    save_with(client, item, link)
    item.refresh_from_db()
    item.get_workflow().start(item, people["clerk"])
    for role in ("head", "secrecy", "leader"):
        client.force_login(people[role])
        state = TaskState.objects.get(status=TaskState.STATUS_IN_PROGRESS)
        for url in ("/admin/", "/admin/review/", f"/admin/review/{state.pk}/"):
            assert "alert(1)" in harmless(client, url)
        record = SecrecyRecord() if role == "secrecy" else None
        decide(
            state,
            people[role],
            approve=True,
            revision_id=state.revision_id,
            record=record,
        )
    item.refresh_from_db()
    assert item.live
    client.force_login(people["officer"])
    harmless(client, f"/admin/withdraw/{item.pk}/")
    client.logout()
    pages = ("/", "/disclosure/work/", "/disclosure/", item.url)
    assert all("alert(1)" in harmless(client, url) for url in (*pages[:2], item.url))
    harmless(client, f"/search/?q={SCRIPT}&office={SCRIPT}")


@pytest.fixture
def template(tmp_path):
    path = tmp_path / "items.xlsx"
    write_template(path)
    return path


def repacked(path, **changed):
    """The workbook with some of its parts replaced."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in (parts | changed).items():
            new.writestr(name, content)
    return parts


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/_rels/workbook.xml.rels"])
def test_entities_of_a_workbook_are_refused(template, part):
    bomb = (
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b SYSTEM "file:///etc/passwd">'
        b'<!ENTITY c "&a;&a;&a;&a;">]>'
    )
    with zipfile.ZipFile(template) as book:
        xml = book.read(part)
    head, sign, rest = xml.rpartition(b"?>")
    repacked(template, **{part: head + sign + bomb + rest})
    with pytest.raises(UnreadableFile):
        read_table(template)


def test_a_workbook_that_blows_up_is_refused(template, monkeypatch):
    assert extents.MAX_UNPACKED <= 500 * 1024**2
    monkeypatch.setattr(extents, "MAX_UNPACKED", 1024**2)
    repacked(template, **{"xl/media/bomb.bin": b"0" * 2 * 1024**2})
    with pytest.raises(UnreadableFile):
        read_table(template)
