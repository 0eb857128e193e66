"""What pretends to be XML: refused at once, whatever way it is wrapped."""

import gzip
import time

import pytest

from disclosure_pages.harvest.markup import xml_of
from disclosure_pages.harvest.web import Answer, WebError

LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    + "]><urlset><url><loc>&a9;</loc></url></urlset>"
)
FOREIGN = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><urlset>&f;</urlset>'
PARAMETER = '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/">%p;]><urlset/>'


@pytest.mark.parametrize("text", [LAUGHS, FOREIGN, PARAMETER], ids=["laughs", "f", "p"])
@pytest.mark.parametrize(
    "wrapped",
    [
        str.encode,
        lambda text: text.encode("utf-16"),
        lambda text: gzip.compress(text.encode()),
        lambda text: ("\ufeff" + text).encode(),
        lambda text: b"\n  " + text.encode(),
    ],
    ids=["plain", "utf-16", "gzip", "mark", "blanks"],
)
def test_a_map_that_defines_anything_is_refused(text, wrapped):
    began = time.monotonic()
    with pytest.raises(WebError):
        xml_of(Answer(200, "http://x.example.cn/sitemap.xml", wrapped(text)))
    assert time.monotonic() - began < 1


def test_a_map_that_unpacks_to_more_than_five_megabytes_is_refused():
    body = gzip.compress(b"<urlset>" + b" " * 50_000_000)
    with pytest.raises(WebError, match="太大"):
        xml_of(Answer(200, "http://x.example.cn/sitemap.xml.gz", body))
