"""Setting up a site: new, of an earlier version, again."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from wagtail.models import (
    GroupPagePermission,
    Page,
    Workflow,
    WorkflowState,
    WorkflowTask,
)

from cms.context import NAVIGATION
from cms.models import Office
from disclosure_pages.models import (
    DisclosureIndexPage,
    InstitutionPage,
    OfficeIndexPage,
    RulesIndexPage,
)
from disclosure_pages.services.site import INSPECTOR_GROUP, add_office, setup_site
from tests.factories import make_guide, make_item, make_site, make_user

pytestmark = pytest.mark.django_db

SECTIONS = {
    "rules": "政府信息公开制度",
    "annual-reports": "政府信息公开年报",
    "notices": "通知公告",
    "dossiers": "专题",
}


def sections():
    """The live pages under the front page by address."""
    home = setup_site()
    return dict(home.get_children().live().values_list("slug", "title"))


def describe_office():
    Office.objects.create(code="finance", name="财政所", duties="预算决算。")


def test_a_new_site_has_the_statutory_sections():
    found = sections()
    assert SECTIONS.items() <= found.items()
    assert "institution" not in found  # the register says nothing yet
    describe_office()
    assert sections()["institution"] == "机构职能"
    assert not any(Page.find_problems())


def test_a_site_of_an_earlier_version_gets_what_is_new():
    make_site()
    item = make_item("旧信息")
    for slug in SECTIONS:
        Page.objects.get(slug=slug).specific.delete()
    describe_office()
    found = sections()
    assert {*SECTIONS, "institution"} <= set(found)
    assert Page.objects.get(pk=item.pk).live
    assert not any(Page.find_problems())


def test_again_changes_nothing():
    describe_office()
    setup_site()
    RulesIndexPage.objects.update(title="我镇的制度", draft_title="我镇的制度")
    before = list(Page.objects.order_by("path").values_list("path", "slug", "title"))
    groups = set(Group.objects.values_list("name", flat=True))
    setup_site()
    setup_site()
    after = list(Page.objects.order_by("path").values_list("path", "slug", "title"))
    assert after == before
    assert set(Group.objects.values_list("name", flat=True)) == groups


def test_an_address_that_is_taken_is_left_alone():
    home = make_site()
    rules = RulesIndexPage.objects.get()
    rules.slug = "zhidu"
    rules.save()
    setup_site()
    assert RulesIndexPage.objects.child_of(home).count() == 1


def test_a_portal_has_no_sections_of_its_own(settings):
    settings.GONGKAI_ROLE = "portal"
    describe_office()
    assert not {*SECTIONS, "institution"} & set(sections())


def test_navigation_has_the_statutory_blocks_first(client):
    describe_office()
    make_site()
    make_guide()
    text = client.get("/").content.decode()
    nav = text[text.index('<nav class="nav"') : text.index("</nav>")]
    places = [nav.index(f'href="/{slug}/"') for slug in NAVIGATION]
    assert places == sorted(places)
    assert list(NAVIGATION)[:4] == ["guide", "rules", "disclosure", "annual-reports"]
    assert "/request/" not in nav


def test_the_information_officer_keeps_the_sections():
    home = make_site()
    officer = make_user("officer", "信息管理员")
    for slug in SECTIONS:
        tester = Page.objects.get(slug=slug).specific.permissions_for_user(officer)
        assert tester.can_add_subpage()
        assert tester.can_edit()
        assert not tester.can_publish_subpage()
    assert GroupPagePermission.objects.filter(page=home).exists()


def test_the_groups_and_the_workflow_of_wagtail_go_where_nobody_uses_them():
    Workflow.objects.get_or_create(name="Moderators approval")
    for name in ("Editors", "Moderators"):
        Group.objects.get_or_create(name=name)
    setup_site()
    assert not Group.objects.filter(name__in=["Editors", "Moderators"]).exists()
    assert set(Workflow.objects.values_list("name", flat=True)) == {"三级审查"}
    assert WorkflowTask.objects.count() == 3


def test_what_somebody_uses_of_it_stays():
    make_site()
    for name in ("Editors", "Moderators"):
        Group.objects.get_or_create(name=name)
    make_user("somebody", "Editors")
    workflow = Workflow.objects.create(name="Moderators approval", active=True)
    item = make_item()
    content_type = item.cached_content_type
    WorkflowState.objects.create(
        workflow=workflow,
        content_type=content_type,
        base_content_type=content_type,
        object_id=str(item.pk),
        status="approved",
    )
    setup_site()
    assert Group.objects.filter(name="Editors").exists()
    assert not Group.objects.filter(name="Moderators").exists()
    assert Workflow.objects.filter(pk=workflow.pk).exists()


def test_a_renamed_office_keeps_its_people():
    make_site()
    office = Office.objects.get()
    clerk = make_user("clerk", f"编辑·{office.name}")
    office.name = "社会事务办公室"
    office.save()
    setup_site()
    assert [group.name for group in clerk.groups.all()] == ["编辑·社会事务办公室"]
    office.refresh_from_db()
    assert office.editor_group in clerk.groups.all()


def test_a_group_that_somebody_chose_stays():
    make_site()
    office = Office.objects.get()
    office.head_group = Group.objects.create(name="两办主任")
    office.save()
    add_office(office)
    office.refresh_from_db()
    assert office.head_group.name == "两办主任"


def test_an_office_saved_at_the_desk_is_equipped(client):
    make_site()
    client.force_login(make_user("admin", "系统管理员"))
    address = reverse(Office.snippet_viewset.get_url_name("add"))
    data = {"code": "finance", "name": "财政所", "phone": "0000-1", "sort_order": 2}
    response = client.post(address, data)
    assert response.status_code == 302, response.context["form"].errors
    office = Office.objects.get(code="finance")
    assert office.editor_group.name == "编辑·财政所"
    assert OfficeIndexPage.objects.get(office=office).live
    assert InstitutionPage.objects.get().live
    assert DisclosureIndexPage.objects.count() == 1


def test_the_inspector_reads_reports_and_changes_nothing(client):
    make_site()
    client.force_login(make_user("inspector", INSPECTOR_GROUP))
    for path in ("/admin/outbox/", "/admin/reports/reading-points/"):
        assert client.get(path).status_code == 200
    assert client.post("/admin/outbox/retry/").status_code == 302
    for path in ("/admin/feedback/", "/admin/publish/", "/admin/users/"):
        assert client.get(path).status_code == 302
