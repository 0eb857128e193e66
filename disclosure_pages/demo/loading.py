"""Loading the demo: the township, or in the portal role the city; safe to run again."""

from dataclasses import asdict, dataclass, field
from typing import Any

from cms.context import is_portal
from disclosure_pages.demo.accounts import demo_password, load_accounts
from disclosure_pages.demo.content import load
from disclosure_pages.demo.dossiers import load_dossiers
from disclosure_pages.demo.items import SOURCE, load_items
from disclosure_pages.demo.organisation import (
    load_authority,
    load_guide,
    load_offices,
    load_reading_points,
    load_villages,
)
from disclosure_pages.demo.pages import load_pages, load_responsible
from disclosure_pages.demo.review import load_drafts
from disclosure_pages.models import Origin
from disclosure_pages.services.site import setup_site

SMALL_VILLAGES = 3
SMALL_ITEMS = 6
SMALL_DRAFTS = 4


@dataclass
class Loaded:
    """What is new; ``accounts`` are all of the demo's by username."""

    role: str
    authority: str
    password: str
    accounts: dict[str, str] = field(default_factory=dict)
    reading_points: int = 0
    guide: bool = False
    pages: int = 0
    items: int = 0
    drafts: int = 0
    dossiers: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return it for ``--json``."""
        return asdict(self)


def load_demo(*, small: bool = False) -> Loaded:
    """Load what is missing of the demo of this installation's role."""
    if is_portal():
        return _load_portal()
    authority = load_authority("township")
    load_offices()
    load_responsible()
    load_villages(SMALL_VILLAGES if small else None)
    home = setup_site()
    loaded = Loaded("township", authority.name, demo_password())
    loaded.accounts = load_accounts(loaded.password)
    loaded.reading_points = load_reading_points(home)
    loaded.guide = load_guide(home)
    loaded.pages = load_pages(home)
    loaded.items = load_items(SMALL_ITEMS if small else None)
    loaded.drafts = load_drafts(SMALL_DRAFTS if small else None)
    loaded.dossiers = load_dossiers(home, SOURCE)
    return loaded


def _load_portal() -> Loaded:
    """The city portal: its own name, the township as origin, one account."""
    authority = load_authority("portal")
    setup_site()
    township = load("authority")["township"]
    Origin.objects.get_or_create(
        credit_code=township["credit_code"], defaults={"name": township["name"]}
    )
    loaded = Loaded("portal", authority.name, demo_password())
    loaded.accounts = load_accounts(loaded.password, ["admin"])
    return loaded
