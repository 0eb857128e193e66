"""Every place of every page type that can name a file: checked, shown, reviewed."""

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.fields import RichTextField, StreamField

from disclosure_pages.checks.rules import check_page
from disclosure_pages.desk.checks_panel import field_label, panel_context
from disclosure_pages.models import DisclosureDocument, GuidePage
from disclosure_pages.models.base import ModeratedPage
from disclosure_pages.services.extraction import extract_waiting
from tests.factories import make_document, make_item

pytestmark = pytest.mark.django_db
VALID_ID = "360426199101010071"


def in_text(field, link):
    """The value of a field of text with the link in it."""
    if isinstance(field, RichTextField):
        return f"<p>{link}</p>"
    if "step" in field.stream_block.child_blocks:
        return [("step", {"heading": "申请", "text": f"<p>{link}</p>"})]
    return [
        ("paragraph", "<p>见下面。</p>"),
        ("notice", {"kind": "info", "heading": "表", "text": f"<p>{link}</p>"}),
    ]


def is_text(field):
    return isinstance(field, RichTextField | StreamField)


def names_documents(field):
    return field.many_to_one and field.related_model is DisclosureDocument


def places():
    """(page type, field) of all that can name a file."""
    for model in apps.get_models():
        if not issubclass(model, ModeratedPage):
            continue
        for field in model._meta.get_fields():
            child = field.related_model if field.one_to_many else None
            rows = child and any(names_documents(f) for f in child._meta.fields)
            if is_text(field) or names_documents(field) or rows:
                yield model, field


PLACES = {f"{model.__name__}.{field.name}": (model, field) for model, field in places()}


def naming(model, field, document):
    """A page of the type, not saved, whose field names the document."""
    page = model(title="关于救助工作的说明", slug="named")
    if field.one_to_many:
        setattr(page, field.name, [field.related_model(document=document)])
    elif is_text(field):
        link = f'<a linktype="document" id="{document.pk}">附表</a>'
        setattr(page, field.name, in_text(field, link))
    else:
        setattr(page, field.name, document)
    return page


@pytest.mark.parametrize("place", PLACES)
def test_a_file_is_checked_and_reviewed_wherever_it_is_named(place):
    model, field = PLACES[place]
    document = make_document("名单.csv", f"周某,{VALID_ID}\n".encode())
    page = naming(model, field, document)
    found = [p for p in check_page(page) if p.code == "personal_data"]
    assert [(p.level, p.field) for p in found] == [("block", field.name)]
    assert "名单.csv" in found[0].message
    assert field_label(page, found[0].field)
    assert [file.document.sha256 for file in page.named_files()] == [document.sha256]


def test_the_places_are_found():
    assert set(PLACES) >= {
        *("DisclosureItemPage.attachments", "AnnualReportPage.document"),
        *("GuidePage.classification", "GuidePage.steps", "ReadingPointPage.rules"),
        *("NoticePage.body", "RulesPage.body", "PlainPage.body", "DossierPage.body"),
    }


def test_a_number_split_by_tags_is_found_in_every_kind_of_text():
    page = GuidePage(classification=f"<p><b>{VALID_ID[:6]}</b>{VALID_ID[6:]}</p>")
    assert "personal_data" in [p.code for p in check_page(page)]


def test_the_panel_lists_a_file_that_the_text_links_to():
    linked = make_document("名单.csv", b"1")
    item = make_item(live=False, text=f'<a linktype="document" id="{linked.pk}">表</a>')
    (file,) = panel_context(item.get_latest_revision_as_object())["files"]
    assert (file.name, file.document) == ("名单.csv", linked)


def with_files(count):
    """A draft that has this many attachments and links to as many files."""
    files = [make_document(content=f"{n} of {count}".encode()) for n in range(count)]
    linked = [make_document(content=f"{n} in {count}".encode()) for n in range(count)]
    links = [f'<a linktype="document" id="{file.pk}">表</a>' for file in linked]
    item = make_item(live=False, documents=files, text="".join(links))
    extract_waiting()
    return item.get_latest_revision_as_object()


def test_files_do_not_add_queries():
    asked = []
    for page in (with_files(1), with_files(5)):
        with CaptureQueriesContext(connection) as queries:
            assert len(panel_context(page)["files"]) in (2, 10)
        asked.append(len(queries))
    assert asked[0] == asked[1], asked
