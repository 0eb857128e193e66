"""A database, a broker and an index prefix of one's own on shared services."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import psycopg
import redis
from elasticsearch import Elasticsearch

from bench.proxy import Proxy

NAMES = ("DATABASE_URL", "REDIS_URL", "ELASTICSEARCH_URL")
BROKER = "/15"  # this Redis database is emptied


@dataclass
class Services:
    """What processes get as environment, and handles to disturb it."""

    environment: dict[str, str]
    broker: redis.Redis
    to_redis: Proxy
    to_search: Proxy


def services_given() -> bool:
    """Whether the addresses of all three services are in the environment."""
    return all(os.environ.get(name) for name in NAMES)


@contextmanager
def own_services(purpose: str) -> Iterator[Services]:
    """Make a database and clean up afterwards; Redis and search through proxies."""
    run = f"gongkai_{purpose}_{os.getpid()}"
    database, broker, search = (urlsplit(os.environ[name]) for name in NAMES)
    to_redis, to_search = (
        Proxy(url.hostname or "", url.port or 0) for url in (broker, search)
    )
    client = redis.Redis.from_url(broker._replace(path=BROKER).geturl())
    client.flushdb()
    with psycopg.connect(database.geturl(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {run}")
    environment = {
        "DJANGO_SETTINGS_MODULE": "cms.settings.production",
        "DATABASE_URL": database._replace(path=f"/{run}").geturl(),
        "REDIS_URL": _through(broker._replace(path=BROKER), to_redis),
        "ELASTICSEARCH_URL": _through(search, to_search),
        "GONGKAI_ES_PREFIX": run,
        "SECRET_KEY": "x" * 50,
        "ALLOWED_HOSTS": "127.0.0.1",
        "GONGKAI_INSECURE_HTTP": "1",
    }
    try:
        yield Services(environment, client, to_redis, to_search)
    finally:
        client.flushdb()
        with psycopg.connect(database.geturl(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {run} WITH (FORCE)")
        engine = Elasticsearch(search.geturl())
        for name in engine.indices.get(index=f"{run}*"):
            engine.indices.delete(index=name)


def _through(url: SplitResult, proxy: Proxy) -> str:
    """Return the URL with the proxy's port in place of the service's."""
    user = f"{url.username or ''}:{url.password}@" if url.password else ""
    return url._replace(netloc=f"{user}127.0.0.1:{proxy.port}").geturl()
