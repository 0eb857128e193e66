"""专题: a reader finds the items of one matter, and only those that are public."""

import datetime as dt

import pytest
from django.utils import timezone

from disclosure_pages import renderers
from disclosure_pages.models import DisclosureItemPage, DossierEntry, DossierPage
from disclosure_pages.public_state import public_states
from disclosure_pages.services.withdrawal import withdraw
from tests.disclosure_pages.page_kinds import SECTIONS, public
from tests.factories import make_item, make_people, make_site

pytestmark = pytest.mark.django_db


def make_dossier(*entries, slug="home-repair", title="农房改造", **values):
    """A public dossier of (item, heading) pairs."""
    index_model, model, _values = SECTIONS["dossiers"]
    index = public(make_site(), index_model, "dossiers", "专题")
    rows = [
        DossierEntry(item=item, heading=heading, sort_order=order)
        for order, (item, heading) in enumerate(entries)
    ]
    return public(index, model, slug, title, entries=rows, **values)


def shown(client, path="/dossiers/home-repair/"):
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def test_entries_stand_under_their_headings_in_the_chosen_order(client):
    policy = make_item("补助办法", document_number="云政〔2026〕31号",
                       date_published=dt.date(2026, 9, 2))  # fmt: skip
    reading = make_item("办法解读", category="decision")
    result = make_item("发放结果", category="finance", validity="repealed")
    make_dossier(
        (policy, "文件"), (reading, ""), (result, "结果"), summary="农房怎么补。"
    )
    page = shown(client)
    places = [page.index(text) for text in (
        "农房怎么补。", "<h2>文件</h2>", "补助办法</a>", "办法解读</a>",
        "<h2>结果</h2>", "发放结果</a>",
    )]  # fmt: skip
    assert places == sorted(places)
    for text in ("云政〔2026〕31号", "2026-09-02", 'data-l="成文"', ">废止</span>"):
        assert text in page
    assert page.count("<table") == 2
    assert page.count("<h1") == 1


@pytest.mark.parametrize("why", ["draft", "withdrawn", "expired", "on_request"])
def test_what_is_not_public_is_left_out_silently(client, why):
    kept = make_item("留下的")
    gone = make_item("拿掉的", live=why != "draft")
    dossier = make_dossier((gone, "通知"), (kept, ""))
    if why != "draft":
        assert "拿掉的" in shown(client)
    if why == "withdrawn":
        withdraw(gone, reason="有误")
    changes = {
        "expired": {"expire_at": timezone.now() - dt.timedelta(minutes=1)},
        "on_request": {"disclosure_mode": "on_request"},
    }
    DisclosureItemPage.objects.filter(pk=gone.pk).update(**changes.get(why, {}))
    page = shown(client)
    assert "拿掉的" not in page and gone.slug not in page
    assert "<h2>通知</h2>" in page and "留下的" in page  # the heading holds
    assert "共 1 条。" in page
    assert "收入 1 条信息" in shown(client, "/dossiers/")
    withdraw(dossier, reason="不再需要")
    assert client.get("/dossiers/home-repair/").status_code == 410
    assert "农房改造" not in shown(client, "/dossiers/")


def test_a_heading_without_public_items_is_not_shown(client):
    make_dossier((make_item("草稿", live=False), "只有草稿"), (make_item("甲"), "有"))
    page = shown(client)
    assert "只有草稿" not in page and "<h2>有</h2>" in page


def test_empty_pages_say_so(client):
    make_dossier(slug="empty", title="空的")
    assert "目前没有收入公开的信息" in shown(client, "/dossiers/empty/")
    assert "还没有收入信息" in shown(client, "/dossiers/")


def test_the_item_leads_to_its_public_dossiers(client):
    item = make_item("补助办法")
    path = item.url_path.removeprefix("/home")
    assert "收入专题" not in shown(client, path)
    dossier = make_dossier((item, ""))
    client.cookies.clear()
    assert "/dossiers/home-repair/" in shown(client, f"{path}?fresh=1")
    shown(client, path)
    withdraw(dossier, reason="不再需要")
    assert "/dossiers/home-repair/" not in shown(client, path)


def test_queries_do_not_grow_with_the_entries(client, django_assert_max_num_queries):
    items = [make_item(f"第{number}件") for number in range(12)]
    make_dossier((items[0], "一"), slug="few")
    make_dossier(*((item, f"{n}") for n, item in enumerate(items)), slug="many")
    counts = []
    for slug in ("few", "many"):
        shown(client, f"/dossiers/{slug}/?warm=1")
        with django_assert_max_num_queries(12) as asked:
            shown(client, f"/dossiers/{slug}/?fresh=1")
        counts.append(len(asked))
    assert counts[0] == counts[1]
    with django_assert_max_num_queries(12):
        shown(client, "/dossiers/?fresh=1")


def test_the_chooser_offers_what_is_public_with_the_columns_people_know(client):
    shown_item = make_item("补助办法", document_number="云政〔2026〕31号")
    hidden = make_item("还是草稿", live=False)
    client.force_login(make_people()["officer"])
    window = client.get("/admin/public-item/").json()["html"]
    for text in ("补助办法", "云政〔2026〕31号", shown_item.index_number, "工作信息"):
        assert text in window
    assert "还是草稿" not in window
    assert (
        "补助办法" in client.get("/admin/public-item/results/?q=31号").content.decode()
    )
    assert (
        "补助办法"
        not in client.get("/admin/public-item/results/?q=无").content.decode()
    )
    chosen = client.get(f"/admin/public-item/chosen/{shown_item.pk}/").json()
    assert chosen["result"]["id"] == str(shown_item.pk)
    assert client.get(f"/admin/public-item/chosen/{hidden.pk}/").status_code == 404


def test_the_editor_of_a_dossier_uses_it_and_explains_every_field(client):
    make_dossier((make_item(), "文件"))
    client.force_login(make_people()["officer"])
    page = DossierPage.objects.get()
    text = client.get(f"/admin/pages/{page.pk}/edit/").content.decode()
    assert "/admin/public-item/" in text
    for words in ("只能选已经公开的", "从这一条起另起一段时填写", "按这里的先后显示"):
        assert words in text
    index = page.get_parent()
    assert client.get(f"/admin/pages/{index.pk}/edit/").status_code == 200


def test_a_preview_tells_what_readers_will_not_see(rf):
    page = make_dossier((make_item("公开的"), ""), (make_item(live=False), ""))
    request = page.make_preview_request()
    assert "另有 1 条收入的信息现在没有公开" in request.content.decode()
    assert "另有" not in page.serve(rf.get("/")).render().content.decode()


def sent(dossier):
    """What index and portal get of it."""
    return public_states([dossier.key])[dossier.key]


def test_index_and_portal_get_its_public_items_by_title_number_and_address():
    shown_item = make_item("补助办法")
    hidden = make_item("还是草稿", live=False)
    dossier = make_dossier((hidden, "文件"), (shown_item, ""), summary="农房怎么补。")
    html = sent(dossier).html
    path = shown_item.url_path.removeprefix("/home")
    assert f'<a href="http://127.0.0.1:8000{path}">补助办法</a>' in html
    assert shown_item.index_number in html and "<h2>文件</h2>" in html
    assert "还是草稿" not in html and hidden.slug not in html


def test_a_draft_that_is_looked_at_tells_no_title():
    dossier = make_dossier((make_item("还是草稿", live=False), "文件"))
    assert "还是草稿" not in renderers.html(dossier)


def test_dossiers_cost_the_same_for_many(django_assert_max_num_queries):
    items = [make_item(f"第{number}件") for number in range(6)]
    few = make_dossier((items[0], "一"), slug="few")
    many = make_dossier(*((item, "") for item in items), slug="many")
    counts = []
    public_states([few.key])  # what is asked once
    for keys in ([few.key], [few.key, many.key]):
        with django_assert_max_num_queries(15) as asked:
            public_states(keys)
        counts.append(len(asked))
    assert counts[0] == counts[1]
