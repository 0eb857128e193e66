"""我为政府网站找错: a note from a page to the desk, and nothing of it in public."""

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from disclosure_pages.choices import FeedbackStatus
from disclosure_pages.models import Feedback
from disclosure_pages.services import feedback
from disclosure_pages.services.withdrawal import withdraw
from tests.factories import make_guide, make_item, make_people, make_site

pytestmark = pytest.mark.django_db
TEXT = "第二段“补住金”应为“补助金”。"


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


def send(client, **values):
    return client.post("/feedback/", {"page": "/", "text": TEXT} | values)


def menu(client):
    """The desk's first page with its menu, which is written as escaped JSON."""
    page = client.get(reverse("wagtailadmin_home")).content
    return page.decode("unicode_escape")


def test_a_note_arrives_with_the_page_it_is_about(client):
    page = make_guide()
    form = client.get("/feedback/?page=/guide/")
    assert form.status_code == 200
    assert "政府信息公开指南" in form.content.decode()
    answer = send(client, page="/guide/", contact="0000-1")
    note = Feedback.objects.get()
    assert answer["Location"] == f"/feedback/{note.pk}/"
    assert (note.page_url, note.page_title) == ("/guide/", page.title)
    assert (note.page_key, note.status) == (page.key, FeedbackStatus.NEW)
    assert (note.text, note.contact) == (TEXT, "0000-1")
    thanks = client.get(answer["Location"]).content.decode()
    assert f'<strong class="num">{note.pk}</strong>' in thanks
    assert TEXT not in thanks


def test_every_page_links_to_the_form_for_itself(client):
    item = make_item()
    path = item.url_path.removeprefix("/home")
    for address in ("/", path, "/disclosure/work/"):
        text = client.get(address).content.decode()
        assert f'href="/feedback/?page={address}"' in text


@pytest.mark.parametrize(
    "page",
    [
        *("https://evil.example/a", "//evil.example/", "javascript:alert(1)", "evil"),
        *("/\\evil.example", "/%5cevil.example", "/a b", "/a%00b", "/\u202ea", ""),
        *("/" + "x" * 600, "http://[", "/<script>", '/"onclick=', "/%0d%0aX: y"),
    ],
)
def test_a_note_never_carries_another_address(client, page):
    make_site()
    text = client.get("/feedback/", {"page": page}).content.decode()
    assert 'name="page" value="/"' in text
    assert "evil" not in text.split("<main")[1]
    send(client, page=page)
    assert Feedback.objects.get().page_url == "/"


def test_the_title_of_what_is_not_public_is_not_told(client):
    draft, gone = make_item("草稿的名字", live=False), make_item("撤回的名字")
    withdraw(gone, reason="有误")
    for item in (draft, gone):
        path = item.url_path.removeprefix("/home")
        answer = client.get("/feedback/", {"page": path})
        assert item.title not in answer.content.decode()
        send(client, page=path)
    assert set(Feedback.objects.values_list("page_title", "page_key")) == {("", "")}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"text": ""}, "请写明哪里有错"),
        ({"text": "   "}, "请写明哪里有错"),
        ({"text": "错"}, "写得太短"),
        ({"text": "字" * 1001}, "最多 1000 字"),
        ({"contact": "1" * 101}, "联系方式最多 100 字"),
    ],
)
def test_a_faulty_note_comes_back_with_words_and_text(client, values, words):
    make_site()
    answer = send(client, **values)
    assert answer.status_code == 400
    text = answer.content.decode()
    assert words in text
    assert 'role="alert"' in text
    assert not Feedback.objects.exists()
    if values.get("contact"):
        assert TEXT in text


def test_robots_that_fill_every_field_are_thanked_and_forgotten(client):
    make_site()
    answer = send(client, website="https://spam.example")
    assert answer["Location"] == "/feedback/0/"
    assert client.get("/feedback/0/").status_code == 200
    assert not Feedback.objects.exists()


def test_one_address_sends_five_an_hour(client):
    make_site()
    for _number in range(feedback.PER_HOUR):
        assert send(client).status_code == 302
    answer = send(client)
    assert answer.status_code == 429
    assert "请过一小时再来" in answer.content.decode()
    assert TEXT in answer.content.decode()
    assert Feedback.objects.count() == feedback.PER_HOUR
    assert client.post(
        "/feedback/", {"page": "/", "text": TEXT}, REMOTE_ADDR="10.0.0.9"
    ).status_code == 302  # fmt: skip


def test_behind_the_proxy_the_address_that_it_saw_counts(client, settings):
    make_site()
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    forged = (f"192.0.2.{n}, 198.51.100.7" for n in range(feedback.PER_HOUR + 1))
    answers = [
        client.post(
            "/feedback/", {"page": "/", "text": TEXT}, HTTP_X_FORWARDED_FOR=chain
        ).status_code
        for chain in forged
    ]
    assert answers == [302] * feedback.PER_HOUR + [429]
    other = {"HTTP_X_FORWARDED_FOR": "198.51.100.8"}
    sent = client.post("/feedback/", {"page": "/", "text": TEXT}, **other)
    assert sent.status_code == 302


def test_one_ipv6_net_is_one_sender():
    assert feedback.sender_of("2001:db8::1") == feedback.sender_of("2001:db8::ffff:2")
    assert feedback.sender_of("2001:db8::1") != feedback.sender_of("2001:db8:0:1::1")
    assert feedback.sender_of(" 192.0.2.1") == "192.0.2.1"
    assert feedback.sender_of("x" * 900) == ""


def test_the_form_is_bound_to_the_reader_and_kept_by_no_cache():
    make_site()
    client = Client(enforce_csrf_checks=True)
    assert send(client).status_code == 403
    form = client.get("/feedback/?page=/")
    assert "no-store" in form["Cache-Control"]
    token = form.context["csrf_token"]
    assert send(client, csrfmiddlewaretoken=str(token)).status_code == 302


def test_markup_in_a_note_stays_text_on_the_desk(client):
    make_site()
    attack = "<script>alert(1)</script> 有错"
    send(client, text=attack, contact=attack)
    client.force_login(make_people()["officer"])
    note = Feedback.objects.get()
    for address in (
        reverse("gongkai_feedback"),
        reverse("gongkai_feedback_answer", args=[note.pk]),
    ):
        text = client.get(address).content.decode()
        assert "&lt;script&gt;alert(1)" in text
        assert "<script>alert(1)" not in text


def test_the_officer_answers_and_the_list_tells_who_and_when(client):
    make_site()
    send(client)
    send(client, text="另一处也写错了。")
    officer = make_people()["officer"]
    client.force_login(officer)
    listing = client.get(reverse("gongkai_feedback"))
    assert TEXT in listing.content.decode()
    assert "网站纠错（2 条新）" in menu(client)
    note = Feedback.objects.get(text=TEXT)
    address = reverse("gongkai_feedback_answer", args=[note.pk])
    refused = client.post(address, {"status": "done", "answer": " "})
    assert "请写明怎样处理的" in refused.content.decode()
    client.post(address, {"status": "done", "answer": "已改为“补助金”。"})
    note.refresh_from_db()
    assert (note.status, note.handled_by) == (FeedbackStatus.DONE, officer)
    assert note.handled_at
    for status, seen in (("new", False), ("done", True), ("rejected", False)):
        text = client.get(reverse("gongkai_feedback"), {"status": status})
        assert (TEXT in text.content.decode()) is seen, status
    client.post(address, {"status": "new", "answer": ""})
    note.refresh_from_db()
    assert (note.status, note.handled_at) == (FeedbackStatus.NEW, None)


def test_others_see_no_notes(client):
    make_site()
    send(client)
    people = make_people()
    note = Feedback.objects.get()
    for name in ("clerk", "secrecy"):
        client.force_login(people[name])
        address = reverse("gongkai_feedback_answer", args=[note.pk])
        for answer in (client.get(reverse("gongkai_feedback")), client.get(address)):
            assert answer.status_code in (302, 403)
            assert TEXT not in answer.content.decode()
        assert "网站纠错" not in menu(client)


def test_the_desk_list_needs_few_queries(client, django_assert_max_num_queries):
    make_site()
    client.force_login(make_people()["officer"])
    client.get(reverse("gongkai_feedback"))
    Feedback.objects.bulk_create(
        [Feedback(page_url="/", text=f"{TEXT}{number}") for number in range(60)]
    )
    with django_assert_max_num_queries(30):
        client.get(reverse("gongkai_feedback"))
