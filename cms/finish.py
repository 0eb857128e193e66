"""What happens when the last step approves (``WAGTAIL_FINISH_WORKFLOW_ACTION``).

Wagtail imports this module while its own models load, hence the imports inside.
"""

from typing import Any


def publish_approved(workflow_state: Any, user: Any = None) -> None:
    """Publish the very revision that every step approved; otherwise raise.

    Raises:
        ReviewConflict: a step is missing for this revision, one person did two
            steps, an author reviewed, or text or file changed after the secrecy review.
    """
    from cms.approval import publication_approved
    from cms.services.review import assert_fully_approved

    page = workflow_state.content_object
    revision = page.get_latest_revision()
    assert_fully_approved(workflow_state, revision)
    with publication_approved("review"):
        revision.publish(user=user, skip_permission_checks=True)
