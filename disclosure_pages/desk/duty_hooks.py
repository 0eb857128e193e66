"""Puts the handling of reviews onto the desk: addresses, buttons and settings."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.panels import FieldPanel, FieldRowPanel, ObjectList
from wagtail.admin.ui.tables import TitleColumn
from wagtail.admin.widgets.button import Button
from wagtail.models import Page
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import SnippetViewSet, SnippetViewSetGroup

from cms.models import Absence, ReviewPath, StandIn
from cms.people import person_name
from cms.services.duties import MANAGE, may_set_priority
from disclosure_pages.desk import duty_views, queue
from disclosure_pages.desk.duty_forms import PeopleForm, ReviewPathForm
from disclosure_pages.desk.selectors import reviews_at_all
from disclosure_pages.models.base import ModeratedPage

EDIT_STAND_IN = "wagtailsnippets_gongkai_cms_standin:edit"
EDIT_ABSENCE = "wagtailsnippets_gongkai_cms_absence:edit"


@hooks.register("register_admin_urls")
def duty_urls() -> list[URLPattern]:
    step = "review/<int:task_state_id>"
    return [
        path("review/", queue.queue, name="gongkai_review_queue"),
        path(f"{step}/claim/", duty_views.claim, name="gongkai_claim"),
        path(f"{step}/release/", duty_views.release, name="gongkai_release"),
        path(f"{step}/hand-over/", duty_views.hand_over, name="gongkai_hand_over"),
        path(
            "priority/<int:page_id>/",
            duty_views.change_priority,
            name="gongkai_priority",
        ),
        path("my-absences/", duty_views.own_absences, name="gongkai_own_absences"),
        path(
            "my-absences/<int:pk>/delete/",
            duty_views.delete_own_absence,
            name="gongkai_delete_own_absence",
        ),
    ]


class ReviewMenuItem(MenuItem):
    """待审: shown to whoever does a step of the review, or manages the reviews."""

    def is_shown(self, request: HttpRequest) -> bool:
        return reviews_at_all(request.user) or request.user.has_perm(MANAGE)


@hooks.register("register_admin_menu_item")
def review_menu_item() -> MenuItem:
    return ReviewMenuItem(
        _("待我审查"),
        reverse("gongkai_review_queue"),
        icon_name="clipboard-list",
        order=90,
    )


class OwnAbsencesMenuItem(MenuItem):
    """我的不在岗: for whoever does a step of the review."""

    def is_shown(self, request: HttpRequest) -> bool:
        return reviews_at_all(request.user)


@hooks.register("register_admin_menu_item")
def own_absences_menu_item() -> MenuItem:
    return OwnAbsencesMenuItem(
        _("我的不在岗"),
        reverse("gongkai_own_absences"),
        icon_name="calendar-alt",
        order=92,
    )


@hooks.register("register_page_header_buttons")
def priority_button(
    page: Page, user: Any, next_url: str | None = None, **kwargs: Any
) -> Iterator[Button]:
    if not issubclass(page.specific_class or Page, ModeratedPage):
        return
    state = page.current_workflow_state
    waits = state is not None and state.status == state.STATUS_IN_PROGRESS
    if waits and may_set_priority(state, page, user):
        yield Button(
            _("加急、紧急公开"),
            reverse("gongkai_priority", args=[page.pk]),
            icon_name="warning",
            priority=3,
        )


class PersonColumn(TitleColumn):
    """A person by name; the first column leads to the form."""

    def get_value(self, instance: Any) -> str:
        return person_name(getattr(instance, self.name))


class ReviewPathViewSet(SnippetViewSet):
    model = ReviewPath
    icon = "tasks"
    list_display = ["name", "workflow", "office", "category", "kind", "risk"]
    list_filter = ["is_active", "risk"]
    search_fields = ["name"]
    edit_handler = ObjectList(
        [
            FieldPanel("name"),
            FieldPanel("workflow"),
            FieldRowPanel([FieldPanel("office"), FieldPanel("category")]),
            FieldRowPanel([FieldPanel("kind"), FieldPanel("risk")]),
            FieldRowPanel([FieldPanel("is_active"), FieldPanel("sort_order")]),
        ],
        base_form_class=ReviewPathForm,
    )


class StandInViewSet(SnippetViewSet):
    model = StandIn
    icon = "group"
    list_display = [
        PersonColumn("principal", label=_("A 岗"), url_name=EDIT_STAND_IN),
        PersonColumn("substitute", label=_("B 岗")),
    ]
    edit_handler = ObjectList(
        [FieldPanel("principal"), FieldPanel("substitute")],
        base_form_class=PeopleForm,
    )


class AbsenceViewSet(SnippetViewSet):
    model = Absence
    icon = "calendar-alt"
    list_display = [
        PersonColumn("person", label=_("人员"), url_name=EDIT_ABSENCE),
        *("first_day", "last_day", "reason"),
    ]
    edit_handler = ObjectList(
        [
            FieldPanel("person"),
            FieldRowPanel([FieldPanel("first_day"), FieldPanel("last_day")]),
            FieldPanel("reason"),
        ],
        base_form_class=PeopleForm,
    )


class DutyGroup(SnippetViewSetGroup):
    items = (ReviewPathViewSet, StandInViewSet, AbsenceViewSet)
    menu_label = _("审查安排")
    menu_icon = "tasks"
    menu_order = 305


register_snippet(DutyGroup)
