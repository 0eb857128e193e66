"""A first-time clerk publishes a prepared file: clicks and screens are counted.

A click is a click, a choice of file or a press of a button; typing is none, and none
is needed. Every page that is loaded until the submission counts as a screen.
"""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.data.make_notice import NUMBER, PATH, TITLE, WORD
from tests.e2e.test_main_path import found, sign_in, within
from tests.sites import RunningSite

MAX_CLICKS = 12
MAX_SCREENS = 5
WIZARD = re.compile(r"/admin/publish/")


class Clerk:
    """Somebody at the desk whose clicks and screens are counted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0
        self.screens: list[str] = []
        page.on("load", self.arrived)

    def arrived(self, page: Page) -> None:
        if WIZARD.search(page.url):
            self.screens.append(re.sub(r".*/admin", "", page.url))

    def click(self, target: Locator) -> None:
        self.clicks += 1
        target.click()

    def choose(self, target: Locator, path: Path) -> None:
        self.clicks += 2  # opening the window and choosing
        target.set_input_files(path)


def publish_the_notice(clerk: Clerk) -> None:
    page = clerk.page
    clerk.click(page.get_by_role("link", name="发布一条信息").first)
    page.wait_for_url(re.compile("/publish/$"))
    clerk.choose(page.locator("input[name=file]"), PATH)
    clerk.click(page.get_by_role("button", name="下一步"))
    expect(page.locator("#id_title")).to_have_value(TITLE)
    expect(page.locator("#id_document_number")).to_have_value(NUMBER)
    expect(page.locator("#id_date_made")).to_have_value("2026-11-16")
    clerk.click(page.get_by_role("button", name="对，下一步"))
    page.wait_for_url(re.compile("/record/$"))
    expect(page.locator("[name=category]:checked")).to_have_count(1)
    clerk.click(page.get_by_role("button", name="下一步"))
    page.wait_for_url(re.compile("/text/$"))
    expect(page.get_by_text(WORD).first).to_be_visible()
    clerk.click(page.get_by_role("button", name="下一步"))
    page.wait_for_url(re.compile("/check/$"))
    preview = page.frame_locator(".gk-preview iframe")
    expect(preview.locator("h1")).to_have_text(TITLE)
    submit = page.get_by_role("button", name="提交审查")
    expect(submit).to_be_enabled()
    assert len(clerk.screens) <= MAX_SCREENS, clerk.screens
    clerk.click(submit)
    page.wait_for_url(re.compile("/done/$"))


def approve(page: Page) -> None:
    page.get_by_role("link", name=TITLE).first.click()
    expect(page.locator("form.gk-decide")).to_be_visible()
    for box in page.locator("form.gk-decide [type=checkbox]:not([name=reasons])").all():
        box.check()
    page.get_by_role("button", name="通过").click()
    expect(page.get_by_text(f"《{TITLE}》").first).to_be_visible()


@pytest.mark.browser
def test_a_first_time_clerk_publishes_a_file(site: RunningSite, browser: Browser):
    clerk = Clerk(sign_in(browser, site, "clerk"))
    publish_the_notice(clerk)
    assert clerk.clicks <= MAX_CLICKS
    assert not found(site.url, WORD)
    for role in ("head", "secrecy", "leader"):
        page = sign_in(browser, site, role)
        page.goto(f"{site.url}/admin/review/")
        approve(page)
    within(5, "found by a word", lambda: found(site.url, WORD))
    assert found(site.url, NUMBER)[0]["title"] == TITLE


@pytest.mark.browser
def test_by_keyboard_and_without_scripts(site: RunningSite, browser: Browser):
    """The start takes a title and goes on without a mouse and without JavaScript."""
    signed_in = sign_in(browser, site, "clerk").context
    context = browser.new_context(
        java_script_enabled=False,
        storage_state=signed_in.storage_state(),
        viewport={"width": 390, "height": 844},
    )
    page = context.new_page()
    page.goto(f"{site.url}/admin/publish/")
    page.locator("textarea[name=title]").focus()
    page.keyboard.type("关于试写一条信息的通知")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/record/$"))
    page.goto(f"{site.url}/admin/publish/")
    page.get_by_role("link", name=re.compile("继续填写.*试写一条")).click()
    page.wait_for_url(re.compile("/record/$"))
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_no_screen_scrolls_sideways(site: RunningSite, browser: Browser, width: int):
    page = sign_in(browser, site, "clerk")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{site.url}/admin/publish/")
    page.locator("textarea[name=title]").fill("关于看看每一屏宽不宽的通知")
    page.get_by_role("button", name="下一步").click()
    page.wait_for_url(re.compile("/publish/[0-9]+/"))
    draft = re.search(r"/publish/[0-9]+/", page.url)[0]
    for step in ("what", "record", "text", "check"):
        page.goto(f"{site.url}/admin{draft}{step}/")
        wide = page.locator(".gk-wizard").evaluate("e => e.scrollWidth - e.clientWidth")
        assert wide <= 0, step
        assert page.evaluate("document.documentElement.scrollWidth") <= width, step


@pytest.mark.browser
def test_the_screens_are_accessible(site: RunningSite, browser: Browser):
    page = sign_in(browser, site, "clerk")
    page.goto(f"{site.url}/admin/publish/")
    page.locator("input[name=file]").set_input_files(PATH)
    serious("start", page)
    page.get_by_role("button", name="下一步").click()
    page.wait_for_url(re.compile("/what/$"))
    draft = re.search(r"/publish/[0-9]+/", page.url)[0]
    for step in ("what", "record", "text", "check"):
        page.goto(f"{site.url}/admin{draft}{step}/")
        if step == "text":
            expect(page.locator(".gk-text [role=textbox]").first).to_be_visible()
        serious(step, page)


def serious(screen: str, page: Page) -> None:
    """Fail when axe finds something serious in our part of the page."""
    found = Axe().run(page, context=".gk-wizard", options={"iframes": False})
    worst = [
        (violation["id"], violation["nodes"][0]["html"][:200])
        for violation in found.response["violations"]
        if violation["impact"] in ("serious", "critical")
    ]
    assert worst == [], screen
