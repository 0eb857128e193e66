"""Models of what happens later."""

from .changes import ChangeCounter, ChangedKey
from .installation import Installation
from .orders import IndexOrder
from .origin_keys import OriginKey
from .outbox import OutboxEntry
from .rebuilds import IndexRebuild
from .reports import ReconcileReport
from .seen import SeenMessage
from .target_state import Circuit, Mode, TargetState
from .template import (
    PortalTemplate,
    TemplateBatch,
    TemplateColumn,
    TemplateReceipt,
    TemplateRow,
    TemplateValue,
)
from .watched import DeliveryHour, Trouble, TroubleKind

__all__ = [
    "ChangeCounter",
    "ChangedKey",
    "Circuit",
    "DeliveryHour",
    "IndexOrder",
    "Installation",
    "IndexRebuild",
    "Mode",
    "OriginKey",
    "OutboxEntry",
    "PortalTemplate",
    "ReconcileReport",
    "SeenMessage",
    "TargetState",
    "TemplateBatch",
    "TemplateColumn",
    "TemplateReceipt",
    "TemplateRow",
    "TemplateValue",
    "Trouble",
    "TroubleKind",
]
