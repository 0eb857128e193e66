"""A row that only a draft names may go: the draft opens, and goes nowhere but back."""

import pytest
from django.urls import reverse
from wagtail.images.tests.utils import get_test_image_file

from cms.approval import publication_approved
from cms.services.review import ReviewConflict
from disclosure_pages.choices import ReferenceKind
from disclosure_pages.models import (
    CatalogueEntry,
    DisclosureImage,
    ItemAttachment,
    Subcategory,
    Term,
)
from tests.disclosure_pages.test_references import superior
from tests.factories import (
    VillageFactory,
    make_document,
    make_item,
    make_reading_point,
)
from tests.reviewing import decided, waiting

pytestmark = pytest.mark.django_db
GONE = "已经删除，请重新选择再提交"
ROWS = {
    "attachments": make_document,
    "genre": lambda: Term.objects.create(scheme="genre", code="old", label="旧"),
    "subject": lambda: Term.objects.create(scheme="subject", code="old", label="旧"),
    "subcategory": lambda: Subcategory.objects.create(category="work", code="old"),
    "catalogue_entry": lambda: CatalogueEntry.objects.create(code="T-1", level1="低保"),
    "reference": superior,
    "village": VillageFactory,
    "photo": lambda: DisclosureImage.objects.create(
        title="门面", file=get_test_image_file()
    ),
}


def draft_without(name, user):
    """A draft over a public page, of which one row is gone that it alone names."""
    is_point = name in ("village", "photo")
    page = make_reading_point() if is_point else make_item()
    row = ROWS[name]()
    files = name == "attachments"
    setattr(page, name, [ItemAttachment(document=row)] if files else row)
    if name == "reference":
        page.reference_kind = ReferenceKind.SUPPLEMENT
    page.save_revision(user=user)
    row.delete()
    return type(page).objects.get(pk=page.pk)


@pytest.mark.parametrize("name", ROWS)
def test_a_draft_that_names_what_is_gone_opens_and_is_sent_back(client, people, name):
    page = draft_without(name, people["clerk"])
    page.get_workflow().start(page, people["clerk"])
    page.refresh_from_db()
    step = reverse("gongkai_review", args=[waiting(page).pk])
    client.force_login(people["head"])
    assert client.get(step).status_code == 200
    decision = {"revision": page.latest_revision_id, "decision": "approve"}
    answer = client.post(step, decision)
    assert answer.status_code == 409 and GONE in answer.content.decode()
    decided(page, people["head"], approve=False)
    client.force_login(people["officer"])
    for view in ("edit", "view_draft"):
        url = reverse(f"wagtailadmin_pages:{view}", args=[page.pk])
        assert client.get(url).status_code == 200


@pytest.mark.parametrize("name", ROWS)
def test_a_draft_that_names_what_is_gone_is_not_published(people, name):
    page = draft_without(name, people["clerk"])
    revision = page.get_latest_revision()
    with publication_approved("test"), pytest.raises(ReviewConflict, match=GONE):
        revision.publish(skip_permission_checks=True)
