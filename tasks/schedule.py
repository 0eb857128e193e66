"""What happens regularly: one table for Celery beat and for the embedded ticker."""

from dataclasses import dataclass
from typing import Any

from .choices import target_names

# Bounds what piles up while no worker runs, and allows for clocks that are off.
EXPIRES_S = 3600


@dataclass(frozen=True)
class Periodic:
    """One job; ``embedded`` says whether the ticker runs it too.

    ``first_s`` is how long the ticker waits with it after the start. ``slow``: it may
    take many seconds and has a second ticker, so that no alarm waits for it.
    """

    name: str
    path: str
    every_s: float
    embedded: bool = True
    args: tuple[str, ...] = ()
    first_s: float = 2.0
    slow: bool = False


def periodic_jobs() -> list[Periodic]:
    """Return the table; every job may run late, twice or side by side."""
    return [
        *(  # lost hints: the embedded threads poll by themselves
            Periodic("tasks.deliver", "tasks.jobs.deliver.deliver", 5, False, (name,))
            for name in target_names()
        ),
        # An embedded thread of its own does it: a rebuild takes its time.
        Periodic("tasks.orders", "tasks.jobs.orders.orders", 5, False),
        # Within 5 s of the act; an embedded thread of its own does it.
        Periodic("tasks.seal", "tasks.jobs.audit.seal_acts", 3, False),
        Periodic("tasks.seal_missed", "tasks.jobs.audit.seal_missed", 3600, slow=True),
        Periodic(
            "tasks.publish_scheduled", "tasks.jobs.schedule.publish_scheduled", 60
        ),
        Periodic("tasks.remind", "tasks.jobs.remind.remind", 60),
        Periodic("tasks.mail", "tasks.jobs.remind.mail", 60, first_s=30, slow=True),
        Periodic(
            "tasks.answer_savers",
            "tasks.jobs.saved_searches.answer_savers",
            20,
            slow=True,
        ),
        Periodic(  # cheap but for the minutes in which the day's letters go
            "tasks.mail_news",
            "tasks.jobs.saved_searches.mail_news",
            300,
            first_s=60,
            slow=True,
        ),
        Periodic("tasks.alarm", "tasks.jobs.alarm.alarm", 15),
        Periodic("tasks.watch", "tasks.jobs.watch.watch", 60, first_s=40),
        Periodic(
            "tasks.receipts", "tasks.jobs.receipts.receipts", 60, first_s=20, slow=True
        ),
        Periodic(
            "tasks.rebuild_lost", "tasks.jobs.rebuild.rebuild_lost", 60, slow=True
        ),
        Periodic(
            "tasks.learn", "tasks.jobs.learn.learn", 86_400, first_s=120, slow=True
        ),
        # Within the hour after midnight no visitor of the day before can be told.
        Periodic("tasks.forget", "tasks.jobs.forget.forget", 3600, first_s=90),
        Periodic("tasks.words", "tasks.jobs.words.words", 60, first_s=50),
        Periodic(
            "tasks.remove_unshown_files",
            "tasks.jobs.files.remove_unshown_files",
            3600,
            first_s=300,
            slow=True,
        ),
        Periodic("tasks.sweep", "tasks.jobs.sweep.sweep", 300, slow=True),
        Periodic(
            "tasks.sweep_fresh",
            "tasks.jobs.sweep.sweep_fresh",
            60,
            first_s=60,
            slow=True,
        ),
        *(
            Periodic(
                "tasks.reconcile",
                "tasks.jobs.reconcile.reconcile",
                86_400,
                args=(name,),
                first_s=1_800,
                slow=True,
            )
            for name in target_names()
        ),
        Periodic("tasks.guide", "tasks.jobs.guide.guide", 60),
        Periodic("tasks.extract", "tasks.jobs.extract.extract", 15, slow=True),
        Periodic(
            "tasks.print_texts",
            "tasks.jobs.prints.print_texts",
            60,
            first_s=20,
            slow=True,
        ),
        Periodic(  # each link once a day, a few at a time
            "tasks.check_links",
            "tasks.jobs.links.check_links",
            600,
            first_s=600,
            slow=True,
        ),
        # At most 15 s of asking superiors' sites in one go.
        Periodic(
            "tasks.harvest", "tasks.jobs.harvest.harvest", 60, first_s=45, slow=True
        ),
    ]


def beat_schedule() -> dict[str, dict[str, Any]]:
    """Return the table in Celery's terms; a job that waited too long is dropped."""
    return {
        " ".join((job.name, *job.args)): {
            "task": job.name,
            "schedule": job.every_s,
            "args": job.args,
            "options": {"expires": EXPIRES_S},
        }
        for job in periodic_jobs()
    }
