"""The reviewer's queue: what is pressing, who has it in hand, and who may hurry it."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html
from wagtail.models import TaskState

from cms.models import Absence, Notice, Priority, ReviewDuty, ReviewPath, StandIn
from cms.services import duties
from cms.workdays import WorkCalendar
from disclosure_pages.desk.duty_time import time_left
from tests.factories import make_item, make_user

pytestmark = pytest.mark.django_db
QUEUE = "/admin/review/"


def submit(people, title, **values):
    item = make_item(title, live=False, user=people["clerk"], **values)
    item.owner = people["clerk"]
    item.save()
    item.get_workflow().start(item, people["clerk"])
    item.refresh_from_db()
    return item


def step(item):
    return TaskState.objects.get(
        workflow_state=item.current_workflow_state, status=TaskState.STATUS_IN_PROGRESS
    )


def due(item, **ago):
    rows = ReviewDuty.objects.filter(task_state=step(item))
    rows.update(due_at=timezone.now() - dt.timedelta(**ago))


def second_head(item):
    return make_user("second", item.responsible_office.head_group.name)


def rows(client, user, query=""):
    client.force_login(user)
    answer = client.get(QUEUE + query)
    assert answer.status_code == 200
    page = html.fromstring(answer.content)
    return page.xpath("//table[contains(@class, 'gk-cards')]/tbody/tr")


def words(element):
    return " ".join(element.text_content().split())


def titles(found):
    return [words(row.xpath(".//strong")[0]) for row in found]


# The list


def test_the_most_pressing_comes_first_with_its_time_in_words(client, people):
    submit(people, "平常的")
    late = submit(people, "超期的")
    due(late, days=10)
    urgent = submit(people, "急的")
    duties.set_priority(
        urgent.current_workflow_state, Priority.URGENT, by=people["clerk"], reason="急"
    )
    flood = submit(people, "山洪预警")
    duties.set_priority(
        flood.current_workflow_state,
        Priority.EMERGENCY,
        by=people["clerk"],
        reason="山洪",
    )
    found = rows(client, people["head"])
    assert titles(found) == ["山洪预警", "急的", "超期的", "平常的"]
    assert "紧急公开" in words(found[0]) and "分钟" in words(found[0])
    assert "gk-emergency" in found[0].get("class")
    assert "急件" in words(found[1])
    assert "超期" in words(found[2]) and "gk-late" in found[2].get("class")
    assert "还剩 2 个工作日" in words(found[3])
    assert "民政和社会事务办公室" in words(found[3]) and "clerk" in words(found[3])


@pytest.mark.parametrize(
    ("priority", "due_at", "expected"),
    [
        (Priority.NORMAL, "2026-11-25 23:59", ("还剩 2 个工作日", "")),
        (Priority.NORMAL, "2026-11-23 23:59", ("今天到期", "now")),
        (Priority.NORMAL, "2026-11-19 23:59", ("超期 2 个工作日", "late")),
        (Priority.URGENT, "2026-11-23 08:00", ("已过期限", "late")),
        (Priority.EMERGENCY, "2026-11-23 09:12", ("还剩 12 分钟", "emergency")),
        (Priority.EMERGENCY, "2026-11-23 08:15", ("超过 45 分钟", "emergency")),
        (Priority.EMERGENCY, "2026-11-22 09:00", ("超过 24 小时", "emergency")),
    ],
)
def test_time_left_counts_working_days_and_minutes(priority, due_at, expected):
    now = timezone.make_aware(dt.datetime(2026, 11, 23, 9))
    at = timezone.make_aware(dt.datetime.fromisoformat(due_at))
    left = time_left(ReviewDuty(priority=priority, due_at=at), WorkCalendar.load(), now)
    assert (left.words, left.tone) == expected


def test_a_queue_narrows_to_a_step_and_refuses_nonsense(client, people):
    both = people["head"]
    both.groups.add(*people["secrecy"].groups.all())
    first, second = submit(people, "在初审"), submit(people, "在保密审查")
    state = step(second)
    duties_head = make_user("other", second.responsible_office.head_group.name)
    state.specific.approve(user=duties_head)
    assert set(titles(rows(client, both))) == {"在初审", "在保密审查"}
    found = rows(client, both, f"?step={step(first).task_id}")
    assert titles(found) == ["在初审"]
    for query in ("?step=x", "?view=nothing", "?view=all", "?p=99", "?p=x"):
        assert client.get(QUEUE + query).status_code == 200
    assert rows(client, both, "?step=x") == []
    assert len(rows(client, both, "?p=99")) == 2


def test_only_who_manages_reviews_sees_those_of_others(client, people):
    submit(people, "等着的")
    assert rows(client, people["secrecy"], "?view=all") == []
    assert rows(client, people["clerk"], "?view=all") == []
    found = rows(client, people["officer"])
    assert titles(found) == ["等着的"]
    assert found[0].xpath(".//a[contains(@href, 'hand-over')]")
    assert not found[0].xpath(".//form")


# Claiming and handing over


def test_a_claimed_step_moves_to_the_others_view_of_a_colleague(client, people):
    item = submit(people, "要办的")
    colleague = second_head(item)
    (row,) = rows(client, people["head"])
    (form,) = row.xpath(".//form")
    client.post(form.get("action"))
    assert step(item).duty.assignee == people["head"]
    assert titles(rows(client, people["head"])) == ["要办的"]
    assert rows(client, colleague) == []
    (other,) = rows(client, colleague, "?view=others")
    assert "head" in words(other)
    client.post(form.get("action"))
    assert step(item).duty.assignee == people["head"]


def test_who_has_a_step_in_hand_gives_it_back_and_nobody_else(client, people):
    item = submit(people, "要办的")
    address = f"{QUEUE}{step(item).pk}/"
    colleague = second_head(item)
    duties.claim(step(item), people["head"])
    client.force_login(colleague)
    client.post(f"{address}release/")
    assert step(item).duty.assignee == people["head"]
    client.force_login(people["head"])
    assert 'release/"' in client.get(address).content.decode()
    answer = client.post(f"{address}release/", {"next": address}, follow=True)
    assert "已交回" in answer.content.decode()
    assert step(item).duty.assignee is None
    assert titles(rows(client, colleague)) == ["要办的"]


def test_nobody_claims_what_is_not_his(client, people):
    item = submit(people, "要办的")
    for name in ("clerk", "secrecy", "officer"):
        client.force_login(people[name])
        client.post(f"/admin/review/{step(item).pk}/claim/")
        assert step(item).duty.assignee is None
    assert client.get(f"/admin/review/{step(item).pk}/claim/").status_code == 405


def test_a_claim_leads_back_only_within_the_site(client, people):
    item = submit(people, "要办的")
    client.force_login(people["head"])
    url = f"/admin/review/{step(item).pk}/claim/"
    answer = client.post(url, {"next": "https://elsewhere.example/"})
    assert answer.url == QUEUE
    back = f"/admin/review/{step(item).pk}/"
    assert client.post(url, {"next": back}).url == back


def test_handing_over_offers_only_who_may_and_keeps_the_reason(client, people):
    item = submit(people, "要办的")
    colleague = second_head(item)
    people["clerk"].groups.add(item.responsible_office.head_group)  # the author
    url = f"/admin/review/{step(item).pk}/hand-over/"
    client.force_login(people["officer"])
    page = html.fromstring(client.get(url).content)
    offered = set(page.xpath("//input[@name='to']/@value"))
    assert offered == {str(people["head"].pk), str(colleague.pk)}
    client.post(url, {"to": colleague.pk, "reason": ""})
    client.post(url, {"to": people["clerk"].pk, "reason": "忙"})
    client.post(url, {"to": "x", "reason": "忙"})
    assert step(item).duty.assignee is None
    answer = client.post(url, {"to": colleague.pk, "reason": "林志明外出"})
    assert answer.status_code == 302
    assert step(item).duty.assignee == colleague
    told = Notice.objects.get(kind="review_assigned")
    assert told.user == colleague and "林志明外出" in told.text
    client.force_login(colleague)
    assert client.get(told.url).status_code == 200


def test_who_has_no_part_in_a_step_hands_nothing_over(client, people):
    item = submit(people, "要办的")
    for name in ("clerk", "secrecy", "leader"):
        client.force_login(people[name])
        answer = client.get(f"/admin/review/{step(item).pk}/hand-over/")
        assert answer.status_code == 302 and answer.url == "/admin/"


def test_whoever_hears_of_lateness_can_open_it(client, people):
    item = submit(people, "超期的")
    due(item, days=10)
    duties.remind_and_escalate()
    told = Notice.objects.get(kind="review_late")
    assert told.user == people["officer"]
    client.force_login(people["officer"])
    assert "超期的" in client.get(told.url).content.decode()


# Hurrying


def test_the_submitter_hurries_with_a_reason_and_once_confirmed(client, people):
    item = submit(people, "山洪预警")
    url = f"/admin/priority/{item.pk}/"
    client.force_login(people["clerk"])
    page = client.get(f"/admin/pages/{item.pk}/edit/").content.decode()
    assert url in page
    text = client.get(url).content.decode()
    assert "审查步骤一步不少" in text and "30 分钟" in text
    asked = {"priority": Priority.EMERGENCY.value, "reason": "山洪"}
    for wrong in (asked, asked | {"reason": "", "confirmed": "on"}, {"priority": 7}):
        assert client.post(url, wrong).status_code == 200
        assert step(item).duty.priority == Priority.NORMAL
    assert client.post(url, asked | {"confirmed": "on"}).status_code == 302
    assert step(item).duty.priority == Priority.EMERGENCY
    home = client.get("/admin/").content.decode()
    assert "紧急公开" in home
    listed = html.fromstring(client.get("/admin/items/").content)
    (flag,) = listed.xpath("//b[@class='gk-emergency-flag']")
    assert flag.text == "紧急公开"
    client.force_login(people["head"])
    panel = html.fromstring(client.get("/admin/").content)
    (line,) = panel.xpath(
        "//section[@aria-labelledby='gk-waiting']//li[contains(@class,'gk-emergency')]"
    )
    assert "分钟" in words(line)


def test_who_has_no_part_in_it_hurries_nothing(client, people):
    item = submit(people, "等着的")
    for name in ("head", "secrecy", "leader"):
        client.force_login(people[name])
        answer = client.post(
            f"/admin/priority/{item.pk}/",
            {"priority": 2, "reason": "急", "confirmed": "on"},
        )
        assert answer.status_code == 302
        assert step(item).duty.priority == Priority.NORMAL
    quiet = make_item("没送审", live=False, user=people["clerk"])
    client.force_login(people["officer"])
    assert client.get(f"/admin/priority/{quiet.pk}/").status_code == 302


def test_the_review_page_says_who_does_it_until_when(client, people):
    item = submit(people, "等着的")
    client.force_login(people["head"])
    page = html.fromstring(client.get(f"/admin/review/{step(item).pk}/").content)
    (panel,) = page.xpath("//section[contains(@class, 'gk-duty')]")
    assert "还剩 2 个工作日" in words(panel) and "还没有人接办" in words(panel)
    assert panel.xpath(".//form[contains(@action, 'claim')]")


# Settings


def test_everyone_enters_own_absences_and_sees_no_others(client, people):
    StandIn.objects.create(principal=people["head"], substitute=people["officer"])
    url = "/admin/my-absences/"
    client.force_login(people["head"])
    assert "officer" in client.get(url).content.decode()
    days = {"first_day": "2026-12-01", "last_day": "2026-12-03", "reason": "培训"}
    assert client.post(url, days | {"person": people["secrecy"].pk}).status_code == 302
    absence = Absence.objects.get()
    assert absence.person == people["head"]
    backwards = days | {"last_day": "2026-11-01"}
    assert "不能早于" in client.post(url, backwards).content.decode()
    client.force_login(people["secrecy"])
    assert "培训" not in client.get(url).content.decode()
    assert client.post(f"{url}{absence.pk}/delete/").status_code == 404
    client.force_login(people["head"])
    client.post(f"{url}{absence.pk}/delete/")
    assert not Absence.objects.exists()


@pytest.mark.parametrize("model", ["reviewpath", "standin", "absence"])
def test_settings_are_for_officer_and_administrator(client, people, model):
    url = f"/admin/snippets/gongkai_cms/{model}/add/"
    admin = make_user("boss", "系统管理员")
    for user, may in [
        (people["officer"], True),
        (admin, True),
        (people["head"], False),
        (people["clerk"], False),
    ]:
        client.force_login(user)
        assert (client.get(url).status_code == 200) is may, user


def test_a_path_is_made_by_choosing(client, people):
    workflow = submit(people, "样子").get_workflow()
    client.force_login(people["officer"])
    url = "/admin/snippets/gongkai_cms/reviewpath/add/"
    page = html.fromstring(client.get(url).content)
    assert "notice" in page.xpath("//select[@name='kind']/option/@value")
    assert "finance" in page.xpath("//select[@name='category']/option/@value")
    values = {"name": "财政", "workflow": workflow.pk, "category": "finance"}
    values |= {"is_active": "on", "sort_order": 0}
    client.post(url, values | {"category": "nonsense"})
    assert not ReviewPath.objects.exists()
    client.post(url, values)
    assert ReviewPath.objects.get().category == "finance"


def test_a_stand_in_is_chosen_by_name_among_the_people_of_the_desk(client, people):
    outsider = make_user("outsider")
    client.force_login(people["officer"])
    url = "/admin/snippets/gongkai_cms/standin/add/"
    page = html.fromstring(client.get(url).content)
    offered = page.xpath("//select[@name='principal']/option/@value")
    assert str(people["head"].pk) in offered and str(outsider.pk) not in offered
    same = {"principal": people["head"].pk, "substitute": people["head"].pk}
    assert "不能是同一个人" in client.post(url, same).content.decode()
    client.post(url, same | {"substitute": people["officer"].pk})
    assert StandIn.objects.get().substitute == people["officer"]
    listed = client.get("/admin/snippets/gongkai_cms/standin/").content.decode()
    assert "head" in listed


# Cost


def test_the_queue_costs_the_same_with_more(client, people):
    counts = []
    for size in (3, 12):
        for n in range(size):
            submit(people, f"第{n}件")
        asked = []
        for name in ("head", "officer"):
            client.force_login(people[name])
            client.get(QUEUE)
            with CaptureQueriesContext(connection) as found:
                client.get(QUEUE)
            asked.append(len(found))
        counts.append(asked)
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 30, counts


def test_a_long_queue_comes_page_by_page(client, people, monkeypatch):
    monkeypatch.setattr("disclosure_pages.desk.queue.PER_PAGE", 2)
    for n in range(5):
        submit(people, f"第{n}件")
    assert len(rows(client, people["head"])) == 2
    assert len(rows(client, people["head"], "?view=mine&p=3")) == 1


def test_a_decision_and_its_screen_cost_the_same_however_many_wait(client, people):
    """What waits besides is asked for on the way to the next one, not here."""
    client.force_login(people["head"])
    asked = []
    for others in (1, 9):
        for n in range(others):
            submit(people, f"另第{n}件")
        state = step(submit(people, "这一件"))
        url = f"{QUEUE}{state.pk}/"
        with CaptureQueriesContext(connection) as screen:
            assert client.get(url).status_code == 200
        form = {"revision": state.revision_id, "decision": "approve"}
        with CaptureQueriesContext(connection) as act:
            answer = client.post(url, form)
        assert answer.url == f"{QUEUE}next/"
        asked.append((len(screen), len(act)))
    assert asked[0] == asked[1]
