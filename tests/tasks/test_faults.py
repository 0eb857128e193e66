"""kill -9 at every named place: nothing is lost, nothing arrives twice."""

import pytest

from tests.tasks.faults import KILLED, Township, paired_home

# The home starts as a copy of the test database, which must be there and not flushed:
# pytest-django runs tests with this mark before those that flush it.
pytestmark = pytest.mark.django_db
ITEMS = 12
HITS = (1, 2, 1)  # of three kills the second hits the portal's delivery


@pytest.fixture(scope="module")
def township(portal_process, tmp_path_factory, django_db_setup, django_db_blocker):
    """A township with a few items that are everywhere, paired with a real portal."""
    home = tmp_path_factory.mktemp("township")
    variables, origin = paired_home(portal_process, home, django_db_blocker)
    township = Township(home, variables)
    try:
        township.start(origin)
        township.do("publish", count=ITEMS)
        township.settle()
        yield township
    finally:
        township.stop()


def test_everything_is_equal_before_any_fault(township):
    assert township.do("problems") == []


@pytest.mark.parametrize(
    "failpoint",
    ["after_claim", "before_send", "mid_bulk", "after_send", "before_confirm"],
)
def test_a_killed_delivery_loses_and_doubles_nothing(township, failpoint):
    township.do("publish")
    township.do("edit", text=f"经历 {failpoint}")
    township.do("withdraw")
    for hit in HITS:
        assert township.kill_drain(f"{failpoint}:kill:{hit}")
    township.settle()
    assert township.do("problems") == []


def test_two_schedulers_and_a_withdrawal_in_one_second_do_each_thing_once(township):
    status, found = township.order("scheduled_race")
    assert (status, found["statuses"]) == (0, [0, 0, 0])
    assert found["live"] == found["kept"]  # what was taken back is not, nor the expired
    assert found["published_twice"] == found["expired_twice"] == []
    township.settle()
    assert township.do("problems") == []


def test_a_publication_killed_before_its_commit_leaves_nothing_behind(township):
    for _kill in HITS:
        status, _value = township.order(
            "edit", text="没有提交", failpoint="before_commit:kill"
        )
        assert status == KILLED
    assert township.do("behind") == 0
    assert township.do("problems") == []
    township.do("edit", text="提交了")
    township.settle()
    assert township.do("problems") == []


def test_rebuilding_amid_twenty_writes_a_second_misses_nothing(township):
    township.do("publish_one", title="始终查得到的旱情通报")
    township.settle()
    township.do("rebuild")  # the drain alone never calls an index complete
    found = township.do(
        "rebuild_amid_writes", found="始终查得到的旱情通报", seconds=3.0, per_s=20
    )
    assert found.pop("statuses") == [0, 0, 0, 0], township.log()
    assert min(found.values()) > 0, found
    township.settle()
    assert township.do("problems") == []


def test_a_killed_rebuild_goes_on_where_it_stopped(township):
    township.settle()
    status, _value = township.order("rebuild_in_pieces", failpoint="mid_rebuild:kill:2")
    assert status == KILLED
    assert township.do("problems") == []  # the old index answers
    township.do("publish")
    township.do("withdraw")
    township.do("edit", text="重建中断时改过", limit=2)
    township.settle()
    found = township.do("rebuild_in_pieces")
    assert found["state"] == "done"
    assert found["kept"] >= 4
    township.settle()
    assert township.do("problems") == []


def test_a_rebuild_killed_before_it_answers_loses_nothing(township):
    status, _value = township.order("rebuild_in_pieces", failpoint="before_swap:kill")
    assert status == KILLED
    assert township.do("rebuild_state") == "running"
    township.do("withdraw")
    township.settle()
    assert township.do("problems") == []
    found = township.do("rebuild_in_pieces")
    assert found["kept"] >= found["done"] - 1
    township.settle()
    assert township.do("problems") == []
