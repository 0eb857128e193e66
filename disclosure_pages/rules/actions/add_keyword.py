from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from disclosure_pages.models import DisclosureDocument, DisclosureItemPage
from disclosure_pages.rules.drafts import write_draft
from disclosure_pages.rules.registry import Action, Refused, Subject, register_action


@register_action
class AddKeyword(Action):
    """Add a keyword to an item's draft, or a tag to a file."""

    name = "add_keyword"
    label = gettext_lazy("加关键词")
    needs = ("value",)

    def plan(self, row: Any, subject: Subject) -> str:
        """Say which word is added."""
        thing = subject.page or subject.thing
        if not isinstance(thing, DisclosureItemPage | DisclosureDocument):
            raise Refused(_("它没有关键词。"))
        return _("加关键词“%(word)s”") % {"word": row.value}

    def act(self, row: Any, subject: Subject) -> None:
        """Add the word, unless it is there."""
        if isinstance(subject.thing, DisclosureDocument):
            subject.thing.tags.add(row.value)
            return
        draft = subject.page.get_latest_revision_as_object()
        if row.value in draft.keyword_list:
            return
        words = "；".join([*draft.keyword_list, row.value])
        write_draft(
            subject.page,
            lambda page: setattr(page, "keywords", words),
            subject=subject,
        )
