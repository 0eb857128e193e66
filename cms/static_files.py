"""Style sheets and scripts as `collectstatic` leaves them: compressed once.

Pages ask for names that carry the hash of the content. Only these files are
compressed, not the copies under plain names, and what is compressed already stays:
brotli takes half a minute for all of them, and an upgrade changes few.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

SUFFIXES = (".br", ".gz")


class OnceCompressor(Compressor):
    """Leaves alone what it compressed before; a name stands for one content."""

    def compress(self, path: str) -> list[str]:
        """Return the names of the compressed files beside a path, made if missing."""
        there = [f"{path}{suffix}" for suffix in SUFFIXES]
        return there if all(map(os.path.exists, there)) else super().compress(path)

    def write_data(
        self, path: str, data: bytes, suffix: str, stat_result: os.stat_result
    ) -> str:
        """Write a whole file or none: half a file would stay for good."""
        part = super().write_data(path, data, f"{suffix}.part", stat_result)
        return str(Path(part).replace(f"{path}{suffix}"))


class StaticFiles(CompressedManifestStaticFilesStorage):
    """Names with a hash, and compressed copies of these."""

    def create_compressor(self, **kwargs: object) -> OnceCompressor:
        """Return what compresses a file."""
        return OnceCompressor(**kwargs)

    def compress_files(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Compress those of the files that pages ask for."""
        return super().compress_files(set(paths) & set(self.hashed_files.values()))
