import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from cms.models import Authority
from disclosure_pages.choices import RegisterStatus
from disclosure_pages.models import IndexNumberEntry
from disclosure_pages.services.index_numbers import issue_index_number, reserve
from tests.factories import CREDIT_CODE, make_item, make_people, make_site

pytestmark = pytest.mark.django_db


def serials():
    return sorted(IndexNumberEntry.objects.values_list("serial", flat=True))


def test_numbers_are_consecutive_and_name_authority_and_year():
    items = [make_item() for _number in range(3)]
    numbers = [item.index_number for item in items]
    assert [number[-5:] for number in numbers] == ["00001", "00002", "00003"]
    assert all(number.startswith(f"{CREDIT_CODE}/20") for number in numbers)
    assert serials() == [1, 2, 3]


def test_a_draft_has_no_number_until_it_is_submitted():
    make_site()
    clerk = make_people()["clerk"]
    item = make_item(live=False, user=clerk)
    assert item.index_number == ""
    item.get_workflow().start(item, clerk)
    item.refresh_from_db()
    assert item.index_number.endswith("-00001")
    assert issue_index_number(item) == item.index_number
    assert serials() == [1]


def test_a_rollback_gives_the_serial_back():
    make_site()
    with pytest.raises(RuntimeError), transaction.atomic():
        reserve(2)
        raise RuntimeError
    (entry,) = reserve(1)
    assert entry.serial == 1


def test_a_number_never_published_stays_as_void():
    make_site()
    clerk = make_people()["clerk"]
    item = make_item("未公开的草稿", live=False, user=clerk)
    item.get_workflow().start(item, clerk)
    item.refresh_from_db()
    item.delete()
    entry = IndexNumberEntry.objects.get()
    assert entry.status == RegisterStatus.VOID
    assert entry.title == "未公开的草稿"
    assert entry.reason
    assert make_item().index_number.endswith("-00002")


def test_published_numbers_are_marked_so():
    item = make_item()
    assert item.register_entries.get().status == RegisterStatus.PUBLISHED


def test_a_new_revision_keeps_the_number():
    item = make_item()
    number = item.index_number
    revision = item.save_revision()
    assert revision.as_object().index_number == number


def test_a_copy_has_no_number():
    item = make_item()
    copy = item.copy(update_attrs={"slug": "a-copy", "title": "复制"}, keep_live=False)
    assert copy.index_number == ""
    assert copy.key != item.key


def set_pattern(pattern):
    authority = Authority.load()
    authority.index_number_pattern = pattern
    authority.full_clean()
    authority.save()


def test_the_authority_s_own_pattern():
    make_site()
    set_pattern("{organ}-{year}-{serial:04d}号")
    (entry,) = reserve(1, 2026)
    assert entry.number == f"{CREDIT_CODE}-2026-0001号"


def test_a_changed_pattern_goes_on_counting_and_never_repeats_a_number():
    make_site()
    first = reserve(2, 2026)
    IndexNumberEntry.objects.bulk_create(first)
    IndexNumberEntry.objects.create(number="2026/3")
    set_pattern("{year}/{serial}")
    second = reserve(2, 2026)
    assert [entry.number for entry in second] == ["2026/4", "2026/5"]
    IndexNumberEntry.objects.bulk_create(second)
    set_pattern("{organ}/{year}-{serial:05d}")
    (third,) = reserve(1, 2026)
    assert third.number == f"{CREDIT_CODE}/2026-00006"


@pytest.mark.parametrize(
    "pattern",
    ["{organ}/{year}", "{organ}/{serial}", "{year}{serial}{serial}", "{x}{year}"],
)
def test_a_pattern_that_could_repeat_or_not_be_filled_is_refused(pattern):
    make_site()
    with pytest.raises(ValidationError):
        set_pattern(pattern)
