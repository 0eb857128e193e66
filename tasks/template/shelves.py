"""Where the packages of a portal lie, and its receipts."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from ..targets.adapters import portal_setting

BATCHES, RECEIPTS, DONE = "batches", "receipts", "done"


@dataclass(frozen=True)
class Shelf:
    """Where the packages and receipts of one portal lie."""

    portal: str
    folder: Path

    @property
    def batches(self) -> Path:
        return self.folder / BATCHES

    @property
    def receipts(self) -> Path:
        return self.folder / RECEIPTS

    def make(self) -> None:
        """Make the folders.

        Raises:
            OSError: they can't be made.
        """
        for folder in (self.batches, self.receipts / DONE):
            folder.mkdir(parents=True, exist_ok=True)


def shelf_of(portal: str, address: str) -> Shelf:
    """Return the shelf at an address: a path, ``///path``, or nothing for our home."""
    path = address.removeprefix("//") or f"portals/{portal}"
    return Shelf(portal, settings.GONGKAI_HOME / path)


def template_shelves() -> list[Shelf]:
    """Return the shelf of every portal that gets packages."""
    found = [portal_setting(name) for name in settings.GONGKAI_PORTALS]
    return [
        shelf_of(setting.name, setting.address)
        for setting in found
        if setting.adapter == "template"
    ]
