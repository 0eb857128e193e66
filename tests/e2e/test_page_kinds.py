"""Each kind of public page of the running demo, on a desk and on a phone."""

import pytest

from tests.tour import PLACES, tour

WIDTHS = {"desk": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def addresses(site):
    return tour(site.url)


@pytest.mark.parametrize("device", WIDTHS)
@pytest.mark.parametrize("kind", PLACES)
def test_page_kind_reads_well(browser, site, addresses, kind, device):
    width, height = WIDTHS[device]
    context = browser.new_context(
        locale="zh-CN", viewport={"width": width, "height": height}
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else 0)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    foreign: list[str] = []
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((site.url, "data:"))
            else foreign.append(request.url)
        ),
    )
    try:
        answer = page.goto(f"{site.url}{addresses[kind]}")
        assert answer.status == 200
        assert page.locator("h1").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert complaints == []
        assert foreign == []
    finally:
        context.close()
