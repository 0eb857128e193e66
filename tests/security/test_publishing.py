"""Nothing goes out around the review, whoever asks and whichever way."""

import json

import pytest
from django.urls import reverse
from wagtail.models import Page, Revision, TaskState
from wagtail.test.utils.form_data import inline_formset, nested_form_data, streamfield

from disclosure_pages.models import OfficeIndexPage
from tests.factories import OfficeFactory, make_item, make_people, make_site
from tests.security.people import EVERYBODY, make_attacker

pytestmark = pytest.mark.django_db


@pytest.fixture
def items():
    """A public item with a newer draft, a draft, and one under review."""
    OfficeFactory(code="finance", name="财政所")
    make_site()
    clerk = make_people()["clerk"]
    public = make_item("公开的信息", user=clerk)
    public.title = "没有审过的新标题"
    public.save_revision(user=clerk)
    draft = make_item("没有审过的草稿", live=False, user=clerk)
    waiting = make_item("正在审的信息", live=False, user=clerk)
    waiting.get_workflow().start(waiting, clerk)
    return {"public": public, "draft": draft, "waiting": waiting}


def public_now():
    live = Page.objects.filter(live=True).order_by("pk")
    return list(live.values_list("pk", "title", "url_path", "live_revision_id"))


def form_of(item, **values):
    fields = {
        "title": "改过的标题",
        "slug": item.slug,
        "category": "work",
        "date_made": "2026-08-24",
        "validity": "valid",
        "disclosure_mode": "proactive",
        "body": streamfield([]),
        "attachments": inline_formset([]),
        "corrections": inline_formset([]),
        "identifiers": inline_formset([]),
        "comments": inline_formset([]),
    }
    return nested_form_data(fields | values)


def api(client, item, action, **data):
    url = f"/admin/api/main/pages/{item.pk}/action/{action}/"
    return client.post(url, json.dumps(data), content_type="application/json")


def tries(client, items):
    """Yield after every way out that Wagtail has."""
    waiting = TaskState.objects.get(status=TaskState.STATUS_IN_PROGRESS)
    office = OfficeIndexPage.objects.get(office__code="civil-affairs")
    other = OfficeIndexPage.objects.get(office__code="finance")
    for name, item in items.items():
        for extra in ({}, {"live": "on"}, {"expire_at": "2030-01-01 00:00"}):
            client.post(
                reverse("wagtailadmin_pages:edit", args=[item.pk]),
                form_of(item, **{"action-publish": "1"}, **extra),
            )
            yield f"edit {name} {extra}"
        revision = item.revisions.order_by("pk").last()
        for values in ({}, {"action-publish": "1", "revision": revision.pk}):
            client.post(
                reverse(
                    "wagtailadmin_pages:revisions_revert", args=[item.pk, revision.pk]
                ),
                form_of(item, **values),
            )
            yield f"revert {name}"
        for keep in ({"publish_copies": "on"}, {"alias": "on"}):
            for parent in (office, other):
                fields = {
                    "new_title": "抄本",
                    "new_slug": f"copy-{name}-{parent.pk}-{next(iter(keep))}",
                    "new_parent_page": parent.pk,
                    **keep,
                }
                url = reverse("wagtailadmin_pages:copy", args=[item.pk])
                client.post(url, fields)
                yield f"copy {name} {keep}"
        for action, data in (
            ("publish", {}),
            ("copy", {"destination_page_id": other.pk, "keep_live": True}),
            ("copy", {"slug": f"c-{name}", "keep_live": True, "recursive": True}),
            ("create_alias", {"update_slug": f"a-{name}"}),
            ("create_alias", {"destination_page_id": other.pk, "update_slug": "a"}),
            ("copy_for_translation", {"locale": "zh-hans"}),
            ("revert_to_page_revision", {"revision_id": revision.pk}),
            ("move", {"destination_page_id": other.pk}),
            ("unpublish", {"recursive": True}),
            ("convert_alias", {}),
        ):
            api(client, item, action, **data)
            yield f"api {action} {name}"
        for action in ("approve", "reject", "approve_with_comment"):
            for view in ("workflow_action", "collect_workflow_action_data"):
                args = [item.pk, action, waiting.pk]
                client.post(
                    reverse(f"wagtailadmin_pages:{view}", args=args), {"comment": "好"}
                )
                yield f"{view} {action} {name}"
        client.post(
            reverse("wagtailadmin_pages:edit", args=[item.pk]),
            form_of(
                item,
                **{
                    "action-workflow-action": "1",
                    "workflow-action-name": "approve",
                    "workflow-action-extra-data": "{}",
                },
            ),
        )
        yield f"edit action {name}"
        for view in ("unpublish", "delete", "convert_alias"):
            client.post(reverse(f"wagtailadmin_pages:{view}", args=[item.pk]))
            yield f"{view} {name}"
    ids = "&".join(f"id={item.pk}" for item in items.values())
    for action in ("publish", "unpublish", "delete"):
        url = f"/admin/bulk/wagtailcore/page/{action}/?{ids}"
        client.post(url, {"include_descendants": "on"})
        yield f"bulk {action}"
    client.post(
        reverse(
            "wagtailadmin_pages:add",
            args=["disclosure_pages", "disclosureitempage", office.pk],
        ),
        form_of(items["draft"], slug="new", live="on", **{"action-publish": "1"}),
    )
    yield "add"


@pytest.mark.parametrize("name", EVERYBODY)
def test_no_way_out_but_the_review(client, items, name):
    client.force_login(make_attacker(name))
    client.raise_request_exception = False
    before = public_now()
    for way in tries(client, items):
        assert public_now() == before, way
    assert not Revision.objects.filter(approved_go_live_at__isnull=False).exists()
