import re

from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.models import Page
from wagtail.url_routing import RouteResult

from cms.context import is_portal
from cms.models import Office
from disclosure_pages.choices import Category
from disclosure_pages.models.base import ModeratedPage
from disclosure_pages.models.guide import GuidePage
from disclosure_pages.models.items import DisclosureItemPage
from disclosure_pages.models.reading_points import ReadingPointIndexPage

CODE = re.compile(r"[a-z0-9_-]{1,40}")
SECTIONS = ("Rules", "AnnualReport", "Notice", "Dossier")


class HomePage(ModeratedPage):
    """The front page of the column 政府信息公开; the site's root."""

    withdrawable = False  # the whole site hangs on it, and it has no text of its own

    parent_page_types = ["wagtailcore.Page"]
    subpage_types = [
        "disclosure_pages.DisclosureIndexPage",
        "disclosure_pages.GuidePage",
        "disclosure_pages.ReadingPointIndexPage",
        *(f"disclosure_pages.{name}IndexPage" for name in SECTIONS),
        "disclosure_pages.InstitutionPage",
        "disclosure_pages.CollectionPage",
        "disclosure_pages.PlainPage",
    ]
    template = "disclosure_pages/home_page.html"

    class Meta:
        verbose_name = _("首页")

    def children_named(self, slug: str) -> QuerySet[Page] | None:
        kinds = {
            "disclosure": DisclosureIndexPage,
            "guide": GuidePage,
            "reading-points": ReadingPointIndexPage,
        }
        return kinds[slug].objects.all() if slug in kinds else None

    def route(self, request: HttpRequest, path_components: list[str]) -> RouteResult:
        """Go to an office, and what is below it, in one step instead of two."""
        below = path_components[:1] == ["disclosure"] and len(path_components) > 2
        if below and path_components[1] not in Category.values:
            path = f"{self.url_path}{'/'.join(path_components[:2])}/"
            offices = OfficeIndexPage.objects.select_related("office")
            if office := offices.filter(url_path=path).first():
                return office.route(request, path_components[2:])
        return super().route(request, path_components)


class DisclosureIndexPage(ModeratedPage):
    """法定主动公开内容: six categories to read by, one page per office to write in."""

    max_count = 1
    parent_page_types = ["disclosure_pages.HomePage"]
    subpage_types = [
        "disclosure_pages.CategoryIndexPage",
        "disclosure_pages.OfficeIndexPage",
    ]
    template = "disclosure_pages/disclosure_index_page.html"

    class Meta:
        verbose_name = _("法定主动公开内容")

    def children_named(self, slug: str) -> QuerySet[Page]:
        if slug in Category.values:
            return CategoryIndexPage.objects.all()
        return OfficeIndexPage.objects.select_related("office")


class CategoryIndexPage(ModeratedPage):
    """The public list of one category, whichever office its items come from."""

    category = models.CharField(
        _("类别"), max_length=20, choices=Category.choices, unique=True
    )
    lede = models.CharField(_("说明"), max_length=300, blank=True)

    content_panels = [
        *Page.content_panels,
        FieldPanel("category"),
        FieldPanel("lede"),
    ]
    parent_page_types = ["disclosure_pages.DisclosureIndexPage"]
    subpage_types: list[str] = []
    template = "disclosure_pages/category_index_page.html"

    chosen_subcategory = ""  # its code, when the address goes on below the category

    class Meta:
        verbose_name = _("类别目录")
        verbose_name_plural = _("类别目录")

    def route(self, request: HttpRequest, path_components: list[str]) -> RouteResult:
        """Serve the category, or one of its sub-categories below it."""
        township = not is_portal()
        below = len(path_components) == 1 and CODE.fullmatch(path_components[0])
        if self.is_public_now and below and township:
            self.chosen_subcategory = path_components[0]
            return RouteResult(self)
        return super().route(request, path_components)


class OfficeIndexPage(ModeratedPage):
    """Where an office's items live; permissions follow its place in the tree."""

    office = models.OneToOneField(
        Office, on_delete=models.PROTECT, related_name="page", verbose_name=_("科室")
    )

    content_panels = [*Page.content_panels, FieldPanel("office")]
    parent_page_types = ["disclosure_pages.DisclosureIndexPage"]
    subpage_types = ["disclosure_pages.DisclosureItemPage"]
    template = "disclosure_pages/office_index_page.html"

    class Meta:
        verbose_name = _("科室目录")
        verbose_name_plural = _("科室目录")

    def children_named(self, slug: str) -> QuerySet[Page]:
        return DisclosureItemPage.objects.select_related(
            *("genre__parent", "subject__parent", "subcategory"),
            *("catalogue_entry", "reference"),
        )
