"""How a kind of site is read, as data: the defaults, and a source's own deviations."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from disclosure_pages.choices import Category
from disclosure_pages.harvest.patterns import PatternError, compiled

DEFAULTS = Path(__file__).parents[1] / "data" / "harvest" / "profiles.json"
SELECTOR = re.compile(r"[a-z][a-z0-9]{0,15}|[#.][\w-]{1,60}")
MAX_NUMBER = 1000
MAX_ENTRIES = 60
Profile = dict[str, Any]


class ProfileError(ValueError):
    """The profile cannot be used; says why, in Chinese."""


@cache
def defaults(kind: str) -> Profile:
    """Return what is shipped for a kind, with what holds for every page."""
    shipped = json.loads(DEFAULTS.read_text(encoding="utf-8"))
    return {**shipped["page"], **shipped.get(kind, {})}


def profile_of(kind: str, own: Any) -> Profile:
    """Return the defaults with the source's own deviations.

    Raises:
        ProfileError: an unknown entry or one of the wrong shape.
    """
    known = defaults(kind)
    if not isinstance(own, dict):
        raise ProfileError(_("取数规则要写成 {…} 的样子，没有就写 {}。"))
    merged = dict(known)
    for name, value in own.items():
        if name not in known:
            raise ProfileError(
                _("取数规则里没有“%(name)s”这一项，可以写的有：%(known)s。")
                % {"name": str(name)[:40], "known": "、".join(sorted(known))}
            )
        _check(name, known[name], value)
        both = isinstance(value, dict) and isinstance(known[name], dict)
        merged[name] = {**known[name], **value} if both else value
    return merged


def _check(name: str, known: Any, value: Any) -> None:
    if type(value) is not type(known):
        raise ProfileError(_wrong(name, _shape(known)))
    if isinstance(value, int) and not 0 <= value <= MAX_NUMBER:
        raise ProfileError(
            _wrong(name, _("0 到 %(most)d 的整数") % {"most": MAX_NUMBER})
        )
    if isinstance(value, list):
        _texts(name, value)
    if isinstance(value, dict):
        _entries(name, known, value)
    if name == "match":
        _shapes(value)
    if name == "content":
        _selectors(value)
    if name == "hosts":
        _hosts(value)


def _shape(known: Any) -> str:
    words = {
        bool: _("true 或 false"),
        int: _("整数"),
        str: _("一段文字"),
        list: _("[…] 里的几段文字"),
        dict: _("{…} 里的几项"),
    }
    return words[type(known)]


def _wrong(name: str, wanted: str) -> str:
    return _("取数规则的“%(name)s”应当是%(wanted)s。") % {
        "name": name,
        "wanted": wanted,
    }


def _texts(name: str, values: list[Any]) -> None:
    fits = all(isinstance(v, str) and 0 < len(v) <= 200 for v in values)  # noqa: PLR2004
    if not fits or len(values) > MAX_ENTRIES:
        raise ProfileError(_wrong(name, _("[…] 里的几段文字")))


def _entries(name: str, known: dict[str, Any], values: dict[str, Any]) -> None:
    if len(values) > MAX_ENTRIES:
        raise ProfileError(_wrong(name, _("{…} 里的几项")))
    if name == "categories":
        if bad := [v for v in values.values() if v not in Category.values]:
            raise ProfileError(
                _("取数规则的类别“%(bad)s”不认识，可以写的有：%(known)s。")
                % {"bad": str(bad[0])[:40], "known": "、".join(Category.values)}
            )
        return
    for key, value in values.items():
        if key not in known:
            raise ProfileError(
                _("取数规则里没有“%(name)s”这一项，可以写的有：%(known)s。")
                % {"name": f"{name}.{key}"[:40], "known": "、".join(sorted(known))}
            )
        _check(f"{name}.{key}", known[key], value)


def _shapes(values: list[str]) -> None:
    for shape in values:
        try:
            compiled(shape)
        except PatternError as error:
            raise ProfileError(
                _(
                    "网址的写法“%(piece)s”不认识。要以 / 开头，可以用 {y} {m} {d} "
                    "{n} {col} {id}，* 最多三个。"
                )
                % {"piece": str(error)}
            ) from error


def _hosts(values: list[str]) -> None:
    for host in values:
        if host_of(f"//{host}") != host:
            raise ProfileError(
                _("网站“%(host)s”写得不对，只写域名，例如 www.example.gov.cn。")
                % {"host": host[:40]}
            )


def host_of(url: str) -> str:
    """Return the host of an address, in lower case; "" when it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def is_own(url: str, source_url: str, profile: Any) -> bool:
    """Whether an address is of the source's own site or of one that its ``hosts`` name.

    What others publish, a source can neither write nor take back. ``www.`` does not
    count.
    """
    named = profile.get("hosts") if isinstance(profile, dict) else None
    named = [h for h in named if isinstance(h, str)] if isinstance(named, list) else []
    own = {h.removeprefix("www.") for h in (host_of(source_url), *named)} - {""}
    return host_of(url).removeprefix("www.") in own


def _selectors(values: list[str]) -> None:
    for text in values:
        if not SELECTOR.fullmatch(text):
            raise ProfileError(
                _("正文位置“%(text)s”不认识，要写成 #编号、.类名或标签名。")
                % {"text": text[:40]}
            )
