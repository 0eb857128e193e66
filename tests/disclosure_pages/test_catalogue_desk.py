import pytest
from django.urls import reverse

from disclosure_pages.models import CatalogueEntry, Subcategory, Term
from disclosure_pages.services.catalogue import load_list, shipped_list
from disclosure_pages.signals import public_state_changed
from tests.factories import make_item, make_people, make_site

pytestmark = pytest.mark.django_db
NAMES = ("term", "subcategory", "catalogueentry")


@pytest.fixture
def officer(client):
    make_site()
    client.force_login(make_people()["officer"])
    return client


def address(model, action, row=None):
    app = "disclosure_pages" if model in NAMES else "gongkai_cms"
    name = f"wagtailsnippets_{app}_{model}:{action}"
    return reverse(name, args=[row.pk] if row else [])


@pytest.mark.parametrize("model", [*NAMES, "calendarday", "steeringmember"])
def test_the_officer_reads_every_list(officer, model, django_assert_max_num_queries):
    officer.get(address(model, "list"))
    with django_assert_max_num_queries(30):
        assert officer.get(address(model, "list")).status_code == 200
    assert officer.get(address(model, "add")).status_code == 200


@pytest.mark.parametrize("model", NAMES)
def test_a_clerk_does_not(client, model):
    make_site()
    client.force_login(make_people()["clerk"])
    assert client.get(address(model, "list")).status_code == 302


def test_an_official_row_takes_only_the_local_columns(officer):
    row = Subcategory.objects.get(code="relief")
    form = officer.get(address("subcategory", "edit", row)).content.decode()
    assert "disabled" in form
    sent = {"category": "finance", "code": "x", "name": "改名", "sort_order": "9"}
    sent |= {"basis": "没有", "local_note": "每季度公开"}  # enabled: not ticked
    assert officer.post(address("subcategory", "edit", row), sent).status_code == 302
    row.refresh_from_db()
    assert (row.name, row.category, row.code) == ("社会救助", "work", "relief")
    assert (row.basis, row.obligatory) == ("条例第二十一条", True)
    assert (row.enabled, row.local_note) == (False, "每季度公开")


def test_an_official_row_cannot_be_deleted_a_local_one_can(officer):
    row = Subcategory.objects.get(code="relief")
    officer.post(address("subcategory", "delete", row))
    assert Subcategory.objects.filter(pk=row.pk).exists()
    example = CatalogueEntry.objects.get(code="example-01")
    officer.post(address("catalogueentry", "delete", example))
    assert not CatalogueEntry.objects.filter(pk=example.pk).exists()


def test_items_are_sent_again_when_an_official_word_changes():
    make_site()
    item = make_item(genre=Term.objects.get(scheme="genre", code="letter"))
    heard = []

    def listen(sender, keys, lane, **kwargs):
        heard.append((keys, lane))

    public_state_changed.connect(listen)
    listed = shipped_list("genre.json")
    rows = [
        row | {"label": "公函"} if row["code"] == "letter" else row
        for row in listed["rows"]
    ]
    load_list(Term, "genre.json", listed | {"rows": rows}, ("scheme",))
    public_state_changed.disconnect(listen)
    assert heard == [([item.key], "bulk")]
