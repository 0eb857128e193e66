"""A form that no page of the desk sends is refused; it is no fault of the server."""

import pytest

from tests.factories import make_item

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
