from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem, SubmenuMenuItem
from wagtail.log_actions import LogActionRegistry
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import CreateView, EditView, SnippetViewSet

from cms.desk_columns import yes_no
from disclosure_pages.desk.choosers import ChoosesSnippetsOnly

from . import bets, desk, desk_try, dictionary, questions
from .models import BestBet, Synonym, UserWord
from .saved import desk as saved_desk  # noqa: F401  # its hooks
from .services import SearchUnavailable
from .trial import Tried, try_row

TRY = "action-try"


class FilledIn(CreateView):
    """A new row with the words of a question filled in."""

    def get_initial_form_instance(self) -> Any:
        longest = self.model._meta.get_field("words").max_length
        words = self.request.GET.get("words", "").replace("\x00", " ")
        return self.model(words=words.strip()[:longest])


class TriesOut:
    """Shows what a row would change when 试一试 was pressed, and saves nothing."""

    tried: Sequence[Tried] | None = None

    def is_valid(self, form: Any) -> bool:
        """Whether to save: never when the row is only tried."""
        valid = super().is_valid(form)
        if not valid or TRY not in self.request.POST:
            return valid
        saved = Synonym.objects.filter(pk=form.instance.pk).first()
        try:
            self.tried = try_row(form.instance.names, saved.names if saved else ())
        except SearchUnavailable:
            form.add_error(None, _("检索索引现在读不到，请稍后再试。"))
        return False

    def form_invalid(self, form: Any) -> Any:
        """Show the form again, with what was tried."""
        if self.tried is None:
            return super().form_invalid(form)
        self.form = form
        return self.render_to_response(self.get_context_data(form=form))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"tried": self.tried}


class SynonymAdd(TriesOut, FilledIn):
    """A new row of synonyms."""


class SynonymEdit(TriesOut, EditView):
    """A row of synonyms that is there."""


class SynonymViewSet(SnippetViewSet):
    model = Synonym
    chooser_viewset_class = (
        ChoosesSnippetsOnly  # these hooks are read before the desk's
    )
    add_view_class = SynonymAdd
    edit_view_class = SynonymEdit
    create_template_name = "search/desk/synonym_create.html"
    edit_template_name = "search/desk/synonym_edit.html"
    icon = "search"
    menu_label = _("同义词")
    menu_order = 30
    menu_hook = desk.MENU_HOOK
    list_display = ["words", yes_no(Synonym, "enabled")]
    list_filter = ["enabled"]
    search_fields = ["words"]


class BestBetViewSet(SnippetViewSet):
    model = BestBet
    chooser_viewset_class = ChoosesSnippetsOnly
    add_view_class = FilledIn
    icon = "pick"
    menu_label = _("推荐结果")
    menu_order = 20
    menu_hook = desk.MENU_HOOK
    list_display = [
        *("words", "match", "kind", "starts_on", "ends_on"),
        yes_no(BestBet, "enabled"),
    ]
    list_filter = ["kind", "enabled"]
    search_fields = ["words"]


class UserWordViewSet(SnippetViewSet):
    model = UserWord
    chooser_viewset_class = ChoosesSnippetsOnly
    icon = "search"
    menu_label = _("检索用词")
    menu_order = 35
    menu_hook = desk.MENU_HOOK
    list_display = ["text", yes_no(UserWord, "applied"), "changed_at"]
    search_fields = ["text"]


register_snippet(SynonymViewSet)
register_snippet(UserWordViewSet)
register_snippet(BestBetViewSet)


@hooks.register("after_create_snippet")
@hooks.register("after_edit_snippet")
def read_again(request: HttpRequest, instance: Any) -> None:
    """Let this process use at once what was changed here; others follow."""
    if isinstance(instance, BestBet):
        bets.forget()
    if isinstance(instance, Synonym):
        dictionary.forget()


@hooks.register("after_delete_snippet")
def read_again_without(request: HttpRequest, instances: Sequence[Any]) -> None:
    for instance in instances:
        read_again(request, instance)


class DeskMenuItem(MenuItem):
    """For whoever may see what readers looked for."""

    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm(desk.VIEW)


@hooks.register("register_admin_urls")
def search_urls() -> list[URLPattern]:
    return [
        path("search/", desk.waiting, name="gongkai_search_questions"),
        path("search/questions/<int:pk>/", desk.settle, name="gongkai_search_settle"),
        path("search/try/", desk_try.try_out, name="gongkai_search_try"),
        path("search/judge/", desk_try.judge, name="gongkai_search_judge"),
    ]


@hooks.register("register_admin_menu_item")
def search_menu_item() -> MenuItem:
    return SubmenuMenuItem(
        _("检索"), desk.menu, name="gongkai-search", icon_name="search", order=318
    )


@hooks.register(desk.MENU_HOOK)
def questions_menu_item() -> MenuItem:
    address = reverse("gongkai_search_questions")
    return DeskMenuItem(_("读者没查到的"), address, icon_name="help", order=10)


@hooks.register(desk.MENU_HOOK)
def try_out_menu_item() -> MenuItem:
    address = reverse("gongkai_search_try")
    return DeskMenuItem(_("检索测试"), address, icon_name="search", order=40)


@hooks.register("register_log_actions")
def search_log_actions(actions: LogActionRegistry) -> None:
    for action, label in (
        (questions.SETTLED, _("处理检索问题")),
        (questions.AGAIN, _("检索问题放回待办")),
        (questions.JUDGED, _("评为检索好答案")),
        (questions.UNJUDGED, _("取消检索好答案")),
    ):
        actions.register_action(action, label, label)
