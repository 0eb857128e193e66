"""A draft on its way through the review, step by step."""

from wagtail.models import TaskState

from cms.models import SecrecyReviewTask
from cms.services.review import SecrecyRecord, decide
from tests.factories import make_item


def submitted(people, **values):
    """A draft of the clerk's that waits for the first review."""
    item = make_item(live=False, user=people["clerk"], **values)
    item.get_workflow().start(item, people["clerk"])
    item.refresh_from_db()
    return item


def waiting(item):
    """The step that is open."""
    return TaskState.objects.get(
        workflow_state=item.current_workflow_state, status=TaskState.STATUS_IN_PROGRESS
    )


def decided(item, user, *, approve=True, **values):
    """Let somebody decide on the open step as he sees it."""
    state = waiting(item)
    if isinstance(state.task.specific, SecrecyReviewTask):
        values.setdefault("record", SecrecyRecord())
    values.setdefault("revision_id", state.revision_id)
    values.setdefault("comment", "" if approve else "请改。")
    decide(state, user, approve=approve, **values)
    item.refresh_from_db()


def approve(item, user, **values):
    """Let somebody approve the open step."""
    decided(item, user, **values)
