"""Every public page kind as a reader gets it: record, lists, tombstone, frame."""

import datetime as dt
import re
from html.parser import HTMLParser

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cms.approval import publication_approved
from cms.models import Authority, Office
from disclosure_pages.choices import Category, LegalStatus
from disclosure_pages.guide_text import sections
from disclosure_pages.list_query import ListQuery, Sort
from disclosure_pages.models import (
    DisclosureItemPage,
    ExternalAttachment,
    ExternalFile,
    ExternalItem,
    OfficeIndexPage,
    Origin,
)
from disclosure_pages.qr import qr_path
from disclosure_pages.services import site
from tests.disclosure_pages.page_kinds import body as every_block
from tests.factories import (
    VillageFactory,
    body_of,
    make_document,
    make_guide,
    make_item,
    make_reading_point,
    make_site,
)
from tests.security.test_body_images import picture

pytestmark = pytest.mark.django_db
WORK = "/disclosure/work/"


class Outline(HTMLParser):
    """Counts what a page must or must not have."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.meta, self.inline = [], {}, []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append(tag)
        if tag == "meta" and "name" in values:
            self.meta[values["name"]] = values["content"]
        handlers = [name for name in values if name == "style" or name[:2] == "on"]
        data = values.get("type") == "application/ld+json"  # never run
        code = tag == "script" and "src" not in values and not data
        if handlers or tag == "style" or code:
            self.inline.append((tag, attrs))
        for name in ("src", "href", "action"):
            if (values.get(name) or "").startswith(("http:", "//")):
                assert tag in ("a", "link"), (tag, attrs)


def outline(response):
    return Outline(response.content.decode())


def text_of(response):
    return response.content.decode()


def address(page):
    """The page's path on the site."""
    return page.url_path.removeprefix("/home")


def fill_authority():
    make_site()
    Authority.objects.update(
        short_name="云溪镇",
        site_id_code="3300990001",
        icp_number="示例备〔2026〕1号",
        police_number="示例公网安备1号",
        host_unit="云溪镇人民政府",
        operator_unit="党政综合办公室",
        address="溪前路 1 号",
        phone="0000-62001203",
    )


@pytest.fixture
def public_pages():
    """One address of every page kind."""
    fill_authority()
    document = make_document()
    item = make_item("低保名单公示", documents=[document], summary="新增 6 户。")
    point = make_reading_point()
    guide = make_guide()
    return {
        "home": "/",
        "index": "/disclosure/",
        "category": WORK,
        "office": "/disclosure/office-civil-affairs/",
        "item": address(item),
        "guide": address(guide),
        "points": "/reading-points/",
        "point": address(point),
    }


COLUMN = {"ColumnName", "ColumnDescription", "ColumnKeywords", "ColumnType"}
ARTICLE = {"ArticleTitle", "PubDate", "ContentSource"}
TAGS = {
    "home": set(),
    "index": COLUMN,
    "category": COLUMN,
    "office": COLUMN,
    "item": ARTICLE,
    "guide": COLUMN | ARTICLE,
    "points": COLUMN,
    "point": ARTICLE,
}


@pytest.mark.parametrize("kind", TAGS)
def test_each_kind_of_page_is_served_whole(client, public_pages, kind):
    response = client.get(public_pages[kind])
    assert response.status_code == 200
    page = outline(response)
    assert page.tags.count("h1") == 1
    assert page.tags.count("main") == 1
    assert page.inline == []
    assert TAGS[kind] <= set(page.meta)
    assert page.meta["SiteName"] == "云溪镇人民政府"
    assert page.meta["SiteIDCode"] == "3300990001"
    assert page.meta["SiteDomain"]
    assert all(page.meta[name] for name in TAGS[kind])
    assert 'class="skip"' in text_of(response)
    canonical = f'<link rel="canonical" href="http://127.0.0.1:8000{public_pages[kind]}'
    assert canonical in text_of(response)


def test_footer_tells_who_is_responsible(client, public_pages):
    text = text_of(client.get("/"))
    for fact in ("党政综合办公室", "溪前路 1 号", "0000-62001203", "3300990001"):
        assert fact in text
    assert "示例备〔2026〕1号" in text
    assert "示例公网安备1号" in text


def test_publication_time_is_written_as_the_rules_ask(client):
    item = make_item(date_published=dt.date(2026, 9, 2))
    meta = outline(client.get(address(item))).meta
    assert meta["PubDate"] == "2026-09-02 00:00"  # brought along: the hour is unknown
    today = make_item()
    meta = outline(client.get(address(today))).meta
    acted = timezone.localtime(today.first_published_at)
    assert meta["PubDate"] == acted.strftime("%Y-%m-%d %H:%M")


def test_frame_works_before_the_site_is_set_up(client):
    Authority.objects.all().delete()
    response = client.get("/nowhere/")
    assert response.status_code == 404
    assert not Authority.objects.exists()  # a reader's visit writes nothing


def test_navigation_names_only_parts_that_exist(client):
    make_site()
    assert "公开指南" not in text_of(client.get("/reading-points/"))
    make_guide()
    assert "公开指南" in text_of(client.get("/reading-points/"))


@override_settings(GONGKAI_MASTHEAD=False)
def test_masthead_can_be_left_out(client):
    make_site()
    response = client.get("/")
    assert 'class="head"' not in text_of(response)
    assert outline(response).tags.count("h1") == 1


# Elder mode


def test_large_type_is_asked_for_in_the_address_and_kept(client):
    make_site()
    assert "data-mode" not in text_of(client.get("/"))
    response = client.get("/disclosure/?q=a&mode=elder")
    assert 'data-mode="elder"' in text_of(response)
    assert "?q=a&amp;mode=normal" in text_of(response)
    assert "Cookie" in response["Vary"]
    assert 'data-mode="elder"' in text_of(client.get("/"))
    client.get("/?mode=normal")
    assert "data-mode" not in text_of(client.get("/"))


def test_other_values_of_mode_change_nothing(client):
    make_site()
    response = client.get('/?mode="><script>')
    assert "data-mode" not in text_of(response)
    assert "<script>" not in text_of(response)
    assert not response.cookies


# Item


def test_item_shows_its_record_and_files(client):
    fill_authority()
    document = make_document("正式文本.txt", b"x" * 2_345)
    item = make_item(
        "关于补助办法的通知",
        documents=[document],
        summary="每户补助 8000 元。",
        document_number="云政〔2026〕31号",
        date_published=dt.date(2026, 9, 2),
        validity=LegalStatus.AMENDED,
        source_url="https://ninglan.example/88",
    )
    text = text_of(client.get(address(item)))
    for fact in (
        *("关于补助办法的通知", "每户补助 8000 元。", "云政〔2026〕31号", "2026-08-24"),
        *("2026-09-02", "工作信息", "已修改", "民政和社会事务办公室", "主动公开"),
        *(document.sha256, "2 kB", "TXT", "https://ninglan.example/88", 'class="qr"'),
    ):
        assert fact in text
    assert document.url in text
    assert 'href="/disclosure/office-civil-affairs/"' in text


def test_title_and_summary_cannot_inject_markup(client):
    attack = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'
    item = make_item(attack, summary=attack, keywords=attack)
    for path in (address(item), WORK, "/", f"{WORK}?q={attack}"):
        response = client.get(path)
        text = text_of(response)
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert outline(response).inline == []


def test_repealed_item_says_so_before_its_text(client):
    item = make_item("旧办法", validity=LegalStatus.REPEALED, text="旧的正文")
    text = text_of(client.get(address(item)))
    assert "已废止" in text
    assert text.index("已废止") < text.index("旧的正文")


def test_withdrawn_item_answers_410_without_its_content(client):
    item = make_item("张三的低保名单", text="张三住在溪口村", summary="张三")
    DisclosureItemPage.objects.filter(pk=item.pk).update(
        live=False,
        index_number="11330099MB1A2B3C4D/2026-00057",
        withdrawn_at=timezone.now(),
        withdrawn_reason="附件含有不应公开的个人信息。",
        withdrawn_kind="mistake",
    )
    response = client.get(address(item))
    assert response.status_code == 410
    text = text_of(response)
    assert "张三" not in text
    assert "附件含有不应公开的个人信息。" in text
    assert "11330099MB1A2B3C4D/2026-00057" in text
    assert outline(response).meta["robots"] == "noindex"
    assert "张三" not in text_of(client.get(WORK))


def test_address_of_a_draft_never_holds_its_title(db):
    item = make_item("张三的低保名单", live=False)
    assert re.fullmatch(r"item-[0-9a-f]{8}", item.slug)


def test_draft_is_not_found(client):
    item = make_item("草稿", live=False)
    assert client.get(address(item)).status_code == 404


def test_preview_of_a_draft_shows_the_same_page(rf):
    item = make_item("草稿标题", live=False, documents=[make_document()])
    draft = item.get_latest_revision_as_object()
    response = draft.make_preview_request(
        original_request=rf.get("/"), preview_mode=draft.default_preview_mode
    )
    assert response.status_code == 200
    assert "草稿标题" in response.rendered_content


# Lists


def titles(response):
    return [row.title for row in response.context["list"].rows]


def test_category_list_is_filtered_by_what_a_reader_knows(client):
    make_item("低保公示", document_number="云政〔2026〕9号")
    make_item("征地公告", date_published=dt.date(2026, 11, 18))
    make_item("旧办法", validity="repealed", date_published=dt.date(2026, 9, 30))
    make_item("年度预算", category=Category.FINANCE)
    assert len(titles(client.get(WORK))) == 3
    assert titles(client.get(f"{WORK}?q=低保")) == ["低保公示"]
    assert titles(client.get(f"{WORK}?q=[2026]9号")) == ["低保公示"]
    assert titles(client.get(f"{WORK}?validity=repealed")) == ["旧办法"]
    assert titles(client.get(f"{WORK}?q=征地+公告")) == ["征地公告"]
    assert titles(client.get(f"{WORK}?q=征地+公示")) == []
    assert titles(client.get(f"{WORK}?year=2019")) == []
    assert len(titles(client.get("/disclosure/?category=finance"))) == 1
    assert len(titles(client.get("/disclosure/"))) == 4


def test_lists_are_filtered_by_office(client):
    make_item("低保公示")
    finance = Office.objects.create(code="finance", name="财政所")
    page = site.add_office(finance)
    move_to = OfficeIndexPage.objects.get(pk=page.pk)
    DisclosureItemPage.objects.get(title="低保公示").move(move_to, pos="last-child")
    make_item("救助公示")
    assert titles(client.get(f"{WORK}?office=finance")) == ["低保公示"]
    assert titles(client.get(f"{WORK}?office=civil-affairs")) == ["救助公示"]
    assert titles(client.get(f"{WORK}?office=unknown")) == []
    assert titles(client.get("/disclosure/office-finance/")) == ["低保公示"]
    assert "财政所" in text_of(client.get("/disclosure/"))


def test_list_is_sorted_by_either_date(client):
    day = dt.date
    make_item("甲", date_made=day(2026, 1, 5), date_published=day(2026, 3, 1))
    make_item("乙", date_made=day(2026, 2, 1), date_published=day(2026, 2, 2))
    assert titles(client.get(WORK)) == ["甲", "乙"]
    assert titles(client.get(f"{WORK}?sort=made")) == ["乙", "甲"]
    assert titles(client.get(f"{WORK}?sort=published-asc")) == ["乙", "甲"]
    assert 'aria-sort="descending"' in text_of(client.get(f"{WORK}?sort=made"))


def test_list_is_paged_by_twenty_and_says_where_one_is(client):
    for number in range(21):
        make_item(f"信息{number}")
    first = client.get(WORK)
    assert len(titles(first)) == 20
    assert "共 21 条，第 1—20 条" in text_of(first)
    second = client.get(f"{WORK}?page=2")
    assert len(titles(second)) == 1
    assert "第 21—21 条" in text_of(second)
    assert "?page=2" in text_of(first)
    assert set(titles(first)).isdisjoint(titles(second))
    assert client.get(f"{WORK}?page=3").status_code == 404
    assert client.get(f"{WORK}?page=x").status_code == 200


def test_empty_list_says_what_to_do(client):
    make_item("低保公示")
    text = text_of(client.get(f"{WORK}?q=没有"))
    assert "没有符合条件的信息" in text
    assert "/search/?q=%E6%B2%A1%E6%9C%89" in text
    assert "目前没有公开的信息" in text_of(client.get("/disclosure/personnel/"))


def test_lists_and_counts_leave_out_what_is_not_public(client):
    make_item("公开的")
    make_item("草稿", live=False)
    expired = make_item("过期的")
    DisclosureItemPage.objects.filter(pk=expired.pk).update(
        expire_at=timezone.now() - dt.timedelta(hours=1)
    )
    private = make_item("不公开的")
    DisclosureItemPage.objects.filter(pk=private.pk).update(disclosure_mode="withheld")
    response = client.get(WORK)
    assert titles(response) == ["公开的"]
    assert response.context["catalogue"].total == 1
    assert client.get("/").context["catalogue"].total == 1


def test_query_reads_and_writes_addresses(rf):
    query = ListQuery.read(
        rf.get("/?q=a%00b&year=20x6&sort=up&validity=no&page=-1").GET
    )
    assert query == ListQuery(q="ab")
    asked = ListQuery(q="低保", year="2026", page=3)
    assert asked.address() == "?q=%E4%BD%8E%E4%BF%9D&year=2026"
    assert asked.address(page=2).endswith("&page=2")
    assert ListQuery().address(sort=Sort.MADE) == "?sort=made"
    assert Sort.MADE.toggled("made") == Sort.MADE_ASC
    assert ListQuery.read(rf.get("/?page=99999999999999999999").GET).page == 1


# Home, guide, reading points


def test_home_counts_categories_and_shows_the_latest(client):
    make_item("最新公示", summary="新增 6 户。", keywords="低保；救助")
    make_item("年度预算", category=Category.FINANCE)
    VillageFactory(name="溪口村")
    response = client.get("/")
    counts = {c.value: c.count for c in response.context["categories"]}
    assert counts["work"] == counts["finance"] == 1
    assert sum(counts.values()) == response.context["catalogue"].total == 2
    text = text_of(response)
    for fact in ("最新公示", "新增 6 户。", "<option>溪口村</option>", "/search/?q="):
        assert fact in text


def test_guide_is_cut_into_sections_with_a_table_of_contents(client):
    fill_authority()
    Office.objects.update(phone="0000-1")
    page = make_guide()
    page.body = [("paragraph", "<p>前言</p><h2>怎样<b>申请</b></h2><p>写信。</p>")]
    with publication_approved("test"):
        page.save_revision().publish(skip_permission_checks=True)
    text = text_of(client.get("/guide/"))
    assert '<a href="#part-1">怎样申请</a>' in text
    assert '<section class="sec" id="part-1"><h2>怎样申请</h2>' in text
    assert "0000-62001203" in text
    assert "0000-1" in text


def test_sections_survive_text_without_headings():
    assert sections("<p>只有一段</p>").parts == []
    assert sections("").preamble == ""


# 404 and portal


def test_unknown_address_offers_search_and_phone(client):
    fill_authority()
    response = client.get("/disclosure/nowhere/")
    assert response.status_code == 404
    text = text_of(response)
    assert 'role="search"' in text
    assert "0000-62001203" in text
    assert outline(response).inline == []


@pytest.fixture
def external(settings):
    settings.GONGKAI_ROLE = "portal"
    make_site()
    Origin.objects.create(credit_code="1" * 18, name="云溪镇人民政府")
    metadata = {
        "title": "低保公示",
        "url": "http://township.example/disclosure/item-1/",
        "category_label": "工作信息",
        "publisher": "云溪镇人民政府",
        "summary": "新增 6 户。",
        "date_published": "2026-11-20",
        "corrections": [
            {
                "corrected_on": "2026-11-21",
                "old": "7 户",
                "new": "<b>6 户</b>",
                "reason": "笔误",
            }
        ],
    }
    item = ExternalItem.objects.create(
        origin="1" * 18,
        key="a" * 32,
        version=1,
        state="published",
        kind="item",
        title="低保公示",
        category="work",
        date_published=dt.date(2026, 11, 20),
        payload={
            "metadata": metadata,
            "html": "<p>正文</p><script>alert(1)</script>",
            "attachments": [],
        },
    )
    file = ExternalFile.objects.create(
        sha256="b" * 64, bytes=2_000, file=ContentFile(b"x", name="b")
    )
    ExternalAttachment.objects.create(item=item, file=file, name="名单.pdf")
    return item


def test_portal_home_lists_townships_categories_and_latest(client, external):
    response = client.get("/")
    assert response.status_code == 200
    assert response.context["total"] == 1
    text = text_of(response)
    assert "云溪镇人民政府" in text
    assert f"/external/{external.origin}/{external.key}/" in text


def test_portal_shows_an_item_with_its_origin(client, external):
    response = client.get(f"/external/{external.origin}/{external.key}/")
    assert response.status_code == 200
    page = outline(response)
    text = text_of(response)
    assert page.inline == []
    assert set(page.meta) >= ARTICLE
    assert page.meta["PubDate"] == "2026-11-20 00:00"
    assert '<link rel="canonical" href="http://township.example/' in text
    for fact in ("来源机关", "云溪镇人民政府", "正文", "名单.pdf", "b" * 64):
        assert fact in text
    for fact in ("更正说明", "2026-11-21", "7 户", "&lt;b&gt;6 户", "笔误"):
        assert fact in text


def test_portal_tombstone_keeps_nothing_of_the_item(client, external):
    ExternalItem.objects.update(
        state="withdrawn", payload={"reason": "发布有误"}, title="", category=""
    )
    response = client.get(f"/external/{external.origin}/{external.key}/")
    assert response.status_code == 410
    assert "发布有误" in text_of(response)
    assert "低保公示" not in text_of(response)


def test_qr_code_covers_its_square():
    code = qr_path("http://127.0.0.1:8000/disclosure/office/item-12345678/")
    assert code.size >= 25
    assert re.fullmatch(r"(M\d+ \d+\.5h\d+)+", code.path)


# Queries


def busy_site(more):
    """Add public items with attachments, a reading point and a guide."""
    for number in range(more):
        make_item(f"信息{number}", documents=[make_document()], summary="概述")
        make_reading_point()


QUERY_PATHS = {
    "home": "/",
    "index": "/disclosure/?q=信息",
    "category": f"{WORK}?q=信息&office=civil-affairs",
    "office": "/disclosure/office-civil-affairs/?q=信息",
    "points": "/reading-points/",
}


def queries_of(client, path):
    """What a page asks the database for the second time it is read."""
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    return [query["sql"] for query in queries]


@pytest.fixture(scope="module")
def asked(django_db_setup, django_db_blocker):
    """Kind → its queries with little and with much on the site, of which nothing stays.

    One site serves all kinds: it takes seconds to fill.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        fill_authority()
        item = make_item("信息", documents=[make_document(), make_document("二.txt")])
        point, guide = make_reading_point(), make_guide()
        gone = make_item("撤回")
        DisclosureItemPage.objects.filter(pk=gone.pk).update(
            live=False, withdrawn_at=timezone.now()
        )
        paths = QUERY_PATHS | {
            "item": f"{address(item)}?fresh",  # not from the cache of rendered pages
            "guide": f"{address(guide)}?fresh",
            "point": f"{address(point)}?fresh",
            "tomb": address(gone),
        }
        small = {kind: queries_of(Client(), path) for kind, path in paths.items()}
        busy_site(8)
        large = {kind: queries_of(Client(), path) for kind, path in paths.items()}
        transaction.set_rollback(True)
    cache.clear()
    return {kind: (small[kind], large[kind]) for kind in paths}


@pytest.mark.parametrize("kind", [*QUERY_PATHS, "item", "guide", "point", "tomb"])
def test_queries_stay_within_the_budget_as_data_grows(asked, kind):
    small, large = asked[kind]
    assert len(small) <= 12, small
    assert len(large) <= len(small), large


def test_body_blocks_are_shown_as_the_editor_made_them(client):
    item = make_item("有表格")
    item.body = [*body_of("段落"), ("notice", {"kind": "warn", "heading": "注意"})]
    with publication_approved("test"):
        item.save_revision().publish(skip_permission_checks=True)
    text = text_of(client.get(address(item)))
    assert "段落" in text
    assert '<div class="note is-warn">' in text


def test_portal_lists_what_it_received(client, external):
    metadata = external.payload["metadata"] | {
        "document_number": "云政〔2026〕9号",
        "date_made": "2026-11-19",
        "validity": "amended",
    }
    payload = external.payload | {"metadata": metadata}
    ExternalItem.objects.update(
        payload=payload,
        document_number=metadata["document_number"],
        date_made=metadata["date_made"],
    )
    ExternalItem.objects.create(
        origin="2" * 18, key="c" * 32, version=1, state="withdrawn", kind="item"
    )
    for path in (
        *("/disclosure/", WORK, f"{WORK}?q=[2026]9号", f"{WORK}?validity=amended"),
        *(f"{WORK}?origin={'1' * 18}&year=2026&sort=made", "/disclosure/?q=低保"),
    ):
        response = client.get(path)
        assert titles(response) == ["低保公示"], path
        assert response.context["list"].total == 1
    row = response.context["list"].rows[0]
    assert (row.document_number, row.date_made) == (
        "云政〔2026〕9号",
        dt.date(2026, 11, 19),
    )
    assert titles(client.get("/disclosure/finance/")) == []
    assert titles(client.get(f"{WORK}?origin={'2' * 18}")) == []


def test_an_item_with_every_kind_of_block_is_within_the_budget(client):
    make_site()
    item = make_item()
    item.body = [
        *every_block(),
        ("image", {"image": picture("a.png"), "alt": "位置图", "caption": ""}),
        ("image", {"image": picture("b.png"), "alt": "流程图", "caption": ""}),
    ]
    DisclosureItemPage.objects.filter(pk=item.pk).update(body=item.body)
    client.get(item.url, {"mode": "elder"})  # draws the pictures once
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(item.url, {"mode": "elder"})
    assert "位置图" in answer.content.decode()
    assert len(queries) <= 12
