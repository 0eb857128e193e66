from disclosure_pages.models.batches import ImportBatch
from disclosure_pages.models.external import (
    ExternalAttachment,
    ExternalFile,
    ExternalItem,
    Origin,
)
from disclosure_pages.models.files import (
    DisclosureDocument,
    DisclosureImage,
    DisclosureRendition,
)
from disclosure_pages.models.guide import GuidePage
from disclosure_pages.models.indexes import (
    CategoryIndexPage,
    DisclosureIndexPage,
    HomePage,
    OfficeIndexPage,
)
from disclosure_pages.models.items import DisclosureItemPage, ItemAttachment
from disclosure_pages.models.reading_points import (
    ReadingPointIndexPage,
    ReadingPointPage,
)
from disclosure_pages.models.register import IndexNumberCounter, IndexNumberEntry

__all__ = [
    "CategoryIndexPage",
    "DisclosureDocument",
    "DisclosureImage",
    "DisclosureIndexPage",
    "DisclosureItemPage",
    "DisclosureRendition",
    "ExternalAttachment",
    "ExternalFile",
    "ExternalItem",
    "GuidePage",
    "HomePage",
    "ImportBatch",
    "IndexNumberCounter",
    "IndexNumberEntry",
    "ItemAttachment",
    "OfficeIndexPage",
    "Origin",
    "ReadingPointIndexPage",
    "ReadingPointPage",
]
