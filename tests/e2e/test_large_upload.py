"""A file above the limit at a real site: taken in piece by piece, refused in words."""

import time
from contextlib import closing

from django.conf import settings

WITHIN_S = 5
MAX_GROWTH = 50 * 1024 * 1024


def test_a_file_above_the_limit_is_refused_in_seconds(site, tmp_path):
    path = tmp_path / "扫描件.pdf"
    with path.open("wb") as file:
        file.write(b"%PDF-1.7")
        file.truncate(settings.WAGTAILDOCS_MAX_UPLOAD_SIZE + 1)
    resident = site.resident_bytes()
    with closing(site.sign_in("officer")) as desk, path.open("rb") as content:
        desk.get("/admin/documents/multiple/add/")
        desk.headers["X-CSRFToken"] = desk.cookies["csrftoken"]
        desk.headers["X-Requested-With"] = "XMLHttpRequest"
        start = time.monotonic()
        answer = desk.post(
            "/admin/documents/multiple/add/",
            data={"title": "扫描件", "collection": "1"},
            files={"files[]": (path.name, content, "application/pdf")},
        )
        took_s = time.monotonic() - start
    said = answer.json()
    assert not said["success"]
    assert "拆成几个文件后再传" in said["error_message"]
    assert took_s <= WITHIN_S
    assert site.resident_bytes() - resident < MAX_GROWTH
