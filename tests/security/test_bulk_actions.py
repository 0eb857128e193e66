"""Bulk actions of Wagtail's: each thing they touch is in the log, or they are off."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.urls import reverse
from wagtail.images.tests.utils import get_test_image_file
from wagtail.log_actions import registry
from wagtail.models import Collection, Workflow
from wagtail.rich_text import RichText

from cms.approval import publication_approved
from cms.models import ReviewPath, StandIn
from disclosure_pages.models import DisclosureDocument, DisclosureImage
from disclosure_pages.services.site import LEADER_GROUP
from disclosure_pages.services.withdrawal import withdraw
from tests.factories import make_document, make_item
from tests.security.people import make_attacker

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client, people):
    """The browser of a 系统管理员."""
    client.force_login(make_attacker("admin"))
    return client


def bulk(client, label, action, *things, **data):
    ids = "&".join(f"id={thing.pk}" for thing in things)
    return client.post(f"/admin/bulk/{label}/{action}/?next=/admin/&{ids}", data)


def told_of(thing):
    entries = registry.get_logs_for_instance(thing)
    return [(entry.action, entry.user.username) for entry in entries.order_by("pk")]


def test_accounts_are_not_closed_in_bulk(admin, people):
    for action, data in (
        ("set_active_state", {"mark_as_active": False}),
        ("delete", {}),
    ):
        answer = bulk(admin, "auth/user", action, people["leader"], **data)
        assert answer.status_code == 404
    assert get_user_model().objects.get(username="leader").is_active


def test_an_administrator_gives_a_superuser_no_role(admin):
    root, role = make_attacker("root"), Group.objects.get(name=LEADER_GROUP)
    answer = bulk(admin, "auth/user", "assign_role", root, role=role.pk)
    assert answer.status_code == 302 and not root.groups.exists()


def test_rules_of_the_review_deleted_in_bulk_are_in_the_log(admin, people):
    path = ReviewPath.objects.create(name="路", workflow=Workflow.objects.first())
    principal, substitute = people["head"], people["leader"]
    stand_in = StandIn.objects.create(principal=principal, substitute=substitute)
    for thing in (path, stand_in):
        bulk(admin, f"gongkai_cms/{thing._meta.model_name}", "delete", thing)
        assert not type(thing).objects.filter(pk=thing.pk).exists()
        assert told_of(thing) == [("wagtail.delete", "admin")]


def test_files_moved_and_deleted_in_bulk_are_in_the_log(client):
    client.force_login(make_attacker("root"))
    document, label = make_document(), "disclosure_pages/disclosuredocument"
    collection = Collection.get_first_root_node().add_child(name="别的")
    bulk(client, label, "add_to_collection", document, collection=collection.pk)
    bulk(client, label, "delete", document)
    assert not DisclosureDocument.objects.exists()
    assert told_of(document) == [("wagtail.edit", "root"), ("wagtail.delete", "root")]
    moved = registry.get_logs_for_instance(document).order_by("pk").first()
    assert moved.data["collection"] == "别的"


@pytest.mark.parametrize("way", ["single", "bulk"])
@pytest.mark.parametrize("model", [DisclosureImage, DisclosureDocument])
def test_what_a_public_text_shows_is_not_deleted(client, people, model, way):
    if model is DisclosureImage:
        file = model.objects.create(title="图", file=get_test_image_file())
        block = ("image", {"image": file, "alt": "图", "caption": ""})
    else:
        file = make_document()
        link = f'<p><a linktype="document" id="{file.pk}">见</a></p>'
        block = ("paragraph", RichText(link))
    item = make_item(live=False)
    item.body = [block]
    with publication_approved("test"):
        item.save_revision().publish(skip_permission_checks=True)
    client.force_login(make_attacker("root"))

    def delete():
        if way == "bulk":
            return bulk(
                client, f"disclosure_pages/{model._meta.model_name}", "delete", file
            )
        names = {DisclosureImage: "wagtailimages", DisclosureDocument: "wagtaildocs"}
        return client.post(reverse(f"{names[model]}:delete", args=[file.pk]))

    delete()
    assert model.objects.exists()
    item.refresh_from_db()
    withdraw(item, reason="错了")
    delete()
    assert not model.objects.exists()
