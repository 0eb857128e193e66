"""Whatever stands in an address: an answer, no fault, and no way to another site."""

import datetime as dt

import pytest
from django.core import mail
from django.utils import timezone
from wagtail.models import PageViewRestriction

from tests.factories import (
    make_guide,
    make_item,
    make_people,
    make_reading_point,
    make_site,
)

pytestmark = pytest.mark.django_db
PATHS = (
    *("/disclosure/", "/disclosure/work/", "/reading-points/", "/search/"),
    *("/external/", "/disclosure/office-civil-affairs/"),
    *(
        "/api/v1/items",
        "/api/v1/item",
        "/api/v1/search",
        "/api/v1/suggest",
        "/api/v1/changes",
    ),
)
QUERIES = (
    *("q=%00", "q=a%00b", "q=%ED%A0%80", "q=%FF%FE", "q=*a*", "q=_source"),
    *(f"q={'%22' * 3000}", f"q={'(' * 2000}", f"q={'-a+' * 800}", f"q={'a' * 10_000}"),
    *("page=0", "page=-1", "page=1e3", "page=%D9%A1", f"page={'9' * 30}"),
    *("page=999999999", "page=100&page_size=100", "page_size=101", "limit=0"),
    *("year=0000", "year=9999", "year=%00", "category=%00", "office='", "office=%00"),
    *("validity=x", "type=%00", "origin=%00", "village=%00", "sort=%00", "mode=%00"),
    *(f"after=2026-01-01.{'9' * 30}", "after=%00", "after=0001-01-01.-1"),
    *("since=%00", "since=0001-01-01", "index_number=%00", "index_number="),
    *("next=//evil.example", "&".join(f"year={year}" for year in range(1000, 1800))),
)


@pytest.mark.parametrize("role", ["township", "portal"])
def test_no_query_is_a_fault(client, settings, role):
    settings.GONGKAI_ROLE = role
    make_item(), make_guide(), make_reading_point()
    client.raise_request_exception = False
    for path in PATHS:
        for query in QUERIES:
            answer = client.get(f"{path}?{query}")
            assert answer.status_code < 500, (path, query[:60])
            assert "evil" not in answer.headers.get("Location", "")


@pytest.mark.parametrize("role", ["township", "portal"])
@pytest.mark.parametrize(
    "path",
    [
        *("/media/%00", "/media/../gongkai.sqlite3", "/media/%2e%2e/%2e%2e/etc/passwd"),
        *("/media//etc/passwd", "/media/documents/x", "/%00/", "/disclosure/%00/"),
        *("/external/%00/%00/", "/external-files/%00/%00", "/external/a/b/"),
        *(f"/external-files/{'0' * 64}/a%0d%0aX:%20y", f"/documents/{'9' * 30}/x"),
        *("/documents/0/%00", f"/documents/1/{'x' * 5000}", f"/{'a/' * 500}"),
    ],
)
def test_no_path_is_a_fault_or_a_way_in(client, settings, role, path):
    settings.GONGKAI_ROLE = role
    make_site()
    assert client.get(path).status_code in (400, 404)


def test_the_sitemap_names_only_what_is_public(client):
    public = make_item()
    withheld = make_item(disclosure_mode="withheld", disclosure_reason="国家秘密")
    expired, restricted = make_item(), make_item()
    past = timezone.now() - dt.timedelta(days=1)
    type(expired).objects.filter(pk=expired.pk).update(expire_at=past)
    PageViewRestriction.objects.create(page=restricted, restriction_type="login")
    sitemap = client.get("/sitemap-items-1.xml").content.decode()
    assert public.slug in sitemap
    for item in (withheld, expired, restricted):
        assert item.slug not in sitemap


def test_login_and_mail_stay_on_this_site(client, settings):
    make_site()
    clerk = make_people()["clerk"]
    form = {"username": "clerk", "password": "test-password", "next": "//evil.example"}
    answer = client.post("/admin/login/?next=//evil.example", form)
    assert answer["Location"] == "/admin/"
    type(clerk).objects.update(email="clerk@yunxi.example")
    client.logout()
    form = {"email": "clerk@yunxi.example"}
    client.post("/admin/password_reset/", form, HTTP_HOST="evil.example")
    assert settings.WAGTAILADMIN_BASE_URL in mail.outbox[0].body
    assert "evil" not in mail.outbox[0].body
