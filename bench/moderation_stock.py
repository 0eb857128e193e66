"""One cycle of plain Wagtail: three group tasks on a plain page; prints JSON.

DJANGO_SETTINGS_MODULE=bench.stock_site GONGKAI_HOME=… \
    python -m bench.moderation_stock CYCLES
"""

import json
import sys

import django

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.contrib.auth.models import Group, Permission  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402
from wagtail.models import (  # noqa: E402
    GroupApprovalTask,
    GroupPagePermission,
    Page,
    Site,
    Workflow,
    WorkflowPage,
    WorkflowTask,
)

from bench.cycles import Measured, measure  # noqa: E402

STEPS = ("first", "second", "third")


def person(name: str) -> Client:
    """Return the browser of somebody alone in a group that reaches every page."""
    group = Group.objects.create(name=name)
    group.permissions.add(Permission.objects.get(codename="access_admin"))
    for codename in ("add_page", "change_page", "publish_page"):
        GroupPagePermission.objects.create(
            group=group,
            page=Page.get_first_root_node(),
            permission=Permission.objects.get(
                codename=codename, content_type__app_label="wagtailcore"
            ),
        )
    user = get_user_model().objects.create_user(name, f"{name}@example.org", "x")
    user.groups.add(group)
    client = Client()
    client.force_login(user)
    return client


def workflow() -> None:
    """Give the tree three tasks, each of its own group."""
    made = Workflow.objects.create(name="three")
    for order, name in enumerate(STEPS):
        task = GroupApprovalTask.objects.create(name=name)
        task.groups.add(Group.objects.get(name=name))
        WorkflowTask.objects.create(workflow=made, task=task, sort_order=order)
    WorkflowPage.objects.filter(page__depth=1).delete()
    WorkflowPage.objects.create(page=Page.get_first_root_node(), workflow=made)


def main() -> None:
    """Make the site, measure the cycles."""
    call_command("migrate", verbosity=0)
    person("author")
    author = get_user_model().objects.get(username="author")
    reviewers = [person(name) for name in STEPS]
    workflow()
    home = Site.objects.get().root_page

    def make(number: int) -> Page:
        page = home.add_child(instance=Page(title=f"Page {number}", live=False))
        page.save_revision(user=author)
        return page

    def decide(page: Page, step: int, measured: Measured) -> None:
        state = page.current_workflow_task_state
        client = reviewers[step]
        with measured.screen():
            client.get(reverse("wagtailadmin_pages:edit", args=[page.pk]))
        args = [page.pk, "approve", state.pk]
        url = reverse("wagtailadmin_pages:workflow_action", args=args)
        with measured.act():
            client.post(url, {"comment": ""})

    found = measure(
        int(sys.argv[1]), make, lambda p: p.get_workflow().start(p, author), decide
    )
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
