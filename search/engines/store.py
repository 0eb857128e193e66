"""Where the local index lies: generations in one folder, a pointer, two locks.

``index/current`` names the generation that answers; it is replaced in one step, so a
reader sees the old or the new index, never a half of either. Everything here can be
deleted at any time: the index is then rebuilt from the database.
"""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tantivy

from search.documents import FILTERS
from search.fields import COLUMNS, PHRASE_FIELDS, TOKEN_FIELDS
from search.tokens import PIPELINE_VERSION

from .base import UNFINISHED_S, EngineDown

SCHEMA_VERSION = 4
LOCK_WAIT_S = 10.0
_META = "gongkai.json"


def make_schema() -> tantivy.Schema:
    """Return the schema: tokens in, the document stored beside them as JSON."""
    builder = tantivy.SchemaBuilder()
    raw = {"tokenizer_name": "raw", "index_option": "basic"}
    builder.add_text_field("key", stored=True, fast=True, **raw)
    builder.add_text_field("state", stored=True, fast=True, **raw)
    builder.add_text_field("sha256", stored=True, **raw)
    builder.add_text_field("order", fast=True, **raw)
    builder.add_unsigned_field("version", stored=True, fast=True)
    builder.add_unsigned_field("put_at", stored=True, fast=True)
    builder.add_bytes_field("document", stored=True)
    for name in COLUMNS:
        builder.add_unsigned_field(name, fast=True, indexed=name == "number")
    for name in FILTERS:
        builder.add_text_field(name, fast=True, **raw)
    for name in TOKEN_FIELDS:
        option = "position" if name in PHRASE_FIELDS else "freq"
        builder.add_text_field(name, tokenizer_name="whitespace", index_option=option)
    return builder.build()


class Store:
    """The folder of the local index."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)

    @property
    def current(self) -> Path | None:
        """The generation that answers now, if there is one."""
        try:
            name = (self.folder / "current").read_text().strip()
        except OSError:
            return None
        return self.folder / name if name else None

    def meta(self, generation: Path | None) -> dict[str, Any]:
        """What a generation says of itself; nothing when it is missing or broken."""
        if generation is None:
            return {}
        try:
            return json.loads((generation / _META).read_text())
        except (OSError, ValueError):
            return {}

    def usable(self, generation: Path | None) -> bool:
        """Whether a generation holds tokens of this pipeline."""
        meta = self.meta(generation)
        return (meta.get("pipeline"), meta.get("schema")) == (
            PIPELINE_VERSION,
            SCHEMA_VERSION,
        )

    def newer(self, generation: Path | None) -> bool:
        """Whether a later version of this program made it: not ours to replace."""
        meta = self.meta(generation)
        pipeline, schema = meta.get("pipeline", 0), meta.get("schema", 0)
        return pipeline > PIPELINE_VERSION or schema > SCHEMA_VERSION

    def make(self) -> Path:
        """Create an empty generation beside the current one."""
        generation = self.folder / f"{time.time_ns():x}-{os.getpid()}"
        generation.mkdir(parents=True)
        tantivy.Index(make_schema(), path=str(generation))
        self._describe(generation, building=True, complete=False)
        return generation

    def unfinished(self) -> Path | None:
        """Return the newest generation that a rebuild left half built within a day."""
        oldest = time.time_ns() - int(UNFINISHED_S * 1e9)
        found = [
            path
            for path in self.folder.iterdir()
            if path.is_dir()
            and path != self.current
            and self.usable(path)
            and self.meta(path).get("building")
            and self.made_at_ns(path) > oldest
        ]
        return max(found, key=self.made_at_ns, default=None)

    @staticmethod
    def made_at_ns(generation: Path) -> int:
        """When a generation was begun, nanoseconds since 1970; its name tells."""
        try:
            return int(generation.name.partition("-")[0], 16)
        except ValueError:
            return 0

    def point(self, generation: Path, *, complete: bool) -> None:
        """Make a generation the current one; ``complete``: it was built from all."""
        self._describe(generation, building=False, complete=complete)
        _write(self.folder / "current", generation.name)

    def _describe(self, generation: Path, **about: bool) -> None:
        versions = {"pipeline": PIPELINE_VERSION, "schema": SCHEMA_VERSION}
        _write(generation / _META, json.dumps(versions | about))

    def sweep(self, but: Path | None = None) -> None:
        """Delete generations that nothing points to; open readers keep their files."""
        kept = (self.current, but)
        for path in self.folder.iterdir():
            if path.is_dir() and path not in kept:
                self.discard(path)

    def discard(self, generation: Path) -> None:
        """Delete one generation."""
        shutil.rmtree(generation, ignore_errors=True)

    @contextmanager
    def lock(self, name: str, wait_s: float = LOCK_WAIT_S) -> Iterator[None]:
        """Hold a lock among threads and processes; a killed holder lets go.

        Raises:
            EngineDown: somebody else held it for longer than ``wait_s``.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            file = (self.folder / f"{name}.lock").open("w")
        except OSError as error:
            raise EngineDown(str(error)) from error
        with file:
            _acquire(file.fileno(), time.monotonic() + wait_s)
            yield  # closing the file releases the lock


def _acquire(descriptor: int, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                raise EngineDown("local index is locked") from error
            time.sleep(0.02)
        else:
            return


def _write(path: Path, text: str) -> None:
    """Replace a small file in one step and make it durable."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    with draft.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
