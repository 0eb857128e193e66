"""Targets by name: search indexes and portals."""

from functools import lru_cache
from typing import Any

from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from ..choices import target_names
from .base import Outcome, Receipt, Target, TargetDown, TargetError, Waiting

# By path: a portal adapter may itself depend on the outbox.
CLASSES = {
    "index": "tasks.targets.index.IndexTarget",
    "portal": "tasks.targets.adapters.portal_target",
}


@lru_cache(maxsize=64)
def get(name: str) -> Target:
    """Return the target called ``name``, for instance ``portal:city``.

    Raises:
        KeyError: no such kind of target.
    """
    kind, _sign, rest = name.partition(":")
    return import_string(CLASSES[kind])(rest)


def configured() -> list[str]:
    """Return the names of all configured targets."""
    return target_names()


def _forget(**kwargs: Any) -> None:
    get.cache_clear()


setting_changed.connect(_forget, dispatch_uid="gongkai_targets")

__all__ = [
    "Outcome",
    "Receipt",
    "Target",
    "TargetDown",
    "TargetError",
    "Waiting",
    "configured",
    "get",
]
