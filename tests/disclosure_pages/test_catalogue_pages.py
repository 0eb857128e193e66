import pytest

from disclosure_pages.models import CatalogueEntry, Subcategory, Term
from tests.factories import make_item, make_site

pytestmark = pytest.mark.django_db


@pytest.fixture
def relief():
    make_site()
    return Subcategory.objects.get(code="relief")


def page(client, path, **data):
    answer = client.get(path, data)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_category_counts_its_subcategories_and_obligatory_entries(client, relief):
    entry = CatalogueEntry.objects.get(code="example-01")
    make_item("低保名单", subcategory=relief, catalogue_entry=entry)
    make_item("草稿", subcategory=relief, live=False)
    html = page(client, "/disclosure/work/")
    assert 'href="/disclosure/work/relief/"' in html
    assert '社会救助 <span class="num">1</span>' in html
    assert "法定公开事项" in html and "目前没有" in html
    assert "标准目录" in html and "最低生活保障·低保对象名单公示" in html
    assert "尚未公开" not in html
    assert "临时救助·支出情况" not in html  # only an example
    CatalogueEntry.objects.filter(level1="临时救助").update(official=True)
    assert "临时救助·支出情况" in page(client, "/disclosure/work/")


def test_a_subcategory_has_its_own_address_and_list(client, relief):
    make_item("低保名单", subcategory=relief)
    make_item("别的工作")
    html = page(client, "/disclosure/work/relief/")
    assert "低保名单" in html and "别的工作" not in html
    assert "<h1>社会救助</h1>" in html
    assert "依据：条例第二十一条" in html
    assert "subcategory=relief" in html  # the exports are of this list


@pytest.mark.parametrize(
    "path",
    [
        "/disclosure/work/nothing/",
        "/disclosure/finance/relief/",
        "/disclosure/work/relief/x/",
    ],
)
def test_unknown_subcategories_are_not_found(client, relief, path):
    assert client.get(path).status_code == 404


def test_a_switched_off_subcategory_is_offered_only_while_it_has_items(client, relief):
    Subcategory.objects.update(enabled=False)
    assert "/disclosure/work/relief/" not in page(client, "/disclosure/work/")
    make_item(subcategory=relief)
    assert "/disclosure/work/relief/" in page(client, "/disclosure/work/")


def test_filters_by_genre_subject_and_subcategory(client, relief):
    notice = Term.objects.get(scheme="genre", code="notice")
    subject = Term.objects.get(scheme="subject", code="civil-relief")
    make_item("有体裁的", genre=notice, subject=subject, subcategory=relief)
    make_item("没有的")
    for name, value in (
        ("genre", "notice"),
        ("subject", "civil-relief"),
        ("subcategory", "relief"),
    ):
        html = page(client, "/disclosure/work/", **{name: value})
        assert "有体裁的" in html and "没有的" not in html
        assert f'<option value="{value}" selected>' in html
    assert "没有符合条件" in page(client, "/disclosure/work/", genre="letter")
    assert "没有的" in page(client, "/disclosure/work/", genre="'; drop")


def test_a_category_costs_as_many_queries_for_many_items(
    client, relief, django_assert_max_num_queries
):
    for number in range(25):
        make_item(f"第{number}件", subcategory=relief)
    page(client, "/disclosure/work/")
    with django_assert_max_num_queries(12):
        page(client, "/disclosure/work/")
    with django_assert_max_num_queries(12):
        page(client, "/disclosure/work/relief/")


@pytest.mark.parametrize("office", [False, True], ids=["all", "office"])
def test_the_whole_list_and_an_offices_are_narrowed_likewise(client, relief, office):
    notice = Term.objects.get(scheme="genre", code="notice")
    subject = Term.objects.get(scheme="subject", code="civil-relief")
    make_item("有体裁的", genre=notice, subject=subject, subcategory=relief)
    make_item("没有的")
    path = "/disclosure/office-civil-affairs/" if office else "/disclosure/"
    for name, value in (
        ("genre", "notice"),
        ("subject", "civil-relief"),
        ("subcategory", relief.code),
    ):
        text = page(client, path, **{name: value, "category": "work"})
        assert f'<select name="{name}">' in text
        assert f'<option value="{value}" selected>' in text
        assert "有体裁的" in text
        assert "没有的" not in text
    plain = page(client, path)
    assert '<select name="subcategory">' not in plain  # too many for one list
    assert '<option value="letter"' not in plain  # no item has it
