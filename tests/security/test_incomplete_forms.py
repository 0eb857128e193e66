"""A form that no page of the desk sends is refused; it is no fault of the server."""

import pytest
from django.urls import reverse

from tests.factories import make_document, make_item, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def item(people):
    return make_item(live=False, user=people["clerk"])


def paths(item):
    parent, revision = item.get_parent().pk, item.latest_revision_id
    return [
        f"/admin/pages/add/disclosure_pages/disclosureitempage/{parent}/",
        f"/admin/pages/{item.pk}/edit/",
        f"/admin/pages/{item.pk}/revisions/{revision}/revert/",
        f"/admin/pages/{item.pk}/copy/",
        f"/admin/publish/{item.pk}/text/",
    ]


def test_a_form_without_its_counts_is_refused(clerk, item):
    """The attachments say how many they are, the blocks of the text do not."""
    clerk.raise_request_exception = False
    counts = {
        f"{formset}-{name}_FORMS": "0"
        for formset in ("attachments", "comments", "corrections", "identifiers")
        for name in ("TOTAL", "INITIAL", "MIN_NUM", "MAX_NUM")
    }
    answers = {
        path: clerk.post(path, {"title": "改过"} | counts).status_code
        for path in paths(item)
    }
    assert [path for path, code in answers.items() if code >= 500] == []
    assert 400 in answers.values()
    item.refresh_from_db()
    assert item.get_latest_revision_as_object().title != "改过"


def test_nothing_is_made_in_the_window_that_chooses(clerk, item):
    clerk.raise_request_exception = False
    assert clerk.get("/admin/public-item/").status_code == 200
    assert clerk.post("/admin/public-item/create/").status_code == 404


def test_a_document_that_an_item_names_is_not_deleted_and_says_why(client, people):
    document = make_document()
    make_item(live=False, documents=[document])
    root = make_user("root")
    root.is_superuser = True
    root.save()
    client.force_login(root)
    url = reverse("wagtaildocs:delete_multiple", args=[document.pk])
    answer = client.post(url, headers={"x-requested-with": "XMLHttpRequest"})
    assert answer.status_code == 409
    assert "还有信息在用它" in answer.content.decode()
    assert type(document).objects.filter(pk=document.pk).exists()
