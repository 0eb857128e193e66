"""The measuring half of `bench.moderation`: runs in a home, prints JSON.

DJANGO_SETTINGS_MODULE=… GONGKAI_HOME=… \
    python -m bench.moderation_inside CYCLES WAITING RACES
"""

import json
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import django

django.setup()

from django.db import connections  # noqa: E402
from django.test import Client  # noqa: E402
from wagtail.models import TaskState, WorkflowState  # noqa: E402

from bench.cycles import Measured, measure  # noqa: E402
from disclosure_pages.models import DisclosureItemPage  # noqa: E402
from disclosure_pages.services.site import LEADER_GROUP  # noqa: E402
from tests.factories import make_item, make_people, make_site, make_user  # noqa: E402

BOX = re.compile(r'<input type="checkbox" name="([^"]+)"')
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
ROLES = ("head", "secrecy", "leader")
READS = 40
EMPTY_ROWS = {
    f"{rows}-{name}_FORMS": "0"
    for rows in ("attachments", "corrections", "identifiers", "comments")
    for name in ("TOTAL", "INITIAL")
}


def browser(user: Any) -> Client:
    """Return a browser that is signed in; an error is an answer, not an exception."""
    client = Client(SERVER_NAME="127.0.0.1", raise_request_exception=False)
    client.force_login(user)
    return client


def step_of(item: DisclosureItemPage) -> TaskState:
    """Return the step that is open."""
    return TaskState.objects.get(
        workflow_state__object_id=str(item.pk), status=TaskState.STATUS_IN_PROGRESS
    )


def filled(html: str) -> dict[str, str]:
    """Return what a reviewer sends who ticks every box and approves."""
    form = html.partition("gk-decide")[2]
    boxes = {name: "on" for name in BOX.findall(form) if name != "reasons"}
    return dict(HIDDEN.findall(form)) | boxes | {"decision": "approve"}


def sent(item: DisclosureItemPage) -> tuple[str, dict[str, Any]]:
    """Return address and form of an approval where there is nothing to tick."""
    state = step_of(item)
    form = {"revision": state.revision_id, "decision": "approve"}
    return f"/admin/review/{state.pk}/", form


def approve(client: Client, item: DisclosureItemPage, measured: Measured) -> None:
    """Read the review page and approve there."""
    url = f"/admin/review/{step_of(item).pk}/"
    with measured.screen():
        html = client.get(url).content.decode()
    with measured.act():
        client.post(url, filled(html))


class Races:
    """Pairs of requests that leave at the same moment, and what must hold after."""

    def __init__(self, people: dict[str, Any]) -> None:
        self.people = people
        people = people | {"second": make_user("second-leader", LEADER_GROUP)}
        self.clients = {name: browser(user) for name, user in people.items()}
        self.answers: Counter[str] = Counter()
        self.wrong: list[str] = []

    def before_the_last_step(self) -> DisclosureItemPage:
        """Return an item that two steps have approved."""
        item = submitted(self.people)
        self.clients["head"].post(*sent(item))
        approve(self.clients["secrecy"], item, Measured())
        return item

    def two_leaders(self) -> None:
        """Both approve: one is done, the other is told that somebody was faster."""
        item = self.before_the_last_step()
        codes = at_once(self._approval(item, "leader"), self._approval(item, "second"))
        self.answers[f"approvals {sorted(codes)}"] += 1
        if sorted(codes) != [302, 409]:
            self.wrong.append(f"two approvals of {item.pk}: {codes}")
        self._look(item, approved=True)

    def approval_and_edit(self) -> None:
        """The clerk takes the item back while the leader approves."""
        item = self.before_the_last_step()
        codes = at_once(self._approval(item, "leader"), self._taking_back(item))
        self.answers[f"approval and edit {codes}"] += 1
        if codes[0] not in (302, 409) or codes[1] >= 500:
            self.wrong.append(f"approval and edit of {item.pk}: {codes}")
        self._look(item, approved=codes[0] == 302)

    def _approval(self, item: DisclosureItemPage, name: str) -> Callable[[], int]:
        url, form = sent(item)
        return lambda: self.clients[name].post(url, form).status_code

    def _taking_back(self, item: DisclosureItemPage) -> Callable[[], int]:
        client, url = self.clients["clerk"], f"/admin/pages/{item.pk}/edit/"
        form = EMPTY_ROWS | {
            "action-cancel-workflow": "on",
            "title": "改了",
            "category": "work",
            "date_made": "2026-08-24",
            "validity": "valid",
            "disclosure_mode": "proactive",
            "body-count": "0",
        }
        return lambda: client.post(url, form).status_code

    def _look(self, item: DisclosureItemPage, *, approved: bool) -> None:
        item = DisclosureItemPage.objects.get(pk=item.pk)
        state = WorkflowState.objects.filter(object_id=str(item.pk)).latest("pk")
        seen = TaskState.objects.filter(workflow_state=state).latest("pk")
        wanted = WorkflowState.STATUS_APPROVED
        if not approved:
            wanted = WorkflowState.STATUS_CANCELLED
        if (item.live, state.status) != (approved, wanted):
            self.wrong.append(f"{item.pk}: live {item.live}, {state.status}")
        if approved and item.live_revision_id != seen.revision_id:
            self.wrong.append(f"{item.pk}: another revision is live")


def at_once(*acts: Callable[[], int]) -> list[int]:
    """Start all in the same moment, each with its own connection; return answers."""
    barrier = threading.Barrier(len(acts))
    codes = [0] * len(acts)

    def run(place: int) -> None:
        barrier.wait()
        codes[place] = acts[place]()
        connections.close_all()

    threads = [threading.Thread(target=run, args=[n]) for n in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return codes


def submitted(people: dict[str, Any]) -> DisclosureItemPage:
    """Return an item whose first step is open."""
    item = make_item(live=False, user=people["clerk"], text="正文。" * 200)
    item.get_workflow().start(item, people["clerk"])
    return item


def p95_ms(client: Client, url: str) -> float:
    """Return the 95th percentile of reading a page of the desk.

    Raises:
        SystemExit: it did not answer 200.
    """
    times = []
    for _read in range(READS):
        began = time.perf_counter()
        answer = client.get(url)
        times.append((time.perf_counter() - began) * 1000)
        if answer.status_code != 200:
            raise SystemExit(f"{url}: {answer.status_code}")
    return sorted(times)[int(READS * 0.95) - 1]


def reading(people: dict[str, Any], waiting: int) -> dict[str, float]:
    """Return how long queue and review page take with many items waiting."""
    items = [submitted(people) for _number in range(waiting)]
    head = browser(people["head"])
    return {
        "queue_p95_ms": p95_ms(head, "/admin/review/"),
        "review_p95_ms": p95_ms(head, f"/admin/review/{step_of(items[0]).pk}/"),
        "home_p95_ms": p95_ms(head, "/admin/"),
    }


def main() -> None:
    """Measure cycles, races and reading, in this order."""
    cycles, waiting, races = map(int, sys.argv[1:4])
    make_site()
    people = make_people()
    clients = {role: browser(people[role]) for role in ROLES}
    found: dict[str, Any] = measure(
        cycles,
        lambda _number: make_item(live=False, user=people["clerk"]),
        lambda item: item.get_workflow().start(item, people["clerk"]),
        lambda item, step, measured: approve(clients[ROLES[step]], item, measured),
    )
    run = Races(people)
    for _race in range(races):
        run.two_leaders()
        run.approval_and_edit()
    found["races"] = {"answers": dict(run.answers), "wrong": run.wrong}
    found["reading"] = reading(people, waiting)
    json.dump(found, sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    main()
