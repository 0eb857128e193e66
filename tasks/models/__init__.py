"""Models of what happens later."""

from .changes import ChangeCounter, ChangedKey
from .outbox import OutboxEntry
from .seen import SeenMessage

__all__ = ["ChangeCounter", "ChangedKey", "OutboxEntry", "SeenMessage"]
