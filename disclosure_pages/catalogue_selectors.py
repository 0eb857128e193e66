"""Reads behind the record of an item and the second level of the catalogue.

Only what anybody may see now is ever named: a draft's title does not leak through a
link from its predecessor.
"""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import (
    Count,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
)
from django.db.models.functions import Cast, Coalesce

from cms.context import public_path
from cms.models import Office, Village
from disclosure_pages.choices import LegalStatus, TermScheme
from disclosure_pages.models import (
    CatalogueEntry,
    DisclosureItemPage,
    DossierEntry,
    DossierPage,
    ItemCorrection,
    ItemIdentifier,
    Subcategory,
    Term,
)
from disclosure_pages.public_state import visible_pages
from disclosure_pages.selectors import visible_items

CURRENT = (LegalStatus.VALID, LegalStatus.AMENDED)


@dataclass(frozen=True)
class RelatedItem:
    """Another item, as a link."""

    title: str
    url: str
    document_number: str


@dataclass
class RelatedItems:
    """What stands before, after and beside an item; each may be empty."""

    predecessor: RelatedItem | None = None
    original: RelatedItem | None = None
    successors: list[RelatedItem] = field(default_factory=list)
    interpretations: list[RelatedItem] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(
            self.predecessor or self.original or self.successors or self.interpretations
        )


@dataclass(frozen=True)
class Correction:
    """An erratum as the reader sees it."""

    corrected_on: str
    old: str
    new: str
    reason: str


@dataclass
class RecordParts:
    """What the record of an item holds in rows of their own."""

    corrections: list[Correction] = field(default_factory=list)
    identifiers: list[tuple[str, str]] = field(default_factory=list)
    audiences: list[str] = field(default_factory=list)
    related: RelatedItems = field(default_factory=RelatedItems)
    dossiers: list[RelatedItem] = field(default_factory=list)


def parts_of_draft(page: DisclosureItemPage) -> RecordParts:
    """Return the rows of a revision that is only looked at, not stored."""
    return RecordParts(
        corrections=[
            Correction(row.corrected_on.isoformat(), row.old, row.new, row.reason)
            for row in page.corrections.all()
        ],
        identifiers=[(row.source, row.value) for row in page.identifiers.all()],
        audiences=[term.label for term in page.audiences.all()],
    )


def record_parts(page: DisclosureItemPage, *, draft: bool = False) -> RecordParts:
    """Return errata, outside numbers, audiences, related items and dossiers.

    One query for all of them; a draft's own rows are those of its revision.
    """
    queries = [*_links(page), *([] if draft else _own_rows(page))]
    parts = parts_of_draft(page) if draft else RecordParts()
    rows = queries[0].union(*queries[1:], all=True)
    for kind, _order, _pk, *texts in sorted(rows, key=lambda row: row[:3]):
        if kind == "correction":
            parts.corrections.append(Correction(*texts))
        elif kind == "identifier":
            parts.identifiers.append((texts[0], texts[1]))
        elif kind == "audience":
            parts.audiences.append(texts[0])
        else:
            title, url_path, number, _none = texts
            item = RelatedItem(title, public_path(url_path), number)
            if kind == "dossier":
                parts.dossiers.append(item)
            elif kind in ("predecessor", "original"):
                setattr(parts.related, kind, item)
            else:
                getattr(parts.related, kind).append(item)
    return parts


def _links(page: DisclosureItemPage) -> list[QuerySet]:
    """Return the public items linked with this one in either direction, newest first,
    and the public dossiers that hold it."""
    here = page.pk or 0
    links = {
        "predecessor": Q(pk=page.supersedes_id or 0),
        "original": Q(pk=page.interpretation_of_id or 0),
        "successors": Q(supersedes=here),
        "interpretations": Q(interpretation_of=here),
    }
    visible = visible_items().exclude(pk=here)
    newest = ExpressionWrapper(0 - F("pk"), output_field=IntegerField())
    texts = (F("title"), F("url_path"), F("document_number"))
    held = DossierEntry.objects.filter(page=OuterRef("pk"), item=here)
    dossiers = visible_pages(DossierPage).filter(Exists(held))
    return [
        *(_texts(visible.filter(q), kind, newest, *texts) for kind, q in links.items()),
        _texts(dossiers, "dossier", F("pk"), F("title"), F("url_path")),
    ]


def _own_rows(page: DisclosureItemPage) -> list[QuerySet]:
    corrections = ItemCorrection.objects.filter(page=page.pk)
    identifiers = ItemIdentifier.objects.filter(page=page.pk)
    through = DisclosureItemPage.audiences.through
    audiences = through.objects.filter(disclosureitempage=page.pk)
    order, sort = F("sort_order"), F("term__sort_order")
    day = Cast("corrected_on", TextField())
    erratum = (day, F("old"), F("new"), F("reason"))
    return [
        _texts(corrections, "correction", order, *erratum),
        _texts(identifiers, "identifier", order, F("source"), F("value")),
        _texts(audiences, "audience", sort, F("term__label")),
    ]


def _texts(rows: QuerySet, kind: str, order: Any, *texts: Any) -> QuerySet:
    """Return rows as (kind, order, pk, four texts), alike whatever the model."""
    filled = [*texts, *[Value("")] * (4 - len(texts))]
    columns = {f"t{n}": Cast(text, TextField()) for n, text in enumerate(filled)}
    named = rows.order_by().annotate(
        kind=Value(kind), place=Coalesce(order, Value(0)), **columns
    )
    return named.values_list("kind", "place", "pk", *columns)


@dataclass(frozen=True)
class SubcategoryRow:
    """A sub-category with its number of public items, and its address."""

    name: str
    code: str
    url: str
    basis: str
    note: str
    count: int
    obligatory: bool


@dataclass(frozen=True)
class EntryRow:
    """A line of the standard catalogue and how many current items it has."""

    name: str
    content: str
    time_limit: str
    note: str
    count: int


@dataclass
class SecondLevel:
    """What a category holds below itself."""

    subcategories: list[SubcategoryRow] = field(default_factory=list)
    entries: list[EntryRow] = field(default_factory=list)
    genres: list[tuple[str, str]] = field(default_factory=list)
    subjects: list[tuple[str, str]] = field(default_factory=list)

    @property
    def by_code(self) -> dict[str, SubcategoryRow]:
        """The sub-categories by the last part of their address."""
        return {row.code: row for row in self.subcategories}

    @property
    def obligatory(self) -> list[SubcategoryRow]:
        """The sub-categories that the Regulation demands."""
        return [row for row in self.subcategories if row.obligatory]


def second_level(category: str, base: str, chosen: str = "") -> SecondLevel:
    """Return sub-categories, catalogue lines and used terms of a category.

    One query: each row brings the number of its public items along.
    """
    items = visible_items().filter(category=category)
    within = items.filter(subcategory__code=chosen) if chosen else items
    entries = CatalogueEntry.objects.filter(category=category, enabled=True)
    if chosen:
        entries = entries.filter(subcategory__code=chosen)
    current = items.filter(validity__in=CURRENT)
    terms = Term.objects.all()
    rows = _counted(
        Subcategory.objects.filter(category=category),
        *("subcategory", "sort_order", items, "subcategory"),
        *(F("code"), F("name"), F("basis"), F("local_note")),
        *(Cast("enabled", IntegerField()), Cast("obligatory", IntegerField())),
    ).union(
        _counted(
            entries,
            *("entry", "number", current, "catalogue_entry"),
            *(F("level1"), F("level2"), F("content"), F("local_note")),
            *(F("time_limit"), Cast("official", IntegerField())),
        ),
        *(
            _counted(
                terms.filter(scheme=scheme),
                *(scheme.value, "sort_order", within, scheme.value),
                *(F("code"), F("label")),
            )
            for scheme in (TermScheme.GENRE, TermScheme.SUBJECT)
        ),
        all=True,
    )
    level = SecondLevel()
    for kind, _order, _pk, count, *texts in sorted(rows, key=lambda row: row[:3]):
        _add(level, kind, count or 0, texts, base)
    return level


def used_terms(items: QuerySet, category: str = "") -> SecondLevel:
    """Return what a list of these items may be narrowed by; one query.

    Genres and subjects that some of them have; of sub-categories only those of the
    chosen category, as there are too many for one list.
    """
    terms = Term.objects.all()
    found = [
        _counted(
            terms.filter(scheme=scheme),
            *(scheme.value, "sort_order", items, scheme.value),
            *(F("code"), F("label")),
        )
        for scheme in (TermScheme.GENRE, TermScheme.SUBJECT)
    ]
    if category:
        found.append(
            _counted(
                Subcategory.objects.filter(category=category),
                *("subcategory", "sort_order", items, "subcategory"),
                *(F("code"), F("name")),
            )
        )
    level = SecondLevel()
    for row in sorted(found[0].union(*found[1:], all=True), key=lambda row: row[:3]):
        kind, _order, _pk, count, *texts = row
        _add(level, kind, count or 0, texts, "")
    return level


def _counted(
    rows: QuerySet, kind: str, order: str, items: QuerySet, link: str, *texts: Any
) -> QuerySet:
    """Return rows as (kind, order, pk, number of items, six texts)."""
    counts = items.filter(**{link: OuterRef("pk")}).order_by().values(link)
    number = Subquery(counts.annotate(n=Count("pk")).values("n"))
    filled = [*texts, *[Value("")] * (6 - len(texts))]
    columns = {f"t{n}": Cast(text, TextField()) for n, text in enumerate(filled)}
    named = rows.order_by().annotate(
        kind=Value(kind), place=F(order), number_of=number, **columns
    )
    return named.values_list("kind", "place", "pk", "number_of", *columns)


def _add(
    level: SecondLevel, kind: str, count: int, texts: list[str], base: str
) -> None:
    first, second, third, note, fifth, sixth = texts
    if kind == "subcategory":
        if fifth == "1" or count:
            url = f"{base}{first}/"
            level.subcategories.append(
                SubcategoryRow(second, first, url, third, note, count, sixth == "1")
            )
    elif kind == "entry":
        if sixth != "1" and not count:
            return  # an example that nobody took up is no demand on anybody
        name = f"{first}·{second}" if second else first
        level.entries.append(EntryRow(name, third, fifth, note, count))
    elif count:
        terms = level.genres if kind == TermScheme.GENRE else level.subjects
        terms.append((first, second))


def site_names() -> set[str]:
    """Return names of villages, offices, subjects and lines of the catalogue."""
    sources = (
        *((Village, "name"), (Office, "name"), (Subcategory, "name"), (Term, "label")),
        *((CatalogueEntry, "level1"), (CatalogueEntry, "level2")),
    )
    return {
        name
        for model, field in sources
        for name in model.objects.values_list(field, flat=True).distinct().order_by()
        if name
    }
