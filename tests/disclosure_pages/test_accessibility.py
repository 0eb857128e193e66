"""axe on every kind of public page, as drawn and as enlarged, in both languages."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.disclosure_pages.page_kinds import addresses, every_kind  # noqa: F401
from tests.disclosure_pages.test_public_browser import HOST, Served

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.browser,
    pytest.mark.usefixtures("browser", "every_kind"),
]
SERIOUS = {"serious", "critical"}
WANTED = {"resultTypes": ["violations"], "reporter": "no-passes"}
VOICES = """
window.spoken = [];
Object.defineProperty(window, "speechSynthesis", {value: {
  getVoices: () => [{lang: "zh-CN"}], addEventListener() {},
  cancel() { window.spoken.length = 0 }, speak(u) { window.spoken.push(u.text) },
}});
"""


@pytest.fixture
def served(browser_page, client):
    # axe is injected by the test; the page itself still runs under its own policy.
    return Served(browser_page, client)


def with_query(path, query):
    return f"{path}{'&' if '?' in path else '?'}{query}"


def violations(page):
    """(rule, element) of everything serious or critical."""
    found = Axe().run(page, options=WANTED).response["violations"]
    return [
        (rule["id"], node["html"][:160])
        for rule in found
        if rule["impact"] in SERIOUS
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("mode", ["normal", "elder"])
def test_axe_finds_nothing_serious_on_any_kind(served, mode):
    found = {}
    for name, path, status in addresses():
        page = served.open(with_query(path, f"mode={mode}"))
        assert served.status == status, name
        if faults := violations(page):
            found[name] = faults
    assert found == {}
    assert served.complaints == []


def test_axe_finds_nothing_serious_in_english_or_on_a_desk(served):
    found = {}
    for name, path, _status in addresses():
        page = served.open(with_query(path, "lang=en"), 1280)
        assert page.locator("html").get_attribute("lang") == "en"
        if faults := violations(page):
            found[name] = faults
    assert found == {}


def test_a_refused_note_is_told_to_everybody(served):
    page = served.open("/feedback/?page=/guide/")
    assert violations(page) == []
    assert page.locator("[name=website]").is_visible() is False or (
        page.locator("[name=website]").bounding_box()["x"] < 0
    )


def test_the_keyboard_reaches_the_text_first_on_every_kind(served):
    for name, path, _status in addresses():
        page = served.open(path)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip", name
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: url.endswith("#main"), timeout=5_000)
        page.keyboard.press("Tab")
        inside = page.evaluate(
            "document.activeElement === document.body || "
            "!document.activeElement.closest('.head, .nav, .crumbs')"
        )
        assert inside, name


def test_the_page_is_read_aloud_where_the_browser_can(served, browser):
    served.page.add_init_script(VOICES)
    page = served.open("/guide/?mode=elder")
    button = page.get_by_role("button", name="朗读本页")
    assert button.bounding_box()["height"] >= 60
    button.click()
    spoken = page.evaluate("window.spoken")
    assert spoken[0] == "政府信息公开指南"
    assert "指南正文。" in spoken
    assert all(len(text) <= 181 for text in spoken)
    page.get_by_role("button", name="停止朗读").click()
    assert page.evaluate("window.spoken") == []
    mute = served.open("/guide/?mode=normal")
    assert mute.locator("[data-listen]").count() == 0


def test_there_is_no_button_where_the_browser_has_no_voice(served):
    served.page.add_init_script(VOICES.replace('[{lang: "zh-CN"}]', "[]"))
    page = served.open("/guide/?mode=elder")
    assert not page.get_by_role("button", name="朗读本页").is_visible()


def test_data_for_machines_is_no_code(served):
    page = served.open("/")
    types = page.evaluate(
        "[...document.querySelectorAll('script:not([src])')].map(s => s.type)"
    )
    assert types == ["application/ld+json"]
    assert served.complaints == []
    assert page.url.startswith(HOST)
