"""Whoever takes out what is not public leaves a line in the audit chain."""

import json

import pytest
from django.core.management import call_command

from cms.audit.actions import EXPORT
from tests.cms.test_audit_records import sealed
from tests.factories import make_item, make_people

pytestmark = pytest.mark.django_db


def data_of(event):
    return json.loads(event.event)["row"]["data"]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_list_of_the_desk_says_who_took_how_much_of_what(client, form):
    make_item(live=False)
    make_item()
    people = make_people()
    client.force_login(people["officer"])
    client.get("/admin/items/?state=draft")
    assert sealed(EXPORT) == []
    answer = client.get(f"/admin/items/?state=draft&export={form}")
    assert answer.status_code == 200
    [event] = sealed(EXPORT)
    assert event.actor_username == "officer"
    data = data_of(event)
    assert data["count"] == 1
    assert data["filters"] == f"state=draft&export={form}"


def test_an_export_with_drafts_is_kept_and_one_of_what_is_public_is_not(tmp_path):
    make_item(live=False)
    make_item()
    call_command("export_items", str(tmp_path / "public.csv"))
    call_command("export_items", str(tmp_path / "drafts.csv"), "--all", "--dry-run")
    assert sealed(EXPORT) == []
    call_command("export_items", str(tmp_path / "all.csv"), "--all")
    [event] = sealed(EXPORT)
    assert event.actor_username == ""
    assert data_of(event)["count"] == 2
    assert data_of(event)["filters"] == "all.csv: --all"
