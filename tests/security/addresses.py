"""Every route of the site as addresses: with own, foreign and missing things in it.

A parameter that no row here explains raises `Unclassified`: whoever adds a route says
what it is about, or the build fails.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import get_resolver

from tests.security.world import World
from tests.test_routes import ORIGIN, routes

ALL = sorted(set(routes(get_resolver().url_patterns)))
MISSING = 987_654_321
PARAMETER = re.compile(
    r"\(\?P<(?P<group>\w+)>(?:[^()\\]|\\.)*\)|<(?:(?P<kind>\w+):)?(?P<name>\w+)>"
)
PAGE = re.compile(r"admin/(pages|checks|publish|withdraw|review|forms|api/main/pages)")

# What a parameter stands for: a thing of the world, or "=" and the text itself.
ANYWHERE = {
    "parent_page_id": "parent",
    "destination_id": "parent",
    "content_type_app_name": "=disclosure_pages",
    "content_type_model_name": "=disclosureitempage",
    "image_id": "image",
    "document_id": "document",
    "doc_id": "document",
    "collection_id": "collection",
    "session_id": "session",
    "filter_spec": "=max-100x100",
    "batch": "batch.uuid",
    "which": "=rows",
    "token": "=x-x",
    "uidb64": "=MQ",
    "hash": "=x",
    "number": "=1",
    "form": "=csv",
    "section": "=items",
    "part": "=1",
    "restriction_id": "=1",
    "page_view_restriction_id": "restriction",
    "workflow_pk": "workflow",
    "workflow_state_id": "workflow_state",
    "task_id": "task",
    "page_pk": "home",
    "redirect_id": "redirect",
    "sha256": f"={'0' * 64}",
    "origin": f"={ORIGIN}",
    "action_name": "=copy",
    "object_id": "page",
}
# The same for names that mean something else in each place: the first that fits.
IN_PLACE = [
    (r"^feeds|^lists", {"category": "=work", "slug": "=relief", "form": "=csv"}),
    (r"^guide/", {"kind": "=large"}),
    (r"^portal|^external", {"key": f"={'0' * 32}", "name": "=x"}),
    (r"^media/", {"name": "image.file.name"}),
    (r"^admin/load", {"key": "batch.uuid"}),
    (r"^admin/today", {"name": "=drafts"}),
    (r"^admin/notices", {"pk": "notice_row"}),
    (r"^admin/my-absences", {"pk": "absence"}),
    (r"^admin/rules", {"rule_id": "=1"}),
    (r"^admin/harvest", {"source_id": "harvest_source"}),
    (r"^admin/opinions", {"pk": "=1"}),
    (r"^opinion/", {"name": "image.file.name"}),
    (r"^admin/withdrawals", {"form": "=html"}),
    (r"^admin/bulk", {"app_label": "=wagtailcore", "model_name": "=page",
                      "action": "=delete"}),
    (r"^admin/editing-sessions", {"app_label": "=disclosure_pages",
                                  "model_name": "=disclosureitempage"}),
    (r"^admin/pages/create", {"app_label": "=disclosure_pages",
                              "model_name": "=disclosureitempage"}),
    (r"^admin/settings", {"app_name": "=gongkai_cms", "model_name": "=authority",
                          "pk": "authority"}),
    (r"^admin/tag-autocomplete", {"app_name": "=taggit", "model_name": "=tag"}),
    (r"^admin/api/main/documents|^admin/documents", {"pk": "document",
                                          "uploaded_file_id": "upload"}),
    (r"^admin/api/main/images|^admin/images", {"pk": "image",
                                    "uploaded_file_id": "picture_upload"}),
    (r"^admin/collections", {"pk": "collection"}),
    (r"^admin/groups", {"pk": "group"}),
    (r"^admin/users", {"pk": "user"}),
    (r"^admin/sites", {"pk": "main_site"}),
    (r"^admin/feedback", {"pk": "feedback"}),
    (r"^admin/outbox", {"pk": "outbox", "target": "=portal:city"}),
    (r"^admin/origins", {"code": "=11330099MB1A2B3C4D"}),
    (r"^admin/search", {"pk": "question", "engine": "=local"}),
    (r"^admin/saved-filters", {"pk": "filter"}),
    (r"^admin/workflows/tasks", {"pk": "task", "app_label": "=wagtailcore",
                                 "model_name": "=groupapprovaltask"}),
    (r"^admin/workflows", {"pk": "workflow"}),
    (r"^admin/public-item", {"pk": "page"}),
    (r"^admin/superior", {"pk": "superior"}),
    (r"^admin/publish", {"other_id": "page", "external_id": "superior"}),
    (r"^admin/snippets/choose/(\w+)/(\w+)|^admin/snippets/(\w+)/(\w+)",
     {"pk": "snippet"}),
]  # fmt: skip
# Routes without names in them.
UNNAMED = {
    r"documents/^(\d+)/(.*)$": "documents/{document.pk}/{document.filename}",
    r"^((?:[\w\-]+/)*)$": "{page.public_path}",
    "admin/^.*/$": "admin/no-such-place/",
}


class Unclassified(Exception):
    """A route asks for something that nothing here stands for."""


@dataclass(frozen=True)
class Address:
    """A path of a route; ``whose`` is "own", "other", "site" or "missing"."""

    route: str
    path: str
    whose: str


def parameters(route: str) -> list[str]:
    """Return the names of what the route asks for, in order."""
    return [m["group"] or m["name"] for m in PARAMETER.finditer(route)]


def meaning(route: str, name: str) -> str:
    """Return what a parameter stands for.

    Raises:
        Unclassified: nobody said.
    """
    plain = route.replace("^", "")
    if PAGE.match(plain) and name in ("page_id", "page_to_move_id", "pk"):
        return "page"
    if PAGE.match(plain) and name.startswith(("revision_id", "task_state_id")):
        return f"page.{name.removesuffix('_a').removesuffix('_b')}"
    for place, names in IN_PLACE:
        if re.match(place, plain) and name in names:
            return names[name]
    if name == "page_id":
        return "page"
    if name in ANYWHERE:
        return ANYWHERE[name]
    raise Unclassified(f"{route}: what is {name}?")


# What an address is asked besides itself; {stem} starts every canary, {ids} are things
# of both offices.
LISTS = ("", "?q={stem}")
RESULTS = ("?q={stem}",)
QUERIES = [
    (r"^api/v1/(search|suggest)", ("?q={stem}", "?q={stem}&page_size=100")),
    (r"^api/v1/items", ("", "?limit=100")),
    (r"^api/v1/changes", ("", "?limit=500")),
    (r"^api/v1/item$", ("?index_number={stem}",)),
    (r"^search/", LISTS),
    (r"^feedback/$", ("?page={draft_path}",)),
    (r"^lists/|^feeds/", ("", "?q={stem}")),
    (r"^admin/tag-autocomplete", ("?term={stem}",)),
    (r"^admin/api/main/.*find", ("?id={own.document.pk}", "?id={other.document.pk}",
                                 "?html_path={draft_path}")),
    (r"^admin/api/main/pages/$", ("?fields=*", "?search={stem}&fields=*",
     "?for_explorer=1&child_of={other.parent.pk}&fields=*")),
    (r"^admin/api/main/\w+/$", ("?fields=*", "?search={stem}")),
    (r"^admin/api/main", ("?fields=*",)),
    (r"^admin/items/choose_parent", LISTS),
    (r"^admin/items/results", RESULTS),
    (r"^admin/items/", (*LISTS, "?export=csv", "?export=xlsx", "?state=draft",
                        "?office={other.parent.pk}")),
    (r"^admin/reports/.*results", ("",)),
    (r"^admin/snippets|/results/$|^admin/(users|groups|sites|workflows)", ("",)),
    (r"^admin/reports", ("", "?export=csv")),
    (r"^admin/choose-page/search", ("?q={stem}", "?q={stem}&user_perms=move_to")),
    (r"^admin/choose-page/<", ("", "?user_perms=move_to", "?user_perms=copy_to",
                               "?page_type=disclosure_pages.disclosureitempage")),
    (r"^admin/pages/search", ("?q={stem}", "?q={stem}&live=false")),
    (r"^admin/pages/<int:parent_page_id>/(results/)?$", LISTS),
    (r"^admin/documents/.*chosen-multiple", ("?id={own.document.pk}"
                                             "&id={other.document.pk}",)),
    (r"^admin/images/.*chosen-multiple", ("?id={own.image.pk}&id={other.image.pk}",)),
    (r"chosen-multiple", ("?{page_ids}",)),
    (r"^admin/(documents|images)/(chooser/|chooser/results/|results/)?$",
     (*LISTS, "?collection_id={other.collection.pk}", "?tag={stem}")),
    (r"^admin/[\w/.^-]+/$", LISTS),
]  # fmt: skip


def addresses(world: World) -> Iterator[Address]:
    """Give every address of every route.

    Raises:
        Unclassified: for the first parameter that nothing stands for.
    """
    for route in ALL:
        for path, whose in dict.fromkeys(_paths(world, route)):
            for query in _queries(world, route):
                yield Address(route, f"/{path}{query}", whose)


def _queries(world: World, route: str) -> list[str]:
    for place, queries in QUERIES:
        if re.search(place, route.replace("^", "")):
            return [query.format(**world.words()) for query in queries]
    return [""]


def _paths(world: World, route: str) -> Iterator[tuple[str, str]]:
    if route in UNNAMED:
        for whose in ("own", "other"):
            for bundle in world.bundles(whose):
                yield UNNAMED[route].format(**bundle), whose
        return
    names = parameters(route)
    meant = {name: meaning(route, name) for name in names}
    if route.startswith("admin/bulk/"):
        yield from world.bulk_paths()
        return
    if all(text.startswith("=") for text in meant.values()):
        yield _filled(route, {n: text[1:] for n, text in meant.items()}), "site"
        return
    for whose in ("own", "other"):
        for values in _values(world, whose, meant, route):
            yield _filled(route, values), whose
    mine = next(_values(world, "own", meant))
    theirs = next(_values(world, "other", meant))
    ids = [name for name in names if not meant[name].startswith("=")]
    if len(ids) > 1:  # one's own thing with another's part, and the other way round
        first = {ids[0]: mine[ids[0]]}
        yield _filled(route, theirs | first), "other"
        yield _filled(route, mine | {ids[0]: theirs[ids[0]]}), "other"
    yield _filled(route, mine | {name: _missing(mine[name]) for name in ids}), "missing"


def _missing(value: str) -> str:
    if value.isdigit():
        return str(MISSING)
    return "0" * 8 + "-0000" * 3 + "-" + "0" * 12 if "-" in value else f"no-{value}"


def _values(
    world: World, whose: str, meant: dict[str, str], route: str = ""
) -> Iterator[dict]:
    """Give what to put in: for a draft and what is under review, where it is a page.

    Where something is taken back, also for what is public and what was.
    """
    about_pages = any(text.startswith("page") for text in meant.values())
    count = 2 if about_pages else 1
    if set(meant.values()) == {"page.task_state_id"}:
        count = 4  # one for each step of the review
    elif "admin/withdraw/" in route:
        count = 6
    for bundle in world.bundles(whose)[:count]:
        yield {
            name: text[1:] if text.startswith("=") else _text(bundle, text)
            for name, text in meant.items()
        }


def _text(bundle: dict, text: str) -> str:
    name, _dot, rest = text.partition(".")
    value = bundle[name]
    for part in rest.split(".") if rest else ["pk"]:
        value = getattr(value, part)
    return str(value)


def _filled(route: str, values: dict[str, str]) -> str:
    """Return the path of a route with its parameters replaced."""

    def put(match: re.Match) -> str:
        return values[match["group"] or match["name"]].replace("$", "")

    path = PARAMETER.sub(put, route)
    return re.sub(r"[\^$\\]", "", path)
