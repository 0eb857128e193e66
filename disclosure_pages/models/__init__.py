from disclosure_pages.models.batches import ImportBatch
from disclosure_pages.models.catalogue import (
    CatalogueEntry,
    Subcategory,
    Term,
)
from disclosure_pages.models.check_settings import CheckSettings
from disclosure_pages.models.desk import (
    SavedFilter,
)
from disclosure_pages.models.dossiers import (
    CollectionPage,
    DossierEntry,
    DossierIndexPage,
    DossierPage,
)
from disclosure_pages.models.external import (
    ExternalAttachment,
    ExternalFile,
    ExternalItem,
    Origin,
)
from disclosure_pages.models.feedback import (
    Feedback,
)
from disclosure_pages.models.files import (
    DisclosureDocument,
    DisclosureImage,
    DisclosureRendition,
    FileText,
)
from disclosure_pages.models.guide import GuidePage, GuideVersion
from disclosure_pages.models.harvest import (
    HarvestedLink,
    HarvestHost,
    HarvestSource,
)
from disclosure_pages.models.indexes import (
    CategoryIndexPage,
    DisclosureIndexPage,
    HomePage,
    OfficeIndexPage,
)
from disclosure_pages.models.item_parts import (
    ItemAttachment,
    ItemCorrection,
    ItemIdentifier,
)
from disclosure_pages.models.items import DisclosureItemPage
from disclosure_pages.models.opinions import OpinionRequest
from disclosure_pages.models.pages import (
    AnnualReportIndexPage,
    AnnualReportPage,
    InstitutionPage,
    NoticeIndexPage,
    NoticePage,
    PlainPage,
    RulesIndexPage,
    RulesPage,
)
from disclosure_pages.models.prints import SuperiorMark, TextMark, TextPrint
from disclosure_pages.models.reading_points import (
    ManagerAbsence,
    ReadingPointIndexPage,
    ReadingPointPage,
    ReadingPointPhoto,
)
from disclosure_pages.models.register import IndexNumberCounter, IndexNumberEntry
from disclosure_pages.models.rules import ContentRule, RuleAction, RuleRun
from disclosure_pages.models.withdrawals import Successor

__all__ = [
    "HarvestHost",
    "HarvestSource",
    "HarvestedLink",
    "ContentRule",
    "RuleAction",
    "RuleRun",
    "CheckSettings",
    "CatalogueEntry",
    "Subcategory",
    "Term",
    "SavedFilter",
    "Feedback",
    "AnnualReportIndexPage",
    "AnnualReportPage",
    "CollectionPage",
    "DossierEntry",
    "DossierIndexPage",
    "DossierPage",
    "InstitutionPage",
    "NoticeIndexPage",
    "NoticePage",
    "PlainPage",
    "RulesIndexPage",
    "RulesPage",
    "FileText",
    "GuideVersion",
    "ItemCorrection",
    "ItemIdentifier",
    "ManagerAbsence",
    "ReadingPointPhoto",
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
    "OpinionRequest",
    "Origin",
    "ReadingPointIndexPage",
    "ReadingPointPage",
    "Successor",
    "SuperiorMark",
    "TextMark",
    "TextPrint",
]
