"""Stores of its own for one production site, on the servers that run."""

import contextlib
import os
import random
import secrets
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit, urlunsplit

import httpx
import psycopg
import redis


@contextlib.contextmanager
def own_stores() -> Iterator[dict[str, str]]:
    """A database, a Redis number and an index prefix of our own; removed afterwards."""
    name = f"gongkai_e2e_{secrets.token_hex(4)}"
    server = urlsplit(os.environ["DATABASE_URL"])
    search_url = os.environ["ELASTICSEARCH_URL"]
    with contextlib.ExitStack() as stack:
        admin = stack.enter_context(
            psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
        )
        admin.execute(f"CREATE DATABASE {name}")
        stack.callback(admin.execute, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        broker = urlsplit(os.environ["REDIS_URL"])
        redis_url = urlunsplit(broker._replace(path=f"/{empty_number(broker)}"))
        stack.callback(redis.Redis.from_url(redis_url).flushdb)
        stack.callback(delete_indexes, search_url, name.replace("_", "-"))
        yield {
            "DATABASE_URL": urlunsplit(server._replace(path=f"/{name}")),
            "REDIS_URL": redis_url,
            "ELASTICSEARCH_URL": search_url,
            "GONGKAI_ES_PREFIX": name.replace("_", "-"),
        }


def empty_number(broker: SplitResult) -> int:
    """Return the number of a Redis database that holds nothing."""
    numbers = list(range(1, 64))
    random.shuffle(numbers)
    for number in numbers:
        with contextlib.suppress(redis.ResponseError):
            url = urlunsplit(broker._replace(path=f"/{number}"))
            if redis.Redis.from_url(url).dbsize() == 0:
                return number
    raise AssertionError("no empty Redis database")


def delete_indexes(url: str, prefix: str) -> None:
    """Delete every index whose name starts with the prefix."""
    listed = httpx.get(f"{url}/_cat/indices/{prefix}*", params={"format": "json"})
    for row in listed.json():
        httpx.delete(f"{url}/{row['index']}")
