"""The officer is told once that deliveries do not get on, and once that they do."""

import datetime as dt

import pytest
from django.utils import timezone

from cms.models import Notice
from tasks.choices import Lane
from tasks.drain import drain
from tasks.models import Mode, OutboxEntry, TargetState, Trouble
from tasks.targets import TargetDown
from tasks.watch import watch
from tests.factories import make_item, make_people

pytestmark = pytest.mark.django_db
CITY = "portal:city"
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def officer(world, settings):
    settings.GONGKAI_STUCK_MINUTES, settings.GONGKAI_FAILING_HOURS = 15, 2
    make_item()
    people = make_people()
    drain()
    return people["officer"]


def notices(officer):
    rows = Notice.objects.filter(user=officer, kind="delivery").order_by("pk")
    return list(rows.values_list("text", flat=True))


def waiting(minutes, lane=Lane.PUBLISH, **changes):
    item = make_item()
    rows = OutboxEntry.objects.filter(target=CITY, key=item.key)
    changed_at = timezone.now() - minutes * MINUTE
    rows.update(changed_at=changed_at, lane=lane, **changes)
    OutboxEntry.objects.exclude(target=CITY).update(changed_at=timezone.now())
    return rows


def test_nothing_is_said_while_all_is_well(officer):
    assert watch() == 0
    assert notices(officer) == []


def test_one_notice_while_something_stays_stuck(officer):
    waiting(16)
    assert [watch() for _minute in range(5)] == [1, 0, 0, 0, 0]
    (text,) = notices(officer)
    assert "门户网站（city）有" in text
    assert "没送到" in text


@pytest.mark.parametrize(
    ("minutes", "lane", "told"),
    [
        (14, Lane.PUBLISH, 0),
        (16, Lane.WITHDRAW, 1),
        (100, Lane.BULK, 0),
        (121, Lane.BULK, 1),
    ],
)
def test_a_large_import_may_take_longer(minutes, lane, told):
    waiting(minutes, lane)
    assert watch() == told


def test_it_is_told_when_it_is_well_again_once(officer):
    rows = waiting(16)
    watch()
    rows.delete()
    now = timezone.now()
    told = [watch(now + minutes * MINUTE) for minutes in (0, 1, 4, 6, 7)]
    assert told == [0, 0, 0, 1, 0]
    assert "没有信息再久等了" in notices(officer)[-1]
    assert not Trouble.objects.filter(ended_at=None).exists()


def test_of_a_target_that_somebody_stopped_nothing_is_called_well(officer):
    waiting(16)
    watch()
    TargetState.objects.update_or_create(target=CITY, defaults={"mode": Mode.PAUSED})
    now = timezone.now()
    assert [watch(now + minutes * MINUTE) for minutes in (0, 6, 12)] == [0, 0, 0]
    assert Trouble.objects.filter(ended_at=None).exists()


def test_what_comes_and_goes_is_one_trouble(officer):
    rows, now = waiting(1), timezone.now()
    OutboxEntry.objects.update(changed_at=now + dt.timedelta(hours=1))
    for minutes in range(0, 30, 3):
        rows.update(dead=minutes % 2 == 0)
        watch(now + minutes * MINUTE)
    assert len(notices(officer)) == 1


def test_a_target_that_fails_for_hours_is_told(officer, world):
    world.answers[CITY] = TargetDown("连不上门户。")
    make_item()
    drain()
    since = TargetState.objects.get(target=CITY).failing_since
    TargetState.note_down(CITY, "连不上门户。", None)
    assert TargetState.objects.get(target=CITY).failing_since == since
    now = timezone.now()
    OutboxEntry.objects.update(changed_at=now + dt.timedelta(hours=3))
    assert watch(now + dt.timedelta(hours=1)) == 0
    assert watch(now + dt.timedelta(hours=2.1)) == 1
    assert "连不上门户。" in notices(officer)[0]
    TargetState.note_answer(CITY)
    assert TargetState.objects.get(target=CITY).failing_since is None


def test_what_was_given_up_is_told_and_a_skip_ends_it(officer):
    rows = waiting(1, dead=True, last_error="门户没有这个栏目")
    assert watch() == 1
    assert "有 1 条没收下" in notices(officer)[0]
    rows.skip(by="王芳", reason="说好不报")
    now = timezone.now()
    assert [watch(now), watch(now + 6 * MINUTE)] == [0, 1]


@pytest.mark.parametrize("mode", [Mode.PAUSED, Mode.FENCED])
def test_what_a_person_stopped_is_no_trouble(mode):
    waiting(60)
    TargetState.decide(CITY, mode, by="王芳", reason="门户升级")
    assert watch() == 0


def test_watching_asks_as_much_for_many_rows(django_assert_max_num_queries):
    waiting(16)
    watch()
    with django_assert_max_num_queries(12) as few:
        watch()
    for _number in range(5):
        waiting(16)
    with django_assert_max_num_queries(len(few)):
        watch()
