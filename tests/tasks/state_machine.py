"""Editors, reviewers, workers and faults in any order; then quiet, and all is equal.

The names I1 to I6 stand for what must always hold:

I1  whoever changes what is public writes it into the outbox in the same transaction;
I2  what nobody approved, or was taken back, is nowhere to be seen;
I3  the version of an item never falls, at the portal or in the index;
I4  when faults end, site, index and portal become equal by themselves;
I5  doing a job twice, late or out of order has one effect;
I6  every act has its actor, time and reason, and what was approved is what went live.
"""

import sys
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from wagtail.models import PageLogEntry, PageViewRestriction

from cms.approval import publication_approved
from cms.audit.sealing import seal
from cms.audit.verifying import verify
from cms.models.duties import ReviewDuty
from cms.services.binding import content_hash
from disclosure_pages.public_state import PUBLISHED, public_states
from disclosure_pages.services.publishing import publish_scheduled
from disclosure_pages.services.withdrawal import withdraw
from tasks import sweeping
from tasks.jobs.rebuild import rebuild_lost
from tasks.models import Mode, OutboxEntry, TargetState
from tasks.reconciliation import reconcile
from tasks.reports import reconcile_daily
from tests.factories import body_of
from tests.reviewing import approve, waiting
from tests.tasks.state_world import (
    FAILPOINTS,
    INDEX,
    PORTAL,
    TARGETS,
    Killed,
    page_of,
)

ITEMS = st.integers(0, 3)
SECTIONS = st.integers(0, 1)
ON_THE_LINE = ("lost", "dropped", "broken", "busy", "twice", "late")
PLANS = st.lists(st.sampled_from(("", *ON_THE_LINE)), max_size=3)
GONE = (404, 410)
REVIEWERS = ("head", "secrecy", "leader")


@dataclass
class Known:
    """One item as the outside may know it."""

    key: str
    section: int
    title: str  # of the live text; "" while it is not live
    approved: set = field(default_factory=set)
    coming: str = ""  # approved for later
    goes_at: object = None  # when it comes
    ends_at: object = None  # when the live text expires
    deleted: bool = False


class Sync(RuleBasedStateMachine):
    """One run; ``world`` is set by the test."""

    world = None

    def __init__(self):
        super().__init__()
        self.world.begin()
        self.number = 0
        self.acts = {"wagtail.publish": 0, "gongkai.withdraw": 0}
        self.restricted = {}
        self.backup = self.world.portal_at_first
        self.items = []
        for page in self.world.first_items:
            title = page.title if page.live else ""
            section = [s.pk for s in self.world.sections].index(page.get_parent().pk)
            known = Known(page.key, section, title, {title} - {""})
            self.items.append(known)
        self.keys = [item.key for item in self.items]
        self.logged = self._logged()
        self.truth = public_states(self.keys)
        self.wanted = self._wanted()
        self.floor = {INDEX: {}, PORTAL: {}}

    # what editors and reviewers do

    def _new_title(self):
        self.number += 1
        return f"第{self.number}稿"

    def _page(self, item):
        return None if item.deleted else page_of(item.key)

    def _draft(self, page, title, *, goes_at=None, ends_at=None):
        """Store a new draft of the clerk's; the review begins anew."""
        state = page.current_workflow_state
        if state:
            state.cancel(user=self.world.people["clerk"])
        draft = page.get_latest_revision_as_object()
        draft.title, draft.body = title, body_of(title)
        draft.go_live_at, draft.expire_at = goes_at, ends_at
        return draft.save_revision(user=self.world.people["clerk"], clean=False)

    def _went_live(self, item, title, ends_at=None):
        item.title, item.ends_at = title, ends_at
        item.coming, item.goes_at = "", None
        item.approved.add(title)
        self.acts["wagtail.publish"] += 1

    @rule(number=ITEMS)
    def edit(self, number):
        """A draft alone changes nothing outside."""
        page = self._page(self.items[number])
        if page:
            with transaction.atomic():
                self._draft(page, self._new_title())

    @rule(number=ITEMS)
    def approve(self, number):
        """One step of the review; the last one publishes."""
        item = self.items[number]
        page = self._page(item)
        if not page or not page.has_unpublished_changes:
            return
        if page.current_workflow_state is None:
            draft = page.get_latest_revision_as_object()
            if draft.go_live_at or draft.expire_at:
                self._draft(page, draft.title)
                page = self._page(item)
            page.get_workflow().start(page, self.world.people["clerk"])
            return
        tasks = list(page.current_workflow_state.workflow.tasks)
        step = [task.pk for task in tasks].index(waiting(page).task_id)
        revision = page.latest_revision
        with transaction.atomic():
            approve(page, self.world.people[REVIEWERS[step]])
        if step == len(tasks) - 1:
            self._went_live(item, revision.content["title"])
            self._assert_as_approved(page, revision)

    def _assert_as_approved(self, page, revision):
        steps = ReviewDuty.objects.filter(task_state__revision=revision)
        approved = set(steps.values_list("content_sha256", flat=True))
        assert page.live_revision_id == revision.pk, "I6: another revision went live"
        assert approved == {content_hash(page.live_revision)}, "I6: not as approved"

    def _publish(self, item, title, **when):
        with transaction.atomic(), publication_approved("test"):
            revision = self._draft(self._page(item), title, **when)
            revision.publish(
                user=self.world.people["leader"], skip_permission_checks=True
            )

    @rule(number=ITEMS, ends=st.booleans())
    def publish(self, number, ends):
        """Straight to the public, for good or until a date."""
        item, title = self.items[number], self._new_title()
        if not item.deleted:
            ends_at = timezone.now() + timedelta(hours=1) if ends else None
            self._publish(item, title, ends_at=ends_at)
            self._went_live(item, title, ends_at)

    @rule(number=ITEMS)
    def schedule(self, number):
        """Approved for a later hour."""
        item, title = self.items[number], self._new_title()
        if not item.deleted:
            goes_at = timezone.now() + timedelta(hours=1)
            self._publish(item, title, goes_at=goes_at)
            item.coming, item.goes_at = title, goes_at

    @rule(number=ITEMS)
    def publish_but_die(self, number):
        """The process dies before its commit: nothing happened."""
        item, title = self.items[number], self._new_title()
        if item.deleted:
            return
        self.world.failpoints.kill("before_commit")
        try:
            self._publish(item, title)
        except Killed:
            return
        raise AssertionError("I1: published without an outbox row")

    @rule(number=ITEMS)
    def undo(self, number):
        """Back to the words before these."""
        item = self.items[number]
        page = self._page(item)
        if not page or not item.title or len(item.approved) < 2:
            return
        state = page.current_workflow_state
        if state:
            state.cancel(user=self.world.people["clerk"])
        earlier = page.revisions.exclude(pk=page.live_revision_id).order_by("-pk")
        for revision in earlier:
            title = revision.content["title"]
            timed = revision.content["go_live_at"] or revision.content["expire_at"]
            if title in item.approved and not timed:
                with transaction.atomic(), publication_approved("test"):
                    revision.publish(
                        user=self.world.people["leader"], skip_permission_checks=True
                    )
                return self._went_live(item, title)

    @rule(number=ITEMS)
    def take_back(self, number):
        """A withdrawal: gone here with the commit, and what was to come as well."""
        item = self.items[number]
        page = self._page(item)
        if page is None:
            return
        url, title, was_live = page.url, item.title, bool(item.title)
        done = withdraw(page, user=self.world.people["leader"], reason="发布有误")
        assert done == bool(item.title or item.coming)
        self.acts["gongkai.withdraw"] += was_live
        item.title = item.coming = ""
        item.goes_at = item.ends_at = None
        self._assert_hidden(item, url)
        found = Client().get("/api/v1/search", {"q": title or "稿"}).json()["results"]
        assert not [hit for hit in found if hit["url"].endswith(url)], "I2: found here"

    def _assert_hidden(self, item, url):
        """Gone; a closed section asks everybody to sign in, whatever it holds."""
        answer = Client().get(url)
        closed = item.section in self.restricted
        asks = closed and "/login/" in answer.headers.get("Location", "")
        assert asks or answer.status_code in GONE, f"I2: {item} is still to be read"

    @rule(number=ITEMS, section=SECTIONS)
    def move(self, number, section):
        """To the page of another office."""
        item = self.items[number]
        page = self._page(item)
        if page and item.section != section:
            with transaction.atomic():
                page.move(self._section(section), pos="last-child")
            item.section = section

    @rule(section=SECTIONS)
    def rename(self, section):
        """A section's new address is the address of everything below."""
        page = self._section(section)
        page.slug = f"office-{self._new_title()}"
        with transaction.atomic(), publication_approved("test"):
            page.save()

    @rule(section=SECTIONS)
    def restrict(self, section):
        """Closed to the public, or open again."""
        closed = self.restricted.pop(section, None)
        with transaction.atomic():
            if closed:
                closed.delete()
                return
            self.restricted[section] = PageViewRestriction.objects.create(
                page=self._section(section), restriction_type="login"
            )

    @rule()
    def delete(self):
        """The second item goes for good."""
        item = self.items[1]
        if page := self._page(item):
            with transaction.atomic():
                page.delete()
            item.deleted, item.title, item.coming = True, "", ""

    def _section(self, number):
        section = self.world.sections[number]
        return type(section).objects.get(pk=section.pk)

    # time

    @rule()
    def hours_pass(self):
        """What ends at an hour is over at once; what comes waits for its job."""
        self.world.hours_pass()
        self._look(by_clock=True)

    @rule()
    def calendar(self):
        """The job that publishes and takes back by date; twice is once."""
        now = timezone.now()
        publish_scheduled()
        for item in self.items:
            if item.goes_at and item.goes_at <= now:
                self._went_live(item, item.coming)
            elif item.ends_at and item.ends_at <= now:
                self.acts["gongkai.withdraw"] += 1
                item.title = item.coming = ""
                item.goes_at = item.ends_at = None
        assert publish_scheduled() == 0, "I5: the second run found something to do"

    @rule()
    def minutes_pass(self):
        """Leases run out and waits end."""
        self.world.minutes_pass()

    # workers and faults

    @rule(plan=PLANS)
    def deliver(self, plan):
        """A worker on a bad line."""
        self.world.plan(*plan)
        self.world.work()

    @rule(place=st.sampled_from(FAILPOINTS), nth=st.integers(1, 2), plan=PLANS)
    def deliver_and_die(self, place, nth, plan):
        """A worker that is killed on its way."""
        self.world.plan(*plan)
        self.world.failpoints.kill(place, nth)
        self.world.work()
        self.world.failpoints.told.clear()

    @rule(
        place=st.sampled_from(("before_send", "after_send", "before_confirm")),
        number=ITEMS,
        act=st.sampled_from(("nothing", "publish", "take_back")),
    )
    def deliver_too_slowly(self, place, number, act):
        """A worker hangs, another host takes over, then the first goes on."""
        acts = {
            "nothing": lambda: None,
            "publish": lambda: self.publish(number, ends=False),
            "take_back": lambda: self.take_back(number),
        }
        self.world.plan()
        self.world.failpoints.once(
            place, lambda: self.world.other_host_delivers(acts[act])
        )
        self.world.work(only=[PORTAL])
        self.world.failpoints.told.clear()

    @rule()
    def late_ones_arrive(self):
        """What the line kept back comes now, the newest first."""
        self.world.line.send_late()

    @rule()
    def sweep(self):
        """The net below the signals finds nothing that an act forgot."""
        sweeping.sweep()

    @rule(name=st.sampled_from(TARGETS))
    def pause(self, name):
        """Somebody stops a target, or lets it go on."""
        paused = TargetState.objects.filter(target=name, mode=Mode.PAUSED).exists()
        mode = Mode.OPEN if paused else Mode.PAUSED
        TargetState.decide(name, mode, by="officer", reason="检修")

    @rule()
    def back_up_portal(self):
        """The portal keeps a copy of itself."""
        self.backup = self.world.portal_backup()

    @rule()
    def restore_portal(self):
        """The portal goes back to its copy: it alone may forget."""
        self.world.portal_restore(self.backup)
        self.floor[PORTAL] = {}

    @rule()
    def lose_index(self):
        """The index is gone, and its job builds it anew."""
        self.world.lose_index()
        self.floor[INDEX] = {}

    # what must hold at any moment

    @invariant()
    def nothing_is_wrong(self):
        """I1, I2 and I3 after each step."""
        self._look()

    def _look(self, *, by_clock=False):
        states = public_states(self.keys)
        wanted = self._wanted()
        for item in self.items:
            self._assert_only_what_may_be_seen(item, states[item.key])
            changed = states[item.key].sha256 != self.truth[item.key].sha256
            changed = changed and bool(item.approved)  # a draft is nobody's business
            for target in TARGETS:
                before = self.wanted.get((target, item.key), 0)
                after = wanted.get((target, item.key), 0)
                recorded = after > before or by_clock or not changed
                assert recorded, f"I1: {target} was not told of {item}"
                assert after >= before, "I3: what is wanted fell"
        self.truth, self.wanted = states, wanted
        self._assert_targets()

    def _assert_only_what_may_be_seen(self, item, state):
        shown = state.metadata["title"] if state.state == PUBLISHED else ""
        over = item.ends_at is not None and item.ends_at <= timezone.now()
        public = item.title and not over and item.section not in self.restricted
        assert shown == (item.title if public else ""), f"I2: {shown} of {item}"

    def _assert_targets(self):
        held = {PORTAL: self.world.portal_rows(), INDEX: self.world.index_rows()}
        known = {item.key: item for item in self.items}
        for target, rows in held.items():
            for key, (version, *_rest) in rows.items():
                least = self.floor[target].get(key, 0)
                assert version >= least, f"I3: {target} fell from {least} to {version}"
                self.floor[target][key] = version
                assert version <= self.wanted[target, key], "I3: never wanted"
        for key, (_version, state, title, _sha256) in held[PORTAL].items():
            fine = state != PUBLISHED or title in known[key].approved
            assert fine, f"I2: the portal shows {title} of {known[key]}"

    def _wanted(self):
        rows = OutboxEntry.objects.values_list("target", "key", "wanted")
        return {(target, key): wanted for target, key, wanted in rows}

    def _logged(self):
        acts = PageLogEntry.objects.filter(action__in=self.acts)
        return {action: acts.filter(action=action).count() for action in self.acts}

    # the end

    def teardown(self):
        try:
            if sys.exc_info()[0] is None:  # else the run failed already
                self._settle()
                self._assert_equal_everywhere()
                self._assert_once_is_enough()
                self._assert_acts_are_told()
        finally:
            self.world.end()

    def _settle(self):
        """Faults end and jobs run by themselves; nobody lends a hand."""
        for row in TargetState.objects.filter(mode=Mode.PAUSED):
            TargetState.decide(row.target, Mode.OPEN, by="officer", reason="修好了")
        self.world.plan()
        self.calendar()
        rebuild_lost()
        self._drain()
        for _turn in range(2):
            sweeping.sweep()
            reconcile_daily()
            self._drain()
        self._look()

    def _drain(self):
        for _turn in range(8):
            self.world.minutes_pass()
            self.world.work()
            if not OutboxEntry.objects.pending().exists():
                return
        raise AssertionError(
            f"I4: never delivered: {list(OutboxEntry.objects.pending().values())}"
        )

    def _assert_equal_everywhere(self):
        dead = OutboxEntry.objects.filter(dead=True).values_list("key", "last_error")
        assert not dead, f"I4: given up: {list(dead)}"
        for report in reconcile():
            assert report.clean, f"I4: {report}"
        portal, index = self.world.portal_rows(), self.world.index_rows()
        for key, state in self.truth.items():
            for target, held in ((PORTAL, portal), (INDEX, index)):
                wanted = self.wanted.get((target, key), 0)
                row = held.get(key)
                if row is None:
                    assert state.state != PUBLISHED, f"I4: {target} lacks {key}"
                    continue
                there = (row[0], row[1], row[-1])
                assert there == (wanted, state.state, state.sha256), f"I4: {target}"
        self._assert_pages_tell_the_same()

    def _assert_pages_tell_the_same(self):
        for item in self.items:
            page, state = self._page(item), self.truth[item.key]
            public = state.state == PUBLISHED
            status, _headers, body = self.world.city.page(item.key)
            assert (status == 200) == public, f"I2: {status} at the portal for {item}"
            assert not public or item.title in body.decode(), "I4: another title"
            if page and not public:
                self._assert_hidden(item, page.url)

    def _assert_once_is_enough(self):
        """What is settled stays as it is, whoever repeats a job or comes too late."""
        before = self.world.portal_rows(), self.world.index_rows(), self._wanted()
        sweeping.sweep()
        self.world.minutes_pass()
        assert self.world.work() == 0, "I5: delivered again"
        self.world.line.send_late()
        after = self.world.portal_rows(), self.world.index_rows(), self._wanted()
        assert after == before, "I5: a repetition changed something"

    def _assert_acts_are_told(self):
        done = {
            action: count - self.logged[action]
            for action, count in self._logged().items()
        }
        assert self.items[1].deleted or done == self.acts, f"I6: {done}: {self.acts}"
        for act in PageLogEntry.objects.filter(action="gongkai.withdraw"):
            assert act.data["reason"] and act.data["actor"], f"I6: {act.data}"
        seal(everything=True)
        verdict = verify()
        assert verdict.broken is None, f"I6: {verdict.broken}"
        assert verdict.unsealed == 0, "I6: not sealed"
