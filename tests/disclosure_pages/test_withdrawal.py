import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from wagtail.models import Page

from disclosure_pages.models import DisclosureItemPage, HomePage
from disclosure_pages.models.base import ModeratedPage
from disclosure_pages.public_state import public_states, publicly_visible
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
