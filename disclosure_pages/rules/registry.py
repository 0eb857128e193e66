"""What a rule may wait for and what it may do; packages to the right add their own."""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page, WorkflowState

from cms.services.paths import ReviewFacts


class Refused(Exception):
    """The action can't be done with this one; the text says why."""


@dataclass
class Subject:
    """What something happened to: a page as drafted, a file or a reader's note.

    ``words`` is what a keyword is looked for in; ``thing`` is the row itself.
    """

    title: str
    url: str
    thing: Any
    page: Page | None = None
    facts: ReviewFacts = field(default_factory=ReviewFacts)
    words: str = ""
    workflow_state: WorkflowState | None = None
    event: str = ""

    @classmethod
    def of_page(cls, page: Any, **more: Any) -> "Subject":
        """Return a page of ours as it stands in memory."""
        return cls(
            title=page.title,
            url=reverse("wagtailadmin_pages:edit", args=[page.pk]),
            thing=page,
            page=page,
            facts=page.review_facts(),
            words=f"{page.title} {getattr(page, 'keywords', '')}",
            **more,
        )


@dataclass(frozen=True)
class Event:
    """Something that happens; ``recent`` returns what it happened to since a time."""

    code: str
    label: Any
    recent: Callable[[dt.datetime], Iterable[Subject]]


class Action:
    """Something a rule does: ``plan`` says what, without writing; ``act`` does it.

    No action publishes, approves or leaves out a step: what it writes is a draft, or
    a step more. ``needs`` are the columns of its row that must be filled.
    """

    name: ClassVar[str]
    label: ClassVar[Any]
    needs: ClassVar[tuple[str, ...]] = ()

    def check(self, row: Any) -> None:
        """Refuse a row of the rule that can't work.

        Raises:
            ValidationError: by column.
        """
        empty = [name for name in self.needs if not getattr(row, name)]
        if empty:
            raise ValidationError(
                dict.fromkeys(empty, _("选定的动作需要这一栏，请填写。"))
            )

    def plan(self, row: Any, subject: Subject) -> str:
        """Return what will be done, in a sentence; writes nothing.

        Raises:
            Refused: it can't be done with this one.
        """
        raise NotImplementedError

    def act(self, row: Any, subject: Subject) -> None:
        """Do what was planned.

        Raises:
            Refused: it can't be done now.
        """
        raise NotImplementedError


EVENTS: dict[str, Event] = {}
ACTIONS: dict[str, Action] = {}


def register_event(event: Event) -> None:
    """Let rules wait for one more kind of event."""
    EVENTS[event.code] = event


def register_action(model: type[Action]) -> type[Action]:
    """Let rules do one more thing."""
    ACTIONS[model.name] = model()
    return model


def event_choices() -> list[tuple[str, Any]]:
    """Return what a rule may wait for."""
    return [(event.code, event.label) for event in EVENTS.values()]


def action_choices() -> list[tuple[str, Any]]:
    """Return what a rule may do."""
    return [(action.name, action.label) for action in ACTIONS.values()]
