"""Models of what happens later."""

from .changes import ChangeCounter, ChangedKey
from .orders import IndexOrder
from .outbox import OutboxEntry
from .rebuilds import IndexRebuild
from .reports import ReconcileReport
from .seen import SeenMessage
from .target_state import Mode, TargetState

__all__ = [
    "ChangeCounter",
    "ChangedKey",
    "IndexOrder",
    "IndexRebuild",
    "Mode",
    "OutboxEntry",
    "ReconcileReport",
    "SeenMessage",
    "TargetState",
]
