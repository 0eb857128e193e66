"""The frame around every public page: authority, navigation, display mode, addresses.

Nothing is read until a template asks for it, so that admin pages pay nothing; a page
that shows the whole frame pays two queries.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page, Site

from cms.display import DisplayMode, display_mode
from cms.language import CHINESE, HTML_CODES, interface_language
from cms.models import Authority
from cms.numbers import small_int

SEARCH_PATH = "/search/"
# First the blocks of the unified platform (国办公开办函〔2019〕61号) in its order, then
# what helps the reader further; by slug of the page under the front page.
NAVIGATION = {
    "guide": _("公开指南"),
    "rules": _("公开制度"),
    "disclosure": _("法定主动公开内容"),
    "annual-reports": _("公开年报"),
    "institution": _("机构职能"),
    "notices": _("通知公告"),
    "dossiers": _("专题"),
    "reading-points": _("查阅点"),
}
# Pages that every page leads to from its foot, where they are live.
FOOT = {"accessibility": _("无障碍声明"), "about": _("关于本站")}


def is_portal() -> bool:
    """Whether this installation shows what others sent (portal role)."""
    return settings.GONGKAI_ROLE == "portal"


def base_url() -> str:
    """Scheme and host of the public site, without a slash at the end."""
    return settings.GONGKAI_BASE_URL.rstrip("/")


def public_path(url_path: str) -> str:
    """Return the address, from ``/`` on, of a page with this ``Page.url_path``."""
    roots = Site.get_site_root_paths()
    return f"/{url_path.removeprefix(roots[0].root_path if roots else '/')}"


@dataclass(frozen=True)
class NavigationLink:
    """One entry of the navigation; ``current`` when the reader is in that part."""

    slug: str
    label: str
    url: str
    current: bool = False


class SiteFrame:
    """What ``base.html`` shows around a page; works without authority and site too."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def authority(self) -> Authority:
        """The authority, or an empty one before the site is set up (one query)."""
        found = Authority.objects.select_related("receiving_office").first()
        return found or Authority()

    @property
    def site_name(self) -> str:
        """The name for ``SiteName`` and the masthead."""
        return self.authority.name or settings.WAGTAIL_SITE_NAME

    @property
    def site_title(self) -> str:
        """The end of every page title, e.g. 云溪镇政府信息公开."""
        return f"{self.authority.short_name}{settings.WAGTAIL_SITE_NAME}"

    @cached_property
    def _found(self) -> dict[str, NavigationLink]:
        """The parts and the pages of the foot that are live, by slug (one query)."""
        roots = Site.get_site_root_paths()
        if not roots:
            return {}
        root, labels = roots[0].root_path, NAVIGATION | FOOT
        live = Page.objects.live().filter(
            url_path__in=[f"{root}{slug}/" for slug in labels], slug__in=labels
        )
        found = dict(live.values_list("slug", "url_path"))
        return {
            slug: NavigationLink(
                slug=slug,
                label=str(label),
                url=(url := public_path(found[slug])),
                current=self.request.path.startswith(url),
            )
            for slug, label in labels.items()
            if slug in found and not (self.is_portal and slug == "reading-points")
        }

    @property
    def navigation(self) -> list[NavigationLink]:
        """Links to the parts that exist and are live, in the statutory order.

        A portal has no reading points of its own; search finds those it receives.
        """
        return [self._found[slug] for slug in NAVIGATION if slug in self._found]

    @property
    def foot(self) -> list[NavigationLink]:
        """Links to the statements that stand in the foot of every page."""
        return [self._found[slug] for slug in FOOT if slug in self._found]

    @cached_property
    def parts(self) -> dict[str, NavigationLink]:
        """The navigation by slug (``-`` becomes ``_`` for templates)."""
        return {link.slug.replace("-", "_"): link for link in self.navigation}

    @property
    def is_home(self) -> bool:
        """Whether this is the front page."""
        return self.request.path == "/"

    @property
    def search_path(self) -> str:
        """The address of the public search."""
        return SEARCH_PATH

    @property
    def masthead(self) -> bool:
        """Whether to show our own masthead; off inside a superior's portal."""
        return settings.GONGKAI_MASTHEAD

    @property
    def is_portal(self) -> bool:
        """Whether this installation collects from others (portal role)."""
        return is_portal()

    @property
    def elder(self) -> bool:
        """Whether the reader asked for large type (大字版)."""
        return display_mode(self.request) == DisplayMode.ELDER

    @property
    def other_mode_url(self) -> str:
        """The same page in the other display mode."""
        query = self.request.GET.copy()
        query["mode"] = DisplayMode.NORMAL if self.elder else DisplayMode.ELDER
        return f"{self.request.path}?{query.urlencode()}"

    @property
    def language(self) -> str:
        """The language of the interface, as HTML names it."""
        return HTML_CODES[interface_language(self.request)]

    @property
    def in_chinese(self) -> bool:
        """Whether the interface is in Chinese, as the content always is."""
        return interface_language(self.request) == CHINESE

    @property
    def other_language_url(self) -> str:
        """The same page with the interface in the other language."""
        query = self.request.GET.copy()
        query["lang"] = "en" if self.in_chinese else "zh"
        return f"{self.request.path}?{query.urlencode()}"

    @property
    def badge(self) -> str:
        """The words in the place of the 党政机关 badge; empty: none."""
        return settings.GONGKAI_BADGE

    @property
    def base_url(self) -> str:
        """Scheme and host of the public site, without a slash at the end."""
        return base_url()

    @property
    def domain(self) -> str:
        """Host (and port) for ``SiteDomain``."""
        return urlsplit(self.base_url).netloc

    @property
    def canonical(self) -> str:
        """The absolute address of this page; of a list page, with its number."""
        page = self.request.GET.get("page", "")
        number = f"?page={page}" if (small_int(page) or 0) > 1 else ""
        return f"{self.base_url}{self.request.path}{number}"


def frame_of(request: HttpRequest) -> SiteFrame:
    """Return the frame of a request, the same one each time."""
    if not hasattr(request, "_gongkai_frame"):
        request._gongkai_frame = SiteFrame(request)
    return request._gongkai_frame


def site_frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: ``frame``, read only when a template uses it."""
    return {"frame": SimpleLazyObject(lambda: frame_of(request))}
