"""The editors' search boxes: every word, however it is typed, in titles and numbers.

A Wagtail search backend without an index: it narrows the query set that a view hands
over, so drafts and permissions are the view's. Citizens search through ``services``.
"""

from collections.abc import Iterator

from django.db.models import Q
from modelsearch.backends.database.fallback import (
    DatabaseSearchBackend,
    DatabaseSearchQueryCompiler,
)
from modelsearch.query import Phrase, PlainText, SearchQuery
from wagtail.models import Page

from cms.folding import fold_text

from .recognise import recognise
from .tokens import cut_words

MAX_LENGTH = 200
MAX_WORDS = 20
# What a page is looked for by beside its title; every page, when all are listed.
NUMBERS = ("document_number", "index_number")
ITEM = "disclosureitempage"


class DeskQueryCompiler(DatabaseSearchQueryCompiler):
    """Requires every word somewhere in the fields, folded or as it was typed."""

    def get_fields_names(self) -> Iterator[str]:
        yield from super().get_fields_names()
        model = self.queryset.model
        if self.fields is None and issubclass(model, Page):
            yield "draft_title"
            if model is Page:
                yield from (f"{ITEM}__{name}" for name in NUMBERS)

    def build_database_filter(self, query: SearchQuery, boost: float = 1.0) -> Q | str:
        if isinstance(query, PlainText):
            return self._every(query.query_string[:MAX_LENGTH].split())
        if isinstance(query, Phrase):
            return self._anywhere(query.query_string[:MAX_LENGTH])
        return super().build_database_filter(query, boost=boost)

    def _every(self, terms: list[str]) -> Q:
        found = Q()
        for term in terms[:MAX_WORDS]:
            found &= self._anywhere(term) | self._words(term)
        return found

    def _words(self, term: str) -> Q:
        """Match a term by the words in it: 低保公示 finds 低保对象公示."""
        found = Q()
        for word in _pieces(fold_text(term))[:MAX_WORDS]:
            found &= self._anywhere(word)
        return found or self._anywhere(term)

    def _anywhere(self, text: str) -> Q:
        found = Q()
        for spelling in {text, fold_text(text).strip()}:
            for name in self.fields_names:
                found |= Q(**{f"{name}__icontains": spelling})
        return found


def _pieces(folded: str) -> list[str]:
    """Return the words of a text; of a 文号, however it is written, its parts."""
    pieces: list[str] = []
    for number in recognise(folded):
        if number.kind == "number":
            pieces += filter(None, number.token.lstrip("#").split("-"))
            blank = " " * (number.end - number.start)
            folded = folded[: number.start] + blank + folded[number.end :]
    return [*pieces, *(word.text for word in cut_words(folded))]


class SearchBackend(DatabaseSearchBackend):
    """Named in ``WAGTAILSEARCH_BACKENDS``."""

    query_compiler_class = DeskQueryCompiler
    autocomplete_query_compiler_class = DeskQueryCompiler
