"""Somebody outside sees one revision by a link and answers once; nothing goes out."""

import datetime as dt
import re

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import PageLogEntry

from cms.models.notices import Notice
from disclosure_pages.models import DisclosureImage, OpinionRequest
from disclosure_pages.opinion_views import WRONG_PER_HOUR
from disclosure_pages.public_state import public_keys
from disclosure_pages.services import opinions
from disclosure_pages.services.withdrawal import withdraw
from tests.factories import make_document, make_item, make_people, make_site, make_user

pytestmark = pytest.mark.django_db
WHO = {"name": "王工", "organisation": "市水利设计院", "days": 7}


@pytest.fixture
def people():
    make_site()
    return make_people()


def asked(page, user, **values):
    request, token = opinions.ask(page, user=user, **(WHO | values))
    return request, f"/opinion/{token}/"


def text_of(answer):
    return answer.content.decode()


def acts(page):
    rows = PageLogEntry.objects.filter(page=page.pk, action__startswith="gongkai.op")
    return list(rows.order_by("pk").values_list("action", flat=True))


def test_a_link_shows_its_revision_and_takes_one_answer(client, people):
    draft = make_item("草稿标题", live=False, text="草稿正文", user=people["clerk"])
    request, url = asked(draft, people["clerk"], question="请核对第三条")
    answer = client.get(url)
    assert answer.status_code == 200
    for words in ("草稿标题", "草稿正文", "请核对第三条", "市水利设计院"):
        assert words in text_of(answer)
    values = {"answer": "disagree", "comment": "第三条写少了"}
    assert "谢谢" in text_of(client.post(url, values))
    request.refresh_from_db()
    assert (request.answer, request.comment) == ("disagree", "第三条写少了")
    assert request.opened_at and request.answered_at
    assert client.get(url).status_code == 404
    assert client.post(url, {"answer": "agree"}).status_code == 404
    notice = Notice.objects.get()
    assert notice.user == people["clerk"]
    assert "市水利设计院" in notice.text
    assert acts(draft) == [opinions.ASK, opinions.OPEN, opinions.ANSWER]


def test_the_link_leaves_no_traces(client, people):
    draft = make_item(live=False, user=people["clerk"])
    request, url = asked(draft, people["clerk"])
    answer = client.get(url)
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer["X-Robots-Tag"]
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert not answer.cookies
    token = url.split("/")[2]
    links = re.findall(r'(?:href|src|content|value)="([^"]*)"', text_of(answer))
    elsewhere = [link for link in links if not link.startswith(url)]
    assert [link for link in elsewhere if token in link] == []
    assert token not in str(OpinionRequest.objects.filter(pk=request.pk).values()[0])
    assert "/opinion/" in text_of(client.get("/robots.txt"))


def test_nothing_of_the_draft_is_public_by_it(client, people):
    document = make_document()
    draft = make_item("草稿", live=False, documents=[document], user=people["clerk"])
    _request, url = asked(draft, people["clerk"])
    shown = text_of(client.get(url))
    assert document.url not in shown
    file = re.search(rf'"({url}files/[0-9]+/)"', shown).group(1)
    answer = client.get(file)
    assert answer.getvalue() == b"attachment"
    assert answer["Cache-Control"] == "private, no-store"
    assert client.get(document.url).status_code == 404
    assert client.get(draft.url).status_code == 404
    assert draft.key not in public_keys()
    client.post(url, {"answer": "agree"})
    assert client.get(file).status_code == 404
    draft.refresh_from_db()
    assert not draft.live


def test_a_link_opens_no_other_file(client, people):
    other = make_document("别的.txt")
    make_item(live=False, documents=[other])
    draft = make_item(live=False, documents=[make_document()], user=people["clerk"])
    _request, url = asked(draft, people["clerk"])
    assert client.get(f"{url}files/{other.pk}/").status_code == 404
    for name in (other.file.name, "../gongkai.sqlite3", "images/x.png"):
        assert client.get(f"{url}media/{name}").status_code == 404


def test_a_picture_of_the_draft_is_shown_through_the_link_only(client, people):
    file = get_test_image_file("chart.png", size=(400, 90))
    picture = DisclosureImage.objects.create(title="图", file=file)
    draft = make_item(live=False, user=people["clerk"])
    draft.body = [("image", {"image": picture, "caption": "图", "alt": "图"})]
    draft.save_revision(user=people["clerk"])
    draft.refresh_from_db()
    _request, url = asked(draft, people["clerk"])
    sources = re.findall(r'src="([^"]+)"', text_of(client.get(url)))
    (source,) = [s for s in sources if "/media/" in s]
    assert source.startswith(f"{url}media/")
    assert client.get(source).status_code == 200
    assert client.get("/media/" + source.partition("/media/")[2]).status_code == 404


def test_a_newer_revision_is_not_shown_but_told(client, people):
    draft = make_item("第一稿", live=False, text="原来的", user=people["clerk"])
    _request, url = asked(draft, people["clerk"])
    assert "后来又改过" not in text_of(client.get(url))
    draft.title = "第二稿"
    draft.save_revision(user=people["clerk"])
    shown = text_of(client.get(url))
    assert "第一稿" in shown
    assert "第二稿" not in shown
    assert "后来又改过" in shown


@pytest.mark.parametrize("ended", ["revoked", "expired", "withdrawn", "wrong"])
def test_a_link_that_ended_opens_nothing(client, people, ended):
    page = make_item(documents=[make_document()], user=people["clerk"])
    page.title = "改过的"
    page.save_revision(user=people["clerk"])
    page.refresh_from_db()
    request, url = asked(page, people["clerk"])
    number = page.attachments.get().document_id
    moment = timezone.now()
    if ended == "revoked":
        assert opinions.revoke(request, user=people["clerk"])
        assert not opinions.revoke(request, user=people["clerk"])
    elif ended == "expired":
        moment += dt.timedelta(days=7, seconds=1)
    elif ended == "withdrawn":
        withdraw(page, reason="发布有误")
    else:
        url = "/opinion/0123456789/"
    with time_machine.travel(moment):
        for path in (url, f"{url}files/{number}/"):
            assert client.get(path).status_code == 404
        assert client.post(url, {"answer": "agree"}).status_code == 404
    request.refresh_from_db()
    assert not request.answered_at


def test_what_was_withdrawn_is_not_sent_out_unchanged(people):
    page = make_item(user=people["clerk"])
    withdraw(page, reason="附件含有个人信息")
    page.refresh_from_db()
    with pytest.raises(ValidationError):
        asked(page, people["clerk"])
    page.save_revision(user=people["clerk"])
    page.refresh_from_db()
    with pytest.raises(ValidationError, match="撤回的内容"):
        asked(page, people["clerk"])
    draft = page.get_latest_revision_as_object()
    draft.title = "不含个人信息的标题"
    draft.save_revision(user=people["clerk"])
    page.refresh_from_db()
    assert asked(page, people["clerk"])


def test_whoever_guesses_is_sent_away(client, people):
    codes = [
        client.get(f"/opinion/guess-{number}/").status_code
        for number in range(WRONG_PER_HOUR + 1)
    ]
    assert codes == [404] * WRONG_PER_HOUR + [429]


@pytest.mark.parametrize(
    "values", [{}, {"answer": "x"}, {"answer": "remarks", "comment": "  "}]
)
def test_an_incomplete_answer_is_asked_for_again(client, people, values):
    draft = make_item(live=False, user=people["clerk"])
    request, url = asked(draft, people["clerk"])
    answer = client.post(url, values)
    assert answer.status_code == 400
    assert 'role="alert"' in text_of(answer)
    request.refresh_from_db()
    assert not request.answered_at


def test_the_desk_tells_the_link_once_and_takes_it_back(client, people):
    draft = make_item("草稿标题", live=False, user=people["clerk"])
    client.force_login(people["clerk"])
    page = f"/admin/opinions/{draft.pk}/"
    assert page in text_of(client.get(f"/admin/pages/{draft.pk}/edit/"))
    answer = client.post(page, WHO)
    (url,) = set(re.findall(r'value="[^"]*(/opinion/[^"]+)"', text_of(answer)))
    assert "/opinion/" not in text_of(client.get(page)).partition("<main")[2]
    assert client.get(url).status_code == 200
    request = OpinionRequest.objects.get()
    client.post(f"{page}{request.pk}/revoke/")
    assert client.get(url).status_code == 404
    assert "已收回" in text_of(client.get(page))


def test_only_who_works_on_the_draft_asks(client, people):
    draft = make_item(live=False, user=people["clerk"])
    request, url = asked(draft, people["clerk"])
    client.force_login(make_user("stranger"))
    page = f"/admin/opinions/{draft.pk}/"
    for answer in (
        client.get(page),
        client.post(page, WHO),
        client.post(f"{page}{request.pk}/revoke/"),
    ):
        assert answer.status_code in (302, 403)
    assert OpinionRequest.objects.open().count() == 1


def test_the_reviewer_reads_what_was_answered(client, people):
    draft = make_item(live=False, user=people["clerk"])
    request, _url = asked(draft, people["clerk"])
    opinions.answer(request, answer="remarks", comment="第三条的数字不对")
    draft.get_workflow().start(draft, people["clerk"])
    draft.refresh_from_db()
    assert opinions.may_ask(people["head"], draft)
    client.force_login(people["head"])
    state = draft.current_workflow_state.current_task_state
    text = text_of(client.get(f"/admin/review/{state.pk}/"))
    assert "第三条的数字不对" in text
    assert "市水利设计院" in text


def test_nobody_shows_outside_what_he_does_not_see_himself(people):
    """Whoever may withdraw anything reads no draft before it is his turn."""
    draft = make_item(live=False, user=people["clerk"])
    may = {name for name in people if opinions.may_ask(people[name], draft)}
    assert may == {"clerk", "officer"}
