"""What a draft would change against what readers see now: record, texts, files."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import models
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from modelcluster.fields import ParentalManyToManyField
from modelcluster.models import get_all_child_relations
from wagtail.fields import RichTextField, StreamField
from wagtail.models import COMMENTS_RELATION_NAME, Page
from wagtail.rich_text import expand_db_html

from disclosure_pages.desk.differences_text import Piece, pieces, readable
from disclosure_pages.models.base import ModeratedPage
from disclosure_pages.models.files import NamedFile

# What Wagtail keeps of any page, but for what editors fill in.
WAGTAILS = {field.name for field in Page._meta.concrete_fields} - {
    *("title", "slug", "seo_title", "search_description", "show_in_menus"),
    *("go_live_at", "expire_at"),
}
NOT_COMPARED = {"attachments", COMMENTS_RELATION_NAME}  # files are compared apart


@dataclass(frozen=True)
class FieldChange:
    """A field of the record with what it says to readers now and in the draft."""

    label: str
    old: str
    new: str


@dataclass(frozen=True)
class TextChange:
    """A text of the page, compared by words."""

    label: str
    pieces: list[Piece]


@dataclass(frozen=True)
class FileChange:
    """A file that the draft adds, leaves out, names otherwise or replaces."""

    kind: str
    old: NamedFile | None = None
    new: NamedFile | None = None


@dataclass
class Differences:
    """Everything in which a draft differs from the live version."""

    fields: list[FieldChange] = field(default_factory=list)
    texts: list[TextChange] = field(default_factory=list)
    files: list[FileChange] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.fields or self.texts or self.files)


def live_version(page: Page) -> Page | None:
    """Return the page as readers see it now, or None when they see none.

    The row in the database is the live version; a draft stands in its revision, and
    knows whether there is another.
    """
    if not page.live:
        return None
    row = page.specific_class.objects.filter(pk=page.pk, live=True).first()
    return row if isinstance(row, ModeratedPage) else None


def differences(old: Page, new: Page, without: Collection[str] = ()) -> Differences:
    """Compare two versions of a page, field by field; old and new are of one type.

    Args:
        without: names of fields that don't count.
    """
    found = Differences()
    for model_field in new._meta.concrete_fields:
        if model_field.name in without or not _is_compared(model_field, new):
            continue
        label = str(model_field.verbose_name)
        if isinstance(model_field, StreamField | RichTextField | models.TextField):
            texts = [_paragraphs(model_field, page) for page in (old, new)]
            if changed := pieces(*texts):
                found.texts.append(TextChange(label, changed))
            continue
        found.fields += _changed(label, *(_shown(model_field, p) for p in (old, new)))
    for model_field in new._meta.many_to_many:
        if isinstance(model_field, ParentalManyToManyField):
            shown = [_names(getattr(p, model_field.name).all()) for p in (old, new)]
            found.fields += _changed(str(model_field.verbose_name), *shown)
    for relation in get_all_child_relations(new):
        if relation.name not in NOT_COMPARED:
            label = str(relation.related_model._meta.verbose_name)
            rows = [list(_rows(page, relation)) for page in (old, new)]
            if changed := pieces(*rows):
                found.texts.append(TextChange(label, changed))
    found.files = _files(old, new)
    return found


def _is_compared(model_field: models.Field, page: ModeratedPage) -> bool:
    name = model_field.name
    kept = (
        name in WAGTAILS
        or name in page.PRESERVED
        or model_field.attname in (page.PRESERVED)
    )
    return model_field.editable and not model_field.primary_key and not kept


def _changed(label: str, old: str, new: str) -> list[FieldChange]:
    return [] if old == new else [FieldChange(label, old, new)]


def _shown(model_field: models.Field, row: models.Model) -> str:
    """Return what a field says, as people read it."""
    if model_field.choices:
        return str(getattr(row, f"get_{model_field.name}_display")() or "")
    value = getattr(row, model_field.name)
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, datetime):
        return f"{localtime(value):%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    return _names(value) if isinstance(value, list | tuple) else str(value)


def _names(values: Any) -> str:
    return _("、").join(str(value) for value in values)


def _paragraphs(model_field: models.Field, page: Page) -> list[str]:
    value = getattr(page, model_field.name)
    if isinstance(model_field, StreamField):
        return readable("\n".join(child.render() for child in value))
    if isinstance(model_field, RichTextField):
        return readable(expand_db_html(value or ""))
    return [line for line in (value or "").splitlines() if line.strip()]


def _rows(page: Page, relation: Any) -> Iterator[str]:
    """Yield each child row as one line: the fields that an editor fills in."""
    for row in getattr(page, relation.get_accessor_name()).all():
        cells = [
            f"{model_field.verbose_name}{_('：')}{_shown(model_field, row)}"
            for model_field in row._meta.concrete_fields
            if model_field.editable
            and not model_field.primary_key
            and model_field not in (relation.field, *_order(row))
            and _shown(model_field, row)
        ]
        yield _("；").join(cells)


def _order(row: models.Model) -> list[models.Field]:
    name = getattr(row, "sort_order_field", None)
    return [row._meta.get_field(name)] if name else []


def _files(old: Page, new: Page) -> list[FileChange]:
    """Pair the files of both versions: by content, then by name."""
    before, after = _named(old), _named(new)
    found = []
    for key in [key for key in after if key in before]:
        first, second = before.pop(key), after.pop(key)
        if first.label != second.label:
            found.append(FileChange("renamed", first, second))
    by_name = {file.label: key for key, file in before.items()}
    for file in after.values():
        key = by_name.pop(file.label, None)
        replaced = before.pop(key) if key else None
        kind = "replaced" if replaced else "added"
        found.append(FileChange(kind, replaced, file))
    return found + [FileChange("removed", file) for file in before.values()]


def _named(page: Page) -> dict[str, NamedFile]:
    files = page.named_files() if hasattr(page, "named_files") else []
    return {file.document.sha256: file for file in files}
