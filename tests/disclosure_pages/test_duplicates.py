import datetime as dt
import random
import unicodedata

import pytest

from disclosure_pages import duplicates
from disclosure_pages.duplicates import (
    ADDRESS,
    NEAR_TITLE,
    NUMBER,
    TITLE,
    address_key,
    find_duplicates,
    number_key,
    title_key,
)
from disclosure_pages.services.references import record_superior_item
from tests.factories import (
    OfficeFactory,
    VillageFactory,
    make_item,
    make_people,
    make_site,
    make_user,
)


@pytest.mark.parametrize(
    "written",
    [
        "云政〔2026〕31号",
        "云政[2026]31号",
        "云政（2026）31 号",
        "云政【2026】第031号",
        "云政〔２０２６〕３１号",
        " 云政〔2026〕31 号\u200b",
    ],
)
def test_a_number_is_the_same_however_it_is_written(written):
    assert number_key(written) == number_key("云政〔2026〕31号")


@pytest.mark.parametrize(
    "other", ["云政〔2026〕3号", "云政〔2025〕31号", "云政办〔2026〕31号", ""]
)
def test_another_number_is_another(other):
    assert number_key(other) != number_key("云政〔2026〕31号")


@pytest.mark.parametrize(
    "written",
    [
        "关于公布低保名单的公告",
        "云溪镇人民政府关于公布低保名单的公告",
        "云溪镇民政和社会事务办公室关于公布低保名单的公告",
        "关于公布“低保”名单的 公告",
        "《关于公布低保名单的公告》",
        "关于\u202e公布低保名单的公告",
    ],
)
def test_a_title_is_the_same_whatever_marks_and_heading_it_has(written):
    assert title_key(written) == "关于公布低保名单的公告"


@pytest.mark.parametrize(
    "url",
    [
        "https://www.ningmin.example.cn/art/1.html",
        "http://ningmin.example.cn/art/1.html/",
        "HTTPS://WWW.NINGMIN.example.cn/art/1.html#top",
    ],
)
def test_an_address_is_the_same_with_and_without_www(url):
    assert address_key(url) == "ningmin.example.cn/art/1.html"


@pytest.mark.parametrize("url", ["", "http://[bad", "nothing"])
def test_what_is_no_address_is_the_same_as_nothing(url):
    assert address_key(url) == ""


def reasons(title="另一个完全不同的名称", **values):
    return [match.reasons for match in find_duplicates(title=title, **values)]


@pytest.mark.django_db
def test_public_items_are_found_by_number_title_and_address():
    make_item(
        "关于做好冬季防火工作的通知",
        document_number="云政〔2026〕31号",
        source_url="https://old.example.cn/7.html",
    )
    assert reasons(document_number="云政[2026] 31 号") == [(NUMBER,)]
    assert reasons(url="http://old.example.cn/7.html#a") == [(ADDRESS,)]
    assert reasons("关于做好冬季防火工作的通知") == [(TITLE,)]
    assert reasons() == []


@pytest.mark.django_db
def test_nearly_the_same_title_counts_but_not_for_certain():
    make_item("关于进一步做好全镇森林防火和野外用火管理工作的通知")
    found = find_duplicates(title="关于进一步做好全镇森林防火及野外用火管理工作的通知")
    assert [match.reasons for match in found] == [(NEAR_TITLE,)]
    assert not found[0].certain


@pytest.mark.django_db
@pytest.mark.parametrize(
    "title",
    [
        "云溪镇 2025 年度部门财政预算和三公经费支出情况公开说明",
        "云溪镇 2026 年度部门财政决算绩效评价和整改落实报告",
    ],
)
def test_another_year_or_matter_is_another_thing(title):
    make_item("云溪镇 2026 年度部门财政预算和三公经费支出情况公开说明")
    assert reasons(title) == []


@pytest.mark.django_db
def test_another_quarter_or_village_is_another_thing():
    make_site()
    for name in ("溪口村", "石桥村"):
        VillageFactory(name=name)
    make_item(
        "关于公布云溪镇溪口村第三季度农村最低生活保障对象名单以及动态管理情况的公告"
    )
    same = "关于公布云溪镇%s%s农村最低生活保障对象名单以及动态管理情况的公告"
    assert reasons(same % ("溪口村", "第三季度")) == [(TITLE,)]
    assert reasons(same % ("溪口村", "第四季度")) == []
    assert reasons(same % ("石桥村", "第三季度")) == []


@pytest.mark.django_db
def test_superiors_items_are_found_too():
    item = record_superior_item(
        url="https://www.ningmin.example.cn/art/1.html",
        title="关于发放冬令救助的通知",
        publisher="宁澜市民政局",
        document_number="宁民〔2026〕9号",
    )
    found = find_duplicates(title="x", document_number="宁民（2026）09号")
    assert [match.external_id for match in found] == [item.pk]
    assert found[0].url == item.url
    assert not find_duplicates(
        title="关于发放冬令救助的通知", exclude_external_id=item.pk
    )


@pytest.mark.django_db
def test_drafts_are_seen_only_by_their_own_office():
    make_site()
    OfficeFactory(code="finance", name="财政所")
    make_site()
    people = make_people()
    draft = make_item("还没有公开的通知", live=False)
    title = "还没有公开的通知"
    assert find_duplicates(title=title) == []
    (match,) = find_duplicates(title=title, user=people["clerk"])
    assert (match.page_id, match.live) == (draft.pk, False)
    stranger = make_user("other", "编辑·财政所")
    assert find_duplicates(title=title, user=stranger) == []
    same = find_duplicates(title=title, user=people["clerk"], exclude_page_id=draft.pk)
    assert same == []


@pytest.mark.django_db
def test_withdrawn_and_withheld_are_not_named():
    make_item("已撤回的通知", live=False, withdrawn_at=dt.datetime.now(dt.UTC))
    make_item("不予公开的通知", disclosure_mode="withheld", disclosure_reason="x")
    people = make_people()
    for title in ("已撤回的通知", "不予公开的通知"):
        assert find_duplicates(title=title) == []
    assert find_duplicates(title="已撤回的通知", user=people["clerk"]) == []


@pytest.mark.django_db
def test_what_the_draft_replaces_or_explains_is_no_duplicate():
    old = make_item("关于救助标准的通知")
    new = make_item("关于救助标准的通知", live=False, supersedes=old)
    assert duplicates.duplicates_of(new) == []
    new.supersedes = None
    assert [m.page_id for m in duplicates.duplicates_of(new)] == [old.pk]


@pytest.mark.django_db
def test_a_reason_settles_the_matter():
    make_item("关于救助标准的通知")
    new = make_item("关于救助标准的通知", live=False)
    assert duplicates.open_duplicates(new)
    new.duplicate_reason = "标准已调整"
    assert duplicates.open_duplicates(new) == []


@pytest.mark.django_db
def test_queries_do_not_grow(django_assert_max_num_queries):
    user = make_people()["clerk"] if make_site() else None
    for _n in range(3):
        make_item()
    with django_assert_max_num_queries(12):
        find_duplicates(title="关于第1项救助工作的通知", user=user)
    for _n in range(20):
        make_item()
    with django_assert_max_num_queries(12):
        find_duplicates(title="关于第1项救助工作的通知", user=user)


@pytest.mark.django_db
def test_titles_are_told_apart_before_all_pairs_are_counted(monkeypatch):
    for number in range(20):
        make_item(f"溪口村第{number}组道路硬化工程施工招标的公示")
    counted, overlap = [], duplicates.overlap

    def counting(one, other):
        counted.append(other)
        return overlap(one, other)

    monkeypatch.setattr(duplicates, "overlap", counting)
    assert find_duplicates(title="关于开展农村危房改造申报工作的紧急通知") == []
    assert counted == []


def test_the_short_way_finds_what_counting_finds():
    rng = random.Random(5)
    title = title_key("关于做好冬季农村危房改造申报审核工作的紧急通知")
    wanted = duplicates.Wanted("", "", title, duplicates.bigrams(title))
    near = 0
    for _n in range(2000):
        letters = list(title)
        for _change in range(rng.randrange(4)):
            place = rng.randrange(len(letters))
            letters[place : place + rng.randrange(2)] = rng.choice(
                ["", "各", "的", "改"]
            )
        key = "".join(letters)
        if duplicates.overlap(wanted.pairs, duplicates.bigrams(key)) >= duplicates.NEAR:
            near += 1
            assert wanted._may_be_near(key)
    assert 200 < near < 1900
    assert not wanted._may_be_near("关于开展夏季防汛抢险物资储备检查工作的通知")


@pytest.mark.parametrize("title", ["ﬁ STRASSE ß İ", "①②㈱ＡＢｃ", "é e\u0301 가", "ǆ ͅ"])
def test_a_title_is_folded_letter_by_letter_as_the_whole(title):
    whole = unicodedata.normalize("NFKC", title).casefold()
    letters = [c for c in whole if unicodedata.category(c)[0] in "LN"]
    assert title_key(title) == "".join(letters)
