"""No form puts another office's picture, document or draft on a page by its number."""

import json

import pytest
from django.urls import reverse
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Collection
from wagtail.test.utils.form_data import (
    inline_formset,
    nested_form_data,
    rich_text,
    streamfield,
)

from disclosure_pages.blocks import RICH_TEXT
from disclosure_pages.models import (
    DisclosureImage,
    DisclosureItemPage,
    DossierPage,
    ItemAttachment,
)
from disclosure_pages.models.base import ModeratedPage
from disclosure_pages.models.chosen_files import ChosenFilesForm
from tests.disclosure_pages.test_dossiers import make_dossier
from tests.factories import (
    OfficeFactory,
    make_document,
    make_item,
    make_people,
    make_site,
)
from tests.security.test_publishing import form_of

pytestmark = pytest.mark.django_db
SECRET = "CANARY"
OURS, THEIRS = "民政和社会事务办公室", "财政所"
PICTURE, DOCUMENT = "这张图片不是您能选的", "这个文件不是您能选的"
PAGE = "这一条不是您能选的"


@pytest.fixture
def people():
    OfficeFactory(code="finance", name=THEIRS)
    make_site()
    return make_people()


@pytest.fixture
def clerk(client, people):
    client.force_login(people["clerk"])
    return client


@pytest.fixture
def draft(people):
    return make_item(live=False, user=people["clerk"])


def picture(office):
    collection = Collection.objects.get(name=office)
    file = get_test_image_file(f"{SECRET}.png")
    return DisclosureImage.objects.create(
        title=SECRET, file=file, collection=collection
    )


def document(office):
    return make_document(
        f"{SECRET}.txt", collection=Collection.objects.get(name=office)
    )


def shown(image):
    return ("image", {"image": image.pk, "alt": "办事窗口", "caption": ""})


def linked(file):
    link = f'<p>见<a linktype="document" id="{file.pk}">附件</a>。</p>'
    return rich_text(link, features=RICH_TEXT)


def values_of(way, office):
    """What is typed to name one file of an office, and the refusal."""
    if way == "picture":
        return {"body": streamfield([shown(picture(office))])}, PICTURE
    file = document(office)
    if way == "attachment":
        row = {"document": file.pk, "title": "", "ORDER": "1"}
        return {"attachments": inline_formset([row])}, DOCUMENT
    return {"body": streamfield([("paragraph", linked(file))])}, DOCUMENT


def save(client, item, values):
    url = reverse("wagtailadmin_pages:edit", args=[item.pk])
    return client.post(url, form_of(item, **values))


def files_of(item):
    page = DisclosureItemPage.objects.get(pk=item.pk).get_latest_revision_as_object()
    references = page.body.stream_block.extract_references(page.body)
    return page.attachments.count() + len(list(references))


WAYS = ["picture", "attachment", "link"]


@pytest.mark.parametrize("way", WAYS)
def test_anothers_file_is_refused_and_not_shown(clerk, draft, way):
    values, sentence = values_of(way, THEIRS)
    answer = save(clerk, draft, values)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert sentence in text or json.dumps(sentence).strip('"') in text  # for a script
    assert SECRET not in text
    assert files_of(draft) == 0


@pytest.mark.parametrize("way", WAYS)
def test_ones_own_file_is_taken(clerk, draft, way):
    values, _sentence = values_of(way, OURS)
    assert save(clerk, draft, values).status_code == 302
    assert files_of(draft) == 1


@pytest.mark.parametrize("field", ["supersedes", "interpretation_of", "body"])
def test_anothers_draft_is_refused_and_not_shown(clerk, draft, field):
    other = make_item(SECRET, live=False, office="finance")
    link = f'<p><a linktype="page" id="{other.pk}">见</a></p>'
    text = streamfield([("paragraph", rich_text(link, features=RICH_TEXT))])
    answer = save(clerk, draft, {field: text if field == "body" else other.pk})
    told = answer.content.decode()
    assert answer.status_code == 200
    assert PAGE in told or json.dumps(PAGE).strip('"') in told
    assert SECRET not in told and other.slug not in told


def test_a_public_item_of_another_office_is_taken(clerk, draft):
    other = make_item(office="finance")
    assert save(clerk, draft, {"supersedes": other.pk}).status_code == 302


@pytest.mark.parametrize("amended", [False, True])
def test_a_dossier_takes_what_is_public_and_no_draft(client, amended):
    item = make_item(SECRET, live=amended)
    item.title = f"{SECRET}-草稿"
    item.save_revision()
    dossier = make_dossier()
    client.force_login(make_people()["officer"])
    row = {"item": item.pk, "heading": "", "ORDER": "1"}
    values = {
        **{"title": dossier.title, "slug": dossier.slug, "summary": ""},
        **{"body": streamfield([]), "entries": inline_formset([row])},
        **{"attachments": inline_formset([]), "comments": inline_formset([])},
    }
    url = reverse("wagtailadmin_pages:edit", args=[dossier.pk])
    answer = client.post(url, nested_form_data(values))
    assert answer.status_code == (302 if amended else 200)
    draft = DossierPage.objects.get().get_latest_revision_as_object()
    assert draft.entries.count() == amended
    assert SECRET not in answer.content.decode()


@pytest.mark.parametrize("way", ["picture", "link"])
def test_the_screens_refuse_it_too(clerk, draft, way):
    values, sentence = values_of(way, THEIRS)
    values |= {"revision": draft.latest_revision_id}
    answer = clerk.post(f"/admin/publish/{draft.pk}/text/", nested_form_data(values))
    text = answer.content.decode()
    assert answer.status_code == 200 and sentence in text and SECRET not in text
    assert files_of(draft) == 0


def test_what_was_there_before_stays(clerk, draft):
    image, file = picture(THEIRS), document(THEIRS)
    draft.body = [("image", {"image": image, "alt": "窗口", "caption": ""})]
    draft.attachments = [ItemAttachment(document=file)]
    draft.save()
    draft.save_revision()
    kept = {"id": draft.attachments.get().pk, "document": file.pk, "title": ""}
    values = {
        "body": streamfield([shown(image)]),
        "attachments": inline_formset([kept | {"ORDER": "1"}], initial=1),
    }
    assert save(clerk, draft, values).status_code == 302
    assert files_of(draft) == 2


def test_every_kind_of_page_has_this_form():
    kinds = ModeratedPage.__subclasses__()
    while kinds:
        model = kinds.pop()
        kinds += model.__subclasses__()
        assert issubclass(model.base_form_class, ChosenFilesForm), model
