"""What editors find in the boxes of the admin, and what they must not."""

import pytest
from django.urls import reverse
from wagtail.models import Collection, Page

from cms.models import Office
from disclosure_pages.desk.listing import item_listing
from disclosure_pages.models import DisclosureDocument, DisclosureItemPage
from disclosure_pages.services.site import add_office
from tests.factories import OfficeFactory, make_document, make_item, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def item(people):
    return make_item(
        "关于峡门村低保对象名单的公示",
        document_number="云政〔2026〕11号",
        live=False,
        user=people["clerk"],
    )


def found(model, typed):
    return {page.pk for page in model.objects.all().autocomplete(typed)}


@pytest.mark.parametrize(
    "typed",
    [
        *("低保", "门村低", "低保公示", "公示 低保", "峡门村低保公示", "“低保对象”"),
        *("峽門村低保對象", "云政〔2026〕11号", "云政[2026]11号", "云政2026年第011号"),
        *("云政［２０２６］１１号", "雲政", "云政 2026 11", "2026", "11号 低保"),
    ],
)
def test_a_page_is_found_by_any_words_of_its_title_and_number(item, typed):
    assert item.pk in found(Page, typed)
    assert item.pk in found(DisclosureItemPage, typed)


@pytest.mark.parametrize(
    "typed", ["低保户", "云政〔2026〕12号", "公示 防汛", "％", "_"]
)
def test_a_word_that_is_nowhere_finds_nothing(item, typed):
    assert item.pk not in found(Page, typed)
    assert item.pk not in found(DisclosureItemPage, typed)


def test_the_number_of_the_register_finds_a_page(item):
    DisclosureItemPage.objects.filter(pk=item.pk).update(
        index_number="11330099MB1A2B3C4D/2026-00047"
    )
    assert found(Page, "2026-00047") == {item.pk}
    assert found(Page, "mb1a2b3c4d／2026-00047") == {item.pk}


def test_a_public_page_is_found_by_the_title_of_its_draft(people):
    item = make_item("旧的标题")
    item.title = "新改的名称"
    item.save_revision(user=people["clerk"])
    assert found(Page, "名称 新改") == {item.pk}
    assert item.pk in found(Page, "旧的标题")


@pytest.mark.parametrize("typed", ["\x00", "a" * 5_000, "词 " * 3_000, '"', "-", "🙂"])
def test_no_input_is_an_error(item, typed):
    assert found(Page, typed) is not None


def test_files_and_pictures_are_found(people):
    document = make_document("名单.txt", title="二〇二六年低保名单（第二批）")
    for typed in ("低保", "第二批名单", "低保名單", "名单 低保"):
        assert found(DisclosureDocument, typed) == {document.pk}
    assert found(DisclosureDocument, "防汛") == set()


@pytest.fixture
def stranger(people):
    """An editor of another office."""
    other = OfficeFactory(code="finance", name="财政所")
    add_office(other)
    return make_user("stranger", Office.objects.get(pk=other.pk).editor_group.name)


@pytest.mark.parametrize("box", ["explorer", "list"])
def test_an_office_finds_only_its_own_drafts(client, people, stranger, box):
    make_item("低保对象的公示草稿", document_number="云政〔2026〕7号", live=False)
    urls = {
        "explorer": reverse("wagtailadmin_pages:search"),
        "list": reverse(item_listing.get_url_name("index")),
    }
    for typed in ("低保公示", "云政2026年7号"):
        for user, sees in ((people["clerk"], True), (stranger, False)):
            client.force_login(user)
            page = client.get(urls[box], {"q": typed})
            assert page.status_code == 200
            assert ("低保对象的公示草稿" in page.content.decode()) is sees


def test_the_choosers_find_words_in_what_may_be_chosen(client, people, stranger):
    office = Office.objects.get(code="civil-affairs")
    make_document(
        "名单.txt",
        title="低保对象名单",
        collection=Collection.objects.get(name=office.name),
    )
    item = make_item("关于低保对象的公示")
    files = reverse("wagtaildocs_chooser:choose_results")
    for user, sees in ((people["clerk"], True), (stranger, False)):
        client.force_login(user)
        shown = client.get(files, {"q": "低保名單"}).content.decode()
        assert ("低保对象名单" in shown) is sees
    pages = client.get(reverse("wagtailadmin_choose_page_search"), {"q": "低保公示"})
    assert item.title in pages.content.decode()


def test_queries_do_not_grow_with_the_pages(
    client, people, django_assert_max_num_queries
):
    def ask():
        client.get(reverse("wagtailadmin_pages:search"), {"q": "低保公示"})

    client.force_login(people["clerk"])
    make_item("低保对象公示", user=people["clerk"])
    ask()
    with django_assert_max_num_queries(60) as few:
        ask()
    for _number in range(6):
        make_item("低保对象公示", user=people["clerk"])
    with django_assert_max_num_queries(60) as many:
        ask()
    assert len(many) == len(few)
