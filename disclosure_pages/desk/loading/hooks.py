"""Addresses and menu entry of the bulk load."""

from django.http import HttpRequest
from django.urls import URLPattern, path, re_path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from disclosure_pages.desk.loading import views
from disclosure_pages.desk.today import scope_of


@hooks.register("register_admin_urls")
def load_urls() -> list[URLPattern]:
    return [
        path("load/", views.load, name="gongkai_load"),
        path("load/template.xlsx", views.template, name="gongkai_load_template"),
        path("load/<uuid:key>/", views.load_batch, name="gongkai_load_batch"),
        path("load/<uuid:key>/run/", views.run, name="gongkai_load_run"),
        re_path(
            r"^load/(?P<key>[0-9a-f-]{36})/(?P<which>rows|errors)\.csv$",
            views.table,
            name="gongkai_load_table",
        ),
    ]


class LoadMenuItem(MenuItem):
    """批量导入: for whoever writes for an office."""

    def is_shown(self, request: HttpRequest) -> bool:
        return bool(scope_of(request).offices)


@hooks.register("register_admin_menu_item")
def load_menu_item() -> MenuItem:
    return LoadMenuItem(
        _("批量导入"), reverse("gongkai_load"), icon_name="table", order=120
    )
