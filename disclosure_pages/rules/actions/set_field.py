from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from disclosure_pages.models import DisclosureItemPage
from disclosure_pages.rules.drafts import write_draft
from disclosure_pages.rules.registry import Action, Refused, Subject, register_action


@register_action
class SetField(Action):
    """Fill a column of an item's draft; which ones may be is listed in `RuleAction`."""

    name = "set_field"
    label = gettext_lazy("填写一栏")
    needs = ("field", "value")

    def check(self, row: Any) -> None:
        """Refuse a value that the column does not take."""
        super().check(row)
        field = _field(row)
        known = [str(label) for _value, label in field.flatchoices]
        if known and _stored(row) is None:
            raise ValidationError(
                {"value": _("这一栏只能填：%(known)s。") % {"known": "、".join(known)}}
            )
        if field.max_length and len(row.value) > field.max_length:
            raise ValidationError({"value": _("写得太长，这一栏放不下。")})

    def plan(self, row: Any, subject: Subject) -> str:
        """Say what is filled in where."""
        if not isinstance(subject.page, DisclosureItemPage):
            raise Refused(_("只有公开信息有这一栏。"))
        name = _field(row).verbose_name
        return _("草稿的%(name)s填为“%(value)s”") % {"name": name, "value": row.value}

    def act(self, row: Any, subject: Subject) -> None:
        """Write the draft, unless it says so already."""
        value = _stored(row)
        draft = subject.page.get_latest_revision_as_object()
        if getattr(draft, row.field) != value:
            write_draft(
                subject.page,
                lambda page: setattr(page, row.field, value),
                subject=subject,
            )


def _field(row: Any) -> Any:
    return DisclosureItemPage._meta.get_field(row.field)


def _stored(row: Any) -> str | None:
    """Return what is stored for the words of a row; None for no choice of the field."""
    choices = _field(row).flatchoices
    if not choices:
        return row.value
    known = {str(label): value for value, label in choices}
    known |= {value: value for value, _label in choices}
    return known.get(row.value)
