"""The officer's pages: packages to fetch, receipts to hand in, templates as data."""

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from tasks.drain import drain
from tasks.models import OutboxEntry, PortalTemplate, TemplateBatch, TemplateRow
from tests.factories import make_item, make_people, make_site, make_user
from tests.tasks.portal_contracts import TemplateContract

pytestmark = pytest.mark.django_db
SNIPPET = "wagtailsnippets_gongkai_tasks_portaltemplate"


@pytest.fixture
def portal(settings, tmp_path):
    settings.GONGKAI_INDEXES = []
    settings.MEDIA_ROOT = tmp_path / "media"
    return TemplateContract(tmp_path / "city", settings)


@pytest.fixture
def item(portal):
    make_site()
    item = make_item("关于低保金发放的公示")
    OutboxEntry.objects.exclude(key=item.key).delete()
    drain()
    return item


@pytest.fixture
def officer(client, item):
    client.force_login(make_people()["officer"])
    return client


def batch():
    return TemplateBatch.objects.latest("pk")


def text_of(answer):
    return answer.content.decode()


def test_the_officer_sees_the_batch_and_fetches_it(officer):
    page = text_of(officer.get(reverse("gongkai_batches")))
    assert "第 1 批" in page and "门户网站（city）" in page
    answer = officer.get(reverse("gongkai_batch_package", args=[batch().pk]))
    packed = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert {"信息加载表.xlsx", "回执表.xlsx"} <= set(packed.namelist())


def test_a_folder_is_fetched_packed(officer, portal, item):
    PortalTemplate.objects.create(portal="city", packed=False)
    OutboxEntry.record([item.key], "publish")
    drain()
    answer = officer.get(reverse("gongkai_batch_package", args=[batch().pk]))
    packed = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert "信息加载表.xlsx" in packed.namelist()


def test_the_batch_names_its_items_and_what_the_portal_said(officer, portal):
    TemplateRow.objects.update(result="refused", words="栏目不对")
    page = text_of(officer.get(reverse("gongkai_batch", args=[batch().pk])))
    for text in ("关于低保金发放的公示", "门户退回", "栏目不对", "退回的再报一次"):
        assert text in page


def test_the_batch_says_whose_content_is_gone(officer):
    row = TemplateRow.objects.get()
    row.result, row.answered_at = "accepted", timezone.now()
    row.removed_at = timezone.now()
    row.save()
    page = text_of(officer.get(reverse("gongkai_batch", args=[batch().pk])))
    assert "门户已接收 · 内容已从包里取出" in page


def test_what_is_no_longer_public_is_not_fetched_any_more(officer, item):
    item.unpublish()  # and nothing was drained since
    address = reverse("gongkai_batch_package", args=[batch().pk])
    assert "不要再报送" in text_of(officer.get(address, follow=True))


def test_a_receipt_is_handed_in_and_delivers(officer, portal, item):
    line = f"永久标识,处理结果,网址\n{item.key},成功,https://city.example/1\n"
    file = SimpleUploadedFile("回执.csv", line.encode())
    answer = officer.post(
        reverse("gongkai_receipt"), {"portal": "city", "file": file}, follow=True
    )
    assert "接收 1 条，退回 0 条，对不上 0 行" in text_of(answer)
    drain()
    assert not OutboxEntry.objects.get(key=item.key).pending


def test_lines_that_fit_nothing_are_listed(officer):
    file = SimpleUploadedFile("回执.csv", "索引号,结果\nX/1,成功\n".encode())
    answer = officer.post(
        reverse("gongkai_receipt"), {"portal": "city", "file": file}, follow=True
    )
    assert "第 2 行（X/1）：没有向这个门户报送过这一条。" in text_of(answer)


def test_a_form_without_file_says_so_and_stays(officer):
    answer = officer.post(reverse("gongkai_receipt"), {"portal": "city"})
    assert answer.status_code == 200
    assert TemplateBatch.objects.count() == 1


def test_what_was_refused_is_exported_again_as_a_new_version(officer, item):
    TemplateRow.objects.update(result="refused")
    officer.post(reverse("gongkai_batch_again", args=[batch().pk]))
    drain()
    assert [row.version for row in TemplateRow.objects.order_by("version")] == [1, 2]
    assert batch().number == 2


def test_the_list_asks_no_more_for_more_batches(
    officer, portal, item, django_assert_max_num_queries
):
    for _ in range(5):
        OutboxEntry.record([item.key], "publish")
        drain()
    with django_assert_max_num_queries(30):
        officer.get(reverse("gongkai_batches"))


def test_an_inspector_looks_and_changes_nothing(client, item):
    client.force_login(make_user("inspector", "监督检查"))
    assert client.get(reverse("gongkai_batches")).status_code == 200
    number, home = batch().pk, reverse("wagtailadmin_home")
    for name, arguments in (
        ("gongkai_receipt", []),
        ("gongkai_batch_again", [number]),
    ):
        assert client.post(reverse(name, args=arguments)).url == home
    address = reverse("gongkai_batch_package", args=[number])
    assert client.get(address).url == home
    assert TemplateBatch.objects.count() == 1


def test_a_clerk_has_no_business_here(client, item):
    client.force_login(make_people()["clerk"])
    for name in ("gongkai_batches", "gongkai_official_template"):
        assert client.get(reverse(name)).url == reverse("wagtailadmin_home")


def test_the_official_template_is_shown_and_not_changed(officer):
    page = text_of(officer.get(reverse("gongkai_official_template")))
    assert "成文日期" in page and "永久标识" in page
    official = PortalTemplate.objects.get(official=True)
    for view in ("edit", "delete"):
        answer = officer.post(reverse(f"{SNIPPET}:{view}", args=[official.pk]), {})
        assert answer.url == reverse("gongkai_official_template")
    assert official.columns.count() == 17


def test_a_portals_own_template_starts_from_the_default(officer):
    management = {
        f"{name}-{part}": value
        for name in ("columns", "values")
        for part, value in (
            *(("TOTAL_FORMS", "0"), ("INITIAL_FORMS", "0")),
            *(("MIN_NUM_FORMS", "0"), ("MAX_NUM_FORMS", "1000")),
        )
    }
    values = {
        "portal": "city", "sheet": "公开信息", "packed": "on", "gather_minutes": "30",
        "remind_days": "5", "accepted_words": "成功", "refused_words": "退回",
    }  # fmt: skip
    answer = officer.post(reverse(f"{SNIPPET}:add"), values | management)
    assert answer.status_code == 302, text_of(answer)[-3000:]
    own = PortalTemplate.objects.get(portal="city")
    assert own.columns.count() == 17
    assert PortalTemplate.of("city") == own
    page = officer.get(reverse(f"{SNIPPET}:edit", args=[own.pk]))
    assert page.status_code == 200
