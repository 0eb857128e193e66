"""Documents without a database, and an index of each kind that is thrown away."""

import hashlib
import os
import uuid

import pytest

from search import engines, log_writing, services
from search.documents import SearchDocument
from search.engines.elastic import ElasticEngine
from search.engines.local import LocalEngine


def make_document(number=1, **values):
    """A published document; its hash follows from what it says."""
    values.setdefault("title", f"关于第{number}件事的通知")
    values.setdefault("text", "正文。")
    values.setdefault("type", "item")
    values.setdefault("category", "work")
    values.setdefault("date_published", "2026-05-01")
    values.setdefault("key", f"{number:032x}")
    digest = hashlib.sha256(repr(sorted(values.items())).encode()).hexdigest()
    return SearchDocument(**{"sha256": digest} | values)


def make_tombstone(number=1):
    """What is left of a document that was withdrawn."""
    return SearchDocument(f"{number:032x}", "withdrawn", f"gone-{number}")


def start_day():
    """Let this process forget what it remembers of the day's visitors."""
    log_writing._day = None


@pytest.fixture
def local(tmp_path):
    return LocalEngine(str(tmp_path / "index"))


@pytest.fixture
def elastic():
    """Needs the mark ``elasticsearch``, which skips or fails without a server."""
    yield from elastic_engine()


@pytest.fixture(scope="module")
def elastic_of_module():
    """One index for the read-only questions of a module."""
    yield from elastic_engine()


def elastic_engine():
    engine = ElasticEngine(
        os.environ["ELASTICSEARCH_URL"], f"test-{uuid.uuid4().hex[:10]}", refresh=True
    )
    yield engine
    engine.drop()


@pytest.fixture
def home_index(settings, tmp_path):
    """The site's own local index, empty, as a fresh installation has it."""
    settings.GONGKAI_HOME = tmp_path
    settings.GONGKAI_INDEXES = ["local"]
    services._avoid_until.clear()
    return engines.get("local")
