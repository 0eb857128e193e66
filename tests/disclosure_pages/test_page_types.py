"""Rules, institution, annual reports, notices and plain pages: how each behaves."""

import datetime as dt

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import RequestFactory
from django.utils import timezone

from cms.approval import publication_approved
from cms.models import Authority, Office, SteeringMember
from disclosure_pages.models import (
    AnnualReportIndexPage,
    AnnualReportPage,
    HomePage,
    InstitutionPage,
    NoticeIndexPage,
    NoticePage,
    PlainPage,
    RulesIndexPage,
    RulesPage,
)
from disclosure_pages.services.withdrawal import withdraw
from tests.factories import body_of, make_document, make_people, make_site

pytestmark = pytest.mark.django_db

TITLE = "云溪镇政府信息公开保密审查制度"
KINDS = {
    "rules": (RulesIndexPage, RulesPage, {"document_number": "云政办〔2026〕9号"}),
    "annual-reports": (AnnualReportIndexPage, AnnualReportPage, {"year": 2025}),
    "notices": (NoticeIndexPage, NoticePage, {"content_source": "宁澜市供电公司"}),
    "": (HomePage, PlainPage, {}),
}


def make_page(slug, *, title=TITLE, live=True, **values):
    """A page of the kind that lives under the section with this slug."""
    make_site()
    index, model, own = KINDS[slug]
    parent = index.objects.get()
    page = model(title=title, live=False, **{"body": body_of("正文。"), **own, **values})
    parent.add_child(instance=page)
    revision = page.save_revision()
    if live:
        publish(revision)
    page.refresh_from_db()
    return page


def publish(revision):
    with publication_approved("test"):
        revision.publish(skip_permission_checks=True)


def text_of(client, page, status=200):
    response = client.get(page.url)
    assert response.status_code == status
    return response.content.decode()


each_kind = pytest.mark.parametrize("slug", KINDS)


@each_kind
def test_a_draft_is_nowhere(client, slug):
    page = make_page(slug, live=False)
    assert client.get(page.url).status_code == 404
    for address in (page.get_parent().url, "/", "/sitemap/"):
        assert TITLE not in client.get(address).content.decode()


@each_kind
def test_what_is_published_is_shown_and_listed(client, slug):
    page = make_page(slug, summary="一句话说明。")
    text = text_of(client, page)
    for shown in (TITLE, "正文。", "一句话说明。", 'name="PubDate"', "<svg"):
        assert shown in text
    assert text.count("<h1") == 1
    if slug:
        assert TITLE in text_of(client, page.get_parent())
