"""The traps of a Plone portal, each as it was met at a real one.

With `GONGKAI_TEST_PLONE="http://host/Plone NAME:PASSWORD"` (a Manager) they and the
contract are held against that site instead of the stand-in.
"""

import pytest

from disclosure_pages.models import DisclosureItemPage
from tasks.drain import drain
from tasks.models import OutboxEntry
from tasks.reconciliation import reconcile
from tasks.targets import Receipt, TargetDown, TargetError, Waiting
from tests.factories import make_document, make_item, make_site
from tests.tasks.messages import new_key, state_of, withdrawal_of
from tests.tasks.portal_contracts import PloneContract, plone_site

pytestmark = pytest.mark.django_db
FACTS = {"date_published": "2026-09-04"}


@pytest.fixture(scope="module")
def site():
    site = plone_site()
    try:
        yield site.start()
    finally:
        site.stop()


@pytest.fixture
def portal(site, settings, tmp_path):
    settings.GONGKAI_INDEXES = []
    settings.MEDIA_ROOT = tmp_path
    return PloneContract(site, settings)


def item(key=None, **changes):
    return state_of(key, **{**FACTS, **changes})


def send(portal, version, state):
    (outcome,) = portal.send((version, state))
    return outcome


def editor(portal):
    """Somebody who works at the portal."""
    return portal.site.editor


def url_of(portal, key):
    return portal.find(key)[0]["@id"]


def asked(portal, word):
    return [line for line in portal.site.asked() if word in line]


def test_a_conflict_with_a_location_is_not_believed_and_tried_again(portal):
    portal.site.fault(conflicts=2)
    state = item()
    assert isinstance(send(portal, 1, state), Receipt)
    assert len(portal.find(state.key)) == 1


def test_conflicts_without_end_leave_the_item_for_later(portal):
    portal.site.fault(conflicts=50)
    outcome = send(portal, 1, item())
    portal.site.fault(conflicts=0)
    assert isinstance(outcome, TargetError)
    assert outcome.retryable
    assert "另有写入" in outcome.reason_zh


def test_what_there_was_no_time_for_is_no_attempt(portal):
    target = portal.target
    begin, target._begin = target._begin, lambda: None
    begin()
    target._total_s = 0.0
    outcomes = target.put_many([(1, item()) for _ in range(3)])
    assert [type(outcome) for outcome in outcomes] == [Receipt, Waiting, Waiting]


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_a_lost_answer_never_makes_a_second_item(portal, lost):
    """Which answers are lost: of the folder, of the item, of the transition."""
    state = item(date_published=f"20{lost}0-01-01")  # a folder that is not there yet
    portal.site.fault(lost=lost)
    for _try in range(4):
        outcome = send(portal, 1, state)
    assert isinstance(outcome, Receipt)
    assert len(portal.find(state.key)) == 1


def test_an_item_that_somebody_edits_waits_and_says_why(portal):
    state = item()
    send(portal, 1, state)
    portal.site.ask(
        "POST", f"{url_of(portal, state.key)}/@lock", {}, portal.site.editor
    )
    outcome = send(portal, 2, item(state.key, title="改"))
    assert outcome.reason_zh == "门户上有人正在编辑这一条，稍后再试。"
    assert outcome.retryable


def test_a_withdrawal_waits_for_nobody(portal):
    state = item()
    send(portal, 1, state)
    portal.site.ask(
        "POST", f"{url_of(portal, state.key)}/@lock", {}, portal.site.editor
    )
    assert send(portal, 2, withdrawal_of(state.key)).read_back
    assert portal.shown(state.key) is None


def test_nothing_of_a_withdrawn_item_is_left_but_that_it_was_withdrawn(portal):
    content = b"names"
    make_document("名单.txt", content)
    state = item(title="有隐私", summary="某人", files=[("名单.txt", content)])
    send(portal, 1, state)
    send(portal, 2, withdrawal_of(state.key, reason="含个人信息"))
    (row,) = portal.find(state.key)
    _status, held = portal.site.ask("GET", row["@id"])
    assert (held["title"], held["description"]) == ("（已撤下）", "")
    assert held["text"]["data"] == "<p>含个人信息</p>"
    assert portal.find(f"{state.key}-files") == []


def test_an_item_that_the_portals_staff_moved_is_followed(portal):
    state = item()
    send(portal, 1, state)
    source = url_of(portal, state.key)
    portal.site.ask("POST", "/@move", {"source": source}, editor(portal))
    # The old address answers still: the item is found further up.
    assert portal.site.ask("GET", source)[0] == 200
    receipt = send(portal, 2, item(state.key, title="移动以后"))
    assert receipt.url == f"{portal.site.url}/{state.key}"
    assert len(portal.find(state.key)) == 1
    assert portal.site.ask("GET", receipt.url)[1]["title"] == "移动以后"


def test_a_copy_that_the_portals_staff_made_is_withdrawn_too(portal):
    state = item()
    send(portal, 1, state)
    where = url_of(portal, state.key)
    parent = where.rpartition("/")[0]
    _status, answer = portal.site.ask("POST", f"{parent}/@copy", {"source": where})
    copy = answer[0]["target"]
    portal.site.ask("POST", f"{copy}/@workflow/publish", {}, editor(portal))
    send(portal, 2, withdrawal_of(state.key))
    assert portal.site.ask("GET", copy, account="")[0] == 401


def test_a_copy_published_later_is_seen_as_visible_though_withdrawn(portal):
    state = item()
    send(portal, 1, state)
    where = url_of(portal, state.key)
    parent = where.rpartition("/")[0]
    _status, answer = portal.site.ask("POST", f"{parent}/@copy", {"source": where})
    send(portal, 2, withdrawal_of(state.key))
    assert portal.row(state.key).state == "withdrawn"
    copy = answer[0]["target"]
    portal.site.ask("POST", f"{copy}/@workflow/publish", {}, editor(portal))
    assert portal.row(state.key).state == "published"


def test_something_else_at_our_address_is_left_alone(portal):
    state = item()
    send(portal, 1, item())  # makes the folder
    folder = url_of(portal, state.key) if portal.find(state.key) else None
    assert folder is None
    place = f"{portal.site.url}/work-2026-09"
    other = {"@type": "News Item", "id": state.key, "title": "别人的"}
    portal.site.ask("POST", place, other, editor(portal))
    outcome = send(portal, 1, state)
    assert "已被别的内容占用" in outcome.reason_zh
    assert not outcome.retryable
    assert portal.site.ask("GET", f"{place}/{state.key}")[1]["title"] == "别人的"


def test_files_are_never_public_before_their_item(portal):
    content = b"list"
    make_document("名单.txt", content)
    state = item(files=[("名单.txt", content)])
    send(portal, 1, state)
    lines = [line for line in portal.site.asked() if state.key in line]
    posts = [line for line in lines if line.startswith("POST")]
    of_item = next(n for n, line in enumerate(posts) if f"{state.key}/@work" in line)
    of_files = next(n for n, line in enumerate(posts) if "-files/@workflow" in line)
    uploaded = next(n for n, line in enumerate(posts) if line.endswith("-files"))
    assert uploaded < of_item < of_files


def test_each_file_is_uploaded_once_and_goes_when_it_is_named_no_more(portal):
    old, new = b"old list", b"new list"
    for content in (old, new):
        make_document("名单.txt", content)
    state = item(files=[("名单.txt", old), ("again.txt", old)])
    send(portal, 1, state)
    portal.site.fault()
    send(portal, 2, item(state.key, title="改", files=[("名单.txt", old)]))
    assert asked(portal, "POST") == [
        line for line in asked(portal, "POST") if "@workflow" in line
    ]
    send(portal, 3, item(state.key, files=[("名单.txt", new)]))
    assert portal.files(state.key) == [new]
    folder = url_of(portal, state.key) + "-files"
    assert portal.site.ask("GET", folder)[1]["items_total"] == 1


def test_a_large_file_goes_as_a_stream_and_under_its_hash(portal):
    content = new_key().encode() * 60_000
    document = make_document("预算表.pdf", content)
    state = item(files=[("预算表.pdf", content)])
    assert isinstance(send(portal, 1, state), Receipt)
    assert asked(portal, "@tus-upload")
    assert portal.files(state.key) == [content]
    assert document.sha256 in portal.shown(state.key)


def test_a_large_file_whose_answer_was_lost_is_uploaded_once(portal):
    content = new_key().encode() * 60_000
    make_document("预算表.pdf", content)
    state = item(files=[("预算表.pdf", content)], date_published="2019-01-01")
    portal.site.fault(lost=4)  # …the last of them that of the whole file
    for _try in range(6):
        outcome = send(portal, 1, state)
    assert isinstance(outcome, Receipt)
    folder = url_of(portal, state.key) + "-files"
    assert portal.site.ask("GET", folder)[1]["items_total"] == 1
    assert portal.files(state.key) == [content]


@pytest.mark.parametrize("account", ["", "sync-bot", "sync-bot:wrong"])
def test_a_wrong_account_is_a_portal_that_is_down(portal, settings, account):
    settings.GONGKAI_PORTAL_KEYS = {"city": account}
    with pytest.raises(TargetDown, match="账号"):
        send(portal, 1, item())
    with pytest.raises(TargetDown):
        list(portal.target.read_rows())


def test_pages_of_a_search_are_read_to_the_end(portal, monkeypatch):
    monkeypatch.setattr("tasks.targets.plone.PAGE", 2)
    states = [item() for _ in range(5)]
    for state in states:
        send(portal, 1, state)
    keys = {row.key for row in portal.target.read_rows()}
    assert keys >= {state.key for state in states}


def test_what_is_not_ours_is_not_read_as_ours(portal):
    other = {"@type": "News Item", "id": "a-notice", "title": "别人的"}
    portal.site.ask("POST", "", other, editor(portal))
    assert "a-notice" not in {row.key for row in portal.target.read_rows()}


# With the outbox


@pytest.fixture
def published(portal):
    make_site()
    items = [make_item(f"关于第{n}批救助的公示") for n in range(3)]
    while drain():
        pass
    return items


def clean(portal):
    (report,) = reconcile("portal:city")
    assert not report.error
    found = {key: d.kind for key, d in report.differences.items()}
    theirs = set(OutboxEntry.objects.values_list("key", flat=True))
    return {key: kind for key, kind in found.items() if key in theirs}


def test_what_is_public_here_is_public_there(portal, published):
    assert clean(portal) == {}
    for page in published:
        assert page.title in portal.shown(page.key)


def test_reconciling_finds_and_heals_what_the_portals_staff_did(portal, published):
    edited, hidden, removed = published
    where = {page.key: url_of(portal, page.key) for page in published}
    portal.site.ask("PATCH", where[edited.key], {"title": "改了"}, editor(portal))
    portal.site.ask(
        "POST", f"{where[hidden.key]}/@workflow/retract", {}, portal.site.editor
    )
    portal.site.ask("DELETE", where[removed.key], None, editor(portal))
    assert clean(portal) == {
        edited.key: "stale",
        hidden.key: "missing",
        removed.key: "missing",
    }
    reconcile("portal:city", heal=True)
    while drain():
        pass
    assert clean(portal) == {}
    assert edited.title in portal.shown(edited.key)


def test_a_withdrawal_that_the_portal_undid_is_found(portal, published):
    page = DisclosureItemPage.objects.get(pk=published[0].pk)
    page.unpublish()
    drain()
    assert clean(portal) == {}
    where = url_of(portal, page.key)
    portal.site.ask("POST", f"{where}/@workflow/publish", {}, editor(portal))
    assert clean(portal) == {page.key: "visible_but_withdrawn"}
