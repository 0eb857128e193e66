"""The database goes away in the middle of an approval: all of it or nothing."""

import pytest
from django.db import OperationalError, connection
from django.urls import reverse
from wagtail.models import TaskState
from wagtail.signals import task_approved

from tests.factories import make_item

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def fail(**kwargs):
    raise OperationalError("server closed the connection unexpectedly")


def end_own_session(**kwargs):
    """What a restart of PostgreSQL does to a request that it finds half way."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


def refuse_with(code):
    """Return what lets PostgreSQL itself refuse a statement with this SQLSTATE."""

    def refuse(**kwargs):
        with connection.cursor() as cursor:
            cursor.execute(f"DO $$ BEGIN RAISE SQLSTATE '{code}'; END $$")

    return refuse


def approve_while(client, people, lose, status=503):
    item = make_item(live=False, user=people["clerk"])
    item.get_workflow().start(item, people["clerk"])
    state = TaskState.objects.get(status=TaskState.STATUS_IN_PROGRESS)
    client.force_login(people["head"])
    url = reverse("gongkai_review", args=[state.pk])
    values = {"revision": state.revision_id, "decision": "approve", "comment": ""}
    client.raise_request_exception = False
    task_approved.connect(lose)
    try:
        answer = client.post(url, values)
    finally:
        task_approved.disconnect(lose)
    connection.close()
    assert answer.status_code == status
    assert "什么也没有改变" in answer.content.decode()
    states = TaskState.objects.values_list("pk", "status")
    assert list(states) == [(state.pk, TaskState.STATUS_IN_PROGRESS)]
    assert client.post(url, values).status_code == 302
    assert TaskState.objects.get(pk=state.pk).status == TaskState.STATUS_APPROVED


def test_an_approval_that_the_database_left_did_not_happen(client, people):
    approve_while(client, people, fail)


@pytest.mark.postgresql
def test_a_restart_of_postgresql_leaves_no_half_approval(client, people):
    approve_while(client, people, end_own_session)


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("40P01", 503),  # deadlock
        ("40001", 503),  # serialization failure
        ("53300", 503),  # too many connections
        ("57P01", 503),  # the administrator ends the server
        ("53100", 507),  # its disk is full
    ],
)
def test_what_postgresql_refuses_leaves_no_half_approval(client, people, code, status):
    approve_while(client, people, refuse_with(code), status)
