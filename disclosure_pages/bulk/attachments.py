"""Finding the attachments of a row beside the import file."""

import hashlib
import mimetypes
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files import File
from django.utils.translation import gettext as _

from disclosure_pages.bulk.cells import BadCell
from disclosure_pages.bulk.staged import StagedFile
from disclosure_pages.services.uploads import check_upload

PIECE = 1 << 20


def find_file(folder: Path, name: str) -> StagedFile:
    """Return the attachment ``name`` below ``folder``, hashed.

    Raises:
        BadCell: outside the folder, missing, empty, too large, of a type that is
            not accepted, or not what an upload may be (macros, password, broken).
    """
    path = Path(name)
    if path.is_absolute() or ".." in path.parts or ":" in name:
        raise BadCell(
            _("附件只能放在导入文件所在的文件夹里：%(name)s") % {"name": name}
        )
    found = folder / path
    if not found.is_file():
        raise BadCell(_("找不到附件：%(name)s") % {"name": name})
    if not found.resolve().is_relative_to(folder.resolve()):
        raise BadCell(
            _("附件只能放在导入文件所在的文件夹里：%(name)s") % {"name": name}
        )
    if path.suffix.lower().lstrip(".") not in settings.WAGTAILDOCS_EXTENSIONS:
        raise BadCell(_("不接受这种附件：%(name)s") % {"name": name})
    size = found.stat().st_size
    if not size:
        raise BadCell(_("附件是空文件：%(name)s") % {"name": name})
    if size > settings.WAGTAILDOCS_MAX_UPLOAD_SIZE:
        raise BadCell(_("附件太大：%(name)s") % {"name": name})
    _check_content(found, name)
    mime = mimetypes.guess_type(path.name)[0] or ""
    return StagedFile(found, path.name, _sha256(found), size, mime)


def _check_content(path: Path, name: str) -> None:
    try:
        with path.open("rb") as content:
            check_upload(File(content, name=path.name))
    except ValidationError as error:
        values = {"name": name, "reason": "".join(error.messages)}
        raise BadCell(_("附件%(name)s：%(reason)s") % values) from error


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for piece in iter(lambda: file.read(PIECE), b""):
            digest.update(piece)
    return digest.hexdigest()
