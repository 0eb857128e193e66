import hashlib
import mimetypes
from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from wagtail.documents.models import AbstractDocument
from wagtail.documents.models import Document as WagtailDocument
from wagtail.images.models import AbstractImage, AbstractRendition
from wagtail.images.models import Image as WagtailImage
from wagtail.models import Page, ReferenceIndex

from disclosure_pages.choices import TextState


class Hashed:
    """A stored file that can be told from any other by its content."""

    def file_sha256(self) -> str:
        """Return the SHA-256 of the stored bytes, read in pieces."""
        digest = hashlib.sha256()
        with self.open_file() as stored:
            for piece in iter(lambda: stored.read(1 << 20), b""):
                digest.update(piece)
        return digest.hexdigest()


class DisclosureDocument(Hashed, AbstractDocument):
    """A file that items name as attachment; never changed once it is stored.

    ``sha256`` is of the bytes; another content is another document, so that what was
    reviewed is what is served. ``file`` is the copy without hidden metadata;
    ``original`` is what was uploaded, when that differed, and is never served.
    """

    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True, db_index=True)
    mime = models.CharField(_("类型"), max_length=100, blank=True)
    original = models.FileField(
        _("原件"), upload_to="originals/%Y/%m/", blank=True, editable=False
    )

    # What was found when the copy was made; kept with the text once it is saved.
    copy_findings: tuple[dict[str, str], ...] = ()

    admin_form_fields = WagtailDocument.admin_form_fields

    class Meta(AbstractDocument.Meta):
        verbose_name = _("附件文件")
        verbose_name_plural = _("附件文件")

    def clean(self) -> None:
        super().clean()
        stored = DisclosureDocument.objects.filter(pk=self.pk).first()
        if stored and stored.sha256:
            other = stored.file.name != self.file.name
            if other or self.file_sha256() != stored.sha256:
                raise ValidationError(
                    {"file": _("文件不能替换。请作为新文件上传，并在信息中重新选择。")}
                )
        if stored and stored.title != self.title and self._is_named_publicly():
            raise ValidationError(
                {"title": _("已公开的信息用着这个名称，不能改。请在信息中另写名称。")}
            )

    def _is_named_publicly(self) -> bool:
        """Whether a live page calls the file by its title: many do, without words of
        their own for it.
        """
        if self.item_attachments.filter(page__live=True, title="").exists():
            return True
        named = ReferenceIndex.get_references_to(self)
        return are_on_a_live_page(named.exclude(model_path__startswith="attachments."))

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.file and not self.sha256:
            self.sha256 = self.file_sha256()
            self.mime = mimetypes.guess_type(self.filename)[0] or ""
        super().save(*args, **kwargs)

    @property
    def mime_type(self) -> str:
        """The stored media type, or a safe default."""
        return self.mime or "application/octet-stream"


def are_on_a_live_page(references: QuerySet[ReferenceIndex]) -> bool:
    """Whether any of the references to a file stands on a live page."""
    page = ContentType.objects.get_for_model(Page)
    ids = references.filter(base_content_type=page).values_list("object_id", flat=True)
    pages = Page.objects.live().filter(pk__in=[pk for pk in ids if pk.isdigit()])
    return pages.exists()


@dataclass(frozen=True)
class NamedFile:
    """A file that a page names, by what words and in which of its fields."""

    document: DisclosureDocument
    label: str
    field: str


class FileText(models.Model):
    """The text of a stored file, taken out once per content (``sha256``).

    ``pages`` is a list of texts, one per page or sheet; ``findings`` what a reader of
    the file should know (macros, tracked changes), as ``{code, message}``.
    """

    sha256 = models.CharField(max_length=64, unique=True)
    state = models.CharField(
        _("文字"),
        max_length=12,
        choices=TextState.choices,
        default=TextState.WAITING,
    )
    pages = models.JSONField(default=list, blank=True)
    findings = models.JSONField(default=list, blank=True)
    message = models.CharField(_("说明"), max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    checked_at = models.DateTimeField(_("提取时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("附件文字")
        verbose_name_plural = _("附件文字")

    def __str__(self) -> str:
        return f"{self.sha256[:8]} {self.get_state_display()}"


class DisclosureImage(Hashed, AbstractImage):
    """A picture; public only while a public page shows it, and never replaced."""

    admin_form_fields = WagtailImage.admin_form_fields

    def clean(self) -> None:
        super().clean()
        stored = DisclosureImage.objects.filter(pk=self.pk).first()
        if stored and stored.file.name != self.file.name:
            raise ValidationError(
                {"file": _("图片不能替换。请作为新图片上传，并在页面中重新选择。")}
            )
        other = stored and stored.description != self.description
        if other and are_on_a_live_page(ReferenceIndex.get_references_to(self)):
            why = _("已公开的页面用着这张图片，说明不能改。请换一张图片。")
            raise ValidationError({"description": why})

    class Meta(AbstractImage.Meta):
        verbose_name = _("图片")
        verbose_name_plural = _("图片")


class DisclosureRendition(AbstractRendition):
    """A resized copy of a picture."""

    image = models.ForeignKey(
        DisclosureImage, on_delete=models.CASCADE, related_name="renditions"
    )

    class Meta:
        unique_together = (("image", "filter_spec", "focal_point_key"),)
