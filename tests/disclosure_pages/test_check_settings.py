"""检查设置: the office chooses what blocks, and keeps its own wording list."""

import pytest
from django.urls import reverse

from disclosure_pages.checks import wording
from disclosure_pages.checks.levels import CHECKS
from disclosure_pages.checks.rules import check_page
from disclosure_pages.models import CheckSettings
from disclosure_pages.services import site
from tests.disclosure_pages.test_checks_rules import VALID_ID, codes, draft, rich
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def address():
    row = CheckSettings.load()
    return reverse(
        "wagtailsettings:edit", args=["disclosure_pages", "checksettings", row.pk]
    )


def usual():
    return {f"level_{code}": check.usual for code, check in CHECKS.items()}


def send(client, **values):
    data = {"words": wording.written(wording.official()), **usual(), **values}
    return client.post(address(), data)


@pytest.fixture
def officer(client, people):
    client.force_login(people["officer"])
    return client


def test_only_officer_and_administrator_choose(client, people):
    people["admin"] = make_user("admin", site.ADMIN_GROUP)
    opened = set()
    for role, user in people.items():
        client.force_login(user)
        if client.get(address()).status_code == 200:
            opened.add(role)
    assert opened == {"officer", "admin"}


def test_what_is_shown_and_saved_unchanged_stays_as_shipped(officer):
    page = officer.get(address()).content.decode()
    assert "残废人＝残疾人" in page
    assert "环保局＝生态环境局（机构已改革）" in page
    assert send(officer).status_code == 302
    row = CheckSettings.objects.get()
    assert (row.levels, row.words) == ({}, "")


def test_a_level_that_was_chosen_holds(officer):
    chosen = {"level_document_number": "block", "level_date_made": "off"}
    assert send(officer, **chosen).status_code == 302
    page = draft(document_number="", date_made=None)
    assert codes(page) == [("document_number", "block")]
    assert CheckSettings.objects.get().levels == {
        "document_number": "block",
        "date_made": "off",
    }


def test_personal_numbers_can_not_be_left_unlooked_at(officer):
    assert send(officer, level_personal_data="off").status_code == 200
    assert send(officer, level_personal_data="warn").status_code == 302
    assert codes(draft(body=rich(f"<p>{VALID_ID}</p>"))) == [("personal_data", "warn")]


def test_the_office_keeps_its_own_words(officer):
    words = "云溪乡＝云溪镇（2019 年撤乡设镇）\n\n 老大难 \n截止目前=截至目前"
    assert send(officer, words=words).status_code == 302
    page = draft(title="云溪乡残废人补贴", body=rich("<p>截止目前，老大难…</p>"))
    found = [problem.message for problem in check_page(page)]
    assert found == [
        "“云溪乡”建议改为“云溪镇”。2019 年撤乡设镇",
        "不要用“老大难”。",
        "“截止目前”建议改为“截至目前”。",
    ]
    assert send(officer, words="").status_code == 302
    assert "残疾人" in check_page(page)[0].message


@pytest.mark.parametrize("line", ["＝账号", "帐号＝帐号", "甲＝乙＝丙", "甲＝乙（没完"])
def test_a_line_that_says_nothing_is_refused_with_the_line(officer, line):
    answer = send(officer, words=f"帐号＝账号\n{line}")
    assert f"这一行看不懂：{line}" in answer.content.decode()
    assert not CheckSettings.objects.exclude(words="").exists()


def test_the_official_list_survives_being_written_and_read():
    assert wording.read_words(wording.written(wording.official())) == wording.official()
