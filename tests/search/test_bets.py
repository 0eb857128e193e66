"""Boxes above the hits: for their words and days, never for what is not public."""

import datetime as dt
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import path, reverse

from disclosure_pages.models import CategoryIndexPage, DisclosureItemPage, ExternalItem
from disclosure_pages.public_state import public_keys, public_states
from search import bets, engines, spelling
from search.builder import build_document
from search.models import BestBet
from tests.factories import fill_contacts, make_item, make_site

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def site(home_index):
    make_site()
    bets.forget()
    yield home_index
    bets.forget()


def make_bet(words="低保", **values):
    bet = BestBet(words=words, **values)
    bet.full_clean()
    bet.save()
    bets.forget()
    return bet


def titles(question):
    return [box.title for box in bets.boxes(question)]


def test_a_box_is_shown_for_a_question_with_its_word():
    item = make_item("低保怎么申请")
    make_bet("低保、最低生活保障", page=item)
    assert titles("村里的低保怎么办") == ["低保怎么申请"]
    assert titles("最低生活保障") == ["低保怎么申请"]
    assert titles("ＷＴＯ") == titles("") == titles("医保") == []


def test_an_exact_box_wants_the_whole_question():
    make_bet("低保", match="exact", path="/guide/", title="低保指南")
    assert titles("低保") == titles(" 低保？") == ["低保指南"]
    assert titles("低保公示") == []


def test_words_are_folded():
    make_bet("WTO 規則", path="/guide/", title="规则")
    assert titles("ｗｔｏ　规则") == ["规则"]


@pytest.mark.parametrize(
    ("day", "shown"),
    [("2026-05-03", 0), ("2026-05-04", 1), ("2026-05-06", 1), ("2026-05-07", 0)],
)
def test_a_box_has_its_days(day, shown):
    make_bet(
        path="/guide/",
        title="汛期",
        starts_on=dt.date(2026, 5, 4),
        ends_on=dt.date(2026, 5, 6),
    )
    with time_machine.travel(f"{day}T04:00:00Z", tick=False):
        assert len(titles("低保")) == shown


def test_what_is_switched_off_is_not_shown():
    make_bet(path="/guide/", title="关掉的", enabled=False)
    assert titles("低保") == []


def hidden():
    """Items that nobody may see, each in its own way."""
    draft = make_item("草稿", live=False)
    withdrawn = make_item("撤回")
    withdrawn.unpublish()
    withheld = make_item("不公开")
    kept_back = DisclosureItemPage.objects.filter(pk=withheld.pk)
    kept_back.update(disclosure_mode="withheld")
    expired = make_item("过期")
    past = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    DisclosureItemPage.objects.filter(pk=expired.pk).update(expire_at=past)
    return [draft, withdrawn, withheld, expired]


def test_a_page_that_is_not_public_has_no_box_by_whatever_way_it_is_named():
    for number, item in enumerate(hidden()):
        make_bet(f"甲词{number}", page=item)
        make_bet(f"乙词{number}", path=item.url, title="秘密标题")
        make_bet(f"丙词{number}", path=f"{item.url}?x=1", title="秘密标题")
        assert titles(f"甲词{number}") == []
        assert titles(f"乙词{number}") == titles(f"丙词{number}") == []


def test_a_box_may_lead_to_a_list_too():
    make_bet("财政", page=CategoryIndexPage.objects.get(category="finance"))
    make_bet("镇里", path="/search/?q=云溪镇", title="全镇")
    assert bets.boxes("财政")[0].address == "/disclosure/finance/"
    assert bets.boxes("镇里")[0].address == "/search/?q=云溪镇"


def test_the_address_of_a_page_becomes_the_page():
    item = make_item("低保公示")
    bet = make_bet("低保", path=item.url, title="在这里")
    assert (bet.page_id, bet.path) == (item.pk, "")
    item.slug = "moved"
    item.save()
    [box] = bets.boxes("低保")
    assert (box.title, box.address) == ("在这里", item.get_url())
    assert box.address.endswith("/moved/")
    item.delete()
    bets.forget()
    assert titles("低保") == []


def test_an_address_whose_page_is_gone_has_no_box():
    item = make_item("低保公示")
    make_bet("低保", path=f"{item.url}?x=1", title="秘密标题")
    assert titles("低保") == ["秘密标题"]
    item.delete()
    assert titles("低保") == []


@pytest.mark.parametrize("role", ["township", "portal"])
def test_what_another_authority_took_back_has_no_box(settings, role):
    settings.GONGKAI_ROLE = role
    item = ExternalItem.objects.create(
        origin="1" * 18, key="a" * 32, version=1, kind="item", state="published"
    )
    path = f"/external/{item.origin}/{item.key}/"
    make_bet("甲词", path=path, title="秘密标题")
    make_bet("乙词", path=f"{path.rstrip('/')}#x", title="秘密标题")
    shown = ["秘密标题"] if role == "portal" else []
    assert titles("甲词") == titles("乙词") == shown
    ExternalItem.objects.update(state="withdrawn")
    assert titles("甲词") == titles("乙词") == []


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        *(("/lists/items.csv?category=work", 1), ("/feeds/latest.rss", 1)),
        *(("/guide/", 1), ("/reading-points", 1), ("/annual-reports/", 1)),
        *(("/disclosure/no-such/", 0), ("/guide/gone/", 0), ("/%67one/", 0)),
        *(("/external/a/b/", 0), ("/external-files/aa/x.pdf", 0)),
        *(("/search/save/", 0), ("/%61dmin/", 0), ("/guide/..%2fadmin/", 0)),
    ],
)
def test_an_address_that_is_no_page_has_a_box_only_where_all_is_public(path, shown):
    make_bet("低保", path=path, title="标题")
    assert len(titles("低保")) == shown


@pytest.mark.parametrize(
    "address",
    [
        *("https://evil.example/", "//evil.example/", "/\\evil.example"),
        *("javascript:alert(1)", "guide/", "/a b", "/\u202eevil", "/<script>"),
        *("/admin/", "/api/v1/items", "/documents/1/x.pdf", "/media/a.png"),
    ],
)
def test_a_box_never_leads_away_or_behind(address):
    with pytest.raises(ValidationError) as refused:
        BestBet(words="低保", path=address, title="标题").full_clean()
    assert "path" in refused.value.message_dict


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"words": "、、", "path": "/a/", "title": "甲"}, "words"),
        ({"words": "低", "path": "/a/", "title": "甲"}, "words"),
        ({"words": "低保"}, "page"),
        ({"words": "低保", "path": "/a/"}, "title"),
        ({"words": "低保", "kind": "request", "path": "/a/"}, "kind"),
        (
            {
                "words": "低保",
                "kind": "request",
                "starts_on": dt.date(2026, 5, 2),
                "ends_on": dt.date(2026, 5, 1),
            },
            "ends_on",
        ),
    ],
)
def test_rows_that_make_no_sense_are_refused(values, field):
    with pytest.raises(ValidationError) as refused:
        BestBet(**values).full_clean()
    assert field in refused.value.message_dict


# the page


def index_all():
    states = public_states(public_keys()).values()
    engines.get("local").rebuild((1, build_document(state)) for state in states)


def ask(client, text, **data):
    return client.get(reverse("search"), {"q": text, **data}).content.decode()


def test_a_box_stands_above_the_hits_and_is_no_hit(client):
    item = make_item("低保公示")
    make_bet(page=item, text="先备好<b>身份证</b>")
    index_all()
    text = ask(client, "低保")
    assert "共 1 条" in text
    assert text.index(">推荐<") < text.index('<ol class="hits">')
    assert "先备好&lt;b&gt;身份证" in text
    assert ">推荐<" not in ask(client, "低保", page="2")


def test_a_box_is_shown_without_hits_too(client):
    make_bet("暂住证", path="/guide/", title="改叫居住证")
    index_all()
    text = ask(client, "暂住证")
    assert "没有查到" in text
    assert '<a href="/guide/"><strong>改叫居住证</strong></a>' in text


def test_what_is_given_on_request_leads_to_the_phone_where_there_is_no_form(client):
    fill_contacts(phone="0577-62520000")
    make_bet("个人档案", kind="request")
    index_all()
    text = ask(client, "我的个人档案")
    assert "这类信息要申请才能拿到" in text
    assert 'href="tel:0577-62520000"' in text


class WithForm:
    """Addresses of a site that has the form."""

    urlpatterns = [path("request/new/", lambda request: None, name="request_form")]


def test_what_is_given_on_request_leads_to_the_form(settings):
    make_bet("个人档案", kind="request")
    settings.ROOT_URLCONF = WithForm
    [box] = bets.boxes("个人档案")
    assert box.address == "/request/new/?content=%E4%B8%AA%E4%BA%BA%E6%A1%A3%E6%A1%88"


def test_the_form_is_filled_in_with_what_was_typed(settings):
    make_bet("个人档案", kind="request")
    settings.ROOT_URLCONF = WithForm
    [box] = bets.boxes("我的 个人档案 ＷＴＯ，", typed="我的個人檔案ＷＴＯ，")
    assert filled_in(box) == "我的個人檔案ＷＴＯ，"
    [box] = bets.boxes("個人檔案ＷＴＯ")
    assert filled_in(box) == "個人檔案ＷＴＯ"


def filled_in(box):
    [content] = parse_qs(urlsplit(box.address).query)["content"]
    return content


def test_a_slip_of_the_pen_has_its_box_too(client):
    item = make_item("宅基地审批")
    make_bet("宅基地", page=item)
    index_all()
    spelling.learn(["宅基地审批"], [])
    assert ">推荐<" in ask(client, "宅基弟审批")
    assert ">推荐<" not in ask(client, "宅基弟审批", verbatim="1")


def test_queries_do_not_grow_with_the_boxes(django_assert_num_queries):
    item = make_item("低保公示")
    for number in range(6):
        make_bet(f"词语{number}", page=item)
    bets.boxes("词语0")
    with django_assert_num_queries(0):
        assert bets.boxes("没有这个词") == []
    with django_assert_num_queries(2):
        assert len(bets.boxes("词语0")) == 1
    with django_assert_num_queries(2):
        assert len(bets.boxes("词语0词语1词语2词语3")) == 3


def test_the_officer_keeps_them_and_a_clerk_does_not(client, people):
    add = "/admin/snippets/gongkai_search/bestbet/add/"
    form = {
        "words": "个人档案",
        "match": "contained",
        "kind": "request",
        "enabled": "on",
    }
    client.force_login(people["officer"])
    assert 'value="个人档案"' in client.get(add, {"words": "个人档案"}).content.decode()
    assert client.post(add, form).status_code == 302
    assert len(bets.boxes("个人档案")) == 1
    listed = client.get("/admin/snippets/gongkai_search/bestbet/").content.decode()
    assert "个人档案" in listed
    client.force_login(people["clerk"])
    assert client.get(add).status_code in (302, 403)
