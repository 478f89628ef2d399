"""Every change to advisories: draft, edit, show the case, publish, withdraw. Only people publish; no date does."""

from watchbell.apps.advisories.services.publishing import publish, withdraw
from watchbell.apps.advisories.services.standing import ChangedMeanwhile, NotAllowed, etag_of
from watchbell.apps.advisories.services.working import NotThere, draft_from_case, edit, follow_case, share

__all__ = [
    "ChangedMeanwhile",
    "NotAllowed",
    "NotThere",
    "draft_from_case",
    "edit",
    "etag_of",
    "follow_case",
    "publish",
    "share",
    "withdraw",
]
