"""Labels of the desk that Wagtail leaves to Django, which does not translate them.

Django derives them from the name of the field ("Link text"). What goes through gettext
belongs to ``locale/zh_Hans`` instead.
"""

from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import choosers
from wagtail.admin.forms.auth import LoginForm
from wagtail.admin.forms.workflows import WorkflowPageForm
from wagtail.admin.views.pages.search import SearchView
from wagtail.models import Page, Site
from wagtail.sites.views import IndexView
from wagtail.users.forms import PagePermissionsForm
from wagtail.users.views.bulk_actions.assign_role import RoleForm

LABELS = {
    "password": _("密码"),
    "link_text": _("链接文字"),
    "email_address": _("邮箱地址"),
    "subject": _("邮件主题"),
    "body": _("邮件正文"),
    "phone_number": _("电话号码"),
    "page": _("页面"),
    "role": _("角色"),
}
FORMS = (
    LoginForm,
    choosers.ExternalLinkChooserForm,
    choosers.AnchorLinkChooserForm,
    choosers.EmailLinkChooserForm,
    choosers.PhoneLinkChooserForm,
    WorkflowPageForm,
    PagePermissionsForm,
    RoleForm,
)


def name_fields() -> None:
    """Give each of them its label; called once, when the models are there."""
    for form in FORMS:
        for name in LABELS.keys() & form.base_fields.keys():
            form.base_fields[name].label = LABELS[name]
    for column in IndexView.columns:
        if column.name in ("port", "site_name", "root_page"):
            column.label = Site._meta.get_field(column.name).verbose_name
    # Its heading counts "14 None" without these two.
    SearchView.verbose_name = Page._meta.verbose_name
    SearchView.verbose_name_plural = Page._meta.verbose_name_plural
