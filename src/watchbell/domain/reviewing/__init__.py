"""Which claim is looked at next, how likely is it real, and may a report go out to people who never asked for it?"""

from watchbell.domain.reviewing.belief import Belief, Beliefs, Tally, learn
from watchbell.domain.reviewing.outreach import NEVER_SPOKE, Standing, Verdict, Wishes, may_go
from watchbell.domain.reviewing.queue import Placed, Waiting, in_order

__all__ = [
    "NEVER_SPOKE",
    "Belief",
    "Beliefs",
    "Placed",
    "Standing",
    "Tally",
    "Verdict",
    "Waiting",
    "Wishes",
    "in_order",
    "learn",
    "may_go",
]
