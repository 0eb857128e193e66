"""The search in Chromium: choosing a title by keyboard, and axe on what it shows."""

import pytest
from playwright.sync_api import expect

from search import dictionary
from tests.disclosure_pages.test_accessibility import violations
from tests.disclosure_pages.test_public_browser import Served
from tests.factories import VillageFactory, make_item, make_reading_point, make_site

from .test_views import index_all

pytestmark = [pytest.mark.django_db, pytest.mark.browser]


@pytest.fixture
def served(browser_page, client, home_index):
    make_site()
    for number in range(15):
        make_reading_point(village=VillageFactory(name=f"第{number}村"))
    make_item("低保对象公示")
    make_item("低保资金发放明细")
    dictionary.forget()
    index_all()
    yield Served(browser_page, client)
    dictionary.forget()


def test_a_title_is_chosen_by_keyboard_and_looked_for(served):
    page = served.open("/")
    field = page.get_by_role("combobox", name="要查的内容")
    expect(field).to_have_attribute("aria-expanded", "false")
    field.press_sequentially("低保")
    options = page.locator("#suggestions").get_by_role("option")
    expect(options).to_have_count(2)
    expect(field).to_have_attribute("aria-expanded", "true")
    assert violations(page) == []
    field.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    field.press_sequentially("对")
    expect(options).to_have_count(1)
    field.press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", "suggestion-0")
    field.press("Enter")
    page.wait_for_url("**/search/?q=*")
    expect(page.get_by_role("combobox", name="要查的内容")).to_have_value(
        "低保对象公示"
    )
    assert served.complaints == []


def test_without_a_choice_enter_looks_for_what_was_typed(served):
    page = served.open("/search/")
    field = page.get_by_role("combobox", name="要查的内容")
    field.press_sequentially("低保")
    expect(page.locator("#suggestions").get_by_role("option")).to_have_count(2)
    field.press("Enter")
    page.wait_for_url("**/search/?q=*")
    expect(page.get_by_role("combobox", name="要查的内容")).to_have_value("低保")


@pytest.mark.parametrize(
    "path",
    [
        "/search/?q=低保+火星&from=2026-01&to=昨天&village=第1村",
        "/search/?q=火星",
        "/search/print/?q=低保",
    ],
)
@pytest.mark.parametrize("mode", ["normal", "elder"])
def test_axe_finds_nothing_serious_with_all_filters_open(served, path, mode):
    page = served.open(f"{path}&mode={mode}")
    assert served.status == 200
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert violations(page) == []
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    assert served.complaints == []
