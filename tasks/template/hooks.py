"""Where packages and the portals' templates stand on the desk."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail import hooks
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.menu import MenuItem
from wagtail.admin.panels import ObjectList
from wagtail.log_actions import LogActionRegistry
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import SnippetViewSet

from disclosure_pages.desk.choosers import ChoosesSnippetsOnly

from ..choices import target_label
from ..models import PortalTemplate, TemplateBatch
from . import desk
from .shelves import template_shelves


@hooks.register("register_admin_urls")
def batch_urls() -> list[URLPattern]:
    return [
        path("outbox/batches/", desk.batches, name="gongkai_batches"),
        path(
            "outbox/batches/template/",
            desk.official_template,
            name="gongkai_official_template",
        ),
        path("outbox/batches/receipt/", desk.hand_in, name="gongkai_receipt"),
        path("outbox/batches/<int:pk>/", desk.batch, name="gongkai_batch"),
        path(
            "outbox/batches/<int:pk>/package/",
            desk.download,
            name="gongkai_batch_package",
        ),
        path("outbox/batches/<int:pk>/again/", desk.again, name="gongkai_batch_again"),
    ]


class BatchesMenuItem(MenuItem):
    """门户批次: where some portal loads tables by hand."""

    def is_shown(self, request: HttpRequest) -> bool:
        if not desk.may_see(request.user):
            return False
        return bool(template_shelves()) or TemplateBatch.objects.exists()


@hooks.register("register_reports_menu_item")
def batches_menu_item() -> MenuItem:
    return BatchesMenuItem(
        gettext_lazy("门户批次"),
        reverse("gongkai_batches"),
        icon_name="download",
        order=902,
    )


@hooks.register("register_log_actions")
def log_actions(actions: LogActionRegistry) -> None:
    actions.register_action(
        "gongkai.receipt", gettext_lazy("读回执"), gettext_lazy("读了门户的回执")
    )


class PortalTemplateForm(WagtailAdminModelForm):
    """Offers the portals that get files."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = {shelf.portal for shelf in template_shelves()}
        names |= {self.instance.portal} - {""}
        self.fields["portal"] = forms.ChoiceField(
            label=gettext_lazy("门户"),
            choices=[(name, target_label(f"portal:{name}")) for name in sorted(names)],
        )


class PortalTemplateViewSet(SnippetViewSet):
    model = PortalTemplate
    chooser_viewset_class = (
        ChoosesSnippetsOnly  # these hooks are read before the desk's
    )
    icon = "table"
    menu_label = gettext_lazy("门户加载模板")
    menu_order = 319
    add_to_admin_menu = True
    list_display = ["title", "gather_minutes", "remind_days"]
    edit_handler = ObjectList(PortalTemplate.panels, base_form_class=PortalTemplateForm)
    copy_view_enabled = False


register_snippet(PortalTemplateViewSet)


@hooks.register("before_edit_snippet")
@hooks.register("before_delete_snippet")
def keep_official(request: HttpRequest, found: Any) -> HttpResponse | None:
    """The template that came with the program is looked at, not changed."""
    rows = found if isinstance(found, list) else [found]
    for row in rows:
        if isinstance(row, PortalTemplate) and row.official:
            text = _(
                "默认模板只读。要改，请为门户新建一份：列空着，保存后就是默认的列。"
            )
            messages.info(request, text)
            return redirect("gongkai_official_template")
    return None


@hooks.register("after_create_snippet")
@hooks.register("after_edit_snippet")
def fill_empty(request: HttpRequest, row: Any) -> None:
    """One without columns starts from the default ones."""
    if isinstance(row, PortalTemplate) and not row.columns.exists():
        row.fill()
