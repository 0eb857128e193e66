"""Content rules: what they do, what they never do, and that they cost nothing."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from wagtail.models import PageLogEntry, TaskState, Workflow, WorkflowTask

from cms.models import LeaderTask, Notice, ReviewDuty, Risk, SecrecyReviewTask
from cms.services import duties
from disclosure_pages.choices import PublicKind
from disclosure_pages.models import (
    ContentRule,
    DisclosureItemPage,
    DossierIndexPage,
    DossierPage,
    Feedback,
    RuleAction,
    RuleRun,
)
from disclosure_pages.rules import engine
from disclosure_pages.rules.registry import ACTIONS, Action, Refused
from disclosure_pages.rules.trial import try_out
from disclosure_pages.services.site import ADMIN_GROUP, WORKFLOW_NAME
from disclosure_pages.services.withdrawal import withdraw
from tasks.models import OutboxEntry
from tests.factories import body_of, make_document, make_item, make_user
from tests.reviewing import decided, submitted, waiting

pytestmark = pytest.mark.django_db


def rule(event, *actions, **values):
    """An active rule of that name with these actions, each a dict of columns."""
    values = {"name": f"规则{ContentRule.objects.count() + 1}"} | values
    made = ContentRule(event=event, **({"is_active": True} | values))
    for order, columns in enumerate(actions):
        made.actions.add(RuleAction(sort_order=order, **columns))
    made.save()
    return made


def published(people, **values):
    item = submitted(people, **values)
    for role in ("head", "secrecy", "leader"):
        decided(item, people[role])
    assert item.live
    return item


def told(user):
    return list(Notice.objects.filter(user=user, kind="rule").values_list("text"))


def longer(people, name="四步"):
    workflow = Workflow.objects.create(name=name)
    fourth = LeaderTask.objects.create(name="分管领导审")
    fourth.groups.add(*people["officer"].groups.all())
    usual = Workflow.objects.get(name=WORKFLOW_NAME)
    for order, task in enumerate([*usual.tasks, fourth]):
        WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=order)
    return workflow


def dossier(**values):
    page = DossierPage(title="低保专题", slug="dibao", body=body_of("说明。"), **values)
    page.live = False
    DossierIndexPage.objects.get().add_child(instance=page)
    page.save_revision()
    return page


# Events


def test_every_act_of_a_review_is_an_event(people):
    for event in ("submitted", "step_approved", "sent_back", "published", "withdrawn"):
        rule(event, {"action": "notify", "person": people["officer"], "value": event})
    item = submitted(people)
    decided(item, people["head"], approve=False)
    item.current_workflow_state.cancel(user=people["clerk"])
    item.get_workflow().start(item, people["clerk"])
    item.refresh_from_db()
    for role in ("head", "secrecy", "leader"):
        decided(item, people[role])
    withdraw(item, user=people["officer"], reason="错了")
    events = [text.partition("：")[2] for (text,) in told(people["officer"])]
    assert sorted(events) == sorted(
        [*["submitted"] * 2, *["step_approved"] * 3, "sent_back", "published"]
        + ["withdrawn"]
    )


def test_what_is_overdue_a_new_file_and_a_readers_note_are_events(people):
    for event in ("overdue", "file_added", "feedback_received"):
        rule(event, {"action": "notify", "person": people["officer"], "value": event})
    item = submitted(people)
    ReviewDuty.objects.update(due_at=timezone.now() - dt.timedelta(days=9))
    duties.remind_and_escalate()
    make_document(title="名册")
    Feedback.objects.create(page_url="/", page_title="首页", text="电话错了")
    assert sorted(told(people["officer"])) == sorted(
        [(f"《{item.title}》：overdue",), ("《名册》：file_added",)]
        + [("《首页》：feedback_received",)]
    )


def test_what_is_only_scheduled_is_not_published_yet(people):
    rule("published", {"action": "notify", "person": people["officer"]})
    item = submitted(people, go_live_at=timezone.now() + dt.timedelta(days=1))
    for role in ("head", "secrecy", "leader"):
        decided(item, people[role])
    assert not item.live
    assert told(people["officer"]) == []


# Conditions


@pytest.mark.parametrize(
    ("conditions", "fits"),
    [
        ({}, True),
        ({"category": "work"}, True),
        ({"category": "finance"}, False),
        ({"kind": PublicKind.ITEM}, True),
        ({"kind": PublicKind.NOTICE}, False),
        ({"risk": Risk.NORMAL}, True),
        ({"risk": Risk.LOW}, False),
        ({"keyword": "低保"}, True),
        ({"keyword": "义渡"}, False),
        ({"keyword": "救助"}, True),
        ({"keyword": "救助", "category": "finance"}, False),
    ],
)
def test_a_rule_runs_only_where_every_condition_holds(people, conditions, fits):
    rule("submitted", {"action": "notify", "person": people["officer"]}, **conditions)
    submitted(people, title="关于低保的通知", keywords="救助")
    assert bool(told(people["officer"])) is fits


def test_conditions_are_those_of_the_text_under_review(people):
    """A live item whose draft went to another category is what the draft says."""
    rule(
        "submitted",
        {"action": "notify", "person": people["officer"]},
        category="finance",
    )
    item = make_item(category="work")
    item.category = "finance"
    item.save_revision(user=people["clerk"])
    stored = DisclosureItemPage.objects.get(pk=item.pk)
    assert stored.category == "work"
    stored.get_workflow().start(stored, people["clerk"])
    assert len(told(people["officer"])) == 1


def test_a_rule_that_is_switched_off_does_nothing(people):
    rule(
        "submitted",
        {"action": "notify", "person": people["officer"]},
        is_active=False,
    )
    submitted(people)
    assert told(people["officer"]) == []
    assert not RuleRun.objects.exists()


def test_a_rule_may_be_the_last_one(people):
    officer = {"action": "notify", "person": people["officer"]}
    rule("submitted", officer | {"value": "后"}, sort_order=2)
    rule("submitted", officer | {"value": "先"}, sort_order=1, stop_after=True)
    rule("submitted", officer | {"value": "别的"}, stop_after=True, keyword="没有")
    item = submitted(people)
    assert told(people["officer"]) == [(f"《{item.title}》：先",)]


# Actions


def test_a_group_is_told_and_an_empty_one_is_a_fault(people):
    group = people["leader"].groups.get()
    rule("submitted", {"action": "notify", "group": group})
    submitted(people)
    assert len(told(people["leader"])) == 1
    people["leader"].groups.clear()
    submitted(people)
    assert RuleRun.objects.first().error == "这个组没有人，没有通知到。"


def test_a_step_more_is_taken_from_the_start(people):
    workflow = longer(people)
    rule(
        "submitted",
        {"action": "require_step", "workflow": workflow},
        category="enforcement",
    )
    assert submitted(people).current_workflow_state.workflow.name == WORKFLOW_NAME
    item = submitted(people, category="enforcement")
    assert item.current_workflow_state.workflow == workflow
    for role in ("head", "secrecy", "leader"):
        decided(item, people[role])
        assert not item.live
    decided(item, people["officer"])
    assert item.live
    assert RuleRun.objects.get().outcomes == [
        {"action": "require_step", "text": "按“四步”审查", "done": True}
    ]


def test_no_rule_takes_a_step_away(people):
    """However it came to be: changed behind the form, or a second rule."""
    workflow, shorter = longer(people), Workflow.objects.create(name="一步")
    WorkflowTask.objects.create(
        workflow=shorter, task=SecrecyReviewTask.objects.get(), sort_order=0
    )
    rule("submitted", {"action": "require_step", "workflow": workflow}, sort_order=1)
    rule("submitted", {"action": "require_step", "workflow": shorter}, sort_order=2)
    item = submitted(people)
    assert item.current_workflow_state.workflow == workflow
    assert RuleRun.objects.first().error == "“一步”少了原有的步骤，不采用。"
    with pytest.raises(ValidationError):
        RuleAction(action="require_step", workflow=shorter).clean()


def test_a_column_is_filled_before_anybody_reviews(people):
    rule("submitted", {"action": "set_field", "field": "retention", "value": "永久"})
    rule("submitted", {"action": "add_keyword", "value": "低保"})
    item = submitted(people)
    draft = item.get_latest_revision_as_object()
    assert (draft.get_retention_display(), draft.keyword_list) == ("永久", ["低保"])
    assert waiting(item).revision == item.latest_revision
    assert item.latest_revision.user is None
    for role in ("head", "secrecy", "leader"):
        decided(item, people[role])
    assert item.live
    assert item.live_revision == item.latest_revision
    assert item.get_retention_display() == "永久"
    assert DisclosureItemPage.objects.get(pk=item.pk).index_number == item.index_number
    assert item.index_number


def test_what_is_under_review_is_left_alone(people):
    rule(
        "step_approved", {"action": "set_field", "field": "publisher", "value": "甲镇"}
    )
    item = submitted(people)
    revision = item.latest_revision
    decided(item, people["head"])
    item.refresh_from_db()
    assert item.latest_revision == revision
    assert RuleRun.objects.get().error == "正在审查或已锁定，现在不能改。"


def test_a_change_to_what_is_public_waits_for_review_as_a_draft(people):
    rule("published", {"action": "set_field", "field": "publisher", "value": "甲镇"})
    item = published(people)
    assert item.publisher == ""
    assert item.has_unpublished_changes
    assert item.get_latest_revision_as_object().publisher == "甲镇"
    assert item.live_revision != item.latest_revision
    item.refresh_from_db()
    assert item.live


def test_a_value_that_the_column_does_not_take_is_refused(people):
    for field, value in (("retention", "三天"), ("publisher", "长" * 90)):
        with pytest.raises(ValidationError):
            RuleAction(action="set_field", field=field, value=value).clean()
    with pytest.raises(ValidationError):
        RuleAction(action="set_field", field="disclosure_mode", value="x").clean_fields(
            exclude=["rule"]
        )
    RuleAction(action="set_field", field="retention", value="永久").clean()


def test_an_item_enters_a_dossiers_draft_only_and_once(people):
    page = dossier()
    rule("published", {"action": "add_to_dossier", "dossier": page})
    item = published(people)
    page.refresh_from_db()
    assert not page.live
    assert page.entries.count() == 0
    draft = page.get_latest_revision_as_object()
    assert [entry.item_id for entry in draft.entries.all()] == [item.pk]
    item.save_revision(user=people["clerk"])
    item.get_workflow().start(item, people["clerk"])
    for role in ("head", "secrecy", "leader"):
        decided(item, people[role])
    page.refresh_from_db()
    assert page.get_latest_revision_as_object().entries.count() == 1


def test_a_dossier_under_review_takes_nothing(people):
    page = dossier()
    page.get_workflow().start(page, people["clerk"])
    rule("published", {"action": "add_to_dossier", "dossier": page})
    published(people)
    assert RuleRun.objects.get().error == "正在审查或已锁定，现在不能改。"
    page.refresh_from_db()
    assert page.get_latest_revision_as_object().entries.count() == 0


def test_sync_raises_what_the_targets_want(people):
    item = published(people)
    rule("feedback_received", {"action": "sync"})
    before = dict(OutboxEntry.objects.values_list("target", "wanted"))
    Feedback.objects.create(page_url="/", page_key=item.key, text="附件打不开")
    after = dict(OutboxEntry.objects.values_list("target", "wanted"))
    assert after == {target: wanted + 1 for target, wanted in before.items()}
    assert before


def test_a_file_gets_a_tag(people):
    rule("file_added", {"action": "add_keyword", "value": "名册"}, keyword="低保")
    assert list(make_document(title="低保名册").tags.names()) == ["名册"]
    assert not make_document(title="别的", content=b"other").tags.exists()


# Staying out of the way


def test_without_rules_an_event_costs_one_query(people):
    with CaptureQueriesContext(connection) as asked:
        engine.happened("published", lambda: pytest.fail("nobody asked"))
    assert len(asked) == 1
    item = make_item(live=False)
    item.get_workflow()  # what stays in memory from now on
    with CaptureQueriesContext(connection) as usual:
        item.usual_workflow()
    with CaptureQueriesContext(connection) as with_rules:
        item.get_workflow()
    assert len(with_rules) == len(usual) + 1


class Breaks(Action):
    """Fails after it wrote, in the database itself."""

    name = "breaks"
    label = "坏"

    def plan(self, row, subject):
        return "坏"

    def act(self, row, subject):
        Notice.objects.create(user_id=row.person_id, kind="rule", text="写了一半")
        Notice.objects.create(user_id=None, kind="rule", text="坏")


@pytest.fixture
def breaking(monkeypatch):
    monkeypatch.setitem(ACTIONS, "breaks", Breaks())


def test_a_rule_that_fails_leaves_the_act_and_the_other_actions_done(people, breaking):
    officer = people["officer"]
    failing = rule(
        "published",
        {"action": "breaks", "person": officer},
        {"action": "notify", "person": officer, "value": "公开了"},
    )
    item = published(people)
    assert [text for (text,) in told(officer)] == [f"《{item.title}》：公开了"]
    run = RuleRun.objects.get()
    assert run.error == "系统出错，原因已记入日志。"
    assert [row["done"] for row in run.outcomes] == [False, True]
    notice = Notice.objects.get(kind="rule_failed", user=officer)
    assert failing.name in notice.text
    published(people)
    assert Notice.objects.filter(kind="rule_failed", user=officer).count() == 1


def test_a_rule_on_something_that_cannot_be_read_leaves_the_act_done(people):
    rule("published", {"action": "notify", "person": people["officer"]})

    def gone():
        raise ValueError

    engine.happened("published", gone)
    assert not RuleRun.objects.exists()
    assert published(people).live


class Publishes(Action):
    """Does what no action may: tries to publish."""

    name = "publishes"
    label = "直接发布"

    def plan(self, row, subject):
        return "发布"

    def act(self, row, subject):
        subject.page.get_latest_revision().publish(skip_permission_checks=True)


def test_even_a_bad_action_publishes_nothing(people, monkeypatch):
    monkeypatch.setitem(ACTIONS, "publishes", Publishes())
    rule("submitted", {"action": "publishes"})
    item = submitted(people)
    assert not item.live
    assert RuleRun.objects.get().error == "系统出错，原因已记入日志。"


class AddsFile(Action):
    """Causes an event of its own."""

    name = "adds_file"
    label = "加文件"

    def plan(self, row, subject):
        return "加文件"

    def act(self, row, subject):
        make_document(title="再来一个")


def test_what_an_action_causes_triggers_no_rule(people, monkeypatch):
    monkeypatch.setitem(ACTIONS, "adds_file", AddsFile())
    rule("file_added", {"action": "adds_file"})
    make_document(title="第一个")
    assert RuleRun.objects.count() == 1


def test_an_action_that_is_no_longer_installed_is_told(people):
    rule("submitted", {"action": "nowhere"})
    submitted(people)
    assert RuleRun.objects.get().error == "这个动作现在没有安装。"


def test_each_run_stands_in_the_history_of_the_page(people):
    made = rule("published", {"action": "notify", "person": people["officer"]})
    item = published(people)
    entry = PageLogEntry.objects.get(page=item.pk, action="gongkai.rule")
    assert entry.data["rule"] == made.name
    assert made.name in str(entry.formatter.format_message(entry))


# Trying out


def everything():
    """How many rows there are in the tables that an action could write."""
    models = (Notice, RuleRun, OutboxEntry, PageLogEntry, TaskState)
    revisions = [page.revisions.count() for page in DisclosureItemPage.objects.all()]
    return [model.objects.count() for model in models] + revisions


def test_a_dry_run_says_what_would_happen_and_writes_nothing(client, people):
    item = published(people, title="关于低保的通知")
    published(people, title="关于道路的通知")
    page = dossier()
    made = rule(
        "published",
        {"action": "notify", "person": people["officer"]},
        {"action": "set_field", "field": "publisher", "value": "甲镇"},
        {"action": "add_to_dossier", "dossier": page},
        {"action": "require_step", "workflow": longer(people)},
        keyword="低保",
        is_active=False,
    )
    client.force_login(people["officer"])
    client.get("/admin/")
    before = everything()
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(reverse("gongkai_rule_trial", args=[made.pk]))
    text = answer.content.decode()
    assert "关于低保的通知" in text
    assert "关于道路的通知" not in text
    assert "只能在提交审查时增加步骤。" in text
    assert "收入专题“低保专题”的草稿" in text
    assert everything() == before
    wrote = [q["sql"] for q in asked if q["sql"].split()[0] in ("INSERT", "UPDATE")]
    assert [sql for sql in wrote if "session" not in sql] == []
    assert [subject.page.pk for subject, _ in try_out(made).rows] == [item.pk]


def test_a_dry_run_knows_what_happened_of_late_for_every_event(people):
    item = submitted(people)
    decided(item, people["head"], approve=False)
    other = published(people)
    withdraw(published(people), user=people["officer"], reason="错了")
    ReviewDuty.objects.update(escalated_at=timezone.now())
    make_document()
    Feedback.objects.create(page_url="/", page_key=other.key, text="错")
    met = {}
    for code, _label in ContentRule._meta.get_field("event").flatchoices:
        made = rule(code, {"action": "notify", "person": people["officer"]})
        met[code] = [subject.title for subject, _outcomes in try_out(made).rows]
    published_now = met.pop("published")
    assert other.title in published_now
    assert item.title not in published_now
    assert {code: len(titles) for code, titles in met.items()} == {
        "submitted": 3,
        "step_approved": 6,
        "sent_back": 1,
        "withdrawn": 1,
        "overdue": 7,
        "file_added": 1,
        "feedback_received": 1,
    }


def test_what_is_long_past_is_not_tried(people):
    Feedback.objects.create(page_url="/", text="错")
    Feedback.objects.update(created_at=timezone.now() - dt.timedelta(days=31))
    made = rule("feedback_received", {"action": "sync"})
    assert try_out(made).looked_at == 0


def test_an_action_that_cannot_work_on_this_says_so(people):
    made = rule("feedback_received", {"action": "add_to_dossier", "dossier": dossier()})
    Feedback.objects.create(page_url="/", text="错")
    ((_subject, (outcome,)),) = try_out(made).rows
    assert (outcome.done, outcome.text) == (False, "只有公开信息能收入专题。")
    assert issubclass(Refused, Exception)


# The desk


def test_the_officer_and_the_administrator_keep_the_rules(client, people):
    admin = make_user("admin", ADMIN_GROUP)
    made = rule("published", {"action": "notify", "person": people["officer"]})
    pages = [
        ContentRule.snippet_viewset.get_url_name("list"),
        ContentRule.snippet_viewset.get_url_name("add"),
        "gongkai_rule_runs",
    ]
    addresses = [reverse(name) for name in pages]
    addresses += [reverse("gongkai_rule_trial", args=[made.pk])]
    for user in (people["officer"], admin):
        client.force_login(user)
        assert [client.get(url).status_code for url in addresses] == [200] * 4
    for role in ("clerk", "head", "secrecy", "leader"):
        client.force_login(people[role])
        codes = {client.get(url).status_code for url in addresses}
        assert codes <= {302, 403}


def test_a_rule_is_made_tried_and_its_runs_are_read_on_the_desk(client, people):
    client.force_login(people["officer"])
    names = ContentRule.snippet_viewset.get_url_name
    form = {
        **{"name": "公开后告诉领导", "event": "published", "sort_order": "0"},
        **{"is_active": "on", "keyword": "低保"},
        **{"actions-TOTAL_FORMS": "1", "actions-INITIAL_FORMS": "0"},
        **{"actions-MIN_NUM_FORMS": "1", "actions-MAX_NUM_FORMS": "1000"},
        **{"actions-0-action": "notify", "actions-0-ORDER": "1", "actions-0-id": ""},
    }
    answer = client.post(reverse(names("add")), form)
    assert "请选择通知哪个组或者谁。" in answer.content.decode()
    form |= {"actions-0-group": people["leader"].groups.get().pk}
    assert client.post(reverse(names("add")), form).status_code == 302
    made = ContentRule.objects.get()
    shown = client.get(reverse(names("edit"), args=[made.pk])).content.decode()
    assert reverse("gongkai_rule_trial", args=[made.pk]) in shown
    item = published(people, title="关于低保的通知")
    assert len(told(people["leader"])) == 1
    runs = client.get(reverse("gongkai_rule_runs"), {"rule": made.pk}).content.decode()
    assert item.title in runs
    assert f"通知{people['leader'].groups.get().name}" in runs
    wrong = client.get(reverse("gongkai_rule_runs"), {"wrong": "true"})
    assert item.title not in wrong.content.decode()
