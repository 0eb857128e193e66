"""Models of what happens later."""

from .outbox import OutboxEntry
from .seen import SeenMessage

__all__ = ["OutboxEntry", "SeenMessage"]
