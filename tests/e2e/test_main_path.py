"""The whole way, in a real browser against real processes.

A clerk drafts with an attachment, three people approve, a stranger finds it by a word
inside a sentence, the portal shows it, the officer takes it back, and every place
says so in time.
"""

import json
import re
import time
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.sites import RunningSite

DATA = Path(__file__).parents[1] / "data"
TITLE = "关于开展渡口义渡人员补助核发的通知"
SENTENCE = "请各村于月底前把撑篙老人的名册报到镇上。"
WORD = "撑篙"  # two characters inside a sentence, in no other item
REASON = "附件含有个人信息，改正后重新公开"
FILE_TEXT = "名册样表"


def sign_in(browser: Browser, site: RunningSite, user: str) -> Page:
    """A new window in which ``user`` is at the desk."""
    page = browser.new_context(
        locale="zh-CN", viewport={"width": 1280, "height": 900}
    ).new_page()
    page.set_default_timeout(20_000)
    page.goto(f"{site.url}/admin/login/")
    page.fill("#id_username", user)
    page.fill("#id_password", site.password)
    page.click("button[type=submit]")
    page.wait_for_url("**/admin/")
    return page


def menu_entry(page: Page, entry: Locator) -> Locator:
    """An entry of the editor's footer menu, which opens only once its script runs."""
    toggle = page.locator("footer .w-dropdown__toggle").first
    for _again in range(20):
        if entry.is_visible():
            break
        toggle.click()
        page.wait_for_timeout(500)
    return entry


def draft_and_submit(page: Page, attachment: Path) -> None:
    page.get_by_role("link", name="全部信息").click()
    page.get_by_role("link", name="添加公开信息").first.click()
    page.fill("#id_title", TITLE)
    page.locator("[data-streamfield-stream-container] button").first.click()
    page.get_by_role("option", name="文字").click()
    page.locator(".public-DraftEditor-content").first.click()
    page.keyboard.type(SENTENCE)
    page.get_by_role("button", name="添加附件").click()
    row = page.locator("#inline_child_attachments-0")
    row.locator("[data-chooser-action-choose]").click()
    page.get_by_role("tab", name="上传").click()
    page.set_input_files("#id_document-chooser-upload-file", attachment)
    page.fill("#id_document-chooser-upload-title", "名册样表")
    page.locator(".modal-content form[enctype] button[type=submit]").click()
    expect(page.locator(".modal-content")).to_be_hidden()
    page.get_by_role("tab", name="目录信息").click()
    page.select_option("#id_category", "work")
    page.fill("#id_date_made", "2026-11-20")
    menu_entry(page, page.locator("[name=action-submit]")).click()
    expect(page.get_by_text(re.compile("提交"))).not_to_have_count(0)
    page.wait_for_url(re.compile(r"/admin/pages/\d+/$"))


def approve(page: Page) -> None:
    page.get_by_role("link", name=TITLE).first.click()
    expect(page.locator("form.gk-decide")).to_be_visible()
    for box in page.locator("form.gk-decide [type=checkbox]:not([name=reasons])").all():
        box.check()
    page.get_by_role("button", name="通过").click()
    expect(page.get_by_text(f"《{TITLE}》").first).to_be_visible()


def within(seconds: float, what: str, holds) -> float:
    """Wait until ``holds()`` is true; returns how long it took."""
    start = time.monotonic()
    while True:
        if holds():
            return time.monotonic() - start
        if time.monotonic() - start > seconds:
            pytest.fail(f"{what}: not within {seconds} s")
        time.sleep(0.1)


def found(base_url: str, query: str) -> list[dict]:
    answer = httpx.get(f"{base_url}/api/v1/search", params={"q": query}, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


def read_as_a_stranger(browser: Browser, site: RunningSite) -> tuple[str, str]:
    """Find, open and download; returns the addresses of page and attachment."""
    page = browser.new_context(locale="zh-CN").new_page()
    page.goto(f"{site.url}/search/?q={quote(WORD)}")
    page.get_by_role("link", name=TITLE).first.click()
    expect(page.locator("h1")).to_have_text(TITLE)
    expect(page.get_by_text(SENTENCE)).to_be_visible()
    link = page.get_by_role("link", name="名册样表").first
    file_url = site.url + link.get_attribute("href").removeprefix(site.url)
    answer = httpx.get(file_url)
    assert (answer.status_code, answer.text) == (200, FILE_TEXT)
    return page.url, file_url


def withdraw(page: Page) -> float:
    """Take it back in the desk; returns the moment of the click."""
    page.goto(f"{page.url.split('/admin/')[0]}/admin/pages/")
    page.goto(page.url + f"?q={quote(TITLE)}")
    page.get_by_role("link", name=TITLE).first.click()
    page.wait_for_url(re.compile(r"/admin/pages/\d+/edit/"))
    menu_entry(page, page.get_by_role("link", name="撤回").last).click()
    page.get_by_label("发布有误").check()
    page.fill("#id_reason", REASON)
    page.get_by_role("button", name="立即撤回").click(no_wait_after=True)
    clicked = time.monotonic()
    expect(page.get_by_text("已撤回").first).to_be_visible()
    return clicked


def walk(browser: Browser, site: RunningSite, tmp_path: Path) -> None:
    imported = site.manage("import_items", str(DATA / "items.xlsx"), "--json")
    assert json.loads(imported)["created"] == 68, imported
    attachment = tmp_path / "样表.txt"
    attachment.write_text(FILE_TEXT)

    draft_and_submit(sign_in(browser, site, "clerk"), attachment)
    for user in ("head", "secrecy", "leader"):
        approve(sign_in(browser, site, user))
    within(5, "found", lambda: found(site.url, WORD))
    page_url, file_url = read_as_a_stranger(browser, site)
    number = found(site.url, WORD)[0]["index_number"]
    within(10, "at the portal", lambda: found(site.portal_url, WORD))
    portal_page = found(site.portal_url, WORD)[0]["url"]

    officer = sign_in(browser, site, "officer")
    withdraw(officer)
    withdrawn_at = time.monotonic()
    gone = {
        "page": (1, lambda: httpx.get(page_url).status_code == 410),
        "attachment": (1, lambda: httpx.get(file_url).status_code == 410),
        "api": (1, lambda: _item_status(site, number) == 410),
        "search": (5, lambda: not found(site.url, WORD)),
        "portal search": (5, lambda: not found(site.portal_url, WORD)),
        "portal page": (
            5,
            lambda: (
                REASON in (r := _portal_copy(site, portal_page)).text
                and r.status_code == 410
            ),
        ),
    }
    for what, (seconds, holds) in gone.items():
        left = seconds - (time.monotonic() - withdrawn_at)
        within(max(left, 0.2), what, holds)
    tombstone = httpx.get(page_url).text
    assert REASON in tombstone
    assert TITLE not in tombstone
    _assert_equal_everywhere(site)


def _item_status(site: RunningSite, number: str) -> int:
    answer = httpx.get(f"{site.url}/api/v1/item", params={"index_number": number})
    return answer.status_code


def _portal_copy(site: RunningSite, url: str) -> httpx.Response:
    """The portal's own page about the item (its results link there or to us)."""
    return httpx.get(url if url.startswith("http") else site.portal_url + url)


def _assert_equal_everywhere(site: RunningSite) -> None:
    def clean() -> bool:
        report = site.manage("reconcile", "--json", check=False)
        lists = ("missing", "extra", "stale", "visible_but_withdrawn")
        return all(
            target[name] == [] for target in json.loads(report) for name in lists
        )

    within(60, "reconcile", clean)


@pytest.mark.browser
def test_the_main_path_embedded(site: RunningSite, browser: Browser, tmp_path: Path):
    walk(browser, site, tmp_path)


@pytest.mark.browser
@pytest.mark.services
def test_the_main_path_in_production_mode(
    production_site: RunningSite, browser: Browser, tmp_path: Path
):
    walk(browser, production_site, tmp_path)
