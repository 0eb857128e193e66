"""Drafts that name rows which are gone: only what a page itself names is protected."""

from collections.abc import Iterator
from typing import Any

from django.db.models import PROTECT, Field, Model
from django.utils.translation import gettext as _
from modelcluster.models import get_all_child_relations
from wagtail.models import Page

Content = dict[str, Any]


def without_lost(model: type[Model], content: Content) -> tuple[Content, list[str]]:
    """Return a draft's content without what is gone, and the names of its fields.

    A key of the page becomes empty, a row below the page is left out.
    """
    known, lost = dict(content), []
    for field, _values in _gone(model, [content]):
        known[field.name] = None
        lost.append(str(field.verbose_name))
    for relation in get_all_child_relations(model):
        name = relation.get_accessor_name()
        rows = content.get(name) or []
        for field, gone in _gone(relation.related_model, rows):
            rows = [row for row in rows if row.get(field.name) not in gone]
            known[name] = rows
            lost.append(str(field.verbose_name))
    return known, lost


def _gone(model: type[Model], rows: list[Content]) -> Iterator[tuple[Field, set[Any]]]:
    """Yield the protecting fields whose values in the rows name nothing any more."""
    for field in model._meta.concrete_fields:
        if not field.remote_field or field.remote_field.on_delete is not PROTECT:
            continue
        named = {row[field.name] for row in rows if row.get(field.name)}
        if field.model is Page or not named:
            continue
        there = field.related_model._default_manager.filter(pk__in=named)
        if gone := named - set(there.values_list("pk", flat=True)):
            yield field, gone


def what_is_lost(model: type[Model], content: Content) -> str:
    """Return why a draft can't go out, in Chinese; "" when all is there."""
    _known, lost = without_lost(model, content)
    if not lost:
        return ""
    names = "、".join(dict.fromkeys(lost))
    return _("选定的%(names)s已经删除，请重新选择再提交。") % {"names": names}
