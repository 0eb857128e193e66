"""Windows in which something is chosen: they make nothing, and bear an empty form."""

from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from wagtail.admin.forms.choosers import ExternalLinkChooserForm, URLOrAbsolutePathField
from wagtail.admin.views.generic.chooser import ChosenMultipleViewMixin
from wagtail.admin.viewsets.chooser import ChooserViewSet
from wagtail.snippets.views.chooser import SnippetChooserViewSet
from wagtail.snippets.views.snippets import SnippetViewSet

from cms.numbers import small_int


class ChoosesOnly(ChooserViewSet):
    """A chooser without the address that makes a new thing."""

    def get_urlpatterns(self) -> list[URLPattern]:
        return [url for url in super().get_urlpatterns() if url.name != "create"]


class ChoosesSnippetsOnly(ChoosesOnly, SnippetChooserViewSet):
    """For all snippets: Wagtail mounts that address without a form behind it."""


class LinkField(URLOrAbsolutePathField):
    """Says that the address is missing, where Wagtail's breaks off."""

    def to_python(self, value: Any) -> str:
        return super().to_python(value or "")


def by_numbers_only(view: Any) -> Any:
    """Answer 400 when what was chosen is named by anything else than its number."""

    def get(self: Any, request: HttpRequest) -> HttpResponse:
        if None in map(small_int, request.GET.getlist("id")):
            raise BadRequest
        return view(self, request)

    return get


ChosenMultipleViewMixin.get = by_numbers_only(ChosenMultipleViewMixin.get)
SnippetViewSet.chooser_viewset_class = ChoosesSnippetsOnly
ExternalLinkChooserForm.base_fields["url"].__class__ = LinkField
