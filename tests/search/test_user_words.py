"""Words that the office teaches the segmenter."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from search import dictionary, tokens
from search.models import UserWord
from tasks import orders
from tasks.choices import OrderKind
from tasks.models import IndexOrder
from tests.factories import make_people, make_site

pytestmark = pytest.mark.django_db
ADD = "/admin/snippets/gongkai_search/userword/add/"


@pytest.fixture
def old_word():
    word = UserWord.objects.create(text="柚子节")
    past = timezone.now() - timedelta(hours=1)
    UserWord.objects.filter(pk=word.pk).update(changed_at=past)
    return word


def test_a_word_is_taught_and_then_cut_as_one():
    text = "举办溪源柚茶会的通知"
    assert "溪源柚茶会" not in tokens.analyse(text).words
    UserWord.objects.create(text="溪源柚茶会")
    dictionary.forget()
    dictionary.load()
    assert "溪源柚茶会" in tokens.analyse(text).words


def test_it_is_kept_as_it_is_looked_for():
    assert UserWord.objects.create(text="臺灣ＡＢ").text == "台湾ab"


@pytest.mark.parametrize("text", ["", "一", "一事 一议", "低保，", "字" * 13])
def test_what_is_no_word_is_refused(text):
    with pytest.raises(ValidationError):
        UserWord(text=text).full_clean()


def test_an_index_is_ordered_once_all_processes_know_the_word(old_word, settings):
    settings.GONGKAI_INDEXES = ["local"]
    UserWord.objects.create(text="刚写的词")
    assert orders.order_for_words() == 1
    order = IndexOrder.objects.get(target="index:local", kind=OrderKind.REBUILD)
    assert order.ended_at is None
    assert orders.order_for_words() == 0
    assert list(UserWord.objects.filter(applied=False)) == [
        UserWord.objects.get(text="刚写的词")
    ]


def test_a_rebuild_that_is_under_way_is_waited_for(old_word, settings):
    settings.GONGKAI_INDEXES = ["local"]
    orders.order("index:local", OrderKind.REBUILD, None)
    assert orders.order_for_words() == 0
    assert not UserWord.objects.get().applied
    IndexOrder.objects.update(ended_at=timezone.now())
    assert orders.order_for_words() == 1


def test_a_changed_word_is_applied_again(old_word):
    UserWord.objects.update(applied=True)
    word = UserWord.objects.get()
    word.text = "柚子文化节"
    word.save()
    assert not UserWord.objects.get().applied


def test_the_officer_keeps_them_and_a_clerk_does_not(client):
    make_site()
    people = make_people()
    client.force_login(people["clerk"])
    client.post(ADD, {"text": "柚子节"})
    assert not UserWord.objects.exists()
    client.force_login(people["officer"])
    assert client.post(ADD, {"text": "柚子节"}).status_code == 302
    assert UserWord.objects.get().text == "柚子节"
