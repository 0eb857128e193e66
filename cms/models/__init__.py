from cms.models.audit import ChainHead, SealedEvent
from cms.models.authority import Authority
from cms.models.calendar import CalendarDay
from cms.models.duties import (
    Absence,
    Countersignature,
    Priority,
    ReviewDuty,
    StandIn,
)
from cms.models.moderation import (
    CountersignTask,
    LeaderTask,
    OfficeHeadTask,
    SecrecyReview,
    SecrecyReviewTask,
)
from cms.models.notices import Notice
from cms.models.organisation import Office, SteeringMember, SteeringRole, Village
from cms.models.paths import ReviewPath, Risk

__all__ = [
    "Absence",
    "Authority",
    "CalendarDay",
    "ChainHead",
    "Countersignature",
    "CountersignTask",
    "LeaderTask",
    "Notice",
    "Office",
    "OfficeHeadTask",
    "Priority",
    "ReviewDuty",
    "ReviewPath",
    "Risk",
    "SealedEvent",
    "SecrecyReview",
    "SecrecyReviewTask",
    "StandIn",
    "SteeringMember",
    "SteeringRole",
    "Village",
]
