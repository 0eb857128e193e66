from django.utils.translation import gettext_lazy as _
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import SnippetViewSet

from cms.desk_columns import yes_no
from disclosure_pages.desk.choosers import ChoosesSnippetsOnly

from .models import Synonym
from .saved import desk  # noqa: F401  # its hooks


class SynonymViewSet(SnippetViewSet):
    model = Synonym
    chooser_viewset_class = (
        ChoosesSnippetsOnly  # these hooks are read before the desk's
    )
    icon = "search"
    menu_label = _("同义词")
    menu_order = 318
    add_to_admin_menu = True
    list_display = ["words", yes_no(Synonym, "enabled")]
    list_filter = ["enabled"]
    search_fields = ["words"]


register_snippet(SynonymViewSet)
