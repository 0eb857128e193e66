"""One public page of every type, made for the tests that look at all of them."""

import datetime as dt

import pytest
from django.db import transaction
from django.utils import timezone

from cms.approval import publication_approved
from cms.models import Authority, Office, Village
from disclosure_pages.models import (
    AnnualReportIndexPage,
    AnnualReportPage,
    CollectionPage,
    DisclosureItemPage,
    DossierEntry,
    DossierIndexPage,
    DossierPage,
    InstitutionPage,
    NoticeIndexPage,
    NoticePage,
    PlainPage,
    RulesIndexPage,
    RulesPage,
)
from disclosure_pages.site_kinds import kinds
from tests.factories import (
    VillageFactory,
    body_of,
    make_document,
    make_guide,
    make_item,
    make_reading_point,
    make_site,
)

LONG = "关于印发《云溪镇农村住房风貌提升补助资金管理办法（试行）》的通知"
SECTIONS = {
    "rules": (RulesIndexPage, RulesPage, {"document_number": "云政〔2026〕3号"}),
    "annual-reports": (AnnualReportIndexPage, AnnualReportPage, {"year": 2025}),
    "notices": (NoticeIndexPage, NoticePage, {}),
    "dossiers": (DossierIndexPage, DossierPage, {}),
}


def public(parent, model, slug, title, **values):
    """The page under ``parent``, made and published unless it is there."""
    page = model.objects.child_of(parent).filter(slug=slug).first()
    if page is None:
        parent.refresh_from_db()
        page = model(title=title, slug=slug, live=False, **values)
        parent.add_child(instance=page)
        with publication_approved("test"):
            page.save_revision().publish(skip_permission_checks=True)
    return model.objects.get(pk=page.pk)


def fill_authority():
    """Everything that the footer must show."""
    make_site()
    Authority.objects.update(
        short_name="云溪镇", site_id_code="3300990001", phone="0000-62001203",
        icp_number="示例备〔2026〕1号", police_number="示例公网安备1号",
        host_unit="云溪镇人民政府", operator_unit="党政综合办公室",
        address="宁澜市云溪镇溪前路 1 号", office_hours="工作日 08:30–17:30",
    )  # fmt: skip
    Office.objects.update(phone="0000-62001210", duties="救助、优抚、养老。")


def body():
    """A body with every block that needs nothing else."""
    office = Office.objects.first()
    return [
        *body_of("正文第一段。</p><h2>一、总则</h2><p>第二段。"),
        ("notice", {"kind": "warn", "heading": "注意", "text": "<p>月底前交。</p>"}),
        ("contact", {"office": office, "person": "周建平", "note": "二楼"}),
    ]


def make_every_kind():
    """Make the site whole; returns the home page."""
    fill_authority()
    home = make_site()
    item = make_item(
        LONG, summary="每户补助 8000 元。", keywords="补助；住房",
        documents=[make_document("办法.txt")], document_number="云政〔2026〕31号",
        index_number="11330099MB1A2B3C4D/2026-00031", text="W" * 200,
    )  # fmt: skip
    for number in range(22):
        make_item(f"{LONG}之{number}", date_published=dt.date(2026, 9, 2))
    gone = make_item("撤回")
    DisclosureItemPage.objects.filter(pk=gone.pk).update(
        live=False, withdrawn_at=timezone.now(), withdrawn_reason="发布有误。"
    )
    make_guide()
    if not Village.objects.exists():
        make_reading_point(VillageFactory(name="溪口村", map_x=200, map_y=300))
    for slug, (index_model, model, values) in SECTIONS.items():
        index = public(home, index_model, slug, f"栏目{slug}", lede="这一栏的说明。")
        values = {"summary": "一句话说明。", "body": body(), **values}
        if model is DossierPage:
            values["entries"] = [DossierEntry(item=item, heading="文件")]
        public(index, model, f"{slug}-1", f"{LONG}（{slug}）", **values)
    public(home, InstitutionPage, "institution", "机构职能", body=body())
    public(home, CollectionPage, "collection", "补助文件", category="work")
    public(home, PlainPage, "plain", "无障碍声明", body=body(), summary="说明")
    return home


@pytest.fixture(scope="module")
def every_kind(django_db_setup, django_db_blocker):
    """The one whole site of a module; gone with its transaction."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_every_kind()
        transaction.set_rollback(True)


def addresses():
    """(name, path, status) of every kind that has a page."""
    return [(kind.name, kind.path, kind.status) for kind in kinds() if kind.path]
