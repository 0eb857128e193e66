"""A form takes only those pictures and documents that its user's choosers offer."""

import json
from typing import Any

from django import forms
from django.contrib.auth.models import AbstractBaseUser
from django.forms.models import ModelChoiceField
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminPageForm
from wagtail.blocks import StreamValue
from wagtail.permissions import policy_registry
from wagtail.rich_text import extract_references_from_rich_text

from disclosure_pages.models.files import DisclosureDocument, DisclosureImage

SENTENCES = {
    DisclosureImage: _("这张图片不是您能选的，请另选一张。"),
    DisclosureDocument: _("这个文件不是您能选的，请另选一个。"),
}
PICTURE = "-image"  # how the keys of the bodies' picture choosers end
Named = set[tuple[type, str]]


class ChosenFiles:
    """Refuses a file named by its number alone, in fields, rows and texts.

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
        for model, sentence in SENTENCES.items():
            numbers = {number for kind, number in added if kind is model}
            if foreign := numbers and numbers - _choosable(model, numbers, user):
                form.add_error(name, sentence)
                _forget(form, name, foreign)


def _named(field: forms.Field, value: Any) -> Named:
    """Return the files that a field's value names: (model, number)."""
    if isinstance(field, ModelChoiceField):
        number = getattr(value, "pk", value)
        return {(field.queryset.model, str(number))} if number else set()
    if isinstance(value, StreamValue):
        found = value.stream_block.extract_references(value)
    elif isinstance(value, str):
        found = extract_references_from_rich_text(value)
    else:
        return set()
    return {(model, str(number)) for model, number, *_paths in found}


def _choosable(model: type, numbers: set[str], user: AbstractBaseUser) -> set[str]:
    policy = policy_registry.get_by_type(model)
    mine = policy.instances_user_has_permission_for(user, "choose")
    wanted = [int(number) for number in numbers if number.isdecimal()]
    return set(map(str, mine.filter(pk__in=wanted).values_list("pk", flat=True)))


def _forget(form: forms.BaseForm, name: str, numbers: set[str]) -> None:
    """Take files out of what was typed into a field."""
    key = form.add_prefix(name)
    form.data = form.data.copy()
    for part in [part for part in form.data if f"{part}-".startswith(f"{key}-")]:
        typed = form.data[part]
        if typed in numbers and (part == key or part.endswith(PICTURE)):
            form.data[part] = ""
        elif '"DOCUMENT"' in typed:
            form.data[part] = _unlinked(typed, numbers)


def _unlinked(typed: str, numbers: set[str]) -> str:
    """Return what an editor sent (contentstate) without its links to some documents."""
    text = json.loads(typed)
    gone = {
        int(key)
        for key, entity in text["entityMap"].items()
        if str(entity["data"].get("id")) in numbers
    }
    for block in text["blocks"]:
        ranges = block["entityRanges"]
        block["entityRanges"] = [span for span in ranges if span["key"] not in gone]
    return json.dumps(text)
