"""Drafts, their files and their titles stay with those who work on them."""

from uuid import uuid4

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Collection, ReferenceIndex, TaskState

from cms.models import Office
from disclosure_pages.models import DisclosureImage, OfficeIndexPage
from tests.factories import (
    OfficeFactory,
    make_document,
    make_item,
    make_people,
    make_reading_point,
    make_site,
    make_user,
)
from tests.security.people import make_attacker

pytestmark = pytest.mark.django_db
CANARY = "CANARY"


@pytest.fixture
def office():
    OfficeFactory(code="finance", name="财政所")
    make_site()
    return OfficeIndexPage.objects.get(office__code="civil-affairs")


@pytest.fixture
def collection(office):
    return Collection.objects.get(name=office.office.name)


def picture(collection=None, **values):
    image = DisclosureImage(
        title=f"{CANARY}-picture", file=get_test_image_file(), **values
    )
    if collection:
        image.collection = collection
    image.save()
    return image


def stranger(name):
    return {
        "editor": lambda: make_user("other", "编辑·财政所"),
        "head": lambda: make_user("other", "负责人·财政所"),
        "village": lambda: make_attacker("village"),
        "admin": lambda: make_attacker("admin"),
    }[name]()


@pytest.mark.parametrize("name", ["editor", "head", "village", "admin"])
def test_strangers_see_no_draft_of_another_office(client, office, collection, name):
    document = make_document(f"{CANARY}.txt", collection=collection)
    clerk = make_people()["clerk"]
    item = make_item(f"{CANARY}-draft", live=False, user=clerk, documents=[document])
    item.get_workflow().start(item, clerk)
    client.force_login(stranger(name))
    assert client.get(document.url).status_code == 404
    for url in (
        f"/admin/choose-page/{office.pk}/",
        f"/admin/choose-page/search/?q={CANARY}",
        f"/admin/choose-page/{item.pk}/",
        f"/admin/choose-page/chosen-multiple/?id={item.pk}",
        f"/admin/bulk/wagtailcore/page/delete/?next=/admin/&id={item.pk}",
        f"/admin/bulk/wagtailcore/page/move/?next=/admin/&id={item.pk}",
        f"/admin/bulk/disclosure_pages/disclosureitempage/gongkai_withdraw/?id={item.pk}",
        "/admin/reports/page-types-usage/",
        "/admin/api/main/documents/",
        f"/admin/api/main/documents/{document.pk}/",
        "/admin/api/main/pages/",
        f"/admin/documents/chooser/chosen/{document.pk}/",
        f"/admin/documents/edit/{document.pk}/",
        f"/admin/pages/{item.pk}/edit/",
        f"/admin/pages/{item.pk}/view_draft/",
        f"/admin/pages/{item.pk}/history/",
        f"/admin/pages/search/?q={CANARY}",
        "/admin/reports/site-history/",
        "/admin/reports/workflow/",
        "/admin/reports/workflow_tasks/",
        f"/admin/review/{TaskState.objects.get().pk}/",
    ):
        text = client.get(url).content.decode()
        assert f"{CANARY}-draft" not in text, url
        assert f"{CANARY}.txt" not in text, url


def test_a_picture_of_another_office_is_not_shown(client, collection):
    image = picture(collection)
    for user, status in ((stranger("editor"), 404), (make_people()["officer"], 200)):
        client.force_login(user)
        assert client.get(image.file.url).status_code == status
        listed = client.get("/admin/api/main/images/").content.decode()
        assert (image.title in listed) is (status == 200)


def test_those_who_work_on_a_draft_open_its_files(client, collection):
    document = make_document(collection=collection)
    linked = make_document("正文里的附件.txt", collection=collection)
    people = make_people()
    text = f'<a linktype="document" id="{linked.pk}">附件</a>'
    item = make_item(live=False, user=people["clerk"], documents=[document], text=text)
    client.force_login(people["head"])
    assert client.get(document.url).status_code == 404
    item.get_workflow().start(item, people["clerk"])
    for role in ("clerk", "head", "secrecy", "leader", "officer"):
        client.force_login(people[role])
        for file in (document, linked):
            assert client.get(file.url).status_code == 200, role


def test_a_row_that_is_no_page_makes_nothing_public(client, office):
    item, image = make_item(), picture()
    kind = ContentType.objects.get_for_model(Office)
    ReferenceIndex.objects.create(
        base_content_type=kind,
        content_type=kind,
        object_id=str(item.pk),
        to_content_type=ContentType.objects.get_for_model(image),
        to_object_id=str(image.pk),
        model_path="photo",
        content_path="photo",
        content_path_hash=uuid4(),
    )
    assert client.get(image.file.url).status_code == 404


def test_a_public_picture_is_not_replaced(client, office):
    image = picture(uploaded_by_user=make_people()["officer"])
    make_reading_point(photo=image)
    client.force_login(image.uploaded_by_user)
    before = client.get(image.file.url)
    content = b"".join(before.streaming_content)
    new = get_test_image_file(colour="red", filename="new.png")
    answer = client.post(
        reverse("wagtailimages:edit", args=[image.pk]),
        {
            "title": image.title,
            "collection": image.collection_id,
            "file": SimpleUploadedFile("new.png", new.file.getvalue()),
        },
    )
    assert "图片不能替换" in answer.content.decode()
    image.refresh_from_db()
    after = client.get(image.file.url)
    assert b"".join(after.streaming_content) == content


def test_a_public_file_keeps_bytes_and_name(client, office):
    clerk = make_people()["clerk"]
    document = make_document(uploaded_by_user=clerk)
    make_item(documents=[document])
    client.force_login(clerk)
    url = reverse("wagtaildocs:edit", args=[document.pk])
    form = {"collection": document.collection_id, "tags": ""}
    client.post(url, form | {"title": "没有审过的名称"})
    client.post(
        url,
        form
        | {"title": document.title, "file": SimpleUploadedFile("附件.txt", b"new")},
    )
    document.refresh_from_db()
    assert document.title == "附件.txt"
    assert document.file_sha256() == document.sha256
