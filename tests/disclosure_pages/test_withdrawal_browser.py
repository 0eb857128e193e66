"""Taking back on a phone, and giving an opinion on one."""

import mimetypes
import re

import pytest

from disclosure_pages.services import opinions
from disclosure_pages.services.withdrawal import withdraw
from tests.disclosure_pages import test_public_browser
from tests.disclosure_pages.test_public_browser import LONG, Served, width_of
from tests.factories import make_document, make_item, make_people, make_site

pytestmark = [pytest.mark.django_db, pytest.mark.browser]


@pytest.fixture
def served(browser_page, client, monkeypatch):
    for suffix in (".woff2", ".woff", ".png", ".ico"):
        kind = mimetypes.guess_type(f"x{suffix}")[0] or "application/octet-stream"
        monkeypatch.setitem(test_public_browser.TYPES, suffix, kind)
    return Served(browser_page, client)


def test_an_officer_takes_back_on_a_phone(served, client):
    item = make_item(LONG)
    make_site()
    officer = make_people()["officer"]
    client.force_login(officer)
    page = served.open(f"/admin/withdraw/{item.pk}/", 390)
    assert width_of(page) <= 390
    for label in ("撤回类型", "撤回原因", "请读者改看哪里"):
        assert page.get_by_text(label).first.is_visible()
    button = page.get_by_role("button", name="立即撤回")
    button.scroll_into_view_if_needed()
    assert button.is_visible()
    withdraw(item, user=officer, reason="发布有误" * 30)
    page = served.open(f"/admin/withdrawals/{item.pk}/", 390)
    assert width_of(page) <= 390
    assert page.get_by_text("已撤下").first.is_visible()


def test_somebody_outside_answers_on_a_phone(served):
    make_site()
    clerk = make_people()["clerk"]
    document = make_document("很长的附件名称" * 8 + ".txt")
    draft = make_item(LONG, live=False, text="W" * 300, documents=[document])
    _request, token = opinions.ask(
        draft,
        user=clerk,
        name="王工",
        organisation="设计院" * 20,
        days=7,
        question=LONG,
    )
    for width in (320, 390, 1280):
        page = served.open(f"/opinion/{token}/", width)
        assert served.status == 200
        assert width_of(page) <= width
    small = page.evaluate(
        """[...document.querySelectorAll("fieldset label, main .btn, main textarea")]
        .filter(e => e.getBoundingClientRect().height < 44).map(e => e.outerHTML)"""
    )
    assert small == []
    assert page.get_by_role("radio").count() == 3
    assert served.complaints == []
    assert all(re.match(test_public_browser.HOST, url) for url in served.requests)
