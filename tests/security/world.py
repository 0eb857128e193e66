"""A township where everything that is not public holds a canary: a word of its own.

Two offices hold the same things, so that whatever one may see the other must not. A
canary starts with the one stem of its world: who searches for the stem finds whatever
the search finds, and an echo of the question holds no whole canary.
"""

import datetime as dt
import secrets
from dataclasses import dataclass, field
from types import SimpleNamespace

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.utils import timezone
from wagtail.admin.models import EditingSession
from wagtail.admin.views.bulk_action.registry import bulk_action_registry
from wagtail.contrib.redirects.models import Redirect
from wagtail.documents import get_document_model
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import (
    Collection,
    Comment,
    PageViewRestriction,
    Site,
    Task,
    UploadedFile,
    Workflow,
    WorkflowState,
)

from cms.models import Absence, Authority, Notice, Office
from cms.services.review import SecrecyRecord, decide
from disclosure_pages.models import (
    DisclosureImage,
    DisclosureItemPage,
    ExternalItem,
    Feedback,
    HarvestSource,
    HomePage,
    ImportBatch,
    NoticeIndexPage,
    NoticePage,
    OfficeIndexPage,
    SavedFilter,
)
from disclosure_pages.services.village_managers import assign_managers
from disclosure_pages.services.withdrawal import withdraw
from search.models import QuestionDay, SearchQuestion
from tasks.models import OutboxEntry
from tests.factories import (
    OfficeFactory,
    VillageFactory,
    body_of,
    make_document,
    make_guide,
    make_item,
    make_people,
    make_reading_point,
    make_site,
    make_user,
)
from tests.security.people import make_attacker

OFFICES = {"own": "civil-affairs", "other": "finance"}


@dataclass
class Secret:
    """A canary, what kind of thing holds it, and whose it is ("": nobody's)."""

    word: str
    kind: str
    office: str


@dataclass
class World:
    """The site, the people who try, and what is hidden from them."""

    stem: str = field(default_factory=lambda: f"knx{secrets.token_hex(3)}")
    secrets: list[Secret] = field(default_factory=list)
    people: dict = field(default_factory=dict)
    things: dict[str, dict] = field(default_factory=dict)  # office → what it has
    pages: dict[str, list] = field(default_factory=dict)  # office → its hidden pages
    known: dict = field(default_factory=dict)

    def hide(self, kind, office=""):
        """Return a new canary for a thing of this kind."""
        word = f"{self.stem}{secrets.token_hex(5)}"
        self.secrets.append(Secret(word, kind, office))
        return word

    def words(self):
        """Return what the queries of the crawl are filled with."""
        pages = [page.pk for whose in ("own", "other") for page in self.pages[whose]]
        return {
            "stem": self.stem,
            "own": SimpleNamespace(**self.things["own"]),
            "other": SimpleNamespace(**self.things["other"]),
            "draft_path": self.pages["other"][0].url,
            "page_ids": "&".join(f"id={pk}" for pk in pages),
        }

    def bundles(self, whose):
        """Return the things of an office, once with each of its hidden pages."""
        shared = self.things["site"] | self.things[whose]
        for page in self.pages[whose]:
            if page.pk not in self.known:
                self.known[page.pk] = _Known(page)
        return [shared | {"page": self.known[p.pk]} for p in self.pages[whose]]

    def bulk_paths(self):
        """Give the address of every bulk action, for things of both offices."""
        bulk_action_registry.get_bulk_actions_for_model("wagtailcore", "page")
        for app, models in bulk_action_registry.actions.items():
            for model, actions in models.items():
                for action in actions:
                    for whose in ("own", "other"):
                        ids = self._ids_of(model, whose)
                        yield f"admin/bulk/{app}/{model}/{action}/?{ids}", whose

    def _ids_of(self, model, whose):
        things = self.things[whose] | self.things["site"]
        if "page" in model:
            return "&".join(f"id={page.pk}" for page in self.pages[whose])
        named = {"disclosuredocument": "document", "disclosureimage": "image"}
        thing = things.get(named.get(model, model), things["snippet"])
        return f"id={thing.pk}&id=all"


class _Known:
    """A page with what the addresses about it need."""

    def __init__(self, page):
        self.pk = page.pk
        self.public_path = page.url_path.removeprefix("/home/")
        self.revision_id = page.latest_revision_id
        state = page.current_workflow_state
        self.workflow_state_id = state.pk if state else page.pk
        self.task_state_id = state.current_task_state_id if state else page.pk
        self.task_id = state.current_task_state.task_id if state else page.pk


def make_world():
    """Make the site with everything in it."""
    OfficeFactory(code=OFFICES["other"], name="财政所")
    make_site()
    world = World()
    people = make_people()
    people["other"] = make_user("other", "编辑·财政所")
    people["other-head"] = make_user("other-head", "负责人·财政所")
    people |= {name: make_attacker(name) for name in ("village", "inspector", "admin")}
    world.people = people
    for office, editor, head in (
        ("own", people["clerk"], people["head"]),
        ("other", people["other"], people["other-head"]),
    ):
        _fill_office(world, office, editor, head)
    _fill_site(world)
    return world


def _fill_office(world, office, editor, head):
    row = Office.objects.get(code=OFFICES[office])
    collection = Collection.objects.get(name=row.name)
    things = {"parent": OfficeIndexPage.objects.get(office=row), "user": editor}
    things |= _files(world, office, editor, collection)

    def item(kind, **values):
        word = world.hide(kind, office)
        values = {
            "title": f"标题{word}",
            "text": f"正文{word}",
            "summary": f"概述{word}",
            "keywords": word,
            "document_number": f"云{word}",
            "live": False,
            "user": editor,
            "office": OFFICES[office],
            **values,
        }
        page = make_item(**values)
        page.owner = editor
        page.save()
        return page

    files = [things["document"]]
    draft = item("draft", documents=files)
    draft.body = [
        *body_of(draft.title),
        ("image", {"image": things["image"], "alt": "图"}),
    ]
    draft.save_revision(user=editor)
    draft.body.render_as_block()  # leaves a rendition, as a preview does
    Comment.objects.create(
        page=draft, user=editor, text=world.hide("comment", office),
        contentpath="title", position="",
    )  # fmt: skip
    waiting = {}
    for step in ("head", "secrecy", "leader"):
        waiting[step] = _submitted(
            world,
            item(
                "review",
            ),
            editor,
            head,
            step,
        )
    changed = item(
        "hidden",
        live=True,
        title="公开的标题",
        text="公开",
        summary="",
        keywords="",
        document_number="",
    )
    changed.title = f"新标题{world.hide('draft', office)}"
    changed.save_revision(user=editor)
    withdrawn = item("withdrawn", live=True)
    withdraw(withdrawn, user=editor, reason="发布有误")
    withheld = item(
        "withheld", live=True, disclosure_mode="withheld", disclosure_reason="国家秘密"
    )
    expired = item("expired", live=True)
    past = timezone.now() - dt.timedelta(days=1)
    DisclosureItemPage.objects.filter(pk=expired.pk).update(expire_at=past)
    restricted = item("restricted", live=True)
    PageViewRestriction.objects.create(page=restricted, restriction_type="login")
    world.pages[office] = [
        page.refresh_from_db() or page
        for page in (
            draft,
            *waiting.values(),
            changed,
            withdrawn,
            withheld,
            expired,
            restricted,
        )
    ]
    things["batch"] = _batch(world, office, editor)
    things["filter"] = SavedFilter.objects.create(
        user=editor, path="/admin/items/", name=world.hide("filter", office)
    )
    word = world.hide("notice", office)
    things["notice_row"] = Notice.objects.create(user=editor, kind="due", text=word)
    today = timezone.localdate()
    things["absence"] = Absence.objects.create(
        person=head,
        first_day=today + dt.timedelta(60),
        last_day=today + dt.timedelta(61),
        reason=world.hide("leave", office),
    )
    things["session"] = EditingSession.objects.create(
        user=editor, content_object=draft, last_seen_at=timezone.now()
    )
    get_user_model().objects.filter(pk=editor.pk).update(
        email=f"{world.hide('account', office)}@yunxi.example"
    )
    world.things[office] = things


def _files(world, office, editor, collection):
    word = world.hide("file", office)
    document = make_document(
        f"{word}.txt", word.encode(), title=f"附件{word}",
        collection=collection, uploaded_by_user=editor,
    )  # fmt: skip
    word = world.hide("picture", office)
    image = DisclosureImage(
        title=f"图片{word}",
        file=get_test_image_file(f"{word}.png", size=(1200, 90)),
        collection=collection,
        uploaded_by_user=editor,
    )
    image.save()
    tag = world.hide("tag", office)
    document.tags.add(tag)
    image.tags.add(tag)
    uploads = {}
    for name, model in (
        ("upload", get_document_model()),
        ("picture_upload", DisclosureImage),
    ):
        word = world.hide("upload", office)
        uploads[name] = UploadedFile.objects.create(
            for_content_type=ContentType.objects.get_for_model(model),
            uploaded_by_user=editor,
            file=ContentFile(word.encode(), name=f"{word}.txt"),
        )
    return {"document": document, "image": image, "collection": collection, **uploads}


def _submitted(world, item, editor, head, until):
    item.get_workflow().start(item, editor)
    for step, person in (("head", head), ("secrecy", world.people["secrecy"])):
        item.refresh_from_db()
        if step == until:
            break
        state = item.current_workflow_task_state
        record = SecrecyRecord() if step == "secrecy" else None
        decide(
            state, person, approve=True, revision_id=state.revision_id, record=record
        )
    item.refresh_from_db()
    return item


def _batch(world, office, editor):
    word = world.hide("batch", office)
    batch = ImportBatch(
        user=editor,
        file_name=f"{word}.csv",
        source=f"desk:{OFFICES[office]}",
        state=ImportBatch.State.CHECKED,
        report={
            "results": [{"row": 2, "title": word, "what": "new", "why": [word]}],
            "problems": [{"row": 2, "column": "标题", "value": word, "reason": word}],
        },
    )
    batch.file.save(f"{word}.csv", ContentFile(word.encode()), save=True)
    return batch


def _fill_site(world):
    """What belongs to no office: notes of readers, the outbox, the rest of the site."""
    word = world.hide("feedback")
    feedback = Feedback.objects.create(
        page_title="指南", page_url="/guide/", text=word, contact=f"电话{word}"
    )
    guide = make_guide()
    point = _point(world, "own")
    _point(world, "other")
    assign_managers(point.village, [world.people["village"]])
    notices = NoticeIndexPage.objects.get()
    notice = NoticePage(
        title=world.hide("site draft"), live=False, locale=notices.locale
    )
    notices.add_child(instance=notice)
    notice.save_revision(user=world.people["officer"])
    entry = OutboxEntry.objects.order_by("pk").first()
    OutboxEntry.objects.filter(pk=entry.pk).update(
        last_error=world.hide("outbox"), dead=True
    )
    public = make_item("公开的信息", user=world.people["clerk"])
    world.things["site"] = {
        "feedback": feedback,
        "outbox": entry,
        "question": _question(world),
        "guide": guide,
        "point": point,
        "notice": notice,
        "public": public,
        "workflow": Workflow.objects.get(),
        "workflow_state": WorkflowState.objects.first(),
        "task": Task.objects.first(),
        "group": Group.objects.first(),
        "main_site": Site.objects.get(),
        "home": HomePage.objects.get(),
        "authority": Authority.load(),
        "redirect": Redirect.objects.create(old_path="/old", redirect_page=guide),
        "restriction": PageViewRestriction.objects.first(),
        "superior": ExternalItem.objects.create(
            title="上级文件",
            url="https://city.example/1",
            relation="superior",
            version=1,
        ),
        "harvest_source": HarvestSource.objects.create(
            name="市民政局",
            kind="feed",
            url="http://127.0.0.1:9/",
            publisher="市民政局",
        ),
        "snippet": Office.objects.first(),
    }
    world.pages["site"] = [notice]


def _question(world):
    """What two readers looked for in vain."""
    today = timezone.localdate()
    word = world.hide("question")
    question = SearchQuestion.objects.create(
        digest="0" * 64, text=word, first_on=today, last_on=today
    )
    QuestionDay.objects.create(question=question, day=today, asked=2, zero=2)
    return question


def _point(world, office):
    """A reading point whose newer draft holds a canary."""
    point = make_reading_point(VillageFactory())
    point.title = f"查阅点{world.hide('point', office)}"
    point.save_revision()
    return point
