"""A search as an address that is always the same, and in words for a letter."""

import re
from dataclasses import replace

from django.http import QueryDict
from django.utils.translation import gettext as _

from search.address import Address, in_words, one_line
from search.facets import labels

SHORT = 30
# What could lead whoever gets a letter unasked somewhere: addresses and numbers.
LEADS_AWAY = re.compile(r"[./:@．。／：＠\\]|\d{5,}|www", re.IGNORECASE)


def canonical(address: Address) -> str:
    """Return the query string that stands for a search: newest first, one order.

    Letters correct nothing, so that a search is the same with and without ``verbatim``.
    """
    filters = {name: tuple(sorted(set(v))) for name, v in address.filters.items()}
    return str(replace(address.newest_first, filters=filters)).removeprefix("?")


def address_of(search: str) -> Address:
    """Return the search that a canonical query string stands for."""
    return Address.read(QueryDict(search))


def in_harmless_words(address: Address) -> str:
    """Return the search in words for a letter to somebody who may not have asked.

    Anybody can type anything and any mailbox into the form: what could carry a message
    is left to the page.
    """
    text = one_line(address.q)
    if len(text) > SHORT or LEADS_AWAY.search(text):
        return _("（您填写的搜索，打开网址可以看到）")
    return in_words(replace(address, filters=_only_known(address)))


def _only_known(address: Address) -> dict[str, tuple[str, ...]]:
    """Return the filters whose values have names; open ones take any text."""
    found = {}
    for name, chosen in address.filters.items():
        known = labels(name)
        if name == "year" or all(value in known for value in chosen):
            found[name] = chosen
    return found
