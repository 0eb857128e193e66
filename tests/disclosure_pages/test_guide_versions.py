"""Versions of the guide, and what the page tells the holder of a print."""

import pytest
from django.db.models import F

from cms.approval import publication_approved
from cms.models import Authority, Office
from disclosure_pages.models import GuidePage, GuideVersion
from disclosure_pages.services.guide_versions import changes, record_version
from tasks.jobs.guide import guide as guide_job
from tasks.models import OutboxEntry
from tests.factories import fill_contacts, make_guide, make_people

pytestmark = pytest.mark.django_db


def text_of(client, path):
    return client.get(path).content.decode()


def republish(note="", **values):
    page = GuidePage.objects.get().get_latest_revision_as_object()
    for name, value in values.items():
        setattr(page, name, value)
    page.change_note = note
    with publication_approved("test"):
        page.save_revision().publish(skip_permission_checks=True)


def notes():
    return list(GuideVersion.objects.order_by("number").values_list("number", "note"))


def test_first_publication_is_version_one_and_drafts_have_none():
    make_guide(live=False)
    assert notes() == []
    republish()
    assert notes() == [(1, "首次公开")]


def test_only_a_change_of_content_is_a_version():
    make_guide()
    republish()
    assert len(notes()) == 1
    republish("可以在村里代交", ways_to_obtain="<p>村里可以代交。</p>")
    assert notes()[1] == (2, "可以在村里代交")


def test_a_note_left_over_from_the_last_change_is_not_used_again():
    make_guide()
    republish("可以在村里代交", ways_to_obtain="<p>村里可以代交。</p>")
    republish("可以在村里代交", remedies="<p>找市里。</p>")
    assert notes()[2] == (3, "改动：不满意怎么办")


def test_changed_contacts_are_a_version_too():
    make_guide()
    fill_contacts(phone="0000-999")
    assert notes()[1] == (2, "改动：找谁问、怎样申请")
    fill_contacts()
    Office.objects.create(code="new", name="新科室", phone="0000-1")
    assert notes()[2] == (3, "改动：各科室电话")
    Office.objects.get(code="new").delete()
    assert len(notes()) == 4


def test_contacts_of_a_guide_that_is_not_public_make_no_version():
    make_guide(live=False)
    fill_contacts(phone="0000-999")
    assert notes() == []


def test_the_page_shows_version_and_list(client):
    make_guide()
    republish("可以在村里代交", ways_to_obtain="<p>村里可以代交。</p>")
    text = text_of(client, "/guide/?a")
    assert "第 2 版" in text
    assert "首次公开" in text
    assert "可以在村里代交" in text


def test_the_holder_of_the_newest_print_is_told_so(client):
    make_guide()
    text = text_of(client, "/guide/?printed=1")
    assert "您手里的是最新版（第 1 版" in text
    assert "之后改了" not in text


def test_the_holder_of_an_old_print_is_told_what_changed(client):
    make_guide()
    republish("可以在村里代交", ways_to_obtain="<p>上网看，到村里看。</p><p>代交。</p>")
    fill_contacts(fax="0000-777")
    answer = client.get("/guide/?printed=1")
    text = answer.content.decode()
    assert "您手里的是第 1 版" in text
    assert "之后改了：" in text
    assert "可以在村里代交" in text
    changed = {c.heading: c.lines for c in answer.context["printed"].changed}
    assert changed == {"怎样看到": ["代交。"], "找谁问": ["传真：0000-777"]}
    middle = client.get("/guide/?printed=2").context["printed"]
    assert [c.heading for c in middle.changed] == ["找谁问"]
    assert [version.number for version in middle.later] == [3]


def test_what_was_taken_out_is_not_shown_again(client):
    make_guide(remedies="<p>可以投诉。</p><p>找张三 13900000000。</p>")
    republish(remedies="<p>可以投诉。</p>")
    text = text_of(client, "/guide/?printed=1")
    assert "13900000000" not in text
    assert "删去了一些内容" in text


def test_changed_back_is_current_again(client):
    make_guide()
    fill_contacts(fax="0000-777")
    fill_contacts(fax="0000-62001204")
    assert len(notes()) == 3
    assert client.get("/guide/?printed=1").context["printed"].is_current


@pytest.mark.parametrize("asked", ["99", "0", "x", "-1", "1" * 5000, "１", "<b>"])
def test_an_unknown_version_is_no_error(client, asked):
    make_guide()
    answer = client.get("/guide/", {"printed": asked})
    assert answer.status_code == 200
    assert "认不出您手里的是第几版" in answer.content.decode()


def test_changes_name_new_changed_and_gone_sections():
    old = [{"heading": "甲", "lines": ["1"]}, {"heading": "乙", "lines": ["2"]}]
    new = [{"heading": "甲", "lines": ["1", "3"]}, {"heading": "丙", "lines": ["4"]}]
    found = [(c.heading, c.lines, c.gone) for c in changes(old, new)]
    assert found == [("甲", ["3"], False), ("丙", ["4"], False), ("乙", [], True)]


def test_sections_of_one_heading_are_compared_one_by_one():
    old = [{"heading": "费", "lines": ["1"]}, {"heading": "费", "lines": ["2"]}]
    new = [*old, {"heading": "费", "lines": ["3"]}]
    found = [(c.heading, c.lines, c.gone) for c in changes(old, new)]
    assert found == [("费", ["3"], False)]
    found = [(c.heading, c.lines, c.gone) for c in changes(new, [old[1]])]
    assert found == [("费", [], True), ("费", [], True)]


def section(heading, text):
    return ("paragraph", f"<h2>{heading}</h2><p>{text}</p>")


SECRET, KEPT = "拆迁户补偿名单", "要不要钱"


def test_two_sections_of_one_heading_are_both_told_of():
    make_guide()
    republish(body=[section(KEPT, "不要钱。"), section(KEPT, "复印收费。")])
    republish(body=[section(KEPT, "不收钱。"), section(KEPT, "复印收费。")])
    assert notes()[2] == (3, f"改动：{KEPT}")
    republish(body=[section(KEPT, "复印收费。")])
    assert notes()[3] == (4, f"删去：{KEPT}")


def test_the_heading_of_a_removed_section_is_named_to_nobody_outside(client):
    make_guide()
    republish(body=[section(KEPT, "不要钱。"), section(SECRET, "张三等。")])
    republish(body=[section(KEPT, "不收钱。"), section(SECRET, "李四等。")])
    republish(f"加了{SECRET}的说明", body=[section(SECRET, "王五。")])
    assert SECRET in text_of(client, "/guide/?a")  # while it is public
    republish(body=[section(KEPT, "不收钱。")])
    for asked in ("", "?printed=1", "?printed=2", "?printed=3", "?printed=4"):
        answer = client.get(f"/guide/{asked}")
        text = answer.content.decode()
        assert SECRET not in text, asked
        assert "张三" not in text
    listed = [version.note for version in answer.context["versions"]]
    assert listed[0] == f"改动：{KEPT}；删去 1 部分"
    assert listed[1:3] == [
        "改动后来删去的 1 部分；删去 1 部分",
        f"改动：{KEPT}；改动后来删去的 1 部分",
    ]
    assert listed[4] == "首次公开"
    assert "删去 1 部分" in text
    assert not client.get("/guide/?printed=4").context["printed"].is_current


def test_a_cut_note_may_name_half_a_removed_heading(client):
    long, names = "长" * 150, [f"{SECRET}{number}" for number in range(20)]
    make_guide()
    republish(body=[section(name, "甲") for name in (long, *names)])
    assert len(notes()[1][1]) == 200
    republish(body=[section(long, "甲")])
    assert SECRET[:2] not in text_of(client, "/guide/?a")


def test_the_staff_see_what_was_removed(client):
    make_guide()
    republish(body=[section(SECRET, "张三等。")])
    republish(body=[section(KEPT, "不要钱。")])
    assert notes()[2] == (3, f"改动：{KEPT}；删去：{SECRET}")
    client.force_login(make_people()["officer"])
    page = GuidePage.objects.get()
    assert f"删去：{SECRET}" in text_of(client, f"/admin/pages/{page.pk}/edit/")


def test_another_order_is_said_in_words():
    make_guide()
    republish(body=[section(KEPT, "不要钱。"), section("多久", "20 日。")])
    republish(body=[section("多久", "20 日。"), section(KEPT, "不要钱。")])
    assert notes()[2] == (3, "调了先后")


def test_a_bulk_update_of_the_register_is_a_version_after_the_next_round(client):
    guide = make_guide()
    text_of(client, "/guide/")  # from now on from the copy
    Authority.objects.update(office_hours="周一至周四 09:00–16:00")
    office = Office.objects.create(code="new", name="新科室", phone="0000-1")
    Office.objects.filter(pk=office.pk).update(phone="0000-888")
    OutboxEntry.objects.update(delivered=F("wanted"))
    assert guide_job() == 1
    assert "第 3 版" in text_of(client, "/guide/")
    assert "0000-888" in text_of(client, "/guide/")
    due = OutboxEntry.objects.filter(key=guide.key, wanted__gt=F("delivered"))
    assert due.exists()
    assert guide_job() == 0
    assert len(notes()) == 3


def test_the_round_locks_nothing_while_nothing_changed(django_assert_max_num_queries):
    make_guide()
    with django_assert_max_num_queries(6) as queries:
        assert guide_job() == 0
    sql = [query["sql"] for query in queries]
    assert not any("SAVEPOINT" in text or "INSERT" in text for text in sql)


def test_recording_twice_is_recording_once():
    guide = make_guide()
    assert record_version(guide) is None
    assert guide.versions.count() == 1
