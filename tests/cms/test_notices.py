"""Notices: on the desk as each person chose, mailed when a server is there."""

import datetime as dt
import smtplib

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone
from lxml import html

from cms.models.notices import Mailing, Notice, NoticePreference
from cms.services import notice_mail, notices
from tasks.jobs import remind
from tasks.schedule import periodic_jobs

pytestmark = pytest.mark.django_db
MORNING = timezone.make_aware(dt.datetime(2026, 11, 24, 8, 1))


class Unreachable(EmailBackend):
    """A server that does not answer."""

    def open(self):
        raise ConnectionRefusedError("no mail server")


class Picky(EmailBackend):
    """A server that knows no mailbox of the head's."""

    def send_messages(self, messages):
        if messages[0].to == ["head@yunxi.example"]:
            raise smtplib.SMTPRecipientsRefused({"head@yunxi.example": (550, b"no")})
        return super().send_messages(messages)


@pytest.fixture
def head(people, settings):
    settings.GONGKAI_MAIL = True
    for user in people.values():
        user.email = f"{user.username}@yunxi.example"
        user.save()
    return people["head"]


def written(notice, moment):
    Notice.objects.filter(pk=notice.pk).update(created_at=moment)


def test_a_kind_is_mailed_as_its_default_says_until_chosen(head):
    notices.notify([head], "review_emergency", "山洪", url="/admin/review/1/")
    notices.notify([head], "review_due", "快到期", url="/admin/review/2/")
    assert notice_mail.send_due(MORNING - dt.timedelta(hours=1)) == 1
    (letter,) = mail.outbox
    assert letter.to == ["head@yunxi.example"] and "山洪" in letter.subject
    assert "http" in letter.body and "/admin/review/1/" in letter.body
    assert notice_mail.send_due(MORNING - dt.timedelta(hours=1)) == 0


def test_a_digest_goes_once_a_day_in_one_letter(head):
    for text in ("一", "二", "三"):
        notices.notify([head], "review_due", text)
    for notice in Notice.objects.all():
        written(notice, MORNING - dt.timedelta(hours=5))
    read = Notice.objects.get(text="二")
    notices.mark_read(head, read.pk)
    assert notice_mail.send_due(MORNING - dt.timedelta(minutes=2)) == 0
    assert notice_mail.send_due(MORNING) == 1
    body = mail.outbox[0].body
    assert "一" in body and "三" in body and "二\n" not in body
    notices.notify([head], "review_due", "四")
    written(Notice.objects.get(text="四"), MORNING)
    assert notice_mail.send_due(MORNING + dt.timedelta(hours=9)) == 0
    assert notice_mail.send_due(MORNING + dt.timedelta(days=1)) == 1


def test_nothing_is_mailed_without_a_server_or_an_address(head, settings):
    settings.GONGKAI_MAIL = False
    notices.notify([head], "review_emergency", "山洪")
    assert notice_mail.send_due() == 0
    settings.GONGKAI_MAIL = True
    type(head).objects.filter(pk=head.pk).update(email="")
    assert notice_mail.send_due() == 0
    assert Notice.objects.get().mailed_at is None


def test_a_server_that_is_away_loses_nothing(head, settings, caplog):
    good = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = f"{__name__}.Unreachable"
    notices.notify([head], "review_emergency", "山洪")
    for _minute in range(20):
        assert remind.mail() == 0
    assert "mail waits" in caplog.text
    settings.EMAIL_BACKEND = good
    assert remind.mail() == 1
    assert remind.mail() == 0
    assert len(mail.outbox) == 1


def test_a_mailbox_that_refuses_keeps_nobody_else_waiting(head, people, settings):
    settings.EMAIL_BACKEND = f"{__name__}.Picky"
    notices.notify([head, people["leader"]], "review_emergency", "山洪")
    assert notice_mail.send_due() == 1
    assert mail.outbox[0].to == ["leader@yunxi.example"]
    for _minute in range(10):
        assert notice_mail.send_due() == 0
    assert Notice.objects.get(user=head).refusals == notice_mail.MAX_REFUSALS


def test_a_title_with_line_breaks_makes_one_subject(head):
    notices.notify([head], "review_emergency", "山洪\r\nBcc: x@y.example")
    assert notice_mail.send_due() == 1
    assert "\n" not in mail.outbox[0].subject
    assert mail.outbox[0].recipients() == ["head@yunxi.example"]


def test_each_chooses_how_to_hear_of_a_kind(client, head):
    client.force_login(head)
    url = "/admin/notices/settings/"
    page = html.fromstring(client.get(url).content)
    assert "review_emergency-mailing" in page.xpath("//select/@name")
    client.post(
        url,
        {
            "review_emergency-mailing": "",
            "review_due-mailing": "now",
            "review_assigned-desk": "on",
            "review_assigned-mailing": "nonsense",
        },
    )
    chosen = {row.kind: row for row in NoticePreference.objects.filter(user=head)}
    assert chosen["review_due"].mailing == Mailing.AT_ONCE
    assert not chosen["review_due"].on_desk
    assert chosen["review_assigned"].mailing == Mailing.AT_ONCE
    assert notices.notify([head], "review_emergency", "山洪") == 1
    assert notices.notify([head], "review_due", "快到期") == 1
    shown = {row.text for row in notices.notices_of(head)}
    assert shown == {"山洪"}  # always on the desk
    assert notice_mail.send_due() == 1
    assert "快到期" in mail.outbox[0].subject


def test_who_wants_to_hear_nothing_of_a_kind_is_left_nothing(head):
    notices.choose(head, {"review_due": (False, Mailing.OFF)})
    assert notices.notify([head], "review_due", "快到期") == 0


def test_the_desk_counts_and_lists_what_is_unread(client, head, people):
    for text in ("第一条", "第二条"):
        notices.notify([head], "review_due", text, url="/admin/review/1/")
    notices.notify([people["leader"]], "review_due", "别人的")
    client.force_login(head)
    home = html.fromstring(client.get("/admin/").content)
    (section,) = home.xpath("//section[@aria-labelledby='gk-notices']")
    assert "2 件" in section.text_content() and "第二条" in section.text_content()
    text = client.get("/admin/notices/").content.decode()
    assert "第一条" in text and "别人的" not in text and "快到期的审查" in text
    assert Notice.objects.filter(read_at=None).count() == 3
    first = Notice.objects.get(text="第一条")
    client.post(f"/admin/notices/{first.pk}/read/")
    unread = client.get("/admin/notices/?unread=1").content.decode()
    assert "第一条" not in unread and "第二条" in unread
    other = Notice.objects.get(text="别人的")
    client.post(f"/admin/notices/{other.pk}/read/")
    client.post("/admin/notices/read/")
    assert list(Notice.objects.filter(read_at=None)) == [other]
    assert "gk-notices" not in client.get("/admin/").content.decode()


def test_old_notices_are_removed_by_the_job(head, settings):
    settings.GONGKAI_NOTICE_DAYS = 180
    notices.notify([head], "review_due", "旧的")
    notices.notify([head], "review_due", "新的")
    day = dt.timedelta(days=1)
    written(Notice.objects.get(text="旧的"), timezone.now() - 181 * day)
    written(Notice.objects.get(text="新的"), timezone.now() - 179 * day)
    remind.mail()
    assert [notice.text for notice in Notice.objects.all()] == ["新的"]


def test_both_jobs_are_in_the_table():
    every = {job.path: job.every_s for job in periodic_jobs()}
    assert every["tasks.jobs.remind.remind"] == 60
    assert every["tasks.jobs.remind.mail"] == 60
