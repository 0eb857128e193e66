"""A cache on Redis that may be down: then nothing is found and nothing is kept."""

import logging
import time
from typing import Any, ClassVar

from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)
QUICK = {"socket_connect_timeout": 0.2, "socket_timeout": 0.2}
QUIET_S = 5.0  # after a failure nobody asks: a Redis that hangs must not slow pages


class ForgivingRedisCache(RedisCache):
    """Answers like an empty cache while Redis does not.

    The cache only saves work here: a page must not fail because it is away.
    """

    _quiet_until: ClassVar[float] = 0.0

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        options = {**QUICK, "retry": Retry(NoBackoff(), 0), **params.get("OPTIONS", {})}
        super().__init__(server, {**params, "OPTIONS": options})

    def _or(self, default: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() < ForgivingRedisCache._quiet_until:
            return default
        try:
            return getattr(super(), name)(*args, **kwargs)
        except RedisError as error:
            ForgivingRedisCache._quiet_until = time.monotonic() + QUIET_S
            logger.warning("no cache for %s s: %s", QUIET_S, error)
            return default

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._or(default, "get", key, default, version)

    def get_many(self, keys: Any, version: int | None = None) -> dict[Any, Any]:
        return self._or({}, "get_many", keys, version)

    def set(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> None:
        self._or(None, "set", key, value, *args, **kwargs)

    def set_many(self, data: dict[Any, Any], *args: Any, **kwargs: Any) -> list[Any]:
        return self._or(list(data), "set_many", data, *args, **kwargs)

    def add(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> bool:
        return self._or(True, "add", key, value, *args, **kwargs)

    def touch(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        return self._or(False, "touch", key, *args, **kwargs)

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        return self._or(delta, "incr", key, delta, version)

    def has_key(self, key: Any, version: int | None = None) -> bool:
        return self._or(False, "has_key", key, version)

    def delete(self, key: Any, version: int | None = None) -> bool:
        return self._or(False, "delete", key, version)

    def delete_many(self, keys: Any, version: int | None = None) -> None:
        self._or(None, "delete_many", keys, version)
