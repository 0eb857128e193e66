"""Files as they are stored: whole, or not at all."""

import contextlib
from typing import Any

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage


class WholeFiles(FileSystemStorage):
    """Leaves nothing behind of a file that could not be written to its end."""

    def _save(self, name: str, content: File) -> Any:
        """Store a file, or raise what went wrong and remove the half of it."""
        known = self.exists(name)
        try:
            return super()._save(name, content)
        except OSError:
            with contextlib.suppress(OSError):
                if not known and self.size(name) < content.size:  # not another's, whole
                    self.delete(name)
            raise
