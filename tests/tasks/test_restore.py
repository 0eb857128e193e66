"""An older backup is put in place: nothing is sent, nothing returns, a person decides.

A township of real processes beside a real portal; see `tests.tasks.faults`.
"""

import pytest

from tests.sites import copy_database
from tests.tasks.faults import KILLED, Township, paired_home

pytestmark = pytest.mark.django_db
CITY = "portal:city"
KEPT, GONE, TOLD = 3, 2, "备份以后改过"


@pytest.fixture(scope="module")
def township(portal_process, tmp_path_factory, django_db_setup, django_db_blocker):
    """A township with items at a real portal; ``origin`` is what it sends under."""
    home = tmp_path_factory.mktemp("restored")
    variables, origin = paired_home(portal_process, home, django_db_blocker)
    township = Township(home, variables)
    township.origin, township.portal = origin, portal_process
    try:
        yield township.start(origin)
    finally:
        township.stop()


def command(township, name, *args, **options):
    return township.do("command", name=name, args=args, json=True, **options)


def sent(township):
    """How many items the portal was sent."""
    asked = township.portal.requests()
    return sum(f"PUT /portal/v1/items/{township.origin}/" in line for line in asked)


def shown(township, key):
    """Status and text of the item's page at the portal."""
    status, _headers, body = township.portal.get(f"/external/{township.origin}/{key}/")
    return status, body.decode()


def go_on(township):
    """A person lets the portal go on; what is due is delivered or refused."""
    command(township, "targets", "resume", CITY)
    for _round in range(3):
        township.order("drain")


def reason(township):
    mode, reason = township.do("modes")[CITY]
    assert mode == "fenced"
    return reason


@pytest.fixture(scope="module")
def story(township, tmp_path_factory):
    """Back up, go on working, restore: the keys by what became of them."""
    keys = township.do("publish", count=KEPT + GONE + 1)
    coming = township.do("schedule_one", in_s=2.0)
    township.settle()
    backup = tmp_path_factory.mktemp("backups") / "monday.tar"
    made = command(township, "backup", str(backup))
    assert made["items"] == KEPT + GONE + 1
    edited, gone = keys[0], keys[-GONE:]
    township.do("retitle", key=edited, title=TOLD)
    new = township.do("publish", count=2)
    for key in gone:
        township.do("withdraw_one", key=key)
    deadline = 40
    while coming not in township.do("live_keys") and deadline:
        township.do("publish_scheduled")
        deadline -= 1
    township.settle()
    township.do("withdraw_one", key=coming)
    township.settle()
    before = sent(township)
    done = command(township, "restore", str(backup), yes=True)
    return {
        "backup": backup,
        "edited": edited,
        "gone": gone,
        "new": new,
        "coming": coming,
        "before": before,
        "taken_back": done["taken_back"],
    }


def test_a_restored_township_sends_nothing(township, story):
    township.order("drain")
    assert sent(township) == story["before"]
    assert "恢复了" in reason(township)


def test_what_was_withdrawn_after_the_backup_is_withdrawn_again(township, story):
    assert story["taken_back"] == GONE + 1
    township.do("publish_scheduled")
    found = township.do("states", keys=[*story["gone"], story["coming"]])
    assert {state for state, _title in found.values()} == {"withdrawn"}


def test_the_difference_names_what_the_portal_has_newer(township, story):
    rows = command(township, "targets", "diff", CITY)["newer_there"]
    found = {row["key"]: row for row in rows}
    assert {key for key, row in found.items() if row["kind"] == "extra"} == set(
        story["new"]
    )
    assert found[story["edited"]]["kind"] == "stale"
    assert found[story["edited"]]["theirs"] > found[story["edited"]]["ours"]
    assert all(found[key]["title"] for key in story["new"])
    assert all(found[key]["url"].startswith("http") for key in story["new"])


def test_after_a_person_let_it_go_on_nothing_withdrawn_comes_back(township, story):
    go_on(township)
    for key in [*story["gone"], story["coming"]]:
        assert shown(township, key)[0] == 410
    assert TOLD in shown(township, story["edited"])[1]
    assert all(shown(township, key)[0] == 200 for key in story["new"])


def test_ours_counts_only_where_a_person_says_so(township, story):
    edited, taken_off = story["edited"], story["new"][0]
    told = command(township, "targets", "ours", CITY, edited, taken_off)
    assert told["sent_again"] == 2
    township.settle()
    assert TOLD not in shown(township, edited)[1]
    assert shown(township, taken_off)[0] == 410
    assert shown(township, story["new"][1])[0] == 200


@pytest.mark.parametrize("failpoint", ["mid_restore", "after_load"])
def test_a_restore_that_was_killed_sends_nothing_until_it_is_done(
    township, story, failpoint
):
    before = sent(township)
    status, _value = township.order(
        "command",
        failpoint=f"{failpoint}:kill",
        name="restore",
        args=[str(story["backup"])],
        yes=True,
        json=True,
    )
    assert status == KILLED
    township.order("drain")
    assert sent(township) == before
    command(township, "restore", str(story["backup"]), yes=True)
    township.order("drain")
    assert sent(township) == before
    assert reason(township)
    found = township.do("states", keys=story["gone"])
    assert {state for state, _title in found.values()} == {"withdrawn"}


def test_a_database_put_back_by_hand_is_noticed_before_anything_is_sent(
    township, story, tmp_path
):
    go_on(township)
    database = township.home / "gongkai.sqlite3"
    old = tmp_path / "old.sqlite3"
    copy_database(database, old)
    key = township.do("live_keys")[0]
    township.do("withdraw_one", key=key)
    township.do("publish", count=2)
    for _round in range(3):
        township.order("drain")
    assert shown(township, key)[0] == 410
    before = sent(township)
    copy_database(old, database)
    township.do("publish")
    township.order("drain")
    assert sent(township) == before
    assert "比已经推送出去的旧" in reason(township)
    assert township.do("states", keys=[key])[key][0] == "withdrawn"


def test_a_lost_mark_is_no_licence_to_send(township, story):
    go_on(township)
    before = sent(township)
    (township.home / "sent-mark.json").unlink()
    township.do("publish")
    township.order("drain")
    assert sent(township) == before
    assert "找不到推送标记" in reason(township)


def test_where_home_and_database_went_back_together_a_tombstone_stands(
    township, story, tmp_path
):
    """A snapshot of the whole machine: only the portal knows better."""
    go_on(township)
    key = township.do("live_keys")[-1]
    township.order("drain")
    names = ("gongkai.sqlite3", "sent-mark.json", "withdrawn.jsonl")
    for name in names[1:]:
        (tmp_path / name).write_bytes((township.home / name).read_bytes())
    copy_database(township.home / names[0], tmp_path / names[0])
    township.do("withdraw_one", key=key)
    township.order("drain")
    assert shown(township, key)[0] == 410
    held = township.do("wanted", target=CITY)[key]
    copy_database(tmp_path / names[0], township.home / names[0])
    for name in names[1:]:
        (township.home / name).write_bytes((tmp_path / name).read_bytes())
    while township.do("wanted", target=CITY)[key] < held:
        township.do("retitle", key=key, title="又改了一次")
    assert township.do("wanted", target=CITY)[key] == held  # the tombstone's
    for _round in range(4):
        township.order("drain")
    assert shown(township, key)[0] == 410
