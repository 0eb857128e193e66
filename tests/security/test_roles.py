"""Every address, walked by those who see least and by who reviews.

No canary, no answer that is not his, no fault. What each met is printed with ``-s``.
"""

import pytest

from disclosure_pages.public_state import public_keys, public_states
from tests.security.addresses import ALL
from tests.security.matrix import place
from tests.security.walking import ENTER, each_once, met, push, role_of, walk

THOROUGH = {"anon"}  # walks every filter, and addresses of missing things too
# What hides must have been there to be met by whoever may.
MUST_MEET = {
    "clerk": {"draft", "review", "file", "picture", "withdrawn", "batch"},
    "head": {"review", "leave"},
    "secrecy": {"review"},
    "leader": {"review"},
}
PEOPLE = (
    *("anon", "other", "clerk", "head", "other-head", "secrecy", "leader"),
    *("officer", "village", "inspector", "admin"),
)


def test_every_route_has_its_place_and_its_addresses(walked):
    assert [route for route in ALL if place(route) is None] == []
    assert set(ALL) - {address.route for address in walked} == set()


def test_no_other_api_is_mounted():
    """Wagtail's own API asks no review: only ours and the desk's chooser's answer."""
    named = {route for route in ALL if "api" in route or "token/" in route}
    ours = ("api/v1/", "admin/api/main/")
    assert {route for route in named if not route.startswith(ours)} == set()


@pytest.mark.django_db
@pytest.mark.parametrize("person", PEOPLE)
def test_nobody_meets_what_is_not_his(world, walked, log, person):
    found = walk(
        world, person, walked if person in THOROUGH else each_once(walked), log
    )
    print(f"\n{person}: {dict(found.entered)}\n  met {dict(found.seen)}")  # noqa: T201
    assert found.faults == []
    assert dict(found.leaks) == {}
    assert sorted(found.intrusions) == []
    role = role_of(person)
    assert MUST_MEET.get(role, set()) - set(found.seen) == set(), "nothing to hide"
    owed = {area for area in ENTER if ENTER[area][role] == "✓"}
    assert owed - set(found.entered) == set(), "the table promises what nobody enters"


@pytest.mark.django_db
@pytest.mark.parametrize("person", ["anon", "other", "village", "inspector", "officer"])
def test_nobody_does_what_is_not_his(world, walked, log, person):
    found = push(world, person, each_once(walked), log)
    print(f"\n{person}: {dict(found.entered)}")  # noqa: T201
    assert found.faults == []
    assert dict(found.leaks) == {}
    assert sorted(found.intrusions) == []
    assert found.published == []


def test_index_and_portal_are_told_nothing(world):
    told = str([vars(state) for state in public_states(list(public_keys())).values()])
    every = [page.specific.key for pages in world.pages.values() for page in pages]
    told += str([vars(state) for state in public_states(every).values()])
    assert "公开的信息" in told
    assert [s.kind for s in met(world, told)] == []
