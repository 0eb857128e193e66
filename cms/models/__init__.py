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
    SecrecyReviewTask,
)
from cms.models.notices import Mailing, Notice, NoticePreference
from cms.models.official import OfficialRow
from cms.models.organisation import Office, SteeringMember, SteeringRole, Village
from cms.models.paths import ReviewPath, Risk
from cms.models.secrecy import (
    CannedReason,
    LegalGround,
    SecrecyOpinion,
    SecrecyQuestion,
    SecrecyReview,
)

__all__ = [
    "Absence",
    "Authority",
    "CalendarDay",
    "CannedReason",
    "ChainHead",
    "Countersignature",
    "CountersignTask",
    "LeaderTask",
    "LegalGround",
    "Mailing",
    "Notice",
    "NoticePreference",
    "Office",
    "OfficeHeadTask",
    "OfficialRow",
    "Priority",
    "ReviewDuty",
    "ReviewPath",
    "Risk",
    "SealedEvent",
    "SecrecyOpinion",
    "SecrecyQuestion",
    "SecrecyReview",
    "SecrecyReviewTask",
    "StandIn",
    "SteeringMember",
    "SteeringRole",
    "Village",
]
