"""操作记录 on the desk: who sees what, filters, and the file for a spreadsheet."""

import csv
import io

import pytest
from wagtail.log_actions import log

from cms.audit.sealing import seal
from cms.models import SealedEvent
from disclosure_pages.services import site
from tests.factories import OfficeFactory, make_item, make_people, make_site, make_user

pytestmark = pytest.mark.django_db
LIST, FILE = "/admin/audit/", "/admin/audit/export.csv"


@pytest.fixture
def people():
    OfficeFactory(code="finance", name="财政所")
    make_site()
    found = make_people()
    found["inspector"] = make_user("inspector", site.INSPECTOR_GROUP)
    found["admin"] = make_user("admin", site.ADMIN_GROUP)
    found["bursar"] = make_user("bursar", "编辑·财政所")
    found["other-head"] = make_user("other-head", "负责人·财政所")
    return found


def text(client, path=LIST, **query):
    answer = client.get(path, query)
    assert answer.status_code == 200
    content = answer.streaming_content if answer.streaming else [answer.content]
    return b"".join(content).decode("utf-8-sig")


def rows(client, **query):
    return list(csv.DictReader(io.StringIO(text(client, FILE, **query))))


@pytest.mark.parametrize("role", ["officer", "inspector", "admin"])
def test_who_answers_for_the_whole_sees_all(client, people, role):
    make_item("一件事", user=people["clerk"])
    seal()
    client.force_login(people[role])
    assert "一件事" in text(client)
    assert '"/admin/audit/"' in text(client, "/admin/")


@pytest.mark.parametrize("role", ["clerk", "secrecy", "leader", "bursar"])
def test_others_see_nothing(client, people, role):
    client.force_login(people[role])
    for path in (LIST, FILE, "/admin/audit/results/"):
        assert client.get(path).status_code in (302, 403)
    assert '"/admin/audit/"' not in text(client, "/admin/")


def test_a_head_sees_the_own_office_only(client, people):
    make_item("民政的事", user=people["clerk"])
    office = OfficeFactory(code="finance")
    log(office, "wagtail.edit", user=people["bursar"], title="财政的事")
    seal()
    for role, own, other in (
        ("head", "民政的事", "财政的事"),
        ("other-head", "财政的事", "民政的事"),
    ):
        client.force_login(people[role])
        for shown in (text(client), text(client, FILE)):
            assert own in shown
            assert other not in shown


def test_filters_narrow_list_and_file_alike(client, people):
    item = make_item("低保名单", user=people["clerk"])
    make_item("别的事", user=people["bursar"])
    log(item, "wagtail.lock", user=people["head"])
    seal()
    client.force_login(people["officer"])

    def found(**query):
        lines = rows(client, **query)
        shown = text(client, **query)
        assert all(f">{line['序号']}<" in shown.replace(" ", "").replace("\n", "")
                   for line in lines)  # fmt: skip
        return {(line["账号"], line["对象"]) for line in lines}

    assert found(who="head", action="wagtail.lock") == {("head", "低保名单")}
    assert {thing for _who, thing in found(what="低保")} == {"低保名单"}
    assert {thing for _who, thing in found(what=item.key)} == {"低保名单"}
    day = {"acted_at_from": "2001-01-01", "acted_at_to": "2001-01-02"}
    assert rows(client, **day) == []


def test_the_file_runs_nothing_and_its_export_is_an_act(client, people):
    log(OfficeFactory(), "wagtail.edit", title="=1+1", user=people["clerk"])
    seal()
    client.force_login(people["inspector"])
    [line] = rows(client, what="1+1")
    assert line["对象"] == "'=1+1"
    assert line["科室"] == "民政和社会事务办公室"
    seal()
    export = SealedEvent.objects.get(action="gongkai.export")
    assert export.actor_username == "inspector"


def test_a_date_that_is_none_is_refused(client, people):
    client.force_login(people["officer"])
    assert client.get(FILE, {"acted_at_from": "x"}).status_code == 400


def test_nothing_is_changed_from_here(client, people):
    client.force_login(people["admin"])
    seal()
    for path in (LIST, FILE):
        assert client.post(path).status_code == 405
    assert not people["inspector"].has_perm("gongkai_cms.delete_sealedevent")


@pytest.mark.parametrize("role", ["officer", "head"])
def test_the_list_takes_thirty_queries_however_long(
    client, people, role, django_assert_max_num_queries
):
    client.force_login(people[role])

    def queries(number):
        for _row in range(number):
            log(OfficeFactory(), "wagtail.edit", user=people["clerk"])
        seal()
        client.get(LIST)
        with django_assert_max_num_queries(30) as captured:
            assert client.get(LIST).status_code == 200
        return len(captured)

    assert queries(1) == queries(60)
