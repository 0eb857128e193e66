"""The guide: statutory parts, contacts of the register, what blocks publication."""

import pytest
from django.core.cache import cache
from django.utils import timezone
from wagtail.models import Revision

from cms.approval import publication_approved
from cms.models import Authority, Office
from cms.services.review import ReviewConflict
from disclosure_pages.checks.levels import BLOCK
from disclosure_pages.checks.rules import check_page
from disclosure_pages.guide_parts import lines
from disclosure_pages.models import GuidePage
from disclosure_pages.public_state import public_states
from tasks.models import OutboxEntry
from tests.factories import (
    fill_contacts,
    guide_values,
    make_guide,
    make_people,
    make_site,
)

pytestmark = pytest.mark.django_db
FIELDS = ("classification", "ways_to_obtain", "remedies")


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()
    yield
    cache.clear()


def text_of(client, path="/guide/"):
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def step(heading="提出申请", office=None):
    return ("step", {"heading": heading, "text": "<p>写信来。</p>", "office": office})


def publish_revision(revision):
    with publication_approved("test"):
        revision.publish(skip_permission_checks=True)


def publish(page):
    publish_revision(page.save_revision())


def test_the_parts_of_article_12_come_in_order_with_a_table_of_contents(client):
    make_guide(text="</p><h2>要不要钱</h2><p>不要钱。")
    text = text_of(client)
    headings = ["找谁问", "公开哪些信息", "怎样看到", "怎样申请", "要不要钱"]
    places = [text.index(f"<h2>{h}</h2>") for h in (*headings, "不满意怎么办")]
    assert places == sorted(places)
    for anchor in ("contact", "classification", "ways", "apply", "part-1", "remedies"):
        assert f'<a href="#{anchor}">' in text
        assert f'<section class="sec" id="{anchor}">' in text
    assert text.count("<h1") == 1


def test_every_contact_of_the_statute_is_drawn_from_the_register(client):
    make_guide()
    fill_contacts(fax="0000-777", email="a@b.example", postal_code="300099")
    text = text_of(client)
    authority = Authority.load()
    for value in (
        *(authority.name, authority.address, authority.office_hours),
        *(authority.phone, "0000-777", "a@b.example", "300099"),
    ):
        assert value in text


def test_a_step_shows_its_offices_contact_and_falls_back_on_the_authority(client):
    make_site()
    office = Office.objects.get(code="civil-affairs")
    office.phone, office.hours = "0000-555", "周一上午"
    office.save()
    make_guide(steps=[step(office=office), step("等答复")])
    parts = client.get("/guide/").context["sections"]
    html = next(part.html for part in parts if part.anchor == "apply")
    first, second = html.split("等答复")
    assert office.name in first
    assert 'href="tel:0000-555"' in first
    assert "周一上午" in first
    assert Authority.load().address in first
    assert "0000-62001203" in second


def test_a_changed_contact_shows_at_once_and_goes_out_again(client):
    guide = make_guide(steps=[step(office=None)])
    assert "0000-62001203" in text_of(client)
    text_of(client)  # from the copy
    OutboxEntry.objects.update(delivered=0, wanted=0)
    authority = Authority.load()
    authority.phone = "0000-999"
    authority.save(update_fields=["phone"])
    text = text_of(client)
    assert "0000-999" in text
    wanted = OutboxEntry.objects.filter(key=guide.key, wanted__gt=0)
    assert wanted.exists()
    office = Office.objects.get(code="civil-affairs")
    office.phone = "0000-333"
    office.save()
    assert "0000-333" in text_of(client)


def test_an_unchanged_guide_is_answered_from_the_copy(
    client, django_assert_max_num_queries
):
    make_guide()
    text_of(client)
    with django_assert_max_num_queries(1):
        text_of(client)


def test_index_and_portal_get_the_whole_guide():
    guide = make_guide(text="其他内容。")
    html = public_states([guide.key])[guide.key].html
    for fact in (
        *("分六类", "上网看", "写信来", "可以投诉", "其他内容", "0000-62001203"),
        "0000-62001204",
    ):
        assert fact in html
    assert public_states([guide.key])[guide.key].html == html


def test_the_stored_row_says_nothing_about_a_revision_that_lacks_a_part():
    guide = make_guide()
    guide.remedies = "<p>&nbsp;</p>"
    revision = Revision.objects.get(pk=guide.save_revision().pk)
    with pytest.raises(ReviewConflict, match="监督和救济"):
        publish_revision(revision)
    assert "可以投诉" in GuidePage.objects.get().remedies


def test_a_complete_revision_is_published_over_an_incomplete_row():
    revision = Revision.objects.for_instance(make_guide(live=False)).get()
    GuidePage.objects.update(remedies="", steps=[])
    publish_revision(revision)
    guide = GuidePage.objects.get()
    assert guide.live
    assert "可以投诉" in guide.remedies


def test_a_title_alone_saves_a_draft_but_is_never_published(client):
    home = make_site()
    page = GuidePage(title="指南", slug="guide", live=False)
    home.add_child(instance=page)
    revision = page.save_revision()
    with pytest.raises(ReviewConflict) as error:
        publish_revision(revision)
    for words in ("信息分类", "获取方式", "监督和救济", "步骤", "传真"):
        assert words in str(error.value)
    assert client.get("/guide/").status_code == 404


@pytest.mark.parametrize("name", [*FIELDS, "steps"])
def test_each_missing_part_blocks_with_a_sentence_at_its_field(name):
    make_guide(live=False, **{name: [] if name == "steps" else "<p>&nbsp;</p>"})
    problems = [p for p in check_page(GuidePage.objects.get()) if p.level == BLOCK]
    assert [p.field for p in problems] == [name]
    assert problems[0].message.endswith("。")


@pytest.mark.parametrize(
    "name", ["address", "office_hours", "phone", "fax", "email", "name"]
)
def test_each_contact_missing_in_the_register_blocks(name):
    make_guide(live=False)
    Authority.objects.update(**{name: ""})
    blocking = [p for p in check_page(GuidePage.objects.get()) if p.level == BLOCK]
    assert len(blocking) == 1
    assert "公开机关" in blocking[0].message


def test_the_editor_saves_a_title_and_refuses_to_submit_it(client):
    home = make_site()
    people = make_people()
    client.force_login(people["officer"])
    address = f"/admin/pages/add/disclosure_pages/guidepage/{home.pk}/"
    blank = {
        "title": "指南", "slug": "guide", "summary": "", "change_note": "",
        "classification": "null", "ways_to_obtain": "null", "remedies": "null",
        "steps-count": "0", "body-count": "0",
        "comments-TOTAL_FORMS": "0", "comments-INITIAL_FORMS": "0",
    }  # fmt: skip
    assert client.post(address, blank).status_code == 302
    page = GuidePage.objects.get()
    edit = f"/admin/pages/{page.pk}/edit/"
    answer = client.post(edit, blank | {"action-submit": "1"})
    assert answer.status_code == 200
    assert "信息分类和编排体系还空着" in answer.content.decode()
    assert not page.workflow_states.exists()


def test_english_readers_get_the_chinese_content_in_the_index_too(client):
    guide = make_guide()
    client.get("/guide/?lang=en")
    before = public_states([guide.key])[guide.key].sha256
    assert before == public_states([guide.key])[guide.key].sha256
    assert guide.versions.count() == 1


def test_queries_do_not_grow_with_steps_offices_and_versions(
    client, django_assert_max_num_queries
):
    make_site()
    office = Office.objects.get(code="civil-affairs")
    guide = make_guide(steps=[step(office=office)])
    client.get("/guide/?fresh")
    with django_assert_max_num_queries(12) as few:
        client.get("/guide/?printed=1")
    for number in range(6):
        Office.objects.create(code=f"o{number}", name=f"科室{number}", phone="1")
    guide.steps = [step(f"第{n}步", o) for n, o in enumerate(Office.objects.all())]
    publish(guide)
    client.get("/guide/?fresh")
    with django_assert_max_num_queries(12) as many:
        client.get("/guide/?printed=1")
    assert len(many) <= len(few)


def test_lines_are_one_per_paragraph_entry_and_row():
    html = (
        "<dl><div><dt>电话</dt><dd>1&amp;2</dd></div></dl><ul><li>甲</li><li>乙</li>"
        "</ul><table><tr><th>事</th><td>期</td></tr></table><p> </p>"
    )
    assert lines(html) == ["电话：1&2", "甲", "乙", "事　期"]


def test_guide_values_are_complete_for_publication():
    guide = make_guide()
    assert guide.live
    assert guide.first_published_at <= timezone.now()
    assert set(guide_values()) == {*FIELDS, "steps"}
