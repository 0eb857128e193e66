"""The kinds of sources by name; another one is a class and an entry here."""

from disclosure_pages.choices import HarvestKind
from disclosure_pages.harvest.base import Kind
from disclosure_pages.harvest.feed import Feed
from disclosure_pages.harvest.gkmlpt import Gkmlpt
from disclosure_pages.harvest.gongkai import Gongkai
from disclosure_pages.harvest.listing import Listing
from disclosure_pages.harvest.sitemap import Sitemap

KINDS: dict[str, Kind] = {
    HarvestKind.GONGKAI: Gongkai(),
    HarvestKind.FEED: Feed(),
    HarvestKind.SITEMAP: Sitemap(),
    HarvestKind.LIST: Listing(),
    HarvestKind.GKMLPT: Gkmlpt(),
}
