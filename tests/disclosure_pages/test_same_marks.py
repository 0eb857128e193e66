"""Superiors' items are looked up by marks: none that may be the same is left out."""

import importlib
import random

import pytest
from django.apps import apps

from disclosure_pages.duplicates import find_duplicates
from disclosure_pages.models import ExternalItem, SuperiorMark
from disclosure_pages.same_keys import (
    NEAR,
    bigrams,
    figures_of,
    marks_of,
    overlap,
    title_key,
)
from disclosure_pages.services.references import record_superior_item

TITLE = "关于做好2026年农村危房改造申报审核工作的紧急通知"


def superior(title=TITLE, number=1, **values):
    url = f"https://ningmin.example.cn/art/{number}.html"
    return record_superior_item(url=url, title=title, publisher="宁民县", **values)


def held(item):
    return set(item.same_marks.values_list("mark", flat=True))


def test_titles_that_are_near_share_a_mark():
    rng = random.Random(7)
    titles = [title_key(TITLE), title_key("溪口村第3组道路硬化工程施工招标的公示")]
    titles += ["关于通知", "关于开展工作的通知", "公告公告公告公告公告公告"]
    near = 0
    for number in range(4000):
        title = titles[number % len(titles)]
        letters = list(title)
        for _change in range(rng.randrange(1, 4)):
            place = rng.randrange(len(letters))
            letters[place : place + rng.randrange(2)] = rng.choice(
                ["", "各", "的", "改"]
            )
            if not letters:
                break
        other = "".join(letters)
        same_figures = figures_of(other) == figures_of(title)
        if same_figures and overlap(bigrams(title), bigrams(other)) >= NEAR:
            near += 1
            assert marks_of(title, "", "") & marks_of(other, "", ""), other
    assert 200 < near < 3900


@pytest.mark.parametrize(
    "other",
    ["关于做好2025年农村危房改造申报审核工作的紧急通知", "关于开展防汛检查的通知"],
)
def test_another_year_or_matter_shares_none(other):
    assert not marks_of(TITLE, "", "") & marks_of(other, "", "")


@pytest.mark.django_db
def test_marks_follow_what_is_saved():
    item = superior(document_number="云政〔2026〕31号")
    assert held(item) == marks_of(item.title, item.document_number, item.url)
    item.title = "关于开展防汛检查的通知"
    item.save()
    assert held(item) == marks_of(item.title, item.document_number, item.url)
    (match,) = find_duplicates(title="关于开展防汛检查的通知")
    assert match.external_id == item.pk
    assert find_duplicates(title=TITLE) == []


@pytest.mark.django_db
def test_what_others_sent_to_a_portal_is_not_marked():
    item = superior()
    item.relation, item.pk, item.key = "received", None, "f" * 32
    item.save()
    assert held(item) == set()


@pytest.mark.django_db
def test_only_rows_that_share_a_mark_are_read(monkeypatch):
    for number in range(20):
        superior(f"关于开展第{number}次防汛检查的通知", number)
    wanted = superior(number=99)
    read, matched = [], find_duplicates.__globals__["_matched"]

    def watching(wanted, row):
        read.append(row["external_id"])
        return matched(wanted, row)

    monkeypatch.setitem(find_duplicates.__globals__, "_matched", watching)
    find_duplicates(title=TITLE)
    assert read == [wanted.pk]


@pytest.mark.django_db
def test_the_migration_marks_what_was_kept_before_and_goes_on_after_a_stop(monkeypatch):
    module = importlib.import_module("disclosure_pages.migrations.0007_mark_superiors")
    monkeypatch.setattr(module, "AT_ONCE", 2)
    items = [superior(number=number) for number in range(5)]
    kept = set(SuperiorMark.objects.values_list("item", "mark"))
    SuperiorMark.objects.exclude(item=items[0]).delete()
    module.mark(apps, None)
    assert set(SuperiorMark.objects.values_list("item", "mark")) == kept
    module.mark(apps, None)
    assert SuperiorMark.objects.count() == len(kept)
    assert ExternalItem.objects.count() == len(items)
