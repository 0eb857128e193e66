"""Running rules: in the transaction of the act, and never in its way."""

import logging
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import asdict, dataclass

from django.contrib.auth import get_user_model
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from wagtail.log_actions import log

from cms.models import Notice
from cms.services.notices import notify
from cms.services.paths import fits
from disclosure_pages.models.rules import ContentRule, RuleAction, RuleRun
from disclosure_pages.rules.registry import ACTIONS, Action, Refused, Subject

logger = logging.getLogger(__name__)

LOG_ACTION = "gongkai.rule"
FAILED = "rule_failed"
CHANGE = "disclosure_pages.change_contentrule"
# What an action causes triggers no rule: no loops, however rules are written.
_acting: ContextVar[bool] = ContextVar("rule_acting", default=False)


@dataclass(frozen=True)
class Outcome:
    """What became of one action."""

    action: str
    text: str
    done: bool


def happened(event: str, find: Callable[[], Subject | None]) -> None:
    """Run the active rules of an event, in their order; never raises.

    One query when there are none. Each action has a savepoint of its own.

    Args:
        find: returns what it happened to; only asked when there are rules.
    """
    if _acting.get():
        return
    token = _acting.set(True)
    try:
        rules = list(active_rules(event))
        if rules:
            with transaction.atomic():
                _run_all(rules, event, find)
    except Exception:  # the act that it hangs on goes on
        logger.exception("rules of %s failed", event)
    finally:
        _acting.reset(token)


def active_rules(event: str) -> list[ContentRule]:
    """Return the rules that wait for this, in their order."""
    rules = ContentRule.objects.filter(event=event, is_active=True)
    return list(rules.prefetch_related("actions"))


def matches(rule: ContentRule, subject: Subject) -> bool:
    """Whether every condition of the rule holds."""
    return rule.keyword in subject.words and fits(rule, subject.facts)


def _run_all(
    rules: list[ContentRule], event: str, find: Callable[[], Subject | None]
) -> None:
    subject = find()
    if subject is None:
        return
    subject.event = event
    for rule in rules:
        if not matches(rule, subject):
            continue
        outcomes = [_carry_out(row, subject) for row in rule.actions.all()]
        _keep(rule, subject, outcomes)
        if rule.stop_after:
            return


def _carry_out(row: RuleAction, subject: Subject) -> Outcome:
    action = ACTIONS.get(row.action)
    if action is None:
        return Outcome(row.action, _("这个动作现在没有安装。"), False)
    try:
        with transaction.atomic():
            text = action.plan(row, subject)
            action.act(row, subject)
    except Refused as refused:
        return Outcome(row.action, str(refused), False)
    except Exception:  # one that fails leaves the others done
        logger.exception("action %s of rule %s failed", row.action, row.rule_id)
        return Outcome(row.action, _("系统出错，原因已记入日志。"), False)
    return Outcome(row.action, text, True)


def foresee(row: RuleAction, subject: Subject) -> Outcome:
    """Return what an action would do now; writes nothing."""
    action: Action | None = ACTIONS.get(row.action)
    if action is None:
        return Outcome(row.action, _("这个动作现在没有安装。"), False)
    try:
        return Outcome(row.action, action.plan(row, subject), True)
    except Refused as refused:
        return Outcome(row.action, str(refused), False)


def _keep(rule: ContentRule, subject: Subject, outcomes: list[Outcome]) -> None:
    """Leave a record, a line in the page's history, and tell of what went wrong."""
    wrong = "；".join(outcome.text for outcome in outcomes if not outcome.done)
    run = RuleRun.objects.create(
        rule=rule,
        rule_name=rule.name,
        event=subject.event,
        page_id=subject.page.pk if subject.page else None,
        title=subject.title[:255],
        url=subject.url,
        outcomes=[asdict(outcome) for outcome in outcomes],
        error=wrong[:500],
    )
    if subject.page:
        log(
            instance=subject.page,
            action=LOG_ACTION,
            data={"rule": rule.name, "event": run.event, "what": run.summary()},
        )
    if wrong:
        _tell_keepers(rule, subject, wrong)


def _tell_keepers(rule: ContentRule, subject: Subject, wrong: str) -> None:
    """Tell who keeps the rules, once until they have read it."""
    url = f"{reverse('gongkai_rule_runs')}?rule={rule.pk}"
    told = Notice.objects.filter(kind=FAILED, url=url, read_at=None)
    keepers = get_user_model().objects.with_perm(CHANGE, include_superusers=False)
    text = _("规则“%(rule)s”对《%(title)s》没有办成：%(wrong)s")
    words = {"rule": rule.name, "title": subject.title, "wrong": wrong}
    untold = keepers.exclude(pk__in=told.values("user_id"))
    notify(untold, FAILED, text % words, url=url)
