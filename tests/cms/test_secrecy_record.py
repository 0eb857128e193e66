"""The secrecy review as a record: what was asked, of which text, of which files."""

import datetime as dt
import json

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from wagtail.models import Revision

from cms.models import (
    Absence,
    LegalGround,
    SecrecyQuestion,
    SecrecyReview,
    StandIn,
)
from cms.services.review import ReviewConflict
from disclosure_pages.services.publishing import publish_scheduled
from tests.factories import make_document, make_user
from tests.reviewing import approve, submitted, waiting

pytestmark = pytest.mark.django_db


def reword(revision_id, old, new):
    """Change a word of a stored revision, past every model."""
    text = json.dumps(Revision.objects.get(pk=revision_id).content)
    changed = text.replace(json.dumps(old)[1:-1], json.dumps(new)[1:-1])
    assert changed != text
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE wagtailcore_revision SET content = %s WHERE id = %s",
            [changed, revision_id],
        )


def test_a_word_changed_behind_the_review_voids_it(people):
    item = submitted(people, title="补助每人六百元")
    for role in ("head", "secrecy"):
        approve(item, people[role])
    reword(item.latest_revision_id, "六百元", "六千元")
    with pytest.raises(ReviewConflict, match="文字在审查以后变动过"):
        approve(item, people["leader"])
    item.refresh_from_db()
    assert not item.live


@pytest.mark.parametrize(("changed", "live"), [(False, True), (True, False)])
def test_what_waits_for_its_day_goes_live_only_as_it_was_reviewed(
    people, changed, live
):
    later = timezone.now() + dt.timedelta(days=1)
    item = submitted(people, title="补助每人六百元", go_live_at=later)
    for role in ("head", "secrecy", "leader"):
        approve(item, people[role])
    if changed:
        reword(item.latest_revision_id, "六百元", "六千元")
    with time_machine.travel(later + dt.timedelta(minutes=1)):
        publish_scheduled()
    item.refresh_from_db()
    assert item.live is live


def secrecy_answers(client, people, item):
    """The address of the secrecy review of an item, and a form that approves."""
    approve(item, people["head"])
    client.force_login(people["secrecy"])
    state = waiting(item)
    codes = SecrecyQuestion.objects.filter(enabled=True).values_list("code", flat=True)
    answers = {"revision": state.revision_id, "decision": "approve"}
    return f"/admin/review/{state.pk}/", answers | dict.fromkeys(codes, "on")


def test_the_record_keeps_the_questions_as_they_were_asked(client, people):
    document = make_document("名单.txt", b"12345")
    item = submitted(people, documents=[document])
    url, answers = secrecy_answers(client, people, item)
    assert client.post(url, answers).status_code == 302
    SecrecyQuestion.objects.update(text="改了", legal_ground="改了")
    record = SecrecyReview.objects.get()
    assert record.asked[0] == {
        "code": "no_state_secret",
        "text": "不含国家秘密和工作秘密",
        "legal_ground": "条例第十四条、第十六条；保守国家秘密法",
        "answer": True,
    }
    assert record.files == [
        {
            "name": "名单.txt",
            "file": document.filename,
            "bytes": 5,
            "sha256": document.sha256,
        }
    ]


def test_an_own_question_is_asked_and_a_disabled_one_is_not(client, people):
    own = SecrecyQuestion.objects.create(text="村务监督委员会看过", sort_order=9)
    SecrecyQuestion.objects.filter(code="no_trade_secret").update(enabled=False)
    url, answers = secrecy_answers(client, people, submitted(people))
    del answers[own.code]
    assert "村务监督委员会看过" in client.post(url, answers).content.decode()
    assert not SecrecyReview.objects.exists()
    client.post(url, answers | {own.code: "on"})
    codes = [row["code"] for row in SecrecyReview.objects.get().asked]
    assert (codes[-1], "no_trade_secret" in codes) == (own.code, False)


def test_questions_that_changed_meanwhile_are_asked_again(client, people):
    url, answers = secrecy_answers(client, people, submitted(people))
    shown = client.get(url).context["form"].fingerprint
    SecrecyQuestion.objects.filter(code="files_opened").update(text="新的项目")
    answer = client.post(url, answers | {"asked": shown})
    assert "检查项目刚刚改过" in answer.content.decode()
    assert not SecrecyReview.objects.exists()
    shown = answer.context["form"].fingerprint
    assert client.post(url, answers | {"asked": shown}).status_code == 302


def test_grounds_are_offered_from_data(client, people):
    LegalGround.objects.create(text="某条例第九条")
    url, _answers = secrecy_answers(client, people, submitted(people))
    text = client.get(url).content.decode()
    assert "条例第十五条：涉及个人隐私" in text
    assert "某条例第九条" in text


def test_official_questions_keep_their_wording_and_stay(client, people):
    row = SecrecyQuestion.objects.get(code="no_state_secret")
    client.force_login(people["officer"])
    base = "/admin/snippets/gongkai_cms/secrecyquestion"
    values = {"text": "改", "legal_ground": "改", "sort_order": 1, "local_note": "注"}
    client.post(f"{base}/edit/{row.pk}/", values | {"enabled": "on"})
    row.refresh_from_db()
    assert (row.text, row.local_note) == ("不含国家秘密和工作秘密", "注")
    client.post(f"{base}/delete/{row.pk}/")
    assert SecrecyQuestion.objects.filter(pk=row.pk).exists()


def test_the_record_names_for_whom_a_stand_in_acted(people):
    item = submitted(people)
    approve(item, people["head"])
    second = make_user("second", name="林代")
    StandIn.objects.create(principal=people["secrecy"], substitute=second)
    today = timezone.localdate()
    Absence.objects.create(person=people["secrecy"], first_day=today, last_day=today)
    approve(item, second)
    record = SecrecyReview.objects.get()
    assert (record.reviewer_name, record.acted_for_name) == ("林代", "secrecy")


def test_a_second_click_on_the_same_decision_is_told_plainly(client, people):
    url, answers = secrecy_answers(client, people, submitted(people))
    assert client.post(url, answers).status_code == 302
    again = client.post(url, answers)
    assert again.status_code == 409
    assert "您已经办结了" in again.content.decode()
    assert SecrecyReview.objects.count() == 1
