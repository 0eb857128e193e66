"""Versions of the guide, and what the page tells the holder of a print."""

import pytest

from cms.approval import publication_approved
from cms.models import Office
from disclosure_pages.models import GuidePage, GuideVersion
from disclosure_pages.services.guide_versions import changes, record_version
from tests.factories import fill_contacts, make_guide

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


def test_recording_twice_is_recording_once():
    guide = make_guide()
    assert record_version(guide) is None
    assert guide.versions.count() == 1
