"""Recognition of dropped documents; the floors are those the desk relies on."""

import pytest

from bench.personal_data import measure as measure_personal_data
from bench.recognition import measure as measure_recognition
from disclosure_pages.intake.recognise import recognise
from tests.data.make_documents import make_documents


@pytest.fixture(scope="module")
def figures():
    return measure_recognition(2026, 50)


@pytest.mark.parametrize("part", ["title", "document_number", "date_made", "all"])
def test_19_of_20_documents_are_recognised(figures, part):
    assert figures["documents"] == 50
    assert figures[part] >= 0.95, figures["wrong"]


def test_personal_numbers_are_found_and_look_alikes_are_not():
    figures = measure_personal_data(2026, 500)
    assert figures["samples"] == 500
    assert figures["clean"] == 250
    assert figures["recall"] >= 0.99, figures["wrong"]
    assert figures["false_alarms"] <= 0.01, figures["wrong"]


def test_the_body_has_neither_head_nor_title():
    made = make_documents(2026, 1)[0]
    found = recognise(made.data, made.name)
    assert found.title == made.title
    assert made.title not in found.body_html
    assert made.document_number not in found.body_html
    assert found.body_html.startswith("<p>")
    assert found.publisher


def test_a_broken_file_is_a_sentence_and_no_error():
    found = recognise(b"PK\x03\x04 broken", "通知.docx")
    assert found.state == "failed"
    assert "另存" in found.message
    assert found.title == ""


def test_scripts_in_a_file_stay_text():
    found = recognise("标题\n<script>alert(1)</script>".encode(), "a.txt")
    assert "<script" not in found.body_html
