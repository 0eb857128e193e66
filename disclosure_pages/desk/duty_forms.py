"""The desk's forms around a review: who does it, how fast, who stands in for whom."""

from typing import Any

from django import forms
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm

from cms.models import Absence, Priority
from cms.people import account_label
from disclosure_pages.choices import Category
from disclosure_pages.models.base import ModeratedPage

REASON = forms.Textarea({"rows": 2})


def desk_people() -> QuerySet:
    """Return who may enter the desk now."""
    users = get_user_model().objects.filter(is_active=True)
    may = Q(groups__permissions__codename="access_admin") | Q(is_superuser=True)
    return users.filter(may).distinct().order_by("username")


class HandOverForm(forms.Form):
    """To whom a step goes, and why."""

    to = forms.ModelChoiceField(
        label=_("改派给"), queryset=None, widget=forms.RadioSelect, empty_label=None
    )
    reason = forms.CharField(label=_("改派原因"), max_length=300, widget=REASON)

    def __init__(self, *args: Any, people: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to"]
        keys = [user.pk for user in people]
        field.queryset = get_user_model().objects.filter(pk__in=keys)
        field.label_from_instance = account_label


class PriorityForm(forms.Form):
    """How fast, why, and that what follows was understood."""

    priority = forms.TypedChoiceField(
        label=_("缓急"), choices=Priority.choices, coerce=int, widget=forms.RadioSelect
    )
    reason = forms.CharField(label=_("原因"), max_length=300, widget=REASON)
    confirmed = forms.BooleanField(label=_("我已看清上面的说明，确认这样办"))


class OwnAbsenceForm(forms.ModelForm):
    """Days on which one is away oneself."""

    class Meta:
        model = Absence
        fields = ["first_day", "last_day", "reason"]
        widgets = {
            name: forms.DateInput({"type": "date"}, format="%Y-%m-%d")
            for name in ("first_day", "last_day")
        }


class PeopleForm(WagtailAdminModelForm):
    """A form in which people are named as they are called, those of the desk only."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if getattr(field, "queryset", None) is None:
                continue
            if field.queryset.model is get_user_model():
                field.queryset = desk_people()
                field.label_from_instance = account_label


def page_kinds() -> list[tuple[str, str]]:
    """Return the kinds of pages that a review path can be for."""
    models = [m for m in apps.get_models() if issubclass(m, ModeratedPage)]
    found = {str(m.kind): str(m._meta.verbose_name) for m in models if _has_kind(m)}
    return sorted(found.items())


def _has_kind(model: type) -> bool:
    return bool(getattr(model, "kind", ""))


class ReviewPathForm(WagtailAdminModelForm):
    """A review path with its conditions as choices."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("category", Category.choices), ("kind", page_kinds())):
            old = self.fields[name]
            self.fields[name] = forms.ChoiceField(
                label=old.label,
                help_text=old.help_text,
                required=False,
                choices=[("", _("全部")), *choices],
            )
