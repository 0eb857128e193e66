"""What a reviewer reads of a stored body: its words, not the names of its parts."""

from disclosure_pages.desk.batch_problems import leaves

TABLE = {
    "type": "table",
    "id": "0d5a",
    "value": {
        "columns": [{"type": "text", "heading": "村名"}],
        "rows": [{"values": ["溪口村"]}],
        "caption": "在册户数",
    },
}


def test_a_table_gives_its_headings_cells_and_caption_only():
    assert list(leaves([TABLE])) == ["村名", "溪口村", "在册户数"]


def test_a_notice_gives_its_text_and_not_its_kind():
    notice = {"type": "notice", "value": {"kind": "warn", "text": "<p>请注意</p>"}}
    assert list(leaves(notice)) == ["请注意"]
