import pytest
from django.urls import reverse

from tasks.models import OutboxEntry
from tests.factories import make_item, make_people

pytestmark = pytest.mark.django_db


@pytest.fixture
def stuck(world):
    """An item that the portal refused for good."""
    item = make_item("关于低保金发放的公示")
    OutboxEntry.objects.filter(target="portal:city").update(
        dead=True, last_error="门户不接受该栏目", attempts=3
    )
    return item


@pytest.fixture
def officer(client, stuck):
    client.force_login(make_people()["officer"])
    return client


def test_the_officer_sees_what_is_stuck_and_why(officer):
    page = officer.get(reverse("gongkai_outbox")).content.decode()
    for text in (
        "关于低保金发放的公示",
        "门户网站（city）",
        "已停止重试",
        "门户不接受该栏目",
    ):
        assert text in page
    assert "全部立即重试" in page


def test_the_officer_filters_by_target(officer):
    page = officer.get(reverse("gongkai_outbox"), {"target": "index:local"})
    assert "门户不接受该栏目" not in page.content.decode()


def test_an_empty_outbox_says_that_everything_arrived(officer):
    OutboxEntry.objects.all().delete()
    assert "都已是最新" in officer.get(reverse("gongkai_outbox")).content.decode()


def test_the_officer_retries_one_row(officer):
    row = OutboxEntry.objects.get(target="portal:city", dead=True)
    answer = officer.post(reverse("gongkai_outbox_retry", args=[row.pk]), follow=True)
    assert "将立即重试 1 条" in answer.content.decode()
    row.refresh_from_db()
    assert (row.dead, row.attempts) == (False, 0)


def test_the_officer_retries_everything(officer):
    officer.post(reverse("gongkai_outbox_retry_all"))
    assert not OutboxEntry.objects.filter(dead=True).exists()


def test_retrying_needs_a_post(officer):
    assert officer.get(reverse("gongkai_outbox_retry_all")).status_code == 405


@pytest.mark.parametrize("role", ["clerk", "head"])
def test_others_neither_see_nor_retry(client, stuck, role):
    client.force_login(make_people()[role])
    assert client.get(reverse("gongkai_outbox")).status_code != 200
    client.post(reverse("gongkai_outbox_retry_all"))
    assert OutboxEntry.objects.filter(dead=True).exists()
