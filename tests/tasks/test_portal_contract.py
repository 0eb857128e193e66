"""What every portal adapter promises, whichever portal it speaks to."""

import pytest

from tasks.targets import Receipt, TargetDown, TargetError
from tests.factories import make_document
from tests.tasks.messages import new_key, state_of, withdrawal_of
from tests.tasks.portal_contracts import (
    ExampleContract,
    HttpContract,
    PloneContract,
    TemplateContract,
    example_code,
    plone_site,
)

pytestmark = pytest.mark.django_db
FACTS = {"date_made": "2026-09-02", "date_published": "2026-09-04"}


@pytest.fixture(scope="session")
def fake_plone():
    site = plone_site()
    try:
        yield site.start()
    finally:
        site.stop()


@pytest.fixture(params=["http", "template", "plone", "example"])
def contract(request, settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path / "media"
    if request.param == "template":
        return TemplateContract(tmp_path / "city", settings)
    if request.param == "example":
        return ExampleContract(tmp_path / "city", settings, monkeypatch)
    if request.param == "plone":
        return PloneContract(request.getfixturevalue("fake_plone"), settings)
    return HttpContract(request.getfixturevalue("city"), settings)


def item(key=None, title="低保公示", **changes):
    return state_of(key, title=title, **{**FACTS, **changes})


def test_a_publication_is_shown_and_its_receipt_echoes_what_was_sent(contract):
    state = item(html="<p>救助二十户。</p>")
    (receipt,) = contract.send((4, state))
    assert isinstance(receipt, Receipt)
    assert (receipt.key, receipt.version, receipt.sha256) == (
        state.key,
        4,
        state.sha256,
    )
    assert receipt.url.startswith("http")
    shown = contract.shown(state.key)
    assert "低保公示" in shown and "救助二十户" in shown


def test_what_is_read_back_is_what_was_sent(contract):
    state = item()
    contract.send((4, state))
    assert contract.row(state.key) == (state.key, 4, state.sha256, "published")
    assert contract.row(new_key()) is None


def test_a_change_takes_the_place_of_what_was_there(contract):
    old = item(title="第一次")
    contract.send((1, old))
    new = item(old.key, title="第二次")
    (receipt,) = contract.send((2, new))
    assert (receipt.version, receipt.sha256) == (2, new.sha256)
    shown = contract.shown(old.key)
    assert "第二次" in shown and "第一次" not in shown
    assert contract.row(old.key)[1:3] == (2, new.sha256)


def test_a_withdrawal_leaves_nothing_to_read(contract):
    state = item()
    contract.send((1, state))
    gone = withdrawal_of(state.key)
    (receipt,) = contract.send((2, gone))
    assert (receipt.key, receipt.version, receipt.sha256) == (state.key, 2, gone.sha256)
    assert receipt.read_back == contract.reads_back_withdrawals
    assert contract.shown(state.key) is None
    assert contract.row(state.key) == (state.key, 2, gone.sha256, "withdrawn")


def test_withdrawing_what_was_never_sent_keeps_it_from_coming_back(contract):
    gone = withdrawal_of(new_key())
    (receipt,) = contract.send((5, gone))
    assert (receipt.version, receipt.sha256) == (5, gone.sha256)
    (late,) = contract.send((4, item(gone.key)))
    assert late.stale == 5
    assert contract.shown(gone.key) is None


def test_what_was_withdrawn_can_be_published_again(contract):
    state = item()
    contract.send((1, state))
    contract.send((2, withdrawal_of(state.key)))
    (receipt,) = contract.send((3, state))
    assert receipt.version == 3
    assert "低保公示" in contract.shown(state.key)


def test_sending_the_same_twice_has_one_effect(contract):
    state = item()
    first = contract.send((4, state))
    assert contract.send((4, state)) == first
    assert contract.row(state.key)[1] == 4


@pytest.mark.parametrize("ours", [3, 4])
def test_a_version_never_falls_and_never_stands_for_two_contents(contract, ours):
    state = item()
    contract.send((4, state))
    (outcome,) = contract.send((ours, item(state.key, title="别的内容")))
    assert isinstance(outcome, TargetError)
    assert (outcome.stale, outcome.retryable) == (4, False)
    assert "别的内容" not in contract.shown(state.key)


def test_a_bad_item_does_not_stop_the_others(contract):
    good = [item(title=f"好的{n}") for n in range(3)]
    bad = state_of(files=[("丢失.txt", b"nowhere")], **FACTS)
    outcomes = contract.send((1, good[0]), (1, bad), (1, good[1]), (1, good[2]))
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [Receipt, TargetError, Receipt, Receipt]
    assert "丢失.txt" in outcomes[1].reason_zh
    assert contract.shown(bad.key) is None
    assert all(contract.shown(state.key) for state in good)


def test_files_arrive_byte_by_byte_and_leave_with_their_item(contract):
    content = new_key().encode() * 100
    make_document("名单.txt", content)
    state = state_of(files=[("名单.txt", content)], **FACTS)
    (receipt,) = contract.send((1, state))
    assert isinstance(receipt, Receipt)
    assert contract.files(state.key) == [content]
    contract.send((2, withdrawal_of(state.key)))
    assert contract.shown(state.key) is None


def test_a_portal_that_is_down_judges_nobody(contract):
    contract.break_down()
    with pytest.raises(TargetDown) as down:
        contract.target.put_many([(1, item())])
    assert down.value.reason_zh


def test_what_people_wrote_runs_nowhere(contract):
    state = item(title='=HYPERLINK("http://x")<script>alert(1)</script>')
    contract.send((1, state))
    shown = contract.shown(state.key)
    assert "HYPERLINK" in shown
    if not isinstance(contract, TemplateContract):
        assert "<script>alert(1)" not in shown.partition("\n")[2]


def test_the_example_of_the_docs_is_shorter_than_100_lines():
    assert 40 < len(example_code().splitlines()) < 100
