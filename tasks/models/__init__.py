"""Models of what happens later."""

from .outbox import OutboxEntry

__all__ = ["OutboxEntry"]
