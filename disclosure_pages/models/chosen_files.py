"""A form takes only those pictures, documents and pages that its user may choose."""

import json
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet
from django.forms.models import ModelChoiceField
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminPageForm
from wagtail.admin.widgets import AdminPageChooser
from wagtail.blocks import StreamValue
from wagtail.models import Page
from wagtail.permissions import policy_registry
from wagtail.rich_text import extract_references_from_rich_text

from cms.numbers import small_int
from disclosure_pages.models.files import DisclosureDocument, DisclosureImage

SENTENCES = {
    DisclosureImage: _("这张图片不是您能选的，请另选一张。"),
    DisclosureDocument: _("这个文件不是您能选的，请另选一个。"),
    Page: _("这一条不是您能选的，请另选一条。"),
}
ENTITIES = {DisclosureDocument: "DOCUMENT", Page: "LINK"}  # as an editor sends them
PICTURE = "-image"  # how the keys of the bodies' picture choosers end
# What a user may choose, by model; the others by Wagtail's permission "choose".
choosable_by: dict[type, Callable[[AbstractBaseUser], QuerySet]] = {}
Named = set[tuple[type, str]]


class ChosenFiles:
    """Refuses a file or page named by its number alone, in fields, rows and texts.

    What the page named before stays. What is refused isn't shown again either: its
    title may be another office's.
    """

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.for_user:
            rows = [row for rows in self.formsets.values() for row in rows.forms]
            for row in rows:
                row.full_clean()
            for form in (self, *rows):
                _refuse_foreign(form, self.for_user)
        return cleaned


class ChosenFilesForm(ChosenFiles, WagtailAdminPageForm):
    """The form of every page of ours."""


def _refuse_foreign(form: forms.BaseForm, user: AbstractBaseUser) -> None:
    for name in list(getattr(form, "cleaned_data", {})):
        if not (field := form.fields.get(name)):
            continue
        before = _named(field, form.get_initial_for_field(field, name))
        added = _named(field, form.cleaned_data[name]) - before
        for model in {model for model, _number in added}:
            words = [SENTENCES[kind] for kind in SENTENCES if issubclass(model, kind)]
            numbers = {number for kind, number in added if kind is model}
            if foreign := words and numbers - _choosable(model, numbers, user):
                form.add_error(name, words[0])
                _forget(form, name, foreign, ENTITIES.get(model, ""))


def _named(field: forms.Field, value: Any) -> Named:
    """Return the files and pages that a field's value names: (model, number)."""
    if isinstance(field, ModelChoiceField):
        by_page = isinstance(field.widget, AdminPageChooser)
        model = Page if by_page else field.queryset.model
        number = getattr(value, "pk", value)
        return {(model, str(number))} if number else set()
    if isinstance(value, StreamValue):
        found = value.stream_block.extract_references(value)
    elif isinstance(value, str):
        found = extract_references_from_rich_text(value)
    else:
        return set()
    return {(model, str(number)) for model, number, *_paths in found}


def _choosable(model: type, numbers: set[str], user: AbstractBaseUser) -> set[str]:
    if model in choosable_by:
        mine = choosable_by[model](user)
    else:
        policy = policy_registry.get_by_type(model)
        mine = policy.instances_user_has_permission_for(user, "choose")
    wanted = filter(None, map(small_int, numbers))
    return set(map(str, mine.filter(pk__in=wanted).values_list("pk", flat=True)))


def _forget(form: forms.BaseForm, name: str, numbers: set[str], entity: str) -> None:
    """Take files or pages out of what was typed into a field.

    Args:
        entity: what links to them are in an editor's text, "" if there are none.
    """
    key = form.add_prefix(name)
    form.data = form.data.copy()
    for part in [part for part in form.data if f"{part}-".startswith(f"{key}-")]:
        typed = form.data[part]
        if typed in numbers and (part == key or part.endswith(PICTURE)):
            form.data[part] = ""
        elif entity and f'"{entity}"' in typed:
            form.data[part] = _unlinked(typed, numbers, entity)


def _unlinked(typed: str, numbers: set[str], kind: str) -> str:
    """Return what an editor sent (contentstate) without some links of a kind."""
    text = json.loads(typed)
    gone = {
        int(key)
        for key, entity in text["entityMap"].items()
        if entity["type"] == kind and str(entity["data"].get("id")) in numbers
    }
    for block in text["blocks"]:
        ranges = block["entityRanges"]
        block["entityRanges"] = [span for span in ranges if span["key"] not in gone]
    return json.dumps(text)
