import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.urls import reverse
from wagtail.models import Page

from cms.approval import publication_approved
from cms.context import base_url
from cms.services.review import SecrecyRecord, decide
from disclosure_pages.models import DisclosureItemPage, HomePage
from disclosure_pages.models.base import ModeratedPage
from disclosure_pages.naming import naming_keys
from disclosure_pages.public_state import (
    public_states,
    publicly_visible,
)
from disclosure_pages.services.withdrawal import may_withdraw, withdraw
from disclosure_pages.signals import public_state_changed
from tests.factories import make_document, make_item, make_people, make_site, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent():
    """What ``public_state_changed`` said, as (keys, lane)."""
    received = []

    def listen(sender, keys, lane, **kwargs):
        received.append((keys, lane))

    public_state_changed.connect(listen)
    yield received
    public_state_changed.disconnect(listen)


def test_a_withdrawn_item_is_a_tombstone_with_the_reason(client, sent):
    item = make_item("秘密的标题", text="秘密的正文")
    url = item.url
    assert client.get(url).status_code == 200
    assert withdraw(item, reason="附件含有个人信息")
    answer = client.get(url)
    assert answer.status_code == 410
    body = answer.content.decode()
    assert "附件含有个人信息" in body
    assert "秘密的" not in body
    assert sent == [([item.key], "withdraw")]


def test_its_attachment_is_gone_at_once(client):
    document = make_document()
    item = make_item(documents=[document])
    assert client.get(document.url).status_code == 200
    withdraw(item, reason="发布有误")
    assert client.get(document.url).status_code == 410


def test_the_attachment_of_a_draft_has_no_public_address(client):
    document = make_document()
    make_item(live=False, documents=[document])
    assert client.get(document.url).status_code == 404


def test_a_file_that_only_a_newer_draft_names_is_not_public(client):
    item = make_item()
    document = make_document()
    item.attachments.create(document=document)
    item.save_revision()
    assert client.get(document.url).status_code == 404


def test_withdrawing_needs_a_reason():
    item = make_item()
    with pytest.raises(ValidationError):
        withdraw(item, reason="  ")
    item.refresh_from_db()
    assert item.live


def test_withdrawing_twice_is_one_withdrawal(sent):
    item = make_item()
    assert withdraw(item, reason="发布有误")
    assert not withdraw(item, reason="发布有误")
    assert len(sent) == 1


def test_the_state_of_a_withdrawn_item_has_no_title():
    item = make_item("秘密的标题")
    assert publicly_visible([item.key]) == {item.key}
    withdraw(item, reason="发布有误")
    state = public_states([item.key])[item.key]
    assert state.state == "withdrawn"
    assert "秘密" not in str(state)
    assert publicly_visible([item.key]) == set()


def test_who_may_withdraw():
    item = make_item()
    people = make_people()
    assert all(may_withdraw(people[role], item) for role in people)
    make_site()
    assert not may_withdraw(make_user("stranger"), item)


def test_the_command_withdraws_by_index_number(capsys):
    item = make_item()
    number = item.index_number
    call_command("withdraw", number, "--reason", "发布有误", "--dry-run")
    assert DisclosureItemPage.objects.get(pk=item.pk).live
    call_command("withdraw", number, "--reason", "发布有误")
    assert not DisclosureItemPage.objects.get(pk=item.pk).live
    with pytest.raises(CommandError):
        call_command("withdraw", number, "--reason", "发布有误")


def test_the_officer_withdraws_in_the_desk(client):
    item = make_item()
    people = make_people()
    client.force_login(people["officer"])
    url = f"/admin/withdraw/{item.pk}/"
    assert client.get(url).status_code == 200
    assert client.post(url, {"kind": "mistake", "reason": ""}).status_code == 200
    answer = client.post(url, {"kind": "mistake", "reason": "发布有误"})
    assert answer.status_code == 302
    item.refresh_from_db()
    assert item.withdrawn_by_name == "officer"


def test_a_stranger_does_not_withdraw(client):
    item = make_item()
    client.force_login(make_user("stranger"))
    assert client.post(f"/admin/withdraw/{item.pk}/").status_code in (302, 403)
    item.refresh_from_db()
    assert item.live


def test_every_kind_of_page_can_be_taken_back_but_the_home_page(client, sent):
    make_site()
    officer = make_people()["officer"]
    kinds = [
        page for page in Page.objects.specific() if isinstance(page, ModeratedPage)
    ]
    sections = [page for page in kinds if not hasattr(page, "kind")]
    assert len(sections) > 6
    for page in sections:
        if isinstance(page, HomePage):
            assert not may_withdraw(officer, page)
            continue
        assert may_withdraw(officer, page) and page.live, page
        url = page.url
        assert client.get(url).status_code == 200
        assert withdraw(page, user=officer, reason="这一栏有误")
        answer = client.get(url)
        assert answer.status_code == 410
        assert "这一栏有误" in answer.content.decode()
    assert sent == []  # neither index nor portal knows them
    assert client.get("/").status_code == 200


def tombstone(client, item):
    answer = client.get(item.url)
    assert answer.status_code == 410
    return answer.content.decode()


def test_readers_are_sent_to_the_successor_wherever_they_ask(client):
    old, new = make_item("旧的"), make_item("新的补助标准")
    withdraw(old, reason="合并", kind="merged", successor=new.index_number)
    assert f'href="{base_url()}{new.url}"' in tombstone(client, old)
    assert "新的补助标准" in tombstone(client, old)
    link = {"key": new.key, "title": "新的补助标准", "url": f"{base_url()}{new.url}"}
    assert public_states([old.key])[old.key].metadata["successor"] == link
    answer = client.get("/api/v1/item", {"index_number": old.index_number})
    assert answer.status_code == 410
    assert answer.json()["successor"] == link


def test_a_successor_that_is_withdrawn_itself_is_not_told(client, sent):
    first, second = make_item("第一条"), make_item("秘密的第二条")
    withdraw(first, reason="合并", successor=second.url)
    assert "秘密的第二条" in tombstone(client, first)
    assert naming_keys([second.key]) == {first.key}  # its tombstone is sent again
    withdraw(second, reason="发布有误")
    assert "秘密的" not in tombstone(client, first)
    assert "successor" not in public_states([first.key])[first.key].metadata


def test_an_address_elsewhere_may_be_the_successor(client):
    item = make_item()
    withdraw(item, reason="改由县里公开", successor="https://county.example/a?b=1")
    assert 'href="https://county.example/a?b=1"' in tombstone(client, item)


@pytest.mark.parametrize(
    "nowhere",
    ["javascript:alert(1)", "没有这一条", "/", "/no/such/page/", "//evil.example/x"],
)
def test_a_successor_that_leads_nowhere_is_refused(nowhere):
    item = make_item()
    with pytest.raises(ValidationError):
        withdraw(item, reason="合并", successor=nowhere)
    item.refresh_from_db()
    assert item.live


def test_neither_itself_nor_a_draft_is_a_successor():
    item, draft = make_item(), make_item(live=False)
    for wrong in (item.index_number, item.url, draft.url):
        with pytest.raises(ValidationError):
            withdraw(item, reason="合并", successor=wrong)


def test_the_next_withdrawal_names_another_successor_or_none(client):
    item, other = make_item(), make_item("后来的")
    withdraw(item, reason="合并", successor=other.url)
    with publication_approved("test"):
        item.save_revision().publish(skip_permission_checks=True)
    item.refresh_from_db()
    assert "successor" not in public_states([item.key])[item.key].metadata
    withdraw(item, reason="发布有误")
    assert "后来的" not in tombstone(client, item)


def test_the_command_names_the_successor(client):
    old, new = make_item(), make_item("接着看这条")
    number = old.index_number
    with pytest.raises(CommandError):
        call_command("withdraw", number, "--reason", "合并", "--successor", "没有")
    options = ("--kind", "merged", "--successor", new.index_number)
    call_command("withdraw", number, "--reason", "合并", *options)
    assert "接着看这条" in tombstone(client, old)


def test_the_desk_withdraws_with_a_successor_and_shows_what_came_of_it(client):
    item, other = make_item("旧的"), make_item("替代的")
    people = make_people()
    client.force_login(people["clerk"])
    values = {"kind": "merged", "reason": "合并", "successor": "没有"}
    answer = client.post(f"/admin/withdraw/{item.pk}/", values)
    assert "请填已公开信息的索引号或网址" in answer.content.decode()
    values["successor"] = other.index_number
    answer = client.post(f"/admin/withdraw/{item.pk}/", values, follow=True)
    assert answer.redirect_chain[-1][0] == f"/admin/withdrawals/{item.pk}/"
    text = answer.content.decode()
    assert "已撤下" in text
    assert "替代的" in text


def test_the_takedown_note_tells_a_portal_what_to_take_down(client):
    item = make_item("要撤的标题")
    people = make_people()
    client.force_login(people["officer"])
    note = f"/admin/withdrawals/{item.pk}/note.html"
    assert client.get(note).status_code == 302  # nothing is withdrawn yet
    withdraw(item, user=people["officer"], reason="附件含有个人信息")
    item.refresh_from_db()
    text = client.get(note).content.decode()
    for words in ("要撤的标题", item.index_number, "附件含有个人信息", item.url):
        assert words in text
    answer = client.get(note.replace("html", "pdf"))
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")


def test_only_who_may_withdraw_sees_what_came_of_it(client):
    item = make_item("要撤的标题")
    make_people()
    withdraw(item, reason="发布有误")
    client.force_login(make_user("stranger"))
    for path in ("", "note.html", "note.pdf"):
        answer = client.get(f"/admin/withdrawals/{item.pk}/{path}")
        assert answer.status_code in (302, 403)


def test_the_buttons_are_where_a_page_is_managed(client):
    item = make_item()
    client.force_login(make_people()["officer"])
    parent = item.get_parent()
    places = [
        reverse("wagtailadmin_explore", args=[parent.pk]),
        "/admin/items/",
        reverse("wagtailadmin_pages:edit", args=[item.pk]),
    ]
    for place in places:
        assert reverse("gongkai_withdraw", args=[item.pk]) in text_of(client, place)
    withdraw(item, reason="发布有误")
    for place in places:
        assert reverse("gongkai_withdrawal", args=[item.pk]) in text_of(client, place)


def text_of(client, url):
    return client.get(url).content.decode()


def test_what_was_withdrawn_goes_out_again_by_every_step_only():
    item = make_item()
    people = make_people()
    withdraw(item, reason="发布有误")
    item.refresh_from_db()
    key = item.key
    with pytest.raises(PermissionDenied):
        item.save_revision().publish()
    item.save_revision(user=people["clerk"])
    item.get_workflow().start(item, people["clerk"])
    item.refresh_from_db()
    for role in ("head", "secrecy", "leader"):
        assert not item.live
        state = item.current_workflow_state.current_task_state
        decide(
            state,
            people[role],
            approve=True,
            revision_id=state.revision_id,
            record=SecrecyRecord(),
        )
        item.refresh_from_db()
    assert item.live
    assert not item.withdrawn_at
    assert not item.withdrawn_reason
    assert item.key == key


def test_staff_take_a_page_back_from_where_readers_see_it(client):
    item, notice = make_item(), make_item()
    people = make_people()
    link = reverse("gongkai_withdraw", args=[item.pk])
    assert link not in text_of(client, item.url)
    client.force_login(make_user("stranger"))
    assert link not in text_of(client, item.url)
    client.force_login(people["clerk"])
    assert link in text_of(client, item.url)
    client.logout()
    assert link not in text_of(client, item.url)  # nothing of it was kept
    assert link not in text_of(client, notice.url)
