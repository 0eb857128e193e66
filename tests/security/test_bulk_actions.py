"""Bulk actions of Wagtail's: each thing they touch is in the log, or they are off."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from wagtail.log_actions import registry
from wagtail.models import Collection, Workflow

from cms.models import ReviewPath, StandIn
from disclosure_pages.models import DisclosureDocument
from disclosure_pages.services.site import LEADER_GROUP
from tests.factories import make_document
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
