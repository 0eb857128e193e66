"""A village manager works on the points of his or her villages, and sees no other."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Collection, GroupPagePermission, Page

from cms.models import Village
from disclosure_pages.models import (
    DisclosureImage,
    ReadingPointIndexPage,
    ReadingPointPage,
)
from disclosure_pages.services import site
from disclosure_pages.services.village_managers import assign_managers, managers
from disclosure_pages.services.withdrawal import may_withdraw
from tests.factories import VillageFactory, make_reading_point, make_site, make_user

pytestmark = pytest.mark.django_db
SECRET = "CANARY"


@pytest.fixture
def own():
    make_site()
    return make_reading_point(VillageFactory(name="上云村"))


@pytest.fixture
def other(own):
    point = make_reading_point(VillageFactory(name="下云村"))
    point.remarks = f"{SECRET}-text"
    point.title = f"{SECRET}-title"
    point.save_revision()
    return point


@pytest.fixture
def manager(own):
    user = make_user("village", site.VILLAGE_GROUP)
    assign_managers(own.village, [user])
    return user


@pytest.fixture
def desk(client, manager):
    client.force_login(manager)
    return client


def pages(name, *pages):
    return reverse(f"wagtailadmin_pages:{name}", args=[page.pk for page in pages])


def form_of(point, **values):
    """What the form of a point sends."""
    sets = {
        f"{prefix}-{name}": "0"
        for prefix in ("absences", "photos", "comments")
        for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")
    }
    fields = ("title", "slug", "address", "hours_summer", "primary_manager")
    return (
        {name: getattr(point, name) for name in (*fields, "backup_manager")}
        | {"rules": "null", "equipment": ["computer"], "village": point.village_id}
        | sets
        | values
    )


def test_the_point_of_the_own_village_is_edited_and_submitted(desk, own, manager):
    assert desk.get(pages("edit", own)).status_code == 200
    sent = form_of(own, remarks="新到一台打印机", **{"action-submit": "1"})
    assert desk.post(pages("edit", own), sent).status_code == 302
    own.refresh_from_db()
    assert own.latest_revision.user == manager
    assert own.get_latest_revision_as_object().remarks == "新到一台打印机"
    assert own.current_workflow_state is not None
    assert own.live and own.remarks == ""
    assert may_withdraw(manager, own)


def test_another_villages_point_is_neither_changed_nor_withdrawn(desk, other, manager):
    before = other.revisions.count()
    assert desk.post(pages("edit", other), form_of(other)).status_code == 302
    assert other.revisions.count() == before
    assert not may_withdraw(manager, other)
    address = reverse("gongkai_withdraw", args=[other.pk])
    desk.post(address, {"reason": "不是我的", "kind": "mistake"})
    other.refresh_from_db()
    assert other.live


def test_another_villages_draft_is_nowhere_to_be_seen(desk, own, other):
    index = Page.objects.get(pk=own.pk).get_parent()
    first, last = other.revisions.order_by("pk").values_list("pk", flat=True)
    compare = reverse(
        "wagtailadmin_pages:revisions_compare", args=[other.pk, first, last]
    )
    revision = "wagtailadmin_pages:revisions_view"
    for url in (
        "/admin/",
        pages("edit", other),
        reverse("wagtailadmin_explore", args=[index.pk]),
        reverse("wagtailadmin_explore", args=[other.pk]),
        pages("history", other),
        pages("view_draft", other),
        pages("usage", other),
        pages("copy", other),
        pages("move", other),
        pages("workflow_history", other),
        compare,
        reverse(revision, args=[other.pk, last]),
        reverse("wagtailadmin_pages:revisions_revert", args=[other.pk, last]),
        pages("preview_on_edit", other),
        f"/admin/pages/search/?q={SECRET}",
        f"/admin/choose-page/search/?q={SECRET}",
        f"/admin/choose-page/{index.pk}/",
        "/admin/api/main/pages/",
        f"/admin/api/main/pages/{other.pk}/",
        "/admin/reports/site-history/",
        "/admin/reports/workflow/",
        "/admin/reports/aging-pages/",
        "/admin/reports/locked/",
        f"/admin/pages/{other.pk}/delete/",
    ):
        text = desk.get(url, follow=True).content.decode()
        assert f"{SECRET}-t" not in text, url


def test_no_point_is_copied_moved_or_made(desk, own, other):
    index = ReadingPointIndexPage.objects.get()
    add = ["disclosure_pages", "readingpointpage", index.pk]
    desk.post(
        pages("copy", own),
        {"new_title": "第二个", "new_slug": "second", "new_parent_page": index.pk},
    )
    desk.post(reverse("wagtailadmin_pages:add", args=add), form_of(own, slug="more"))
    desk.post(reverse("wagtailadmin_pages:move_confirm", args=[own.pk, index.pk]))
    assert ReadingPointPage.objects.count() == 2


def test_a_manager_does_not_give_the_point_to_another_village(desk, own):
    third = VillageFactory(name="溪口村")
    desk.post(pages("edit", own), form_of(own, village=third.pk, remarks="改"))
    draft = ReadingPointPage.objects.get(pk=own.pk).get_latest_revision_as_object()
    assert draft.remarks == "改" and draft.village == own.village


def test_the_role_alone_opens_no_point(client, own):
    client.force_login(make_user("nobody", site.VILLAGE_GROUP))
    assert client.get("/admin/").status_code == 200
    answer = client.get(pages("edit", own))
    assert answer.status_code in (302, 403)


def test_who_loses_the_role_loses_the_desk(desk, own, manager):
    manager.groups.remove(Group.objects.get(name=site.VILLAGE_GROUP))
    assert desk.get(pages("edit", own)).status_code == 302
    assert desk.get("/admin/", follow=True).request["PATH_INFO"] == "/admin/login/"
    assert not managers(own.village).exists()


def test_the_officer_assigns_managers_at_the_desk(client, own, other):
    user = make_user("second", site.VILLAGE_GROUP)
    clerk = make_user("clerk", "编辑·民政和社会事务办公室")
    village = other.village
    address = reverse(Village.snippet_viewset.get_url_name("edit"), args=[village.pk])
    sent = {"name": village.name, "code": village.code, "map_x": 1, "map_y": 2}
    client.force_login(make_user("officer", "信息管理员"))
    page = client.get(address).content.decode()
    assert "second" in page and "clerk" not in page
    sent |= {"sort_order": 0, "managers": [user.pk]}
    assert client.post(address, sent).status_code == 302
    village.refresh_from_db()
    assert list(managers(village)) == [user]
    assert other.permissions_for_user(user).can_edit()
    assert not own.permissions_for_user(user).can_edit()
    refused = client.post(address, sent | {"managers": [clerk.pk]})
    assert refused.status_code == 200
    client.post(address, sent | {"managers": []})
    user = type(user).objects.get(pk=user.pk)
    assert not other.permissions_for_user(user).can_edit()


def test_a_point_made_later_belongs_to_the_managers_of_its_village(own, manager):
    village = VillageFactory(name="溪口村")
    assign_managers(village, [manager])
    point = make_reading_point(village)
    manager = type(manager).objects.get(pk=manager.pk)
    assert point.permissions_for_user(manager).can_edit()
    assert own.permissions_for_user(manager).can_edit()


def test_a_point_that_gets_another_village_changes_hands(own, manager):
    own.village = VillageFactory(name="溪口村")
    own.save()
    assert not own.permissions_for_user(manager).can_edit()


def test_a_renamed_village_keeps_managers_and_pictures(own, manager):
    village = own.village
    village.name = "新云村"
    village.save()
    assign_managers(village, [manager])
    assert village.manager_group.name == "查阅点·新云村"
    assert Collection.objects.filter(name="查阅点·新云村").count() == 1
    assert not Collection.objects.filter(name="查阅点·上云村").exists()
    assert list(managers(village)) == [manager]


def test_what_the_role_held_before_is_taken_back(own):
    index = ReadingPointIndexPage.objects.get()
    role = Group.objects.get(name=site.VILLAGE_GROUP)
    site.allow_pages(role, index, ["change_page"])
    site.allow_files(role, None, images_only=True)
    site.setup_site()
    assert not GroupPagePermission.objects.filter(group=role).exists()
    assert not role.collection_permissions.exists()


def picture(title, collection=None):
    image = DisclosureImage(title=title, file=get_test_image_file())
    if collection:
        image.collection = collection
    image.save()
    return image


def test_pictures_of_offices_and_other_villages_are_not_seen(desk, own, other):
    assign_managers(other.village, [make_user("second", site.VILLAGE_GROUP)])
    office = Collection.objects.get(name="民政和社会事务办公室")
    theirs = Collection.objects.get(name="查阅点·下云村")
    mine = Collection.objects.get(name="查阅点·上云村")
    for image in (picture(SECRET), picture(SECRET, office), picture(SECRET, theirs)):
        rendition = image.get_rendition("max-165x165")
        for url in (image.file.url, rendition.url):
            assert desk.get(url).status_code == 404
        for url in (
            "/admin/images/",
            f"/admin/images/{image.pk}/",
            f"/admin/images/{image.pk}/preview/max-165x165/",
            "/admin/images/chooser/",
            "/admin/images/chooser/results/",
            f"/admin/images/chooser/chosen/{image.pk}/",
            f"/admin/images/chooser/chosen-multiple/?id={image.pk}",
            f"/admin/images/chooser/select-format/{image.pk}/",
            f"/admin/images/usage/{image.pk}/",
            "/admin/api/main/images/",
            f"/admin/api/main/images/{image.pk}/",
        ):
            answer = desk.get(url, follow=True)
            assert SECRET not in answer.content.decode(), url
    allowed = picture("我的照片", mine)
    assert desk.get(allowed.file.url).status_code == 200
    assert "我的照片" in desk.get("/admin/images/chooser/results/").content.decode()


def test_a_picture_named_by_its_number_is_not_taken_in(desk, own):
    image = picture(SECRET, Collection.objects.get(name="民政和社会事务办公室"))
    more = {"photos-TOTAL_FORMS": "1", "photos-0-image": image.pk}
    more |= {"photos-0-caption": "门口", "photos-0-ORDER": "1"}
    for values in ({"photo": image.pk}, more):
        answer = desk.post(pages("edit", own), form_of(own, **values))
        point = ReadingPointPage.objects.get(pk=own.pk)
        draft = point.get_latest_revision_as_object()
        assert draft.photo is None and not draft.photos.all()
        assert "这张图片不是您能选的" in answer.content.decode()
        assert SECRET not in answer.content.decode()
