from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from disclosure_pages.models import DisclosureItemPage, DossierEntry
from disclosure_pages.rules.drafts import write_draft
from disclosure_pages.rules.registry import Action, Refused, Subject, register_action


@register_action
class AddToDossier(Action):
    """Put a public item into a dossier's draft; the dossier is reviewed as ever."""

    name = "add_to_dossier"
    label = gettext_lazy("收入专题")
    needs = ("dossier",)

    def plan(self, row: Any, subject: Subject) -> str:
        """Say into which dossier; only what is public can be in one."""
        if not isinstance(subject.page, DisclosureItemPage):
            raise Refused(_("只有公开信息能收入专题。"))
        if not subject.page.is_public_now:
            raise Refused(_("还没有公开，不能收入专题。"))
        return _("收入专题“%(name)s”的草稿") % {"name": row.dossier.title}

    def act(self, row: Any, subject: Subject) -> None:
        """Write the dossier's draft, unless the item is in it."""
        draft = row.dossier.get_latest_revision_as_object()
        if subject.page.pk not in {entry.item_id for entry in draft.entries.all()}:
            write_draft(row.dossier, lambda page: _append(page, subject.page.pk))


def _append(dossier: Any, item_id: int) -> None:
    last = max((entry.sort_order or 0 for entry in dossier.entries.all()), default=-1)
    dossier.entries.add(DossierEntry(item_id=item_id, sort_order=last + 1))
