"""Which office's page an imported item goes under."""

from django.utils.translation import gettext as _

from disclosure_pages.bulk.cells import BadCell
from disclosure_pages.models import OfficeIndexPage


class NoOffice(Exception):
    """There is no office to put items under, or the named one does not exist."""


class OfficeChoice:
    """Offices by code and by name; one query.

    Raises:
        NoOffice: the site has none, or not the one of ``--office``.
    """

    def __init__(self, default_code: str = "") -> None:
        pages = OfficeIndexPage.objects.select_related("office")
        self.pages = {page.office.code: page for page in pages.order_by("path")}
        offices = sorted(
            (page.office for page in self.pages.values()),
            key=lambda office: (office.sort_order, office.code),
        )
        self._codes = {office.name: office.code for office in offices}
        self._codes |= {office.code: office.code for office in offices}
        if not offices:
            raise NoOffice(_("还没有科室。请先在后台“科室和村”里建立科室。"))
        if default_code and default_code not in self.pages:
            raise NoOffice(_("没有代码为 %(code)s 的科室。") % {"code": default_code})
        self._default = default_code
        self._first = offices[0].code

    def code_of(self, text: str, publisher: str) -> str:
        """Return the office's code: as named, as ``--office``, as publisher, or first.

        Raises:
            BadCell: a name or code that no office has.
        """
        if text:
            code = self._codes.get(text)
            if code is None:
                names = "、".join(page.office.name for page in self.pages.values())
                raise BadCell(_("没有这个科室，应为：%(names)s。") % {"names": names})
            return code
        return self._default or self._codes.get(publisher, self._first)
