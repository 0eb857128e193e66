"""What Wagtail and its dependencies say, they say in Chinese on every page of the desk.

``test_catalogues.py`` compares the catalogues of Wagtail; here are the other apps, the
entries that nobody asks for, and real pages as a browser gets them.
"""

import datetime as dt
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import django
import polib
import pytest
from django.apps import apps
from django.urls import reverse
from django.utils import timezone, translation
from wagtail.models import Comment, Page, TaskState

from tests.factories import make_document, make_item, make_people, make_site
from tests.security.people import make_attacker
from tests.test_catalogues import (
    WAGTAIL_CATALOGUES,
    compiled,
    key,
    locale_file,
    python_ids,
    template_ids,
)

FOLDERS = {
    "django": Path(django.__file__).parent / "conf",
    **{app.name: Path(app.path) for app in apps.get_app_configs()},
}
BROUGHT = {
    name: folder
    for name, folder in FOLDERS.items()
    if (folder / "locale/en/LC_MESSAGES").is_dir()
}
DOMAINS = ("django", "djangojs")
# Names that stay as they are, in the desk and in what the tests put there.
NAMES = {"wagtail", "javascript", "csv", "xlsx", "xls", "url", "http", "https", "html"}
NAMES |= {"jpg", "jpeg", "png", "webp", "txt", "pdf", "xml", "english", "api", "sha"}
NAMES |= {"root", "clerk", "head", "secrecy", "leader", "officer", "item", "admin"}
# Wagtail's own migrations create these; they are data, not texts.
NAMES |= {"editors", "moderators", "approval"}
KNOWN = {
    "Search",  # Wagtail's home.html and header.html, a button for screen readers
    "Welcome to your new Wagtail site!",  # in the log: the page its migrations make
    *("检索索引（local）", "门户网站（city）"),  # as whoever runs the site named them
}
SAID_BY = {"title", "aria-label", "placeholder", "alt"}
SAID_BY |= {"data-w-tooltip-content-value", "data-default-alt"}
SILENT = {"script", "style", "svg", "code", "pre", "kbd"}
EMPTY = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "path"}
EMPTY |= {"source", "track", "use", "wbr"}


def asked(folder, domain):
    """The keys of the English catalogue of an app."""
    path = folder / f"locale/en/LC_MESSAGES/{domain}.po"
    return [key(e) for e in polib.pofile(str(path))] if path.exists() else []


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("name", sorted(BROUGHT))
def test_every_text_of_an_installed_app_is_there_in_chinese(name, domain):
    theirs = BROUGHT[name] / f"locale/zh_Hans/LC_MESSAGES/{domain}.mo"
    chinese = compiled(theirs) | compiled(locale_file("zh_Hans", f"{domain}.mo"))
    assert [k for k in asked(BROUGHT[name], domain) if k not in chinese] == []


def test_the_english_catalogues_hold_what_wagtails_code_asks_for():
    """A text that Wagtail forgot to extract would be missing from every language."""
    chinese = compiled(locale_file("zh_Hans", "django.mo"))
    for folder in FOLDERS.values():
        chinese |= compiled(folder / "locale/zh_Hans/LC_MESSAGES/django.mo")
    lacking = {}
    for name, folder in FOLDERS.items():
        if not name.startswith("wagtail.") or not (folder / "locale").is_dir():
            continue
        for path in folder.rglob("*.py"):
            if not {"tests", "migrations"} & set(path.parts):
                lacking |= dict.fromkeys(python_ids(path.read_text()), path)
        for path in (folder / "templates").rglob("*.*"):
            lacking |= dict.fromkeys(template_ids(path.read_text()), path)
    assert len(lacking) > 900
    assert {k: str(p) for k, p in lacking.items() if k not in chinese} == {}


@pytest.mark.parametrize("domain", DOMAINS)
def test_no_entry_of_ours_is_stale(domain):
    known = {k for folder in BROUGHT.values() for k in asked(folder, domain)}
    for path in WAGTAIL_CATALOGUES:
        if path.stem == domain:
            known |= {key(entry) for entry in polib.pofile(str(path))}
    ours = [key(e) for e in polib.pofile(str(locale_file("zh_Hans", f"{domain}.po")))]
    assert ours
    assert [k for k in ours if k not in known] == []
    assert len(ours) == len(set(ours))


@pytest.mark.parametrize(
    "english, chinese",
    [
        ("Autosave is paused", "自动保存已暂停"),
        ("Schedule to publish", "定时发布"),
        ("Show issue", "显示问题"),
        ("More bulk actions", "更多批量操作"),
        # Wagtail's own Chinese says 注销, which closes an account.
        ("You have been successfully logged out.", "已退出登录。"),
        # Three apps translate it in three ways; the first app would win.
        ("Yes, delete", "是，删除"),
    ],
)
def test_django_finds_our_chinese(english, chinese):
    with translation.override("zh-hans"):
        assert translation.gettext(english) == chinese


@pytest.mark.parametrize(
    "english, chinese",
    [("Changes have been autosaved.", "修改已自动保存。"), ("Save error", "保存出错")],
)
def test_the_desk_sends_our_chinese_to_its_scripts(client, english, chinese):
    content = client.get(reverse("wagtailadmin_javascript_catalog")).content.decode()
    assert f"{json.dumps(english)}: {json.dumps(chinese)}" in content


class Said(HTMLParser):
    """Collects what a page says to who sees it or hears it."""

    def __init__(self):
        super().__init__()
        self.open, self.texts = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in EMPTY:
            self.open.append(tag)
        values = dict(attrs)
        self.texts += [values[name] for name in SAID_BY & values.keys()]
        if tag == "input" and values.get("type") in ("submit", "button"):
            self.texts.append(values.get("value"))

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if not SILENT & set(self.open):
            self.texts.append(data)


def english_in(html):
    """The texts with a Latin word that is no name: left over in English."""
    page = Said()
    page.feed(html)
    texts = {" ".join(text.split()) for text in page.texts if text} - KNOWN
    return {text for text in texts if words(text) - NAMES}


def words(text):
    return set(re.findall(r"[a-z]{3,}", re.sub(r"\w+\.txt", "", text.lower())))


@pytest.fixture
def desk(db, client):
    """``get(address)`` as superuser, on a site with a page in each state of review."""
    make_site()
    people = make_people()
    clerk = people["clerk"]
    item = make_item("在审的通知", user=clerk, documents=[make_document("附件.txt")])
    item.get_workflow().start(item, clerk)
    Comment.objects.create(page=item, user=clerk, text="请核对", contentpath="title")
    later = make_item("定时的通知", live=False, user=clerk)
    later.go_live_at = timezone.now() + dt.timedelta(days=3)
    later.expire_at = timezone.now() + dt.timedelta(days=9)
    later.save_revision(user=clerk)
    locked = make_item("锁定的通知", live=False, user=clerk)
    locked.locked, locked.locked_by, locked.locked_at = True, clerk, timezone.now()
    locked.save()
    client.force_login(make_attacker("root"))
    return client.get


def ids():
    return {page.title: page.pk for page in Page.objects.filter(title__endswith="通知")}


@pytest.mark.parametrize("title", ["在审的通知", "定时的通知", "锁定的通知"])
@pytest.mark.parametrize(
    "view", ["edit", "history", "workflow_history", "usage", "delete", "copy", "move"]
)
def test_no_english_is_left_on_the_pages_of_an_item(desk, title, view):
    response = desk(f"/admin/pages/{ids()[title]}/{view}/", follow=True)
    assert response.status_code == 200
    assert english_in(response.content.decode()) == set()


def test_no_english_is_left_on_the_course_of_a_review(desk):
    state = TaskState.objects.get().workflow_state
    page = f"/admin/pages/{state.object_id}"
    detail = desk(f"{page}/workflow_history/detail/{state.pk}/").content.decode()
    assert "审查流程已开始" in detail
    assert english_in(detail) == set()
    status = desk(f"/admin/workflows/{state.pk}/status/", follow=True)
    for word in ("approve", "reject"):
        url = f"{page}/workflow/action/{word}/{state.current_task_state_id}/"
        form = desk(url)
        assert english_in(form.content.decode()) == set()
    assert english_in(status.content.decode()) == set()


@pytest.mark.parametrize(
    "path",
    [
        "",
        "account/",
        "pages/search/?q=通知",
        "reports/workflow/",
        "reports/workflow_tasks/",
        "reports/locked/",
        "reports/site-history/",
        "workflows/list/",
        "documents/",
        "images/add/",
        "users/",
        "groups/",
        "sites/",
    ],
)
def test_no_english_is_left_on_the_common_pages_of_the_desk(desk, path):
    response = desk(f"/admin/{path}", follow=True)
    assert response.status_code == 200
    assert english_in(response.content.decode()) == set()


@pytest.mark.parametrize("path", ["login/", "password_reset/"])
def test_no_english_is_left_at_the_door(client, db, path):
    response = client.get(f"/admin/{path}")
    assert response.status_code == 200
    assert english_in(response.content.decode()) == set()


@pytest.mark.parametrize("action", ["delete", "move"])
def test_no_english_is_left_on_bulk_actions(desk, action):
    picked = "&".join(f"id={pk}" for pk in ids().values())
    response = desk(f"/admin/bulk/wagtailcore/page/{action}/?next=/admin/&{picked}")
    assert response.status_code == 200
    assert english_in(response.content.decode()) == set()


@pytest.mark.parametrize("kind", ["external", "anchor", "email", "phone"])
def test_no_english_is_left_where_links_are_made(desk, kind):
    html = desk(f"/admin/choose-{kind}-link/").json()["html"]
    assert "链接文字" in html
    assert english_in(html) == set()


def test_a_search_of_the_desk_counts_pages(desk):
    html = desk("/admin/pages/search/?q=的通知").content.decode()
    assert re.search(r"第 1–\d+ 个，共 \d+ 个页面", html)
