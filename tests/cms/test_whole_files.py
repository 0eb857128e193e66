"""A file is stored whole, or nothing of it stays, whoever else writes beside."""

import errno

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage

from cms.files import WholeFiles


@pytest.mark.parametrize(("there", "left"), [(b"", False), (b"whole", True)])
def test_only_what_is_cut_off_is_removed(tmp_path, monkeypatch, there, left):
    def full(self, name, content):
        (tmp_path / name).write_bytes(there)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(FileSystemStorage, "_save", full)
    with pytest.raises(OSError, match="No space"):
        WholeFiles(tmp_path).save("a.txt", ContentFile(b"whole"))
    assert (tmp_path / "a.txt").exists() is left
