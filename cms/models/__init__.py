from cms.models.authority import Authority
from cms.models.moderation import (
    LeaderTask,
    OfficeHeadTask,
    SecrecyReview,
    SecrecyReviewTask,
)
from cms.models.organisation import Office, Village

__all__ = [
    "Authority",
    "LeaderTask",
    "Office",
    "OfficeHeadTask",
    "SecrecyReview",
    "SecrecyReviewTask",
    "Village",
]
