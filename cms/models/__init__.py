from cms.models.authority import Authority
from cms.models.calendar import CalendarDay
from cms.models.moderation import (
    LeaderTask,
    OfficeHeadTask,
    SecrecyReview,
    SecrecyReviewTask,
)
from cms.models.organisation import Office, SteeringMember, SteeringRole, Village

__all__ = [
    "Authority",
    "CalendarDay",
    "LeaderTask",
    "Office",
    "OfficeHeadTask",
    "SecrecyReview",
    "SecrecyReviewTask",
    "SteeringMember",
    "SteeringRole",
    "Village",
]
