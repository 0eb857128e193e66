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


HAND_WRITTEN = {
    # number below the title; centred with spaces; title over two lines
    """中共云溪镇委员会
关于印发《2026年党风廉政建设工作要点》的通知
云委〔2026〕12 号
各党支部：
现将要点印发给你们。
                中共云溪镇委员会
                2026年3月6日
""": (
        "中共云溪镇委员会关于印发《2026年党风廉政建设工作要点》的通知",
        *("云委〔2026〕12号", "2026-03-06"),
    ),
    # letterhead of a letter; seal noted; contact below the date
    """云溪镇人民政府

云政函〔2026〕8号

关于商请支持云溪大桥加固工程的函

市交通运输局：
  我镇云溪大桥建于1998年。
  附件：检测报告
云溪镇人民政府（盖章）
2026年6月1日
（联系人：周建平，联系电话：0577-61234567）
""": ("关于商请支持云溪大桥加固工程的函", "云政函〔2026〕8号", "2026-06-01"),
    # the shortest notice there is
    """通  知
全体村民：
  定于2026年9月1日停水。
溪口村村民委员会
二〇二六年八月三十日
""": ("通知", "", "2026-08-30"),
    # nothing but a title is known
    """云溪镇2025年政府信息公开工作年度报告
本报告由云溪镇人民政府按照《条例》编制。
一、总体情况
2025年公开信息120条。
""": ("云溪镇2025年政府信息公开工作年度报告", "", None),
}


@pytest.mark.parametrize("text", HAND_WRITTEN)
def test_documents_written_by_hand(text):
    found = recognise(text.encode(), "a.txt")
    day = found.date_made and found.date_made.isoformat()
    assert (found.title, found.document_number, day) == HAND_WRITTEN[text]


def test_a_list_of_documents_has_no_number_of_its_own():
    rows = "目录\n文件,文号\n清理结果,云政〔2025〕18号\n"
    assert recognise(rows.encode(), "a.csv").document_number == ""
