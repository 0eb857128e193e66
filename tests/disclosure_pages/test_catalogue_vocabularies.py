import copy

import pytest
from django.core.management import call_command

from cms.models import CalendarDay
from disclosure_pages.choices import Category
from disclosure_pages.models import CatalogueEntry, Subcategory, Term
from disclosure_pages.services.catalogue import (
    load_list,
    load_vocabularies,
    shipped_list,
)
from tests.factories import make_item, make_site

pytestmark = pytest.mark.django_db


def genres(**changes):
    listed = copy.deepcopy(shipped_list("genre.json"))
    listed["version"] = "2030"
    for row in listed["rows"]:
        row["label"] = changes.get(row["code"].replace("-", "_"), row["label"])
    return listed


def test_a_new_site_has_the_lists_of_the_regulation():
    make_site()
    assert Subcategory.objects.filter(obligatory=True).count() == 24
    assert set(Subcategory.objects.values_list("category", flat=True)) == set(
        Category.values
    )
    homesteads = Subcategory.objects.get(code="homesteads")
    assert (homesteads.category, homesteads.basis) == ("work", "条例第二十一条")
    assert homesteads.official
    assert Term.objects.filter(scheme="genre", official=True).count() == 15
    assert CalendarDay.objects.exists()
    examples = CatalogueEntry.objects.all()
    assert {(e.source, e.official) for e in examples} == {("示例", False)}
    assert not examples.filter(subcategory=None).exists()


def test_loading_twice_writes_nothing(capsys):
    make_site()
    assert not any(done.changed for done in load_vocabularies())
    call_command("load_vocabularies")
    assert "genre.json：新增 0，更新 0，停用 0" in capsys.readouterr().out


def test_a_new_version_replaces_official_columns_and_keeps_local_settings():
    make_site()
    Term.objects.filter(code="letter").update(enabled=False, local_note="本镇不用")
    done = load_list(Term, "genre.json", genres(letter="公函"), ("scheme",))
    assert done.updated == 15
    letter = Term.objects.get(scheme="genre", code="letter")
    assert (letter.label, letter.version) == ("公函", "2030")
    assert (letter.enabled, letter.local_note) == (False, "本镇不用")


def test_a_row_that_vanished_is_dropped_or_kept_when_used():
    make_site()
    notice = Term.objects.get(scheme="genre", code="notice")
    item = make_item(genre=notice)
    listed = genres()
    listed["rows"] = [
        r for r in listed["rows"] if r["code"] not in ("notice", "motion")
    ]
    assert load_list(Term, "genre.json", listed, ("scheme",)).retired == 2
    assert not Term.objects.filter(code="motion").exists()
    notice.refresh_from_db()
    assert not notice.enabled
    item.refresh_from_db()
    assert item.genre == notice
    assert Term.objects.filter(code="plan", scheme="genre").exists()


def test_examples_belong_to_the_authority_once_they_are_there():
    make_site()
    CatalogueEntry.objects.filter(code="example-01").update(level1="本地改过")
    load_vocabularies()
    assert CatalogueEntry.objects.get(code="example-01").level1 == "本地改过"
