"""Setting up a site: page tree, roles and the workflow; safe to run again."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils.translation import gettext as _
from wagtail.models import (
    GroupApprovalTask,
    Locale,
    Page,
    Site,
    Workflow,
    WorkflowPage,
    WorkflowState,
    WorkflowTask,
)

from cms.approval import publication_approved
from cms.context import is_portal
from cms.models import LeaderTask, Office, OfficeHeadTask, SecrecyReviewTask
from disclosure_pages.choices import Category
from disclosure_pages.models import (
    AnnualReportIndexPage,
    CategoryIndexPage,
    DisclosureIndexPage,
    DossierIndexPage,
    HomePage,
    InstitutionPage,
    NoticeIndexPage,
    OfficeIndexPage,
    ReadingPointIndexPage,
    RulesIndexPage,
)
from disclosure_pages.services.catalogue import load_vocabularies
from disclosure_pages.services.grants import (
    allow_files,
    allow_pages,
    desk_group,
    permissions,
    rename_group,
)
from disclosure_pages.services.village_managers import VILLAGE_GROUP, confine_role

SECRECY_GROUP = "保密审查"
LEADER_GROUP = "领导"
OFFICER_GROUP = "信息管理员"
ADMIN_GROUP = "系统管理员"
INSPECTOR_GROUP = "监督检查"  # reads what was done, and nothing else
WORKFLOW_NAME = "三级审查"
DEFAULT_GROUPS = ("Editors", "Moderators")  # Wagtail makes them in every database
DEFAULT_WORKFLOW = "Moderators approval"
CATEGORY_LEDES = {
    Category.INSTITUTION: "机构职能、领导分工、办公地址和联系方式。",
    Category.DECISION: "规范性文件、发展规划、通知公告、应急预案。",
    Category.WORK: "社会救助、土地房屋、农业补贴、工程项目、教育医疗。",
    Category.ENFORCEMENT: "行政许可、行政处罚、监督检查的依据和结果。",
    Category.PERSONNEL: "招录招聘、任免和公示。",
    Category.FINANCE: "预算决算、收费项目、政府采购、专项资金。",
}
# Sections under the home page: type, address, title and what stands under the title.
SECTIONS: tuple[tuple[type[Page], str, str, str], ...] = (
    (
        RulesIndexPage,
        "rules",
        "政府信息公开制度",
        "本机关公开政府信息所依据的制度：公开什么、谁来审查、怎样申请、怎样追责。",
    ),
    (
        AnnualReportIndexPage,
        "annual-reports",
        "政府信息公开年报",
        "每年 1 月 31 日前公布上一年度公开政府信息的情况（条例第四十九条）。",
    ),
    (NoticeIndexPage, "notices", "通知公告", "本机关的通知、公示和停办停水等提醒。"),
    (DossierIndexPage, "dossiers", "专题", "把同一件事的文件、解读和结果放在一起。"),
)
INSTITUTION_SUMMARY = "本机关的职责、科室分工、负责人、办公地址、时间和电话。"


@transaction.atomic
def setup_site() -> HomePage:
    """Make what a site needs and leave alone what is there; returns the home page."""
    home = _home()
    index = _child(home, DisclosureIndexPage, "disclosure", "法定主动公开内容")
    for value, label in Category.choices:
        _child(
            index,
            CategoryIndexPage,
            value,
            str(label),
            category=value,
            lede=CATEGORY_LEDES[value],
        )
    for office in Office.objects.all():
        _office(index, office)
    _child(home, ReadingPointIndexPage, "reading-points", "查阅点")
    _sections(home)
    _groups(home)
    _workflow(home)
    _remove_defaults()
    load_vocabularies()
    return home


def _sections(home: HomePage) -> None:
    """Make the smaller parts; a portal shows those of the authorities that send."""
    if is_portal():
        return
    for model, slug, title, lede in SECTIONS:
        _only_child(home, model, slug, title, lede=lede)
    _institution(home)


def _institution(home: Page) -> None:
    """Make 机构职能 as soon as the register says anything about an office."""
    if Office.objects.exclude(duties="", phone="").exists():
        summary = INSTITUTION_SUMMARY
        _only_child(home, InstitutionPage, "institution", "机构职能", summary=summary)


def _home() -> HomePage:
    home = HomePage.objects.first()
    if home is None:
        root = Page.get_first_root_node()
        welcome = Page.objects.filter(depth=2, slug="home").first()
        home = HomePage(title="政府信息公开", slug="home", locale=_locale())
        if welcome and welcome.specific_class is Page:
            Site.objects.filter(root_page=welcome).delete()
            welcome.delete()
            root.refresh_from_db()
        with publication_approved("setup"):
            root.add_child(instance=home)
            home.save_revision().publish(skip_permission_checks=True)
    address = urlsplit(settings.GONGKAI_BASE_URL)
    Site.objects.update_or_create(
        is_default_site=True,
        defaults={
            "hostname": address.hostname or "localhost",
            "port": address.port or (443 if address.scheme == "https" else 80),
            "root_page": home,
            "site_name": "政府信息公开",
        },
    )
    return home


def _locale() -> Locale:
    locale, _made = Locale.objects.get_or_create(language_code=settings.LANGUAGE_CODE)
    return locale


def _child(
    parent: Page, model: type[Page], slug: str, title: str, **values: Any
) -> Page:
    """Return the child with this slug, publishing a new one when there is none."""
    page = model.objects.child_of(parent).filter(slug=slug).first()
    if page is not None:
        return page
    parent.refresh_from_db()
    page = model(title=title, slug=slug, locale=_locale(), **values)
    with publication_approved("setup"):
        parent.add_child(instance=page)
        page.save_revision().publish(skip_permission_checks=True)
    page.refresh_from_db()
    return page


def _only_child(
    home: Page, model: type[Page], slug: str, title: str, **values: Any
) -> None:
    """Make a page of which a site has one, unless it or its address is there."""
    taken = home.get_children().filter(slug=slug).exists()
    if not taken and not model.objects.child_of(home).exists():
        _child(home, model, slug, title, **values)


def add_office(office: Office) -> OfficeIndexPage:
    """Give an office its page, groups and permissions; safe to run again."""
    index = DisclosureIndexPage.objects.get()
    if not is_portal():
        _institution(index.get_parent())
    return _office(index, office)


def _office(index: DisclosureIndexPage, office: Office) -> OfficeIndexPage:
    editors = _office_group(office.editor_group, f"编辑·{office.name}")
    heads = _office_group(office.head_group, f"负责人·{office.name}")
    if (office.editor_group_id, office.head_group_id) != (editors.pk, heads.pk):
        office.editor_group, office.head_group = editors, heads
        office.save(update_fields=["editor_group", "head_group"])
    # Its own prefix: an office may have a category's name for code, e.g. "finance".
    slug = f"office-{office.code}"
    page = _child(index, OfficeIndexPage, slug, office.name, office=office)
    allow_pages(editors, page, ["add_page", "change_page"])
    allow_files(editors, office.name)
    return page


def _office_group(group: Group | None, name: str) -> Group:
    """Return the office's group; it keeps its people when the office is renamed."""
    if group is None:
        return desk_group(name)
    rename_group(group, name)
    return group


def _groups(home: HomePage) -> None:
    withdraw = Permission.objects.get(
        content_type__app_label="disclosure_pages", codename="withdraw_item"
    )
    desk_group(SECRECY_GROUP).permissions.add(withdraw)
    desk_group(LEADER_GROUP).permissions.add(withdraw)
    officer = desk_group(OFFICER_GROUP)
    officer.permissions.add(
        withdraw,
        *permissions("gongkai_tasks", ["view_outboxentry", "change_outboxentry"]),
        *permissions("disclosure_pages", ["view_indexnumberentry"]),
        *permissions("disclosure_pages", ["view_feedback", "change_feedback"]),
        *permissions("gongkai_cms", ["change_village"]),
    )
    sees = permissions("gongkai_cms", ["view_sealedevent"])
    for name in (OFFICER_GROUP, ADMIN_GROUP, INSPECTOR_GROUP):
        desk_group(name).permissions.add(*sees)
    _allow_catalogue(officer, desk_group(ADMIN_GROUP))
    officer.permissions.add(*permissions("gongkai_cms", ["change_reviewduty"]))
    _allow_review_settings(officer, desk_group(ADMIN_GROUP))
    allow_pages(officer, home, ["add_page", "change_page"])
    allow_files(officer, None)
    points = ReadingPointIndexPage.objects.child_of(home).get()
    confine_role(desk_group(VILLAGE_GROUP), points)
    desk_group(INSPECTOR_GROUP).permissions.add(
        *permissions("gongkai_tasks", ["view_outboxentry"]),
        *permissions("gongkai_search", ["view_searchquestion"]),
        *permissions("disclosure_pages", ["view_indexnumberentry"]),
    )
    desk_group(ADMIN_GROUP).permissions.add(
        *permissions("auth", [f"{verb}_user" for verb in ("add", "change", "delete")]),
        *permissions("auth", ["add_group", "change_group"]),
        *permissions("gongkai_cms", ["change_authority", "add_office"]),
        *permissions("gongkai_cms", ["change_office", "add_village"]),
        *permissions("gongkai_cms", ["change_village"]),
        *permissions("gongkai_tasks", ["view_outboxentry", "change_outboxentry"]),
    )


def _allow_catalogue(*groups: Group) -> None:
    """Let groups keep what is data: lists, calendar, checks, words of the review."""
    verbs = ("add", "change", "delete")
    catalogue = ("term", "subcategory", "catalogueentry")
    organisation = ("steeringmember", "calendarday")
    words = ("secrecyquestion", "legalground", "cannedreason")
    for group in groups:
        group.permissions.add(
            *permissions(
                "disclosure_pages", [f"{v}_{m}" for v in verbs for m in catalogue]
            ),
            *permissions(
                "gongkai_cms", [f"{v}_{m}" for v in verbs for m in organisation + words]
            ),
            *permissions(
                "gongkai_search",
                [f"{v}_{m}" for v in verbs for m in ("synonym", "bestbet", "userword")],
            ),
            *permissions(
                "gongkai_search",
                ["view_searchquestion", "change_searchquestion", "add_searchjudgement"],
            ),
            *permissions("gongkai_search", ["view_savedsearch"]),
            *permissions("gongkai_tasks", [f"{v}_portaltemplate" for v in verbs]),
            *permissions("disclosure_pages", ["change_checksettings"]),
            *permissions(
                "disclosure_pages",
                [*(f"{v}_contentrule" for v in verbs), "view_rulerun"],
            ),
            *permissions(
                "disclosure_pages", [f"{verb}_harvestsource" for verb in verbs]
            ),
        )


def _allow_review_settings(*groups: Group) -> None:
    """Let groups keep review paths, stand-ins and absences."""
    verbs = ("add", "change", "delete", "view")
    models = ("reviewpath", "standin", "absence")
    names = [f"{verb}_{model}" for verb in verbs for model in models]
    for group in groups:
        group.permissions.add(*permissions("gongkai_cms", names))


def _workflow(home: HomePage) -> None:
    workflow = Workflow.objects.filter(name=WORKFLOW_NAME).first()
    if workflow is None:
        workflow = Workflow.objects.create(name=WORKFLOW_NAME, active=True)
        late = {"escalation_group": desk_group(OFFICER_GROUP)}
        secrecy = SecrecyReviewTask.objects.create(name=_("保密审查"), **late)
        secrecy.groups.add(desk_group(SECRECY_GROUP))
        leader = LeaderTask.objects.create(name=_("终审"), **late)
        leader.groups.add(desk_group(LEADER_GROUP))
        head = OfficeHeadTask.objects.create(name=_("初审"), **late)
        for order, task in enumerate((head, secrecy, leader)):
            WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=order)
    WorkflowPage.objects.update_or_create(page=home, defaults={"workflow": workflow})


def _remove_defaults() -> None:
    """Take away Wagtail's own groups and workflow, where nobody has used them.

    Their permissions would lead around the three steps of the review.
    """
    for workflow in Workflow.objects.filter(name=DEFAULT_WORKFLOW):
        used = WorkflowPage.objects.filter(workflow=workflow).exclude(page__depth=1)
        if used.exists() or WorkflowState.objects.filter(workflow=workflow).exists():
            continue
        tasks = [row.task for row in workflow.workflow_tasks.select_related("task")]
        workflow.delete()
        for task in tasks:
            if not (task.workflow_tasks.exists() or task.task_states.exists()):
                task.delete()
    unused = Group.objects.filter(name__in=DEFAULT_GROUPS, user=None)
    asked = GroupApprovalTask.objects.values("groups")
    unused.exclude(pk__in=asked.exclude(groups=None)).delete()
