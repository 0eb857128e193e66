"""The review in real browsers: old tabs, double clicks, two windows at once.

A decision is made on our review page only; Wagtail's editor offers none, and takes
none when it is asked for one anyway.
"""

import json
import subprocess
import sys

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.sites import ROOT, RunningSite

pytestmark = pytest.mark.browser

SUBMIT = """
import datetime, json
from django.contrib.auth import get_user_model
from wagtail.models import TaskState
from disclosure_pages.models import DisclosureItemPage, OfficeIndexPage
users = get_user_model().objects
clerk, head = users.get(username="clerk"), users.get(username="head")
parent = OfficeIndexPage.objects.get(office__head_group__in=head.groups.all())
page = DisclosureItemPage(
    title={title!r}, category="work", date_made=datetime.date(2026, 11, 20),
    body=[("paragraph", "<p>各村于月底前报送。</p>")], live=False,
)
parent.add_child(instance=page)
page.save_revision(user=clerk)
page.get_workflow().start(page, clerk)
state = page.current_workflow_task_state
print(json.dumps({{"page": page.pk, "step": state.pk}}))
"""
LOOK = """
import json
from wagtail.models import Page, TaskState
page = Page.objects.get(pk={page})
states = TaskState.objects.filter(workflow_state__object_id=str(page.pk))
print(json.dumps({{
    "revisions": page.revisions.count(), "live": page.live,
    "steps": list(states.order_by("pk").values_list("status", flat=True)),
}}))
"""
ANSWER_LINES = """
import contextlib, io, json, sys
for line in sys.stdin:
    with contextlib.redirect_stdout(io.StringIO()) as said:
        exec(json.loads(line), {})
    print(said.getvalue().strip().splitlines()[-1], flush=True)
"""
AFTER_ONE = ["approved", "in_progress"]


@pytest.fixture(scope="module")
def ask(site: RunningSite):
    """Run code in one shell beside the site; gives the JSON on its last line."""
    shell = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", ANSWER_LINES],
        cwd=ROOT,
        env=site.environments["web"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def run(code: str) -> dict:
        shell.stdin.write(f"{json.dumps(code)}\n")
        shell.stdin.flush()
        return json.loads(shell.stdout.readline())

    yield run
    shell.communicate(timeout=30)


@pytest.fixture
def submitted(ask, request: pytest.FixtureRequest) -> dict:
    """An item of the head's office that waits for the first step."""
    return ask(SUBMIT.format(title=f"关于测试的通知（{request.node.name}）"))


@pytest.fixture
def window(browser: Browser, site: RunningSite):
    """Open windows in which somebody is at the desk; each with cookies of its own."""
    contexts = []

    def open_window(user: str) -> Page:
        context = browser.new_context(
            locale="zh-CN", viewport={"width": 1280, "height": 900}
        )
        contexts.append(context)
        context.set_default_timeout(30_000)
        page = context.new_page()
        page.goto(f"{site.url}/admin/login/")
        page.fill("#id_username", user)
        page.fill("#id_password", site.password)
        page.click("button[type=submit]")
        page.wait_for_url("**/admin/")
        return page

    yield open_window
    for context in contexts:
        context.close()


def review(page: Page, site: RunningSite, submitted: dict) -> Page:
    page.goto(f"{site.url}/admin/review/{submitted['step']}/")
    expect(page.locator("form.gk-decide")).to_be_visible()
    return page


def test_an_old_tab_is_told_in_plain_words(site, ask, submitted, window):
    first = review(window("head"), site, submitted)
    old = review(first.context.new_page(), site, submitted)
    first.get_by_role("button", name="通过").click()
    expect(first.get_by_text("已通过，转入下一步").first).to_be_visible()
    with old.expect_response(f"**/admin/review/{submitted['step']}/") as answer:
        old.get_by_role("button", name="通过").click()
    assert answer.value.status == 409
    expect(old.get_by_role("heading", name="未作处理")).to_be_visible()
    expect(old.get_by_text("这一步您已经办结了，没有再办一次。")).to_be_visible()
    assert ask(LOOK.format(**submitted))["steps"] == AFTER_ONE


def test_a_double_click_is_one_decision(site, ask, submitted, window):
    page = review(window("head"), site, submitted)
    sent = []
    page.on("request", lambda r: sent.append(r.url) if r.method == "POST" else None)
    page.get_by_role("button", name="通过").dblclick()
    expect(page.get_by_text("已通过，转入下一步").first).to_be_visible()
    assert [url for url in sent if "/admin/review/" in url] == [
        f"{site.url}/admin/review/{submitted['step']}/"
    ]
    assert ask(LOOK.format(**submitted))["steps"] == AFTER_ONE


def test_of_two_windows_one_decides(site, ask, submitted, window):
    windows = [review(window("head"), site, submitted) for _window in range(2)]
    answers = []
    for page in windows:
        page.on(
            "response",
            lambda r: answers.append(r.status) if r.request.method == "POST" else None,
        )
    for page in windows:
        page.get_by_role("button", name="通过").click(no_wait_after=True)
    for page in windows:
        done, undone = page.get_by_text("转入下一步"), page.get_by_text("未作处理")
        expect(done.or_(undone).first).to_be_visible()
    assert sorted(answers) == [302, 409]
    assert ask(LOOK.format(**submitted))["steps"] == AFTER_ONE


POST_TO_EDITOR = """async ([url, fields]) => {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    const cookie = document.cookie.match(/csrftoken=([^;]+)/);
    const field = document.querySelector('[name=csrfmiddlewaretoken]');
    form.append('csrfmiddlewaretoken', field ? field.value : cookie[1]);
    const answer = await fetch(url, {method: 'POST', body: form});
    return answer.status;
}"""


def test_the_editor_offers_no_decision_and_takes_none(site, ask, submitted, window):
    page = window("head")
    before = ask(LOOK.format(**submitted))
    editor = f"{site.url}/admin/pages/{submitted['page']}/edit/"
    page.goto(editor)
    for name in ("通过", "批准", "通过并公开"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    assert page.locator("[name=action-workflow-action]").count() == 0
    assert page.locator("[data-workflow-action-name]").count() == 0
    page.goto(f"{site.url}/admin/review/")
    action = f"/admin/pages/workflow/action/{submitted['page']}/approve"
    for url, fields in [
        (editor, {"action-workflow-action": "1", "workflow-action-name": "approve"}),
        (editor, {"action-publish": "1", "title": "改过的标题"}),
        (f"{site.url}{action}/{submitted['step']}/", {"comment": ""}),
    ]:
        assert page.evaluate(POST_TO_EDITOR, [url, fields]) < 500
    assert ask(LOOK.format(**submitted)) == before
