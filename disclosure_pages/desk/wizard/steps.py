"""The five screens in their order, and where a draft stands among them."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from disclosure_pages.models import DisclosureItemPage
from disclosure_pages.reference_rules import is_pure_reference

WHAT, SAME, RECORD, TEXT, CHECK = "what", "same", "record", "text", "check"
LABELS: dict[str, Promise] = {
    WHAT: _("是什么"),
    SAME: _("是不是已经有了"),
    RECORD: _("类别和目录信息"),
    TEXT: _("正文和附件"),
    CHECK: _("检查并提交"),
}
ORDER = list(LABELS)


@dataclass(frozen=True)
class Step:
    """One screen as the progress line shows it; ``url`` is empty before it is open."""

    name: str
    number: int
    label: Any
    url: str
    here: bool
    done: bool


def next_step(page: DisclosureItemPage) -> str:
    """Return the first screen on which the draft still lacks something."""
    if not page.category or not page.date_made:
        return RECORD
    if (
        not len(page.body)
        and not page.attachments.all()
        and not is_pure_reference(page)
    ):
        return TEXT
    return CHECK


def progress(page: DisclosureItemPage | None, here: str) -> list[Step]:
    """Return the five screens; of a draft every one can be opened at any time."""
    reached = ORDER.index(here)
    return [
        Step(
            name,
            number,
            LABELS[name],
            step_url(name, page) if page and name not in (here, SAME) else "",
            name == here,
            number <= reached,
        )
        for number, name in enumerate(ORDER, start=1)
    ]


def step_url(name: str, page: DisclosureItemPage) -> str:
    """Return the address of one screen of a draft."""
    return reverse(f"gongkai_publish_{name}", args=[page.pk])
