"""The forms of uploads, used by every way of adding a document or a picture."""

import unicodedata
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from wagtail.documents.forms import BaseDocumentForm
from wagtail.images.forms import BaseImageForm

from disclosure_pages.models import DisclosureDocument
from disclosure_pages.services.files import Prepared, plain_picture, prepare
from disclosure_pages.services.uploads import check_picture, picture_messages, too_large


def visible_title(text: str) -> str:
    """Return the title on one line, without marks that nobody sees.

    Raises:
        ValidationError: nothing is left.
    """
    shown = "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Cc"))
    title = " ".join(shown.split())
    if not title:
        raise ValidationError(_("名称不能只有空格。请写一个看得懂的名称。"))
    return title


class DocumentForm(BaseDocumentForm):
    """Checks an upload, and stores its public copy beside the original."""

    prepared: Prepared | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "file" in self.fields:
            messages = self.fields["file"].error_messages
            for code in ("file_too_large", "file_too_large_unknown_size"):
                messages[code] = too_large(settings.WAGTAILDOCS_MAX_UPLOAD_SIZE)

    def clean_title(self) -> str:
        return visible_title(self.cleaned_data["title"])

    def clean_file(self) -> File:
        file = self.cleaned_data["file"]
        if not isinstance(file, UploadedFile) or self.instance.pk:
            return file
        self.prepared = prepare(file)
        return self.prepared.file

    def save(self, commit: bool = True) -> DisclosureDocument:
        document = self.instance
        if "file" not in self.fields and not document.pk and document.file:
            self._take_waiting(document)
        if self.prepared:
            self.prepared.mark(document)
        return super().save(commit=commit)

    def _update_errors(self, errors: ValidationError) -> None:
        """Leave out the file where the form has none: it was checked when it came."""
        if "file" not in self.fields and hasattr(errors, "error_dict"):
            errors.error_dict.pop("file", None)
        super()._update_errors(errors)

    def _take_waiting(self, document: DisclosureDocument) -> None:
        """Replace a file that waited for its title by its public copy."""
        stored = document.file.name
        with document.file.storage.open(stored) as file:
            waiting = ContentFile(file.read(), name=PurePath(stored).name)
        self.prepared = prepare(waiting)
        if self.prepared.original:
            document.file.storage.delete(stored)
            document.file = self.prepared.file
            document._set_document_file_metadata()


class ImageForm(BaseImageForm):
    """Checks a picture and stores it without place, camera and comments."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "file" in self.fields:
            field = self.fields["file"]
            field.error_messages |= picture_messages(field.max_upload_size)

    def clean_title(self) -> str:
        return visible_title(self.cleaned_data["title"])

    def clean_file(self) -> File:
        file = self.cleaned_data["file"]
        if not isinstance(file, UploadedFile):
            return file
        check_picture(file)
        plain = plain_picture(file)
        file.seek(0)
        return file if plain is None else ContentFile(plain, name=file.name)
