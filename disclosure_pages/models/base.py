from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page, PagePermissionTester, ReferenceIndex, Workflow
from wagtail.url_routing import RouteResult

from cms.approval import publication_ground
from cms.models import Office
from cms.services.lost import what_is_lost, without_lost
from cms.services.paths import ReviewFacts, path_for, risk_of
from cms.services.review import ReviewConflict
from disclosure_pages.checks.contents import linked_documents
from disclosure_pages.choices import WithdrawalKind
from disclosure_pages.models.chosen_files import ChosenFilesForm
from disclosure_pages.models.files import DisclosureDocument, DisclosureImage, NamedFile
from disclosure_pages.page_context import page_context, tombstone_context
from disclosure_pages.rules.steps import with_more_steps


class ModeratedPermissions(PagePermissionTester):
    """Wagtail's permissions without its ways around the review.

    Nobody publishes, unpublishes or deletes what is or was public by Wagtail's own
    buttons: publication follows the review, taking back is a withdrawal with a reason.
    """

    def can_publish(self) -> bool:
        return False

    def can_publish_subpage(self) -> bool:
        return False

    def can_unpublish(self) -> bool:
        return False

    def can_unschedule(self) -> bool:
        """Whoever may take it back once it is public may also stop it before."""
        if not self.user.is_active or not self.page.approved_schedule:
            return False
        return self.can_edit() or self.user.has_perm("disclosure_pages.withdraw_item")

    def can_set_view_restrictions(self) -> bool:
        return False

    def can_lock(self) -> bool:
        return super().can_lock() and not self.page.current_workflow_task

    def can_delete(self, ignore_bulk: bool = False) -> bool:
        page = self.page.specific
        if not getattr(page, "deletable", False):
            return False
        if not page.is_leaf() or not self.user.is_active or self.user.is_superuser:
            return super().can_delete(ignore_bulk)
        # A leaf that was never public: Wagtail would ask the tree once per row.
        own = page.owner_id == self.user.pk
        return "change" in self.permissions or ("add" in self.permissions and own)


class ModeratedPage(Page):
    """Base of every page of ours: published by review only, taken back at once."""

    base_form_class = ChosenFilesForm
    search_auto_update = False
    withdrawable: ClassVar[bool] = True

    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True, blank=True)
    withdrawn_kind = models.CharField(
        _("撤回类型"), max_length=20, choices=WithdrawalKind.choices, blank=True
    )
    withdrawn_reason = models.CharField(_("撤回原因"), max_length=300, blank=True)
    withdrawn_by_name = models.CharField(_("撤回人"), max_length=150, blank=True)

    tombstone_template = "disclosure_pages/tombstone.html"
    exclude_fields_in_copy = [
        *("withdrawn_at", "withdrawn_kind", "withdrawn_reason", "withdrawn_by_name")
    ]
    PRESERVED = tuple(exclude_fields_in_copy)

    class Meta:
        abstract = True

    def permissions_for_user(self, user: AbstractBaseUser) -> ModeratedPermissions:
        """Return the permissions that leave the review as the only way out."""
        return ModeratedPermissions(user, self)

    @property
    def is_public_now(self) -> bool:
        """Live and not past its expiry, whether or not the scheduler ran."""
        return self.live and (self.expire_at is None or self.expire_at > timezone.now())

    @property
    def deletable(self) -> bool:
        """Whether the page was never public, so that deleting it hides nothing.

        What is under review is locked, and a secrecy review is kept for good.
        """
        if self.live or self.first_published_at or self.current_workflow_task:
            return False
        reviewed = getattr(self, "secrecy_reviewed", None)  # lists bring the answer
        if reviewed is None:
            reviewed = self.revisions.filter(secrecy_reviews__isnull=False).exists()
        return not reviewed

    @property
    def responsible_office(self) -> Office | None:
        """The office whose head does the first review; the first one by default."""
        return Office.objects.select_related("head_group").first()

    @property
    def risk(self) -> str:
        """How much can go wrong when this is public by mistake."""
        kind, category = (str(getattr(self, n, "")) for n in ("kind", "category"))
        return risk_of(kind, category)

    def review_facts(self) -> ReviewFacts:
        """Return what the choice of the review's steps goes by."""
        office = self.responsible_office
        return ReviewFacts(
            office_id=office.pk if office else None,
            category=getattr(self, "category", ""),
            kind=str(getattr(self, "kind", "")),
            risk=self.risk,
        )

    def usual_workflow(self) -> Workflow | None:
        """Return the steps of the first review path that fits, else the site's."""
        return path_for(self) or super().get_workflow()

    def get_workflow(self) -> Workflow | None:
        """Return the usual steps, with those more that content rules ask for."""
        return with_more_steps(self, self.usual_workflow())

    def children_named(self, slug: str) -> QuerySet[Page] | None:
        """Where to look for a child when its place tells its type; None: anywhere."""
        return None

    def route(self, request: HttpRequest, path_components: list[str]) -> RouteResult:
        """Serve the page, its tombstone when it was withdrawn, else 404.

        A child is found in one query instead of two, where its type is known.
        """
        if not path_components:
            if not self.live and self.withdrawn_at:
                return RouteResult(self, kwargs={"tombstone": True})
            if self.live and not self.is_public_now:
                raise Http404
        slug = path_components[0] if path_components else ""
        children = self.children_named(slug) if slug else None
        if children is None:
            return super().route(request, path_components)
        child = children.child_of(self).filter(slug=slug).first()
        if child is None:  # nothing, or a page of another type
            return super().route(request, path_components)
        child._cached_parent_obj = self
        return child.route(request, path_components[1:])

    def serve(
        self, request: HttpRequest, *args: Any, tombstone: bool = False, **kwargs: Any
    ) -> HttpResponse:
        if not tombstone:
            return super().serve(request, *args, **kwargs)
        return TemplateResponse(
            request,
            self.tombstone_template,
            {"page": self, "self": self, "request": request} | tombstone_context(self),
            status=410,
        )

    def get_context(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        return context | page_context(self, request)

    def save(self, *args: Any, **kwargs: Any) -> Any:
        """Save the page; it becomes public only through the door of the review.

        Raises:
            PermissionDenied: nobody approved this.
        """
        names = kwargs.get("update_fields")
        if self.live and not publication_ground() and (not names or "live" in names):
            public = self.pk and type(self).objects.filter(pk=self.pk, live=True)
            if not public or not public.exists():
                raise PermissionDenied(_("须经审查才能公开，不能直接发布。"))
        if self.live and self.withdrawn_at:
            for name in self.PRESERVED:
                setattr(self, name, None if name == "withdrawn_at" else "")
        return super().save(*args, **kwargs)

    def save_revision(
        self, *args: Any, overwrite_revision: Any = None, **kwargs: Any
    ) -> Any:
        """Save a draft; what somebody reviewed, was asked or published stays as it is.

        Wagtail's editor writes over its own last revision, found by its number alone.
        """
        if overwrite_revision is not None and self._is_kept(overwrite_revision):
            overwrite_revision = None
        return super().save_revision(
            *args, overwrite_revision=overwrite_revision, **kwargs
        )

    def _is_kept(self, revision: Any) -> bool:
        if revision.pk == self.live_revision_id or revision.approved_go_live_at:
            return True
        kept_by = (revision.task_states, revision.opinion_requests)
        return any(rows.exists() for rows in kept_by)

    @classmethod
    def from_serializable_data(
        cls, data: dict[str, Any], *args: Any, **kwargs: Any
    ) -> "ModeratedPage | None":
        """Open a draft also when a row that it names was deleted."""
        try:
            return super().from_serializable_data(data, *args, **kwargs)
        except Exception:  # modelcluster has no narrower one
            known, lost = without_lost(cls, data)
            if not lost:
                raise
        return super().from_serializable_data(known, *args, **kwargs)

    def with_content_json(self, content: dict[str, Any]) -> Page:
        """Keep what belongs to the page and not to a revision."""
        page = super().with_content_json(content)
        for name in self.PRESERVED:
            setattr(page, name, getattr(self, name))
        return page

    def publish(self, revision: Any, *args: Any, **kwargs: Any) -> Any:
        """Publish a revision, if the review (or set-up) opened the door.

        Raises:
            PermissionDenied: nobody approved this.
            ReviewConflict: something that it names is gone.
        """
        if not publication_ground():
            raise PermissionDenied(_("须经审查才能公开，不能直接发布。"))
        if lost := what_is_lost(type(self), revision.content):
            raise ReviewConflict(lost)
        return super().publish(revision, *args, **kwargs)


class PublicPage(ModeratedPage):
    """A page that is found and synced: item, guide, reading point.

    ``key`` is permanent: it names the page at the index and at the portal.
    """

    kind: ClassVar[str] = ""

    class Meta:
        abstract = True

    @property
    def key(self) -> str:
        """The permanent key: the UUID of the page as 32 hexadecimal digits."""
        return self.translation_key.hex

    def own_files(self) -> list[NamedFile]:
        """Return the files beside the text; a kind that has some says which."""
        return []

    def named_files(self) -> list[NamedFile]:
        """Return every file the page names: those beside the text, then the linked.

        The secrecy review binds them, by their content.
        """
        fields = linked_documents(self)
        stored = DisclosureDocument.objects.in_bulk(fields) if fields else {}
        return self.own_files() + [
            NamedFile(stored[pk], stored[pk].title, field)
            for pk, field in fields.items()
            if pk in stored
        ]

    def named_pictures(self) -> list[DisclosureImage]:
        """Return every picture that fields, rows and texts name: bound as well."""
        kind = ContentType.objects.get_for_model(DisclosureImage)
        found = ReferenceIndex._extract_references_from_object(self)
        named = {int(number) for of, number, *_paths in found if of == kind.pk}
        stored = DisclosureImage.objects.in_bulk(named) if named else {}
        return [stored[number] for number in sorted(stored)]

    def minimal_clean(self) -> None:
        self._fill_slug()
        super().minimal_clean()

    def full_clean(self, *args: Any, **kwargs: Any) -> None:
        self._fill_slug()
        super().full_clean(*args, **kwargs)

    def _fill_slug(self) -> None:
        """Make an address without the title, which may be withdrawn one day."""
        if not self.slug:
            prefix = self.kind.rpartition("_")[2]
            self.slug = f"{prefix}-{self.translation_key.hex[:8]}"
