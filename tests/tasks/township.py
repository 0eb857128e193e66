"""A township whose every act is a process of its own, forked for it: it can be killed.

Reads orders as JSON lines, forks a child for each, answers with its exit status and
what it returned. Starting Django once, instead of for each kill, saves minutes.
"""

import json
import os
import sys
import time
import traceback
from datetime import timedelta
from io import StringIO
from multiprocessing import Value

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections, transaction  # noqa: E402
from django.db.models import Count, F  # noqa: E402
from django.utils import timezone  # noqa: E402
from wagtail.images.tests.utils import get_test_image_file  # noqa: E402
from wagtail.models import PageLogEntry  # noqa: E402

from cms.approval import publication_approved  # noqa: E402
from cms.models import Authority  # noqa: E402
from disclosure_pages.models import DisclosureImage, DisclosureItemPage  # noqa: E402
from disclosure_pages.public_state import public_states  # noqa: E402
from disclosure_pages.services.publishing import publish_scheduled  # noqa: E402
from disclosure_pages.services.withdrawal import withdraw  # noqa: E402
from search import engines  # noqa: E402
from search.engines import local_build  # noqa: E402
from search.query import make_query  # noqa: E402
from tasks import rebuild_contents  # noqa: E402
from tasks.drain import drain  # noqa: E402
from tasks.models import OutboxEntry, TargetState  # noqa: E402
from tasks.rebuild import rebuild  # noqa: E402
from tasks.reconciliation import reconcile  # noqa: E402
from tasks.selectors import current_rebuild  # noqa: E402
from tests.factories import (  # noqa: E402
    make_document,
    make_item,
    make_people,
    make_site,
)


def do_found(origin):
    """Make the site under this origin."""
    make_site()
    authority = Authority.load()
    authority.credit_code = origin
    authority.save()


def do_found_people():
    """People of every role, and two public items: key, number and address."""
    make_people()
    items = [make_item("关于低保金发放的公示"), make_item()]
    return [{"pk": item.pk, "key": item.key, "url": item.url} for item in items]


def do_publish(count=1):
    """Publish new items, each in a transaction of its own, as the desk does."""
    keys = []
    for _number in range(count):
        with transaction.atomic():
            keys.append(make_item().key)
    return keys


def do_publish_one(title):
    """Publish one item; its key, and the seconds it took."""
    began = time.monotonic()
    with transaction.atomic():
        key = make_item(title).key
    return key, time.monotonic() - began


def do_publish_whole(word):
    """Publish an item with a file and a picture; what it takes to look for it."""
    file = make_document(f"{word}.txt", word.encode())
    image = get_test_image_file(f"{word}.png", size=(600, 90))
    shown = DisclosureImage.objects.create(title=word, file=image)
    with transaction.atomic(), publication_approved("test"):
        item = make_item(f"{word}通知", live=False, documents=[file])
        item.body = [("image", {"image": shown, "alt": word, "caption": ""})]
        item.save_revision().publish(skip_permission_checks=True)
    item.refresh_from_db()
    return {
        "key": item.key,
        "index_number": item.index_number,
        "page": item.url,
        "file": file.url,
        "picture": shown.file.url,
        "section": item.get_parent().url,
    }


def do_publish_filed(count, size=20_000):
    """Publish items, each with a text file of its own; their keys."""
    keys = []
    for number in range(count):
        file = make_document(f"附件{number}.txt", os.urandom(size // 2).hex().encode())
        with transaction.atomic():
            keys.append(make_item(documents=[file]).key)
    return keys


def do_withdraw_one(key):
    """Take back one item; the seconds it took."""
    page = DisclosureItemPage.objects.get(translation_key=key)
    began = time.monotonic()
    withdraw(page, reason="故障演练")
    return time.monotonic() - began


def do_edit(text, limit=None):
    """Publish a new title of each public item, in one transaction."""
    with transaction.atomic(), publication_approved("test"):
        for page in DisclosureItemPage.objects.live().order_by("pk")[:limit]:
            page.title = f"{text} {page.pk}"
            page.save_revision().publish(skip_permission_checks=True)


def do_withdraw(count=1):
    """Take back the newest public items."""
    for page in DisclosureItemPage.objects.live().order_by("-pk")[:count]:
        withdraw(page, reason="故障演练")


def do_schedule(count=1, in_s=1.0):
    """Items approved for a moment soon, and as many public ones that expire then."""
    moment = timezone.now() + timedelta(seconds=in_s)
    found = {"coming": [], "going": []}
    for _number in range(count):
        coming = make_item(live=False)
        coming.go_live_at = moment
        with publication_approved("test"):
            coming.save_revision().publish(skip_permission_checks=True)
        found["coming"].append(coming.pk)
        found["going"].append(make_item(expire_at=moment).pk)
    time.sleep(max((moment - timezone.now()).total_seconds(), 0))
    return found


def do_scheduled_race(count=4):
    """Two schedulers at once, and somebody who takes back what is just going out."""
    pages = do_schedule(count)
    taken = pages["coming"][::2]

    def take_back():
        for page in DisclosureItemPage.objects.filter(pk__in=taken).order_by("-pk"):
            withdraw(page, reason="故障演练")

    statuses = together([publish_scheduled, publish_scheduled, take_back])
    acts = PageLogEntry.objects.filter(page__in=pages["coming"] + pages["going"])
    live = DisclosureItemPage.objects.live()
    return {
        "statuses": statuses,
        "kept": sorted(set(pages["coming"]) - set(taken)),
        "live": sorted(
            live.filter(pk__in=sum(pages.values(), [])).values_list("pk", flat=True)
        ),
        "expired_twice": repeated(acts, "gongkai.withdraw"),
        "published_twice": repeated(acts, "wagtail.publish"),
    }


def repeated(acts, action):
    """Pages that the log names more than once with this act."""
    rows = acts.filter(action=action).order_by().values("page").annotate(n=Count("pk"))
    return [row["page"] for row in rows if row["n"] > 1]


def together(acts):
    """Do each in a process of its own, all at the same time; exit statuses."""
    connections.close_all()
    pids = []
    for act in acts:
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                act()
                connections.close_all()
                status = 0
            except Exception:  # noqa: BLE001  told, and the status tells it too
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(status)
        pids.append(pid)
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]


def do_states(keys):
    """What is true here of each key, with its title."""
    states = public_states(keys)
    return {
        key: [states[key].state, states[key].metadata.get("title", "")] for key in keys
    }


def do_keys():
    """Keys of all items, the newest last."""
    pages = DisclosureItemPage.objects.order_by("pk")
    return [page.key for page in pages]


def do_live_keys():
    """Keys of the public items, the newest last."""
    return [page.key for page in DisclosureItemPage.objects.live().order_by("pk")]


def do_retitle(key, title):
    """Publish one item under a new title."""
    with transaction.atomic(), publication_approved("test"):
        page = DisclosureItemPage.objects.get(translation_key=key)
        page.title = title
        page.save_revision().publish(skip_permission_checks=True)


def do_schedule_one(in_s):
    """One item that is approved for a moment soon; its key."""
    page = make_item(live=False)
    page.go_live_at = timezone.now() + timedelta(seconds=in_s)
    with publication_approved("test"):
        page.save_revision().publish(skip_permission_checks=True)
    return page.key


def do_publish_scheduled():
    publish_scheduled()


def do_command(*, name, args=(), **options):
    """Run a management command; what it printed for machines."""
    out = StringIO()
    call_command(name, *args, stdout=out, **options)
    return json.loads(out.getvalue() or "null")


def do_why(target, key):
    """What the desk says of a row that was not delivered."""
    row = OutboxEntry.objects.get(target=target, key=key)
    return row.last_error if row.wanted > row.delivered else ""


def do_try_now():
    """Let whatever waits be tried at once, as the retry button does."""
    TargetState.try_now()
    OutboxEntry.objects.all().retry()


def do_modes():
    return {row.target: [row.mode, row.reason] for row in TargetState.objects.all()}


def do_drain():
    return drain()


def do_deliver(target, at_once=1):
    """Deliver everything that is due at one target; how many, in which time.

    ``at_once``: by so many processes, as a worker has them, and as the target allows.
    """
    TargetState.objects.update_or_create(target=target, defaults={"at_once": at_once})
    total = Value("i", 0)

    def work():
        while count := drain(only=[target]):
            with total.get_lock():
                total.value += count

    began, worked = time.monotonic(), sum(os.times()[:4])
    assert not any(together([work] * at_once))
    return {
        "delivered": total.value,
        "seconds": time.monotonic() - began,
        "processor_s": sum(os.times()[:4]) - worked,
    }


def do_rebuild():
    return rebuild("index:local")


def do_rebuild_in_pieces():
    """Rebuild, each four rows made durable at once; what it kept of an earlier try."""
    rebuild_contents.CHUNK = 4
    local_build.COMMIT_EVERY_S = -1.0
    rebuild("index:local")
    told = current_rebuild("index:local")
    return {"state": told.state, "done": told.done, "kept": told.kept}


def do_rebuild_amid_writes(found, seconds, per_s):
    """Rebuild over and over while others write, deliver and look for an item.

    Returns the exit statuses, those of whom a fault stopped being other than 0, and
    how much each did.
    """
    ends = time.monotonic() + seconds
    acts = [
        do_publish,
        lambda: do_edit("重建期间改过", limit=1),
        do_withdraw,
    ]
    done = {name: Value("i", 0) for name in ("writes", "rebuilds", "searches")}

    def write():
        while time.monotonic() < ends:
            began = time.monotonic()
            acts[done["writes"].value % len(acts)]()
            done["writes"].value += 1
            time.sleep(max(0.0, 1 / per_s - (time.monotonic() - began)))

    def deliver():
        while time.monotonic() < ends:
            drain()
            time.sleep(0.05)

    def build():
        while time.monotonic() < ends:
            rebuild("index:local")
            done["rebuilds"].value += 1

    def look():
        engine = engines.get("local")
        while time.monotonic() < ends:
            result = engine.search(make_query(found))
            assert result.total == 1 and not result.incomplete, result
            done["searches"].value += 1

    statuses = together([write, deliver, build, look])
    return {"statuses": statuses} | {name: row.value for name, row in done.items()}


def do_rebuild_state():
    return current_rebuild("index:local").state


def do_behind():
    """Rows that some target still lacks, given up or not."""
    return OutboxEntry.objects.filter(wanted__gt=F("delivered")).count()


def do_hurry():
    """Let what waits after a failure be tried now."""
    OutboxEntry.objects.all().retry()
    TargetState.try_now()


def do_wanted(target="portal:city"):
    """The version that the target should hold of each key."""
    rows = OutboxEntry.objects.filter(target=target)
    return dict(rows.values_list("key", "wanted"))


def do_problems():
    """What differs between here, index and portal; rows whose receipt is not ours."""
    problems = [
        [report.target, report.error, kind, key]
        for report in reconcile()
        for kind in ("missing", "extra", "stale", "visible_but_withdrawn")
        for key in (report.keys(kind) or ([""] if report.error else []))
    ]
    problems += [
        [row.target, row.last_error, "dead", row.key]
        for row in OutboxEntry.objects.filter(dead=True)
    ]
    return problems + _doubled()


def _doubled():
    """Keys that the index holds more than once, or under a version never wanted."""
    found, after, problems = {}, "", []
    while entries := engines.get("local").entries(after, 500):
        after = entries[-1].key
        for entry in entries:
            if entry.key in found:
                problems.append(["index:local", "", "doubled", entry.key])
            found[entry.key] = entry.version
    rows = OutboxEntry.objects.filter(target="index:local")
    wanted = dict(rows.values_list("key", "wanted"))
    states = public_states(sorted(wanted))
    problems += [
        ["index:local", "", "version", key]
        for key, version in wanted.items()
        if found.get(key, 0) != version and states[key].state == "published"
    ]
    return problems


def obey(order):
    """Run one order in a forked child; exit status (minus the signal) and value."""
    connections.close_all()
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(reader)
            settings.GONGKAI_FAILPOINT = order.get("failpoint", "")
            value = globals()[f"do_{order['act']}"](**order.get("with", {}))
            os.write(writer, json.dumps(value).encode())
            connections.close_all()
            status = 0
        finally:
            sys.stderr.flush()
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    _pid, code = os.waitpid(pid, 0)
    return {
        "status": os.waitstatus_to_exitcode(code),
        "value": json.loads(text) if text else None,
    }


if __name__ == "__main__":
    answers = sys.stdout
    answers.write('{"ready": true}\n')
    answers.flush()
    for line in sys.stdin:
        answers.write(json.dumps(obey(json.loads(line))) + "\n")
        answers.flush()
