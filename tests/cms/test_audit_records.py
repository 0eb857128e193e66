"""Which acts reach the log, and what stays of them: person, object, reason."""

import json
import re

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse
from wagtail.models import GroupPagePermission, ModelLogEntry

from cms.audit import receivers
from cms.audit.sealing import seal
from cms.models import Authority, SealedEvent
from disclosure_pages.models import HomePage
from disclosure_pages.services.withdrawal import withdraw
from tests.factories import make_document, make_item, make_user
from tests.reviewing import approve, submitted

pytestmark = pytest.mark.django_db


def sealed(action):
    """The sealed acts of one kind, the latest last."""
    seal()
    return list(SealedEvent.objects.filter(action=action).order_by("number"))


def logged(action):
    """The log rows of one kind, the latest last."""
    return list(ModelLogEntry.objects.filter(action=action).order_by("pk"))


def test_login_and_logout_name_the_person(client, people):
    client.post("/admin/login/", {"username": "clerk", "password": "test-password"})
    client.post("/admin/logout/")
    for action in ("gongkai.login", "gongkai.logout"):
        [event] = sealed(action)
        assert event.actor_username == "clerk"
        row = json.loads(event.event)["row"]
        assert row["data"]["address"] == "127.0.0.1"


def test_a_failed_login_is_kept_without_what_was_typed(client, people):
    client.post("/admin/login/", {"username": "clerk", "password": "falsch-4711"})
    client.post("/admin/login/", {"username": "mein-passwort", "password": "x"})
    known, unknown = sealed("gongkai.login_failed")
    assert known.object_id == str(people["clerk"].pk)
    for event in (known, unknown):
        assert "falsch-4711" not in event.event
        assert "mein-passwort" not in event.event


def test_strangers_don_t_fill_the_log(client, people, monkeypatch):
    monkeypatch.setattr(receivers, "FAILURES_A_MINUTE", 3)
    for _attempt in range(5):
        client.post("/admin/login/", {"username": "x", "password": "x"})
    assert len(logged("gongkai.login_failed")) == 3


def test_groups_and_rights_are_logged_both_ways(people):
    group = Group.objects.create(name="临时")
    user = people["clerk"]
    user.groups.add(group)
    user.groups.add(group)  # nothing new, nothing logged
    group.user_set.remove(user)
    changes = [row.data for row in logged("gongkai.groups") if row.label == str(user)]
    assert changes[-2:] == [{"added": ["临时"]}, {"removed": ["临时"]}]
    group.permissions.add(Permission.objects.get(codename="withdraw_item"))
    group.permissions.clear()
    grant = GroupPagePermission.objects.create(
        group=group,
        page=HomePage.objects.get(),
        permission=Permission.objects.get(
            codename="publish_page", content_type__app_label="wagtailcore"
        ),
    )
    grant.delete()
    changes = [row.data for row in logged("gongkai.permissions") if row.label == "临时"]
    home = HomePage.objects.get().title
    assert changes == [
        {"added": ["disclosure_pages.withdraw_item"]},
        {"removed": ["disclosure_pages.withdraw_item"]},
        {"added": [f"publish_page: {home}"]},
        {"removed": [f"publish_page: {home}"]},
    ]


def test_rights_handed_out_by_the_group_form_are_named(client, people):
    group, home = Group.objects.create(name="临时"), HomePage.objects.get()
    client.force_login(make_user("boss", "系统管理员"))
    url = reverse("wagtailusers_groups:edit", args=[group.pk])

    def save(*pages):
        form = {"name": "临时"}
        shown = client.get(url).content.decode()
        for prefix in re.findall(r'name="([\w-]+)-TOTAL_FORMS"', shown):
            form[f"{prefix}-TOTAL_FORMS"] = form[f"{prefix}-INITIAL_FORMS"] = 0
        form["page_permissions-TOTAL_FORMS"] = len(pages)
        for number, page in enumerate(pages):
            form[f"page_permissions-{number}-page"] = page.pk
            form[f"page_permissions-{number}-permissions"] = ["change_page"]
        assert client.post(url, form).status_code == 302

    save(home)
    save()
    names = [f"change_page: {home.title}"]
    events = sealed("gongkai.permissions")[-2:]
    assert [event.actor_username for event in events] == ["boss", "boss"]
    data = [json.loads(event.event)["row"]["data"] for event in events]
    assert [{k: v for k, v in row.items() if k != "audit"} for row in data] == [
        {"added": names},
        {"removed": names},
    ]


def test_an_account_s_changes_are_logged_without_the_password(people):
    user = people["clerk"]
    before = len(logged("gongkai.account"))
    user.save()
    assert len(logged("gongkai.account")) == before
    user.is_superuser = True
    user.set_password("something-new")
    user.save()
    changed = logged("gongkai.account")[-1].data["changed"]
    assert changed == {"is_superuser": [False, True], "password": ["***", "***"]}


def test_settings_tell_old_and_new(people):
    authority = Authority.load()
    authority.phone = "0000-1"
    authority.save()
    authority = Authority.load()
    authority.phone = "0000-2"
    authority.save()
    assert logged("gongkai.settings")[-1].data["changed"] == {
        "phone": ["0000-1", "0000-2"]
    }


def test_who_acts_on_the_desk_is_named(client, people):
    client.force_login(make_user("boss", "系统管理员"))
    other = make_user("other")
    url = reverse("wagtailusers_users:edit", args=[other.pk])
    form = {
        **dict.fromkeys(("username", "first_name", "last_name"), "other"),
        "email": "other@example.org",
        "is_active": "on",
        "groups": [str(Group.objects.get(name="领导").pk)],
    }
    assert client.post(url, form).status_code == 302
    event = sealed("gongkai.groups")[-1]
    assert (event.actor_username, event.object_id) == ("boss", str(other.pk))


def test_a_publication_by_review_tells_every_step(people):
    item = submitted(people)
    for role in ("head", "secrecy", "leader"):
        approve(item, people[role])
    steps = [event.actor_username for event in sealed("wagtail.workflow.approve")]
    assert steps[-3:] == ["head", "secrecy", "leader"]
    review = sealed("gongkai.secrecy_review")[-1]
    assert (review.actor_username, review.object_uuid) == ("secrecy", item.key)
    assert json.loads(review.event)["row"]["data"]["opinion"] == "open"
    published = sealed("wagtail.publish")[-1]
    assert published.object_uuid == item.key
    assert published.reason == "review"
    row = json.loads(published.event)["row"]
    assert row["revision"] == item.live_revision_id


def test_a_withdrawal_keeps_its_reason(people):
    item = make_item()
    withdraw(item, user=people["officer"], reason="印错了数字")
    [event] = sealed("gongkai.withdraw")
    assert (event.actor_username, event.reason) == ("officer", "印错了数字")
    assert event.offices == ",civil-affairs,"


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("view_draft", "gongkai.read"),
        ("edit", "gongkai.read"),
        ("revisions_view", "gongkai.read"),
        ("history", "gongkai.read_history"),
        ("revisions_compare", "gongkai.compare"),
    ],
)
def test_reading_somebody_s_draft_is_logged_once_an_hour(client, people, name, action):
    item = make_item(live=False, user=people["clerk"])
    revision = item.latest_revision_id
    more = {"revisions_view": [revision], "revisions_compare": ["earliest", revision]}
    args = [item.pk, *more.get(name, [])]
    url = reverse(f"wagtailadmin_pages:{name}", args=args)
    client.force_login(people["officer"])
    for _time in range(2):
        assert client.get(url).status_code == 200
    [event] = sealed(action)
    assert (event.actor_username, event.object_uuid) == ("officer", item.key)


def test_one_s_own_draft_and_public_pages_leave_no_line(client, people):
    draft = make_item(live=False, user=people["officer"])
    public = make_item(user=people["clerk"])
    client.force_login(people["officer"])
    for item in (draft, public):
        client.get(reverse("wagtailadmin_pages:edit", args=[item.pk]))
    assert sealed("gongkai.read") == []


def test_a_refused_reader_is_not_logged_as_one(client, people):
    item = make_item(live=False, user=people["clerk"])
    client.force_login(make_user("nobody"))
    client.get(reverse("wagtailadmin_pages:view_draft", args=[item.pk]))
    assert sealed("gongkai.read") == []


def test_the_reviewer_s_look_is_logged(client, people):
    item = submitted(people)
    state = item.current_workflow_state.current_task_state
    client.force_login(people["head"])
    assert client.get(f"/admin/review/{state.pk}/").status_code == 200
    [event] = sealed("gongkai.read")
    assert (event.actor_username, event.object_uuid) == ("head", item.key)
    assert json.loads(event.event)["row"]["revision"] == item.latest_revision_id


def test_an_unpublished_file_leaves_a_line_a_public_one_none(client, people):
    hidden, public = make_document("a.txt", b"a"), make_document("b.txt", b"b")
    make_item(documents=[public])
    make_item(live=False, documents=[hidden])
    client.force_login(people["officer"])
    for document in (hidden, public):
        assert client.get(document.url).status_code == 200
    [event] = sealed("gongkai.read_file")
    assert (event.actor_username, event.object_id) == ("officer", str(hidden.pk))
